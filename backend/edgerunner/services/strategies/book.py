"""What one strategy's own orders add up to: folded from the journal's events alone. Pure.

Fills of all legs of an instrument are netted: the strategy sees one signed position, whatever the
account's mode. Adjustments by reconciliation belong to the account, not to a strategy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from edgerunner.domain.events import OrderFilled, RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Money, Order, add_fee
from edgerunner.domain.positions import Position, PositionKey, unrealized
from edgerunner.domain.projection import project
from edgerunner.domain.values import replace

ORDERS_KEPT = 2_000
"""Closed orders that are kept for late fills; older ones are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one event changed; None = not that."""

    order: Order | None
    fill: Fill | None
    position: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Totals since the instance was made; money by settlement currency, profit before fees.

    Attributes:
        unrealized: None when a position's mark is not known.
        trades: Round trips: a position that went back to flat, or to the other side.
        winning_trades: Those of them that made a profit before fees.
    """

    orders: int
    fills: int
    trades: int
    winning_trades: int
    realized: tuple[Money, ...]
    unrealized: tuple[Money, ...] | None
    fees: tuple[Money, ...]


class MarkOf(Protocol):
    """Where prices come from that value positions."""

    def __call__(self, position: Position, /) -> Decimal | None:
        """Return the newest mark of the position's instrument, None when unknown."""
        ...


@dataclass(slots=True)
class StrategyBook:
    """Orders, positions and totals of one strategy; ``record`` takes its events in sequence order."""

    last_seq: int = 0
    _orders: dict[str, Order] = field(default_factory=dict)
    _positions: dict[PositionKey, Position] = field(default_factory=dict)
    _order_count: int = 0
    _fill_count: int = 0
    _trades: int = 0
    _winning: int = 0
    _realized_at_open: dict[PositionKey, Decimal] = field(default_factory=dict)

    def record(self, recorded: RecordedEvent) -> Step | None:
        """Take an event in; None when it changes nothing, or is older than the newest one taken."""
        if recorded.seq <= self.last_seq:
            return None
        self.last_seq = recorded.seq
        changes = project(self, _netted(recorded))
        if changes.order is None and changes.fill is None:
            return None
        if changes.order is not None:
            self._keep(changes.order)
        if changes.fill is not None:
            self._fill_count += 1 - len(changes.replaced_fills)
        if changes.position is not None:
            self._move(changes.position)
        return Step(order=changes.order, fill=changes.fill, position=changes.position)

    def replay(self, events: Iterable[RecordedEvent]) -> None:
        """Take many events in."""
        for recorded in events:
            self.record(recorded)

    def open_orders(self) -> list[Order]:
        """Return the orders that can still change, oldest first."""
        return [order for order in self._orders.values() if order.is_open]

    def positions(self) -> list[Position]:
        """Return the positions that are not flat."""
        return [position for position in self._positions.values() if position.quantity]

    def performance(self, mark_of: MarkOf) -> Performance:
        """Return the totals, open positions valued at ``mark_of``."""
        positions = self._positions.values()
        fees: tuple[Money, ...] = ()
        for fee in (fee for position in positions for fee in position.fees):
            fees = add_fee(fees, fee)
        return Performance(
            orders=self._order_count,
            fills=self._fill_count,
            trades=self._trades,
            winning_trades=self._winning,
            realized=_by_currency((position.contract.settle, position.realized_pnl) for position in positions),
            unrealized=_unrealized(self.positions(), mark_of),
            fees=fees,
        )

    # What `project` looks up.

    def order(self, client_order_id: str) -> Order | None:
        """Return an order, or None when unknown."""
        return self._orders.get(client_order_id)

    def position(self, key: PositionKey) -> Position | None:
        """Return a position, or None when there never was one."""
        return self._positions.get(key)

    def has_fill(self, connection_id: str, account_id: str, trade_id: str) -> bool:  # noqa: ARG002 - see below
        """Return False: the journal records a fill once, and an order knows the fills booked on it."""
        return False

    def fill(self, connection_id: str, account_id: str, trade_id: str) -> Fill | None:  # noqa: ARG002 - as above
        """Return None: fills are not kept here."""
        return None

    def has_movement(self, connection_id: str, account_id: str, movement_id: str) -> bool:  # noqa: ARG002 - as above
        """Return False: cash movements carry no strategy."""
        return False

    def _keep(self, order: Order) -> None:
        self._order_count += order.client_order_id not in self._orders
        self._orders[order.client_order_id] = order
        if len(self._orders) > ORDERS_KEPT:
            closed = next((key for key, known in self._orders.items() if not known.is_open), None)
            if closed is not None:
                del self._orders[closed]

    def _move(self, position: Position) -> None:
        before = self._positions.get(position.key)
        self._positions[position.key] = position
        if before is not None and before.quantity and before.quantity * position.quantity <= 0:
            self._trades += 1
            self._winning += position.realized_pnl > self._realized_at_open.get(position.key, Decimal(0))
            self._realized_at_open[position.key] = position.realized_pnl


def _netted(recorded: RecordedEvent) -> RecordedEvent:
    body = recorded.event.body
    if not isinstance(body, OrderFilled) or body.leg == "net":
        return recorded
    return replace(recorded, event=replace(recorded.event, body=replace(body, leg="net")))


def _unrealized(positions: Iterable[Position], mark_of: MarkOf) -> tuple[Money, ...] | None:
    amounts: list[tuple[str, Decimal]] = []
    for position in positions:
        mark = mark_of(position)
        amount = None if mark is None else unrealized(position, mark)
        if amount is None:
            return None
        amounts.append((position.contract.settle, amount))
    return _by_currency(amounts)


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> tuple[Money, ...]:
    totals: Mapping[str, Money] = {}
    for currency, amount in amounts:
        known = totals.get(currency)
        total = amount if known is None else known.amount + amount
        totals = {**totals, currency: Money(currency=currency, amount=total)}
    return tuple(totals[currency] for currency in sorted(totals))
