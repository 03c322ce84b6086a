"""What a broker's report about an order means for us: pure decisions, no input or output."""

from edgerunner.adapters.broker import OrderReport
from edgerunner.domain.events import (
    OrderAccepted,
    OrderAcknowledged,
    OrderAdopted,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderRejected,
    OrderReopened,
    OrderTriggered,
    OrderUpdated,
)
from edgerunner.domain.orders import Order, OrderStatus

_NAMED_BY_ITS_EVENT = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})
_ALIVE = frozenset({OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED})


def events_from_report(order: Order, report: OrderReport, *, is_fresh: bool) -> list[OrderEvent]:
    """Return the events that bring ``order`` in line with ``report``, fills excepted.

    ``is_fresh`` is true for the answer to a query made just now: only such a report can show
    that an order which is closed here is alive at the broker. A streamed report may be old.
    A report that claims fills does not accept or fill anything by itself: the fills do.
    The broker's id is booked first: the answer that carries it can be lost, and the report of an
    ending is then the last one that we hear.
    """
    events: list[OrderEvent] = []
    if order.venue_order_id is None and report.status not in _NAMED_BY_ITS_EVENT:
        events.append(OrderAcknowledged(venue_order_id=report.venue_order_id))
    if is_fresh and _is_revived(order, report):
        events.append(OrderReopened(broker=report.broker))
    updated = _updated_terms(order, report)
    match report.status:
        case OrderStatus.ACCEPTED | OrderStatus.PARTIALLY_FILLED:
            events.append(OrderAccepted(venue_order_id=report.venue_order_id, held=report.held, broker=report.broker))
        case OrderStatus.TRIGGERED:
            events.append(OrderTriggered(broker=report.broker))
        case OrderStatus.CANCELED:
            events.append(OrderCanceled(broker=report.broker))
        case OrderStatus.EXPIRED:
            events.append(OrderExpired(broker=report.broker))
        case OrderStatus.REJECTED:
            events.append(OrderRejected(broker=report.broker))
        case _:
            pass
    if updated is not None:
        events.insert(len(events) if report.status in _ALIVE else 0, updated)
    return events


def adoption(report: OrderReport, *, parent_id: str | None) -> OrderAdopted:
    """Return the event that takes in an order which somebody else placed.

    It enters as working or as ended without fill; its fills are booked after it.
    """
    status = report.status
    if status in {OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED, OrderStatus.SUBMITTED, OrderStatus.INITIALIZED}:
        status = OrderStatus.ACCEPTED
    if status is OrderStatus.REJECTED and report.filled_quantity:
        status = OrderStatus.CANCELED
    if status in {OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_UPDATE}:
        status = OrderStatus.ACCEPTED
    return OrderAdopted(
        terms=report.terms,
        status=status,
        venue_order_id=report.venue_order_id,
        held=report.held,
        parent_id=parent_id,
        child_kind=report.child_kind,
        broker=report.broker,
    )


def is_missing_fills(order: Order, report: OrderReport) -> bool:
    """Tell whether the broker counts more filled than we have booked."""
    return report.filled_quantity > order.filled_quantity


def _is_revived(order: Order, report: OrderReport) -> bool:
    closed_here = order.status in {OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
    return closed_here and report.status in _ALIVE


def _updated_terms(order: Order, report: OrderReport) -> OrderUpdated | None:
    """Return the change of terms the report shows, or None.

    A quantity is compared only for orders that still work: brokers rewrite it at the end
    (a market order reports what it got).
    """
    ours, theirs = order.terms, report.terms
    alive = report.status in _ALIVE or report.status is OrderStatus.FILLED
    quantity = theirs.quantity if alive and theirs.quantity != ours.quantity else None
    price = theirs.price if ours.price is not None and theirs.price not in {None, ours.price} else None
    trigger = (
        theirs.trigger_price
        if ours.trigger_price is not None and theirs.trigger_price not in {None, ours.trigger_price}
        else None
    )
    new_id = report.venue_order_id if report.venue_order_id != order.venue_order_id else None
    if quantity is None and price is None and trigger is None:
        return None
    return OrderUpdated(quantity=quantity, price=price, trigger_price=trigger, venue_order_id=new_id)
