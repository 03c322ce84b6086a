"""Order life cycle: one pure transition function over immutable orders.

The states and transitions are NautilusTrader's and FIX's. What is particular here:

* Brokers repeat, reorder and delay: the function is total. An event that changes nothing
  returns the very same object, and every order of the same events ends in the same state.
* Quantities come from fills alone; no status message fills or closes an order by itself.
* An outcome that is unknown is a mark beside the status, never a status.
"""

from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from edgerunner.domain.events import (
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
from edgerunner.domain.orders import BrokerWords, Denial, Money, Order, OrderStatus, Unknown

_PENDING = frozenset({OrderStatus.PENDING_UPDATE, OrderStatus.PENDING_CANCEL})
_WORKING = frozenset({OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED})


def apply(order: Order | None, recorded: RecordedEvent) -> Order | None:
    """Return the order after one recorded event; the same object when nothing changed.

    ``None`` in means the order is not known: only ``OrderInitialized`` and ``OrderAdopted`` make
    one, any other event leaves it unknown. Ledger events belong to no order and change nothing.
    """
    body = recorded.event.body
    if order is None:
        return _create(recorded)
    if not isinstance(body, OrderEvent) or isinstance(body, OrderInitialized):
        return order
    changed = _transition(order, body, recorded)
    if changed is order:
        return order
    return replace(changed, updated_at_ns=recorded.event.ts_init_ns, last_seq=recorded.seq)


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
    if isinstance(body, OrderInitialized):
        return order
    return replace(
        order,
        status=body.status,
        venue_order_id=body.venue_order_id,
        held=body.held,
        broker=body.broker,
        broker_time_ns=event.ts_event_ns or 0,
        created_at_ns=event.ts_event_ns or event.ts_init_ns,
    )


def _transition(order: Order, body: OrderEvent, recorded: RecordedEvent) -> Order:  # noqa: PLR0911, PLR0912 - one case per event reads best in one place
    broker_time_ns = recorded.event.ts_event_ns or 0
    match body:
        case OrderFilled():
            return _fill(order, body)
        case OrderFlagged(reason=reason):
            return order if order.needs_operator == reason else replace(order, needs_operator=reason)
        case OrderReopened(broker=broker):
            return _reopen(order, broker)
        case OrderDenied(code=code, text=text):
            if order.status is not OrderStatus.INITIALIZED:
                return order
            return replace(order, status=OrderStatus.DENIED, denied=Denial(code=code, text=text))
        case OrderSubmitted():
            return replace(order, status=OrderStatus.SUBMITTED) if order.status is OrderStatus.INITIALIZED else order
        case OrderAcknowledged(venue_order_id=venue_order_id):
            known = _identify(order, venue_order_id)
            return _known(known) if _is_unconfirmed(order) else known
        case OrderOutcomeUnknown(reason=reason):
            if order.status.is_closed or order.outcome_unknown is not None:
                return order
            return replace(order, outcome_unknown=Unknown(since_ns=recorded.event.ts_init_ns, reason=reason))
        case OrderAccepted() | OrderAdopted() | OrderTriggered():
            return _confirm(order, body, broker_time_ns)
        case OrderPendingUpdate():
            if order.status not in _WORKING:
                return order
            return replace(order, status=OrderStatus.PENDING_UPDATE, resume_status=order.status)
        case OrderPendingCancel():
            return _pending_cancel(order)
        case OrderUpdated():
            return _update(order, body, broker_time_ns)
        case OrderModifyRejected(broker=broker):
            return _resume(order, OrderStatus.PENDING_UPDATE, broker)
        case OrderCancelRejected(broker=broker):
            return _resume(order, OrderStatus.PENDING_CANCEL, broker)
        case OrderRejected(broker=broker):
            return _close(order, OrderStatus.REJECTED, broker, broker_time_ns)
        case OrderCanceled(broker=broker):
            return _close(order, OrderStatus.CANCELED, broker, broker_time_ns)
        case OrderExpired(broker=broker):
            return _close(order, OrderStatus.EXPIRED, broker, broker_time_ns)
        case OrderInitialized():
            return order
    assert_never(body)


def _is_unconfirmed(order: Order) -> bool:
    """Tell whether the broker's records have not shown the order yet."""
    return OrderStatus.SUBMITTED in {order.status, order.resume_status} or order.status is OrderStatus.INITIALIZED


def _known(order: Order) -> Order:
    return order if order.outcome_unknown is None else replace(order, outcome_unknown=None)


def _identify(order: Order, venue_order_id: str | None) -> Order:
    if venue_order_id is None or venue_order_id == order.venue_order_id:
        return order
    return replace(order, venue_order_id=venue_order_id)


def _confirm(order: Order, body: OrderAccepted | OrderAdopted | OrderTriggered, broker_time_ns: int) -> Order:
    """Book that the order exists and works; older news than what is known changes nothing."""
    if order.status.is_closed or (broker_time_ns and broker_time_ns < order.broker_time_ns):
        return order if isinstance(body, OrderTriggered) else _identify(order, body.venue_order_id)
    confirmed = order if isinstance(body, OrderTriggered) else _identify(order, body.venue_order_id)
    held = None if isinstance(body, OrderTriggered) else body.held
    working = OrderStatus.TRIGGERED if isinstance(body, OrderTriggered) else OrderStatus.ACCEPTED
    before = order.resume_status if order.status in _PENDING else order.status
    if before in {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED} or (
        before is OrderStatus.ACCEPTED and working is OrderStatus.TRIGGERED
    ):
        confirmed = _known(confirmed) if _is_unconfirmed(order) and order.status not in _PENDING else confirmed
        confirmed = (
            replace(confirmed, resume_status=working)
            if order.status in _PENDING
            else replace(confirmed, status=working)
        )
    if held != confirmed.held or broker_time_ns > confirmed.broker_time_ns or body.broker != confirmed.broker:
        confirmed = replace(
            confirmed,
            held=held,
            broker=body.broker if body.broker != BrokerWords() else confirmed.broker,
            broker_time_ns=max(broker_time_ns, confirmed.broker_time_ns),
        )
    return order if confirmed == order else confirmed


def _pending_cancel(order: Order) -> Order:
    if order.status.is_closed or order.status in {OrderStatus.INITIALIZED, OrderStatus.PENDING_CANCEL}:
        return order
    resume = order.resume_status if order.status is OrderStatus.PENDING_UPDATE else order.status
    return replace(order, status=OrderStatus.PENDING_CANCEL, resume_status=resume)


def _update(order: Order, body: OrderUpdated, broker_time_ns: int) -> Order:
    if broker_time_ns and broker_time_ns < order.broker_time_ns:
        return order
    terms = replace(
        order.terms,
        quantity=order.terms.quantity if body.quantity is None else body.quantity,
        price=order.terms.price if body.price is None else body.price,
        trigger_price=order.terms.trigger_price if body.trigger_price is None else body.trigger_price,
    )
    updated = replace(
        _identify(order, body.venue_order_id),
        terms=terms,
        broker_time_ns=max(broker_time_ns, order.broker_time_ns),
    )
    if order.status is OrderStatus.PENDING_UPDATE:
        updated = _known(replace(updated, status=order.resume_status or OrderStatus.ACCEPTED, resume_status=None))
    updated = _by_quantity(updated)
    return order if updated == order else updated


def _resume(order: Order, pending: OrderStatus, broker: BrokerWords) -> Order:
    if order.status is not pending:
        return order
    return _known(
        replace(order, status=order.resume_status or OrderStatus.ACCEPTED, resume_status=None, broker=broker)
    )


def _close(order: Order, status: OrderStatus, broker: BrokerWords, broker_time_ns: int) -> Order:
    if order.status.is_closed:
        return order
    if status is OrderStatus.REJECTED and order.filled_quantity:
        status = OrderStatus.CANCELED
    return _known(
        replace(
            order,
            status=status,
            resume_status=None,
            held=None,
            broker=broker if broker != BrokerWords() else order.broker,
            broker_time_ns=max(broker_time_ns, order.broker_time_ns),
        )
    )


def _reopen(order: Order, broker: BrokerWords) -> Order:
    if order.status not in {OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED}:
        return order
    status = OrderStatus.PARTIALLY_FILLED if order.filled_quantity else OrderStatus.ACCEPTED
    return replace(order, status=status, broker=broker, needs_operator="reopened by the broker")


def _fill(order: Order, fill: OrderFilled) -> Order:
    if fill.trade_id in order.trade_ids:
        return order
    order = _identify(order, order.venue_order_id or fill.venue_order_id)
    trade_ids = order.trade_ids | {fill.trade_id}
    if not fill.derived and fill.quantity <= order.derived_quantity:
        return replace(order, trade_ids=trade_ids, derived_quantity=order.derived_quantity - fill.quantity)
    filled = replace(
        order,
        trade_ids=trade_ids,
        filled_quantity=order.filled_quantity + fill.quantity,
        filled_value=order.filled_value + fill.quantity * fill.price,
        fees=_add_fee(order.fees, fill.fee),
        derived_quantity=order.derived_quantity + (fill.quantity if fill.derived else Decimal(0)),
    )
    filled = _known(filled) if _is_unconfirmed(order) else filled
    if filled.filled_quantity > filled.terms.quantity:
        filled = replace(filled, needs_operator="filled beyond its quantity")
    if order.status is OrderStatus.REJECTED:
        filled = replace(filled, status=OrderStatus.CANCELED, needs_operator="filled after its rejection")
    return _by_quantity(filled)


def _by_quantity(order: Order) -> Order:
    """Derive the working or filled status from the quantities."""
    if not order.filled_quantity or order.status is OrderStatus.DENIED:
        return order
    if order.filled_quantity >= order.terms.quantity:
        return _known(replace(order, status=OrderStatus.FILLED, resume_status=None, held=None))
    if order.status is OrderStatus.FILLED:  # the quantity was raised after the last fill
        return replace(order, status=OrderStatus.PARTIALLY_FILLED)
    if order.status in _PENDING:
        return replace(order, resume_status=OrderStatus.PARTIALLY_FILLED)
    if order.status.is_closed:
        return order
    return replace(order, status=OrderStatus.PARTIALLY_FILLED, held=None)


def _add_fee(fees: tuple[Money, ...], fee: Money) -> tuple[Money, ...]:
    if not fee.amount:
        return fees
    totals = {known.currency: known.amount for known in fees}
    totals[fee.currency] = totals.get(fee.currency, Decimal(0)) + fee.amount
    return tuple(Money(currency=currency, amount=totals[currency]) for currency in sorted(totals))
