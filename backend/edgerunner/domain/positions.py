"""Positions: derived from fills at average cost, one per (connection, account, instrument, leg).

Money is exact: sums and products are not rounded. The two quotients that exist, the cost released
by a partial close and the coin value of an inverse contract, are rounded once to 18 decimals and
then carried exactly, so that at any mark

    realized + unrealized = proceeds - cost of all fills (linear; the reverse for inverse)

holds to the last digit. Profit is in the settlement currency and before fees; fees, funding and
swap stand apart.

An average cost depends on the order of the fills, and it is the broker's order that counts, not that
in which news arrived: a fill that comes late is booked in its place, and what followed is booked anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.events import OrderFilled, PositionAdjusted
from edgerunner.domain.instruments import ContractTerms
from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.domain.orders import DerivedFill, Money, add_fee
from edgerunner.domain.values import replace

_ZERO = Decimal(0)

RECENT = 32
"""How many of its newest fills a position keeps: a fill that is later than that is booked before all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionKey:
    """What names one position; ``leg`` is ``net``, ``long``, ``short`` or an MT5 ticket."""

    connection_id: str
    account_id: str
    instrument_id: str
    leg: str = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the order of fills decides of a position: the fields of ``Position`` that are called so."""

    quantity: Decimal
    entry_value: Decimal | None
    realized_pnl: Decimal
    opened_at_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One fill as its position sees it.

    Attributes:
        change: Signed quantity that joins the position.
        profit: What it closed; None when that part's cost is unknown.
        before: How the position stood right before it.
    """

    trade_id: str
    ts_ns: int
    rank: int
    change: Decimal
    price: Decimal
    profit: Decimal | None
    before: Standing
    line: str = ""

    def is_younger_than(self, other: "Trade") -> bool:
        """Tell whether the broker's order surely puts it behind ``other``."""
        if self.ts_ns != other.ts_ns:
            return self.ts_ns > other.ts_ns
        return self.line == other.line and self.rank > other.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position; a flat one is kept for its realized profit.

    Every leg follows the sum of its fills. A ``long`` or ``short`` leg whose quantity has the
    other sign is therefore no position the other way but a sign of fills that are still missing.

    Attributes:
        quantity: Signed: positive is long. In ``contract.quantity_unit``.
        entry_value: Cost of the open quantity, never negative for positive prices, in the
            settlement currency; None when unknown.
        realized_pnl: Settlement currency, before fees.
        fees: Totals by currency, positive is a cost.
        funding: Funding and swap, signed, settlement currency: positive was received.
        opened_at_ns: When it last left flat or changed sides; None while flat.
        adjustment_ids: Adjustments already booked.
        last_seq: Journal sequence of the last event that touched it.
        recent: Its newest fills in the broker's order, ``RECENT`` at most; none older than an adjustment.
    """

    key: PositionKey
    contract: ContractTerms
    quantity: Decimal = _ZERO
    entry_value: Decimal | None = _ZERO
    realized_pnl: Decimal = _ZERO
    fees: tuple[Money, ...] = ()
    funding: Decimal = _ZERO
    opened_at_ns: int | None = None
    updated_at_ns: int = 0
    adjustment_ids: frozenset[str] = frozenset()
    last_seq: int = 0
    recent: tuple[Trade, ...] = ()

    @property
    def average_price(self) -> Decimal | None:
        """Return the average entry price (28 significant digits); None when flat or unknown."""
        if not self.quantity or not self.entry_value:
            return None
        size = abs(self.quantity) * self.contract.multiplier
        return size / self.entry_value if self.contract.is_inverse else self.entry_value / size


def apply_fill(
    position: Position | None,
    key: PositionKey,
    fill: OrderFilled,
    *,
    replaced: Sequence[DerivedFill] = (),
    ts_ns: int,
    seq: int,
) -> tuple[Position, Decimal | None]:
    """Return the position after a fill and the profit that the fill closed.

    The profit is zero when nothing was closed and None when the closed part's cost is unknown.
    A fee in the base coin of a spot market leaves (a rebate joins) the inventory at the fill's
    price. The caller drops repeated trade ids. ``ts_ns`` is the broker's stamp: a fill older than the
    newest ones goes to its place among them, and ``recent`` tells what those closed then.

    ``replaced`` are derived fills whose place the fill takes. Their quantity is in the position
    already: of it only the difference in price is booked, as cost while the position is still
    open on the fill's side, as profit otherwise.
    """
    with exact_arithmetic():
        before = _on_contract(position, key, fill.contract)
        corrected, correction = _correct_cost(before, fill, replaced)
        trade = Trade(
            trade_id=fill.trade_id,
            ts_ns=ts_ns,
            rank=fill.rank,
            line=fill.line,
            change=fill.side.sign * (fill.quantity - sum(part.quantity for part in replaced)) - _fee_in_base(fill),
            price=fill.price,
            profit=None,
            before=_standing(corrected),
        )
        after, realized = _in_the_brokers_order(corrected, trade)
        after = replace(
            after,
            fees=add_fee(before.fees, fill.fee),
            updated_at_ns=max(before.updated_at_ns, ts_ns),
            last_seq=seq,
            recent=() if replaced else after.recent,  # what a correction changed is no fill's standing
        )
        closed = None if realized is None or correction is None else realized + correction
        return after, closed


def restated_profits(before: Position | None, after: Position) -> dict[str, Decimal | None]:
    """Return by trade id what fills that were booked before have closed since a late one took its place."""
    told = {} if before is None else {trade.trade_id: trade.profit for trade in before.recent}
    return {
        trade.trade_id: trade.profit
        for trade in after.recent
        if trade.trade_id in told and told[trade.trade_id] != trade.profit
    }


def adjust(
    position: Position | None, key: PositionKey, adjusted: PositionAdjusted, *, ts_ns: int, seq: int
) -> Position:
    """Return the position set to what the broker reports; the same object for a known adjustment.

    No profit is booked. Without a price from the broker a smaller position keeps its average,
    anything else has an unknown one.
    """
    if position is not None and adjusted.adjustment_id in position.adjustment_ids:
        return position
    with exact_arithmetic():
        before = _on_contract(position, key, adjusted.contract)
        after = replace(
            before,
            quantity=adjusted.quantity,
            entry_value=_adjusted_entry_value(before, adjusted),
            adjustment_ids=before.adjustment_ids | {adjusted.adjustment_id},
            updated_at_ns=ts_ns,
            last_seq=seq,
            recent=(),
        )
        return _opened(before, after, ts_ns)


def add_funding(position: Position, amount: Decimal, *, ts_ns: int, seq: int) -> Position:
    """Return the position with a funding or swap payment (positive = received) added."""
    with exact_arithmetic():
        after = replace(position, funding=position.funding + amount)
    return replace(after, updated_at_ns=ts_ns, last_seq=seq)


def charge(position: Position, fee: Money, *, trade_id: str, ts_ns: int, seq: int) -> Position:
    """Return the position with a fee that came later than its fill.

    One in the base coin of a spot market leaves (a rebate joins) the inventory at the fill's price; what is left
    has an unknown cost when that fill is older than the ones kept.
    """
    with exact_arithmetic():
        is_base = position.contract.is_inventory and fee.currency == position.contract.base
        after = _without_coins(position, fee.amount, trade_id, ts_ns) if is_base else position
        return replace(
            after,
            fees=add_fee(position.fees, fee),
            updated_at_ns=max(position.updated_at_ns, ts_ns),
            last_seq=seq,
        )


def unrealized(position: Position, mark: Decimal) -> Decimal | None:
    """Return the open profit at ``mark`` in the settlement currency; None when the cost is unknown.

    Also None for an inverse contract at a mark that is not positive.
    """
    if not position.quantity:
        return _ZERO
    if position.entry_value is None or (position.contract.is_inverse and mark <= 0):
        return None
    with exact_arithmetic():
        value = _value(position.contract, mark, abs(position.quantity))
        return _direction(position) * (value - position.entry_value)


def _on_contract(position: Position | None, key: PositionKey, contract: ContractTerms) -> Position:
    if position is None:
        return Position(key=key, contract=contract)
    return replace(position, contract=contract)


def _fee_in_base(fill: OrderFilled) -> Decimal:
    is_base = fill.contract.is_inventory and fill.fee.currency == fill.contract.base
    return fill.fee.amount if is_base else _ZERO


def _value(contract: ContractTerms, price: Decimal, quantity: Decimal) -> Decimal:
    value = contract.notional(price, quantity)
    return round_money(value) if contract.is_inverse else value


def _direction(position: Position) -> int:
    """Return +1 when the position gains with its value: long linear, short inverse."""
    is_long = position.quantity > 0
    return 1 if is_long != position.contract.is_inverse else -1


def _without_coins(position: Position, quantity: Decimal, trade_id: str, ts_ns: int) -> Position:
    price = next((trade.price for trade in position.recent if trade.trade_id == trade_id), None)
    if price is None:
        after = replace(position, quantity=position.quantity - quantity, entry_value=None)
    else:
        after, _ = _trade(position, -quantity, price)
    return replace(_opened(position, after, ts_ns), recent=())


def _standing(position: Position) -> Standing:
    return Standing(
        quantity=position.quantity,
        entry_value=position.entry_value,
        realized_pnl=position.realized_pnl,
        opened_at_ns=position.opened_at_ns,
    )


def _in_the_brokers_order(position: Position, late: Trade) -> tuple[Position, Decimal | None]:
    """Book a trade before the first that is surely younger, that and its followers anew; returns its own profit too."""
    count = len(position.recent)
    place = next((index for index, trade in enumerate(position.recent) if trade.is_younger_than(late)), count)
    younger = position.recent[place:]
    if younger:
        start = younger[0].before
        position = replace(
            position,
            quantity=start.quantity,
            entry_value=start.entry_value,
            realized_pnl=start.realized_pnl,
            opened_at_ns=start.opened_at_ns,
        )
    booked: list[Trade] = []
    for trade in (late, *younger):
        standing = _standing(position)
        after, profit = _trade(position, trade.change, trade.price)
        booked.append(replace(trade, profit=profit, before=standing))
        position = _opened(position, after, trade.ts_ns)
    return replace(position, recent=(*position.recent[:place], *booked)[-RECENT:]), booked[0].profit


def _trade(position: Position, change: Decimal, price: Decimal) -> tuple[Position, Decimal | None]:
    """Add ``change`` (signed) at ``price``: close what stands against it, open the rest."""
    size = abs(change)
    closing = min(size, abs(position.quantity)) if change * position.quantity < 0 else _ZERO
    proceeds = _value(position.contract, price, closing)
    closed, realized = _close(position, closing, proceeds) if closing else (position, _ZERO)
    if size == closing:
        return closed, realized
    cost = _value(position.contract, price, size) - proceeds  # both parts add up to the fill's value
    opened = replace(
        closed,
        quantity=closed.quantity + (size - closing).copy_sign(change),
        entry_value=None if closed.entry_value is None else closed.entry_value + cost,
    )
    return opened, realized


def _close(position: Position, quantity: Decimal, proceeds: Decimal) -> tuple[Position, Decimal | None]:
    rest = abs(position.quantity) - quantity
    left = rest.copy_sign(position.quantity) if rest else _ZERO
    if position.entry_value is None:
        return replace(position, quantity=left, entry_value=None if rest else _ZERO), None
    released = _released(position.entry_value, quantity, abs(position.quantity))
    realized = _direction(position) * (proceeds - released)
    closed = replace(
        position,
        quantity=left,
        entry_value=position.entry_value - released,
        realized_pnl=position.realized_pnl + realized,
    )
    return closed, realized


def _released(entry_value: Decimal, quantity: Decimal, whole: Decimal) -> Decimal:
    return entry_value if quantity == whole else round_money(entry_value * quantity / whole)


def _correct_cost(
    position: Position, fill: OrderFilled, replaced: Sequence[DerivedFill]
) -> tuple[Position, Decimal | None]:
    """Book what the replaced parts were really worth; returns the profit that makes."""
    difference = sum(
        (
            _value(fill.contract, fill.price, part.quantity) - _value(fill.contract, part.price, part.quantity)
            for part in replaced
        ),
        _ZERO,
    )
    if not difference:
        return position, _ZERO
    if position.entry_value is None:
        return position, None
    if position.quantity * fill.side.sign > 0:
        return replace(position, entry_value=position.entry_value + difference), _ZERO
    gain = difference * fill.side.sign * (1 if fill.contract.is_inverse else -1)
    return replace(position, realized_pnl=position.realized_pnl + gain), gain


def _adjusted_entry_value(position: Position, adjusted: PositionAdjusted) -> Decimal | None:
    if not adjusted.quantity:
        return _ZERO
    if adjusted.average_price is not None:
        return _value(adjusted.contract, adjusted.average_price, abs(adjusted.quantity))
    is_smaller = adjusted.quantity * position.quantity > 0 and abs(adjusted.quantity) <= abs(position.quantity)
    if position.entry_value is None or not is_smaller:
        return None
    return _released(position.entry_value, abs(adjusted.quantity), abs(position.quantity))


def _opened(before: Position, after: Position, ts_ns: int) -> Position:
    is_same_side = before.quantity * after.quantity > 0
    return replace(after, opened_at_ns=before.opened_at_ns if is_same_side else ts_ns if after.quantity else None)
