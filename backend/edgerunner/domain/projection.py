"""Projection: what one recorded event changes in orders, fills, cash and positions.

The same function runs inside the journal's transaction and in a replay, so both end equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from edgerunner.domain.cash import COMMISSION, HOLDING_COSTS, CashMovement, fee_movement_id
from edgerunner.domain.events import CashMoved, Event, OrderFilled, PositionAdjusted, RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.order_machine import apply, replaced_by
from edgerunner.domain.order_machine import charge as charge_order
from edgerunner.domain.orders import Money, Order
from edgerunner.domain.positions import Position, PositionKey, add_funding, adjust, apply_fill, restated_profits
from edgerunner.domain.positions import charge as charge_position
from edgerunner.domain.values import replace

_LEGS_WITH_FUNDING = ("net", "long", "short")


class Books(Protocol):
    """The state that events are projected on; look-ups by key only."""

    def order(self, client_order_id: str) -> Order | None:
        """Return an order, or None when unknown."""
        ...

    def position(self, key: PositionKey) -> Position | None:
        """Return a position, or None when there never was one."""
        ...

    def has_fill(self, connection_id: str, account_id: str, trade_id: str) -> bool:
        """Tell whether a trade id is in the account's list of fills."""
        ...

    def fill(self, connection_id: str, account_id: str, trade_id: str) -> Fill | None:
        """Return a fill of the account's list; None also where no list is kept."""
        ...

    def has_movement(self, connection_id: str, account_id: str, movement_id: str) -> bool:
        """Tell whether a cash movement is booked for the account."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """New values to store; None or empty = unchanged.

    ``replaced_fills`` are trade ids of derived fills, of the same connection and account, that
    real executions have wholly replaced: they leave the list of fills. ``restated_fills`` were booked
    before and are told anew: they closed another profit, since ``fill`` came late and stands before
    them, or their fee has become known.
    """

    order: Order | None = None
    fill: Fill | None = None
    movements: tuple[CashMovement, ...] = ()
    position: Position | None = None
    replaced_fills: tuple[str, ...] = ()
    restated_fills: tuple[Fill, ...] = ()


def project(books: Books, recorded: RecordedEvent) -> Changes:
    """Return what ``recorded`` changes; nothing for a repeat."""
    body = recorded.event.body
    match body:
        case OrderFilled():
            return _project_fill(books, recorded, body)
        case CashMoved():
            return _project_cash(books, recorded, body)
        case PositionAdjusted():
            return _project_adjustment(books, recorded, body)
        case _:
            return Changes(order=_changed_order(_order(books, recorded.event), recorded))


@dataclass(slots=True)
class MemoryBooks:
    """Books in dictionaries: for replays, backtests and tests.

    ``fills`` and ``movements`` are keyed by (connection, account, id).
    """

    orders: dict[str, Order] = field(default_factory=dict)
    positions: dict[PositionKey, Position] = field(default_factory=dict)
    fills: dict[tuple[str, str, str], Fill] = field(default_factory=dict)
    movements: dict[tuple[str, str, str], CashMovement] = field(default_factory=dict)

    def order(self, client_order_id: str) -> Order | None:
        """Return an order, or None when unknown."""
        return self.orders.get(client_order_id)

    def position(self, key: PositionKey) -> Position | None:
        """Return a position, or None when there never was one."""
        return self.positions.get(key)

    def has_fill(self, connection_id: str, account_id: str, trade_id: str) -> bool:
        """Tell whether a trade id is in the account's list of fills."""
        return (connection_id, account_id, trade_id) in self.fills

    def fill(self, connection_id: str, account_id: str, trade_id: str) -> Fill | None:
        """Return a fill of the account's list."""
        return self.fills.get((connection_id, account_id, trade_id))

    def has_movement(self, connection_id: str, account_id: str, movement_id: str) -> bool:
        """Tell whether a cash movement is booked for the account."""
        return (connection_id, account_id, movement_id) in self.movements

    def record(self, recorded: RecordedEvent) -> Changes:
        """Project one event, store what it changes and return it."""
        changes = project(self, recorded)
        if changes.order is not None:
            self.orders[changes.order.client_order_id] = changes.order
        if changes.position is not None:
            self.positions[changes.position.key] = changes.position
        for movement in changes.movements:
            self.movements[movement.connection_id, movement.account_id, movement.movement_id] = movement
        if changes.fill is not None:
            account = (changes.fill.connection_id, changes.fill.account_id)
            self.fills[*account, changes.fill.trade_id] = changes.fill
            for trade_id in changes.replaced_fills:
                del self.fills[*account, trade_id]
        for fill in changes.restated_fills:
            self.fills[fill.connection_id, fill.account_id, fill.trade_id] = fill
        return changes


def _order(books: Books, event: Event) -> Order | None:
    return None if event.client_order_id is None else books.order(event.client_order_id)


def _changed_order(order: Order | None, recorded: RecordedEvent) -> Order | None:
    changed = apply(order, recorded)
    return None if changed is order else changed


def _key(event: Event, instrument_id: str, leg: str) -> PositionKey:
    return PositionKey(
        connection_id=event.connection_id, account_id=event.account_id, instrument_id=instrument_id, leg=leg
    )


def _time_ns(event: Event) -> int:
    return event.ts_init_ns if event.ts_event_ns is None else event.ts_event_ns


