"""Average-cost arithmetic of one netted position, exact over a round trip."""

from dataclasses import dataclass
from decimal import Context, Decimal

from edgerunner.matching.words import Side

_WIDE = Context(prec=50)
_COST_STEP = Decimal("1e-18")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetPosition:
    """Open lots (positive long, negative short) and what they cost, settle currency, never negative.

    The cost is kept instead of an average price: a part closed takes its share of it, rounded to 1e-18, and the
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


def trade(position: NetPosition, side: Side, lots: int, value: Decimal, *, inverse: bool = False) -> PositionChange:
    """Return the position after buying or selling ``lots`` (> 0) that are worth ``value`` together, settle currency.

    A trade larger than the opposite position closes it and opens the rest the other way. ``inverse``: the worth
    falls as the price rises (contracts of quote currency that settle in base), so that a long earns what a short
    of the worth would.
    """
    closed = min(lots, position.closable(side))
    released = share(position.cost, closed, abs(position.lots))
    proceeds = share(value, closed, lots)
    earned = proceeds - released if position.lots > 0 else released - proceeds
    signed = lots if side == "buy" else -lots
    after = NetPosition(lots=position.lots + signed, cost=position.cost - released + value - proceeds)
    return PositionChange(position=after, closed_lots=closed, realized_pnl=-earned if inverse else earned)


def unrealized(position: NetPosition, lot_value: Decimal, *, inverse: bool = False) -> Decimal:
    """Return the profit of closing ``position`` at ``lot_value`` per lot, before fees."""
    worth = lot_value * abs(position.lots)
    earned = worth - position.cost if position.lots >= 0 else position.cost - worth
    return -earned if inverse else earned


def share(amount: Decimal, part: int, whole: int) -> Decimal:
    """Return the part of an amount that ``part`` of ``whole`` lots carry, rounded to 1e-18; all of it for all."""
    if part == whole:
        return amount
    return _WIDE.divide(amount * part, Decimal(whole)).quantize(_COST_STEP, context=_WIDE)
