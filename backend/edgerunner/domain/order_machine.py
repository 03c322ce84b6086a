"""Order life cycle: one pure transition function over immutable orders.

The states and transitions are NautilusTrader's and FIX's. What is particular here:

* Brokers repeat, reorder and delay: the function is total. An event that changes nothing
  returns the very same object, and every order of the same broker events ends in the same
  state, provided that the broker stamps them: of unstamped news the last to arrive wins.
* An event only notes a fact; the status is derived from the facts. Quantities come from fills
  alone, so no status message fills an order.
* An outcome that is unknown is a mark beside the status, never a status.
"""

from decimal import Decimal
from typing import assert_never

from edgerunner.domain.events import (
    Event,
    OrderAccepted,
    OrderAcknowledged,
    OrderAdopted,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderFlagged,
    OrderInitialized,
    OrderModifyRejected,
    OrderOutcomeUnknown,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderRejected,
    OrderReopened,
    OrderSubmitted,
    OrderTriggered,
    OrderUpdated,
    RecordedEvent,
)
from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.domain.orders import (
    BrokerWords,
    Denial,
    DerivedFill,
    Money,
    Order,
    OrderStatus,
    TermTimes,
    Unknown,
    add_fee,
)
from edgerunner.domain.values import replace

OVERFILLED = "filled beyond its quantity"
REOPENED = "reopened by the broker"

_FILL_AFTER = {
    OrderStatus.REJECTED: "filled after its rejection",
    OrderStatus.DENIED: "filled although it was denied here",
}

_STAGES = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.ACCEPTED, OrderStatus.TRIGGERED)
_WORKING = frozenset({OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED})
_IN_FLIGHT = frozenset({OrderStatus.SUBMITTED, OrderStatus.PENDING_UPDATE, OrderStatus.PENDING_CANCEL})
_ENDINGS = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED})


def apply(order: Order | None, recorded: RecordedEvent) -> Order | None:
    """Return the order after one recorded event; the same object when nothing changed.

    ``None`` in means the order is not known: only ``OrderInitialized`` and ``OrderAdopted`` make
    one, any other event leaves it unknown. Ledger events belong to no order and change nothing.
    """
    body = recorded.event.body
    if order is None:
        return _create(recorded)
    if not isinstance(body, OrderEvent):
        return order
    changed = _settled(_transition(order, body, recorded.event))
    if changed == order:
        return order
    return replace(changed, updated_at_ns=recorded.event.ts_init_ns, last_seq=recorded.seq)


def charge(order: Order, fee: Money, recorded: RecordedEvent) -> Order:
    """Return the order with a fee that came later than the fill it belongs to."""
    return replace(order, fees=add_fee(order.fees, fee), updated_at_ns=recorded.event.ts_init_ns, last_seq=recorded.seq)


def replaced_by(order: Order, fill: OrderFilled) -> tuple[DerivedFill, ...]:
    """Return the parts of the order's derived fills that a real ``fill`` takes the place of."""
    if fill.derived or fill.trade_id in order.trade_ids:
        return ()
    parts: list[DerivedFill] = []
    left = fill.quantity
    for derived in order.derived:
        quantity = min(left, derived.quantity)
        if quantity:
            parts.append(replace(derived, quantity=quantity))
        left -= quantity
    return tuple(parts)


def _create(recorded: RecordedEvent) -> Order | None:
    event, body = recorded.event, recorded.event.body
    if event.client_order_id is None or not isinstance(body, OrderInitialized | OrderAdopted):
        return None
    order = Order(
        client_order_id=event.client_order_id,
        connection_id=event.connection_id,
        account_id=event.account_id,
        strategy_id=event.strategy_id,
        source=event.source,
        terms=body.terms,
        status=OrderStatus.INITIALIZED,
        parent_id=body.parent_id,
        created_at_ns=event.ts_init_ns,
        updated_at_ns=event.ts_init_ns,
        last_seq=recorded.seq,
    )
    return order if isinstance(body, OrderInitialized) else _adopted(order, body, event.ts_event_ns)


def _adopted(order: Order, body: OrderAdopted, stamp: int | None) -> Order:
    """Take an order over in the state the broker shows; fills follow, so none are claimed here."""
    known = replace(
        order,
        stage=body.status if body.status in _STAGES else OrderStatus.ACCEPTED,
        closed_as=body.status if body.status in _ENDINGS else None,
        pending_update=body.status is OrderStatus.PENDING_UPDATE,
        pending_cancel=body.status is OrderStatus.PENDING_CANCEL,
        term_times=TermTimes(quantity=stamp or 0, price=stamp or 0, trigger_price=stamp or 0),
        venue_order_id=body.venue_order_id,
        child_kind=body.child_kind,
        held=body.held,
        broker=body.broker,
        broker_time_ns=stamp or 0,
        created_at_ns=order.created_at_ns if stamp is None else stamp,
    )
    return _settled(known)


