"""Orders that work on the market's data: the values and what can happen to them, in ticks and lots."""

from dataclasses import dataclass, replace
from typing import Literal

from edgerunner.matching.words import Side, opposite

TriggerSource = Literal["last", "mark", "quote"]
"""What a trigger watches: trades, the mark price, or the price at which the order would trade (ask to buy)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A price to wait for; ``price`` None = a trailing stop that has seen no price yet."""

    price: int | None
    is_rise: bool
    source: TriggerSource = "last"

    def is_met(self, price: int) -> bool:
        """Tell whether ``price`` has reached the trigger."""
        if self.price is None:
            return False
        return price >= self.price if self.is_rise else price <= self.price


def stop_trigger(side: Side, price: int | None, source: TriggerSource = "last") -> Trigger:
    """Return the trigger of a stop: a buy waits for a rise, a sell for a fall."""
    return Trigger(price=price, is_rise=side == "buy", source=source)


def touch_trigger(side: Side, price: int, source: TriggerSource = "last") -> Trigger:
    """Return the trigger of an if-touched order: a buy waits for a fall, a sell for a rise."""
    return Trigger(price=price, is_rise=side == "sell", source=source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits:
    """Attached exits, made as the order fills, of its filled size, one cancels the other.

    ``take_profit`` closes at that price or better once touched; ``stop`` closes at the market, or at
    ``stop_limit`` or better.
    """

    take_profit: int | None = None
    stop: int | None = None
    stop_limit: int | None = None
    source: TriggerSource = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingOrder:
    """One order of ours.

    Attributes:
        lots: Total, ``filled`` of them done.
        limit: Ticks; None = market.
        trigger: What it waits (``is_waiting``) or waited for.
        trail: Ticks by which the trigger follows the best price seen; the trigger is a stop's.
        expires_ns: When what is left ends, UTC nanoseconds.
        is_resting: It met the market before: its further fills are a maker's, at its limit.
        oco_id: Orders that share it end together: what one fills, the others lose.
        parent_id: The order whose position this exit closes.
    """

    order_id: str
    side: Side
    lots: int
    limit: int | None = None
    trigger: Trigger | None = None
    trail: int | None = None
    time_in_force: Literal["gtc", "ioc", "fok"] = "gtc"
    expires_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    exits: Exits | None = None
    oco_id: str | None = None
    parent_id: str | None = None
    filled: int = 0
    is_waiting: bool = False
    is_resting: bool = False

    @property
    def left(self) -> int:
        """Return the lots still to be filled."""
        return self.lots - self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The order works (or waits) from now on."""

    order: WorkingOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Terms of the order changed: by its owner, its sibling's or parent's fill, or because its trigger follows."""

    order: WorkingOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """The order's trigger was met."""

    order: WorkingOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """``lots`` traded at ``price``; ``order`` as it is afterwards."""

    order: WorkingOrder
    price: int
    lots: int
    is_maker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    """What was left ended.

    ``reason``: ``canceled post_only ioc fok no_liquidity stale_market reduce_only oco``.
    """

    order: WorkingOrder
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The order's time was over."""

    order: WorkingOrder


OrderEvent = Added | Changed | Triggered | Filled | Canceled | Expired


def exit_orders(parent: WorkingOrder, lots: int) -> list[WorkingOrder]:
    """Return new exits for ``lots`` that a parent filled; their ids derive from the parent's and its filled size."""
    exits = parent.exits
    if exits is None:
        return []
    side = opposite(parent.side)
    has_both = exits.take_profit is not None and exits.stop is not None
    base = WorkingOrder(
        order_id="",
        side=side,
        lots=lots,
        reduce_only=True,
        oco_id=f"{parent.order_id}-oco{parent.filled}" if has_both else None,
        parent_id=parent.order_id,
        is_waiting=True,
    )
    made: list[WorkingOrder] = []
    if exits.take_profit is not None:
        trigger = touch_trigger(side, exits.take_profit, exits.source)
        order_id = f"{parent.order_id}-tp{parent.filled}"
        made.append(replace(base, order_id=order_id, limit=exits.take_profit, trigger=trigger))
    if exits.stop is not None:
        trigger = stop_trigger(side, exits.stop, exits.source)
        order_id = f"{parent.order_id}-sl{parent.filled}"
        made.append(replace(base, order_id=order_id, limit=exits.stop_limit, trigger=trigger))
    return made


def followed(order: WorkingOrder, price: int) -> WorkingOrder:
    """Return a trailing order with its trigger moved behind ``price``; never the other way."""
    if order.trail is None or order.trigger is None:
        return order
    known = order.trigger.price
    if order.side == "sell":
        behind = price - order.trail
        wanted = behind if known is None else max(known, behind)
    else:
        behind = price + order.trail
        wanted = behind if known is None else min(known, behind)
    return order if wanted == known else replace(order, trigger=replace(order.trigger, price=wanted))
