"""Counts what becomes of orders, from what the journal commits."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from edgerunner.domain.events import (
    EventBody,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderRejected,
    OrderSubmitted,
    RecordedEvent,
)
from edgerunner.domain.orders import Order
from edgerunner.metrics import DENIALS, ORDER_EVENTS, OUTCOME_RESOLUTION_SECONDS, OUTCOMES_UNKNOWN
from edgerunner.storage.values import Commit

_COUNTED: Final[Mapping[type[EventBody], str]] = {
    OrderSubmitted: "submitted",
    OrderDenied: "denied",
    OrderRejected: "rejected",
    OrderFilled: "filled",
    OrderCanceled: "canceled",
    OrderExpired: "expired",
}


class OrderMeter:
    """A listener of the journal; ``working`` are the open orders so far, ``now_ns`` gives UTC nanoseconds."""

    def __init__(self, working: Iterable[Order], now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._unknown = {order.client_order_id: since for order in working if (since := _since(order))}

    def on_commit(self, commit: Commit) -> None:
        """Count what was recorded, and time the outcomes that became known."""
        for recorded in commit.records:
            self._count(recorded)
        for order in commit.orders:
            self._note(order)

    def _count(self, recorded: RecordedEvent) -> None:
        event = recorded.event
        word = _COUNTED.get(type(event.body))
        if word is not None:
            ORDER_EVENTS.labels(word, event.connection_id).inc()
        match event.body:
            case OrderDenied(code=code):
                DENIALS.labels(code).inc()
            case OrderOutcomeUnknown():
                OUTCOMES_UNKNOWN.labels(event.connection_id).inc()
            case _:  # counted above, or no step of an order's life
                pass

    def _note(self, order: Order) -> None:
        since_ns = _since(order)
        if since_ns is not None:
            self._unknown.setdefault(order.client_order_id, since_ns)
            return
        began_ns = self._unknown.pop(order.client_order_id, None) if self._unknown else None
        if began_ns is not None:
            seconds = max(0, self._now_ns() - began_ns) / 1e9
            OUTCOME_RESOLUTION_SECONDS.labels(order.connection_id).observe(seconds)


def _since(order: Order) -> int | None:
    return None if order.outcome_unknown is None else order.outcome_unknown.since_ns