def _transition(order: Order, body: OrderEvent, event: Event) -> Order:  # noqa: C901, PLR0912 - one case per event reads best in one place
    """Note the fact that an event tells; ``_settled`` derives the status from the facts."""
    stamp = event.ts_event_ns
    if order.closed_as is OrderStatus.DENIED and not isinstance(body, OrderFilled | OrderFlagged):
        return order
    match body:
        case OrderInitialized():
            return order
        case OrderDenied():
            return _deny(order, body)
        case OrderSubmitted():
            return _advanced(order, OrderStatus.SUBMITTED)
        case OrderAcknowledged():
            return _acknowledge(order, body)
        case OrderOutcomeUnknown():
            return _doubt(order, body, event.ts_init_ns)
        case OrderAdopted() if body.status in _ENDINGS:
            return _identified(order, body.venue_order_id)
        case OrderAccepted() | OrderAdopted():
            return _accept(order, body, stamp)
        case OrderTriggered():
            return _advanced(_told(order, body.broker, stamp), OrderStatus.TRIGGERED)
        case OrderPendingUpdate():
            return replace(order, pending_update=True) if order.status in _WORKING else order
        case OrderPendingCancel():
            return order if order.stage is OrderStatus.INITIALIZED else replace(order, pending_cancel=True)
        case OrderUpdated():
            return _update(order, body, stamp)
        case OrderModifyRejected():
            return replace(order, pending_update=False, broker=body.broker) if order.pending_update else order
        case OrderCancelRejected():
            return replace(order, pending_cancel=False, broker=body.broker) if order.pending_cancel else order
        case OrderRejected():
            return _close(order, OrderStatus.REJECTED, body.broker, stamp)
        case OrderCanceled():
            return _close(order, OrderStatus.CANCELED, body.broker, stamp)
        case OrderExpired():
            return _close(order, OrderStatus.EXPIRED, body.broker, stamp)
        case OrderReopened():
            return _reopen(order, body.broker, stamp)
        case OrderFlagged():
            return replace(order, needs_operator=body.reason)
        case OrderFilled():
            return _fill(order, body)
    assert_never(body)


def _settled(order: Order) -> Order:
    """Return the order with everything that follows from its facts."""
    status = _status(order)
    is_open = not status.is_closed
    is_waiting = is_open and order.stage is OrderStatus.ACCEPTED and not order.filled_quantity
    is_overfilled = order.filled_quantity > order.terms.quantity
    if is_overfilled or order.needs_operator != OVERFILLED:
        needs_operator = order.needs_operator or (OVERFILLED if is_overfilled else None)
    else:
        needs_operator = None
    return replace(
        order,
        status=status,
        held=order.held if is_waiting else None,
        pending_update=order.pending_update and is_open,
        pending_cancel=order.pending_cancel and is_open,
        outcome_unknown=order.outcome_unknown if status in _IN_FLIGHT else None,
        needs_operator=needs_operator,
    )


def _status(order: Order) -> OrderStatus:
    if order.closed_as is OrderStatus.DENIED:
        return OrderStatus.DENIED
    if order.filled_quantity and order.filled_quantity >= order.terms.quantity:
        return OrderStatus.FILLED
    if order.closed_as is not None:
        is_cut_short = order.closed_as is OrderStatus.REJECTED and order.filled_quantity
        return OrderStatus.CANCELED if is_cut_short else order.closed_as
    if order.pending_cancel:
        return OrderStatus.PENDING_CANCEL
    if order.pending_update:
        return OrderStatus.PENDING_UPDATE
    return OrderStatus.PARTIALLY_FILLED if order.filled_quantity else order.stage


def _is_stale(order: Order, stamp: int | None) -> bool:
    """Tell whether newer news is known; unstamped news about a closed order may be from before."""
    return order.status.is_closed if stamp is None else _is_older(order, stamp)


def _is_older(order: Order, stamp: int | None) -> bool:
    return stamp is not None and stamp < order.broker_time_ns


def _told(order: Order, broker: BrokerWords, stamp: int | None) -> Order:
    """Keep what the broker said last."""
    if _is_stale(order, stamp):
        return order
    words = order.broker if broker == BrokerWords() else broker
    return replace(order, broker=words, broker_time_ns=max(order.broker_time_ns, stamp or 0))


def _identified(order: Order, venue_order_id: str | None) -> Order:
    return replace(order, venue_order_id=venue_order_id) if order.venue_order_id is None else order


def _advanced(order: Order, stage: OrderStatus) -> Order:
    return replace(order, stage=max(order.stage, stage, key=_STAGES.index))


def _deny(order: Order, body: OrderDenied) -> Order:
    if order.status is not OrderStatus.INITIALIZED:
        return order
    return replace(order, closed_as=OrderStatus.DENIED, denied=Denial(code=body.code, text=body.text))


