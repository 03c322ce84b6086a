"""Average-cost arithmetic of one netted position, exact over a round trip."""

from dataclasses import dataclass
from decimal import Context, Decimal

from edgerunner.matching.words import Side

_WIDE = Context(prec=50)
_COST_STEP = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetPosition:
    """Open lots (positive long, negative short) and what they cost, quote currency, never negative.

    The cost is kept instead of an average price: a part closed takes its share of it, rounded to 1e-12, and the
    last part takes all that is left, so that nothing is lost between the first fill and the last.
    """

    lots: int = 0
    cost: Decimal = Decimal(0)

    def closable(self, side: Side) -> int:
        """Return how many lots an order of ``side`` can close."""
        return max(0, -self.lots if side == "buy" else self.lots)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChange:
    """A position after a trade, the lots that were closed and their profit before fees."""

    position: NetPosition
    closed_lots: int
    realized_pnl: Decimal


def trade(position: NetPosition, side: Side, lots: int, lot_value: Decimal) -> PositionChange:
    """Return the position after buying or selling ``lots`` (> 0), each worth ``lot_value`` quote currency.

    A trade larger than the opposite position closes it and opens the rest the other way.
    """
    closed = min(lots, position.closable(side))
    opened = lots - closed
    released = _share(position.cost, closed, abs(position.lots))
    proceeds = lot_value * closed
    realized = released - proceeds if side == "buy" else proceeds - released
    signed = lots if side == "buy" else -lots
    cost = position.cost - released + lot_value * opened
    after = NetPosition(lots=position.lots + signed, cost=cost)
    return PositionChange(position=after, closed_lots=closed, realized_pnl=realized)


def unrealized(position: NetPosition, lot_value: Decimal) -> Decimal:
    """Return the profit of closing ``position`` at ``lot_value`` per lot, before fees."""
    worth = lot_value * abs(position.lots)
    return worth - position.cost if position.lots >= 0 else position.cost - worth


def _share(cost: Decimal, part: int, whole: int) -> Decimal:
    if part == whole:
        return cost
    return _WIDE.divide(cost * part, Decimal(whole)).quantize(_COST_STEP, context=_WIDE)