def _project_fill(books: Books, recorded: RecordedEvent, body: OrderFilled) -> Changes:
    event = recorded.event
    order = _order(books, event)
    is_on_order = order is not None and body.trade_id in order.trade_ids  # a replaced fill is in no list
    if is_on_order or books.has_fill(event.connection_id, event.account_id, body.trade_id):
        return Changes()
    key = _key(event, body.instrument_id, body.leg)
    replaced = () if order is None else replaced_by(order, body)
    before = books.position(key)
    position, realized = apply_fill(before, key, body, replaced=replaced, ts_ns=_time_ns(event), seq=recorded.seq)
    changed = _changed_order(order, recorded)
    return Changes(
        order=changed,
        fill=_fill(recorded, body, order, realized),
        movements=_fee_movements(books, recorded, body),
        position=position,
        replaced_fills=_gone(order, changed),
        restated_fills=_restated(books, event, restated_profits(before, position)),
    )


def _restated(books: Books, event: Event, profits: Mapping[str, Decimal | None]) -> tuple[Fill, ...]:
    known = {trade_id: books.fill(event.connection_id, event.account_id, trade_id) for trade_id in profits}
    return tuple(replace(fill, realized_pnl=profits[trade_id]) for trade_id, fill in known.items() if fill is not None)


def _gone(before: Order | None, after: Order | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ()
    left = {fill.trade_id for fill in after.derived}
    return tuple(fill.trade_id for fill in before.derived if fill.trade_id not in left)


def _fill(recorded: RecordedEvent, body: OrderFilled, order: Order | None, realized: Decimal | None) -> Fill:
    event = recorded.event
    return Fill(
        trade_id=body.trade_id,
        client_order_id=event.client_order_id,
        venue_order_id=body.venue_order_id,
        connection_id=event.connection_id,
        account_id=event.account_id,
        instrument_id=body.instrument_id,
        strategy_id=event.strategy_id if order is None else order.strategy_id,
        side=body.side,
        quantity=body.quantity,
        price=body.price,
        liquidity=body.liquidity,
        fee=body.fee,
        realized_pnl=realized,
        ts_event_ns=_time_ns(event),
        seq=recorded.seq,
        leg=body.leg,
        derived=body.derived,
    )


def _fee_movements(books: Books, recorded: RecordedEvent, body: OrderFilled) -> tuple[CashMovement, ...]:
    event, movement_id = recorded.event, fee_movement_id(body.trade_id)
    if not body.fee.amount or books.has_movement(event.connection_id, event.account_id, movement_id):
        return ()
    fee = CashMoved(
        movement_id=movement_id,
        kind=COMMISSION,
        currency=body.fee.currency,
        amount=-body.fee.amount,
        instrument_id=body.instrument_id,
        trade_id=body.trade_id,
    )
    return (_movement(recorded, fee),)


def _movement(recorded: RecordedEvent, body: CashMoved) -> CashMovement:
    return CashMovement(
        movement_id=body.movement_id,
        connection_id=recorded.event.connection_id,
        account_id=recorded.event.account_id,
        kind=body.kind,
        currency=body.currency,
        amount=body.amount,
        instrument_id=body.instrument_id,
        trade_id=body.trade_id,
        ts_event_ns=_time_ns(recorded.event),
        seq=recorded.seq,
    )


def _project_cash(books: Books, recorded: RecordedEvent, body: CashMoved) -> Changes:
    event = recorded.event
    if books.has_movement(event.connection_id, event.account_id, body.movement_id):
        return Changes()
    if body.trade_id is not None and body.movement_id == fee_movement_id(body.trade_id):
        return _project_late_fee(books, recorded, body, body.trade_id)
    return Changes(movements=(_movement(recorded, body),), position=_funded_position(books, recorded, body))


def _project_late_fee(books: Books, recorded: RecordedEvent, body: CashMoved, trade_id: str) -> Changes:
    """Make a commission that came later than its fill that fill's fee; before the fill it stands alone."""
    event, fee = recorded.event, Money(currency=body.currency, amount=-body.amount)
    movement = _movement(recorded, body)
    order, fill = _order(books, event), books.fill(event.connection_id, event.account_id, trade_id)
    if order is not None and trade_id not in order.trade_ids:
        order = None
    if order is None and fill is None:
        return Changes(movements=(movement,))
    leg = fill.leg if fill is not None else body.leg or "net"
    position = None if body.instrument_id is None else books.position(_key(event, body.instrument_id, leg))
    if position is not None:
        position = charge_position(position, fee, trade_id=trade_id, ts_ns=_time_ns(event), seq=recorded.seq)
    return Changes(
        order=None if order is None else charge_order(order, fee, recorded),
        movements=(movement,),
        position=position,
        restated_fills=() if fill is None else (replace(fill, fee=fee),),
    )


def _funded_position(books: Books, recorded: RecordedEvent, body: CashMoved) -> Position | None:
    """Return the position that a funding or swap payment belongs to, with it added.

    Without a leg on the movement the first open one takes it. Payments in another currency than the
    settlement's stay in the ledger alone.
    """
    if body.kind not in HOLDING_COSTS or body.instrument_id is None:
        return None
    for leg in (body.leg,) if body.leg else _LEGS_WITH_FUNDING:
        position = books.position(_key(recorded.event, body.instrument_id, leg))
        if position is not None and position.quantity and position.contract.settle == body.currency:
            return add_funding(position, body.amount, ts_ns=_time_ns(recorded.event), seq=recorded.seq)
    return None


def _project_adjustment(books: Books, recorded: RecordedEvent, body: PositionAdjusted) -> Changes:
    key = _key(recorded.event, body.instrument_id, body.leg)
    before = books.position(key)
    after = adjust(before, key, body, ts_ns=_time_ns(recorded.event), seq=recorded.seq)
    return Changes(position=None if after is before else after)