def _acknowledge(order: Order, body: OrderAcknowledged) -> Order:
    known = _identified(order, body.venue_order_id)
    return replace(known, outcome_unknown=None) if order.status is OrderStatus.SUBMITTED else known


def _doubt(order: Order, body: OrderOutcomeUnknown, since_ns: int) -> Order:
    """Mark a command as unresolved, unless news overtook its lost answer (see ``_settled``)."""
    if order.outcome_unknown is not None:
        return order
    return replace(order, outcome_unknown=Unknown(since_ns=since_ns, reason=body.reason))


def _accept(order: Order, body: OrderAccepted | OrderAdopted, stamp: int | None) -> Order:
    accepted = _advanced(_identified(order, body.venue_order_id), OrderStatus.ACCEPTED)
    if _is_stale(order, stamp):
        return accepted
    venue_order_id = body.venue_order_id or accepted.venue_order_id
    return _told(replace(accepted, held=body.held, venue_order_id=venue_order_id), body.broker, stamp)


def _update(order: Order, body: OrderUpdated, stamp: int | None) -> Order:
    """Book newer terms; a broker's record of new terms also answers a change that we asked for."""
    terms, times = order.terms, order.term_times
    quantity, quantity_ns = _newer(terms.quantity, times.quantity, body.quantity, stamp)
    price, price_ns = _newer(terms.price, times.price, body.price, stamp)
    trigger_price, trigger_ns = _newer(terms.trigger_price, times.trigger_price, body.trigger_price, stamp)
    known = replace(
        _advanced(_identified(order, body.venue_order_id), OrderStatus.ACCEPTED),
        terms=replace(terms, quantity=quantity or terms.quantity, price=price, trigger_price=trigger_price),
        term_times=TermTimes(quantity=quantity_ns, price=price_ns, trigger_price=trigger_ns),
    )
    is_repeat = stamp is not None and known.terms == terms and known.term_times == times
    if is_repeat or _is_older(order, stamp):
        return known
    venue_order_id = body.venue_order_id or known.venue_order_id
    return _told(replace(known, venue_order_id=venue_order_id, pending_update=False), BrokerWords(), stamp)


def _newer(known: Decimal | None, known_ns: int, told: Decimal | None, stamp: int | None) -> tuple[Decimal | None, int]:
    """Return the newer of two values of one term, with its broker stamp."""
    if told is None or (stamp is not None and stamp < known_ns):
        return known, known_ns
    return told, known_ns if stamp is None else stamp


def _close(order: Order, ending: OrderStatus, broker: BrokerWords, stamp: int | None) -> Order:
    is_before_reopening = stamp is not None and stamp <= order.reopened_ns
    if order.closed_as is not None or is_before_reopening:
        return order
    return replace(_told(order, broker, stamp), closed_as=ending)


def _reopen(order: Order, broker: BrokerWords, stamp: int | None) -> Order:
    """Book that an order closed here is alive; an ending from before that is not believed again."""
    if _is_older(order, stamp):
        return order
    noted = replace(order, reopened_ns=max(order.reopened_ns, stamp or 0))
    if order.status not in _ENDINGS:
        return noted
    alive = replace(noted, status=OrderStatus.ACCEPTED, closed_as=None, needs_operator=REOPENED)
    return _told(_advanced(alive, OrderStatus.ACCEPTED), broker, stamp)


def _fill(order: Order, fill: OrderFilled) -> Order:
    if fill.trade_id in order.trade_ids:
        return order
    with exact_arithmetic():
        replaced = replaced_by(order, fill)
        filled = replace(
            _advanced(_identified(order, fill.venue_order_id), OrderStatus.ACCEPTED),
            trade_ids=order.trade_ids | {fill.trade_id},
            filled_quantity=order.filled_quantity + fill.quantity - sum(part.quantity for part in replaced),
            filled_value=order.filled_value
            + fill.quantity * fill.price
            - sum(part.quantity * part.price for part in replaced),
            fees=add_fee(order.fees, fill.fee),
            derived=_derived_after(order, fill, replaced),
        )
    if order.closed_as in _FILL_AFTER:
        return replace(filled, needs_operator=_FILL_AFTER[order.closed_as])
    return filled


def _derived_after(order: Order, fill: OrderFilled, replaced: tuple[DerivedFill, ...]) -> tuple[DerivedFill, ...]:
    if fill.derived:
        new = DerivedFill(trade_id=fill.trade_id, quantity=fill.quantity, price=fill.price)
        return (*order.derived, new)
    taken = {part.trade_id: part.quantity for part in replaced}
    rest = (replace(part, quantity=part.quantity - taken.get(part.trade_id, 0)) for part in order.derived)
    return tuple(part for part in rest if part.quantity)
