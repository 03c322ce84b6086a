"""Values of orders that wait for a price: triggers, exits of a position, trailing stops, and the legs of a position."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

ExitKind = Literal["take_profit", "stop_loss", "trailing_stop", "partial_take_profit", "partial_stop_loss"]


class TriggerSource(StrEnum):
    """Which price a trigger looks at: of the last trade, the mark, or the index."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class TriggerRule(StrEnum):
    """A trigger fires when its source price is at or above (rise), or at or below (fall), the trigger price."""

    RISE = "rise"
    FALL = "fall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What a waiting order waits for; the price in ticks of the order's own symbol.

    With ``may_be_reached`` an order whose trigger has been reached already fires at once; else it is refused.
    """

    price_ticks: int
    rule: TriggerRule
    source: TriggerSource = TriggerSource.LAST
    may_be_reached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trailing:
    """A stop that follows the price.

    Attributes:
        distance_ticks: How far behind the best price it stays.
        fraction: The distance as a share of the best price, instead of ``distance_ticks``.
        activation_ticks: Price that must be reached before it follows; None = from the start.
        best_ticks: Best price since it follows; None = not active yet, so that it cannot fire.
    """

    distance_ticks: int
    activation_ticks: int | None = None
    best_ticks: int | None = None
    fraction: Decimal | None = None

    def distance(self, best_ticks: int) -> int:
        """Return the distance in ticks from a best price, at least 1."""
        return self.distance_ticks if self.fraction is None else max(1, round(best_ticks * self.fraction))


class GroupRule(StrEnum):
    """What a fill of one order of a group does to the others: cancel them, or make them as much smaller."""

    CANCEL = "cancel"
    REDUCE = "reduce"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGroup:
    """Orders of one account of which a fill of one takes from the others; ``rule`` is that of the order that fills.

    Reducing is proportional: when a share of what an order had left trades, so much of what the others have left goes.
    """

    group_id: str
    rule: GroupRule = GroupRule.CANCEL


class Leg(StrEnum):
    """The one netted position of a symbol, or one of the two that a hedging account has."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitOrder:
    """One side of a bracket. ``limit_ticks`` None = market; ``trigger_ticks`` 0 in a change = take it away."""

    trigger_ticks: int
    source: TriggerSource = TriggerSource.LAST
    limit_ticks: int | None = None


class ExitScope(StrEnum):
    """What exits close: the whole position (market only), or a quantity of their own (a limit is allowed)."""

    POSITION = "position"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits:
    """Exits that come with an order; they start to exist as it fills. None = no exit on that side."""

    scope: ExitScope = ExitScope.POSITION
    take_profit: ExitOrder | None = None
    stop_loss: ExitOrder | None = None
