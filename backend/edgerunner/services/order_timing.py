"""How long each step of an order's way takes. Costs the order path some microseconds, never a wait."""

from collections import OrderedDict
from collections.abc import Awaitable
from time import perf_counter_ns
from typing import Final

from prometheus_client import Histogram

from edgerunner.adapters.broker import OrderAck
from edgerunner.adapters.wire_mark import telling
from edgerunner.domain.events import OrderFilled
from edgerunner.metrics import ORDER_STEP_SECONDS
from edgerunner.services.session import Session
from edgerunner.storage.journal import Journal
from edgerunner.storage.values import Commit

MOST_AWAITED: Final = 4_096
"""Orders whose first fill is awaited; beyond it the oldest are not timed."""

_STEPS: Final = ("decided", "committed", "sent", "acknowledged", "first_fill")


class OrderMarks:
    """One order on its way; each mark ends a step."""

    __slots__ = ("_last_ns", "_observers", "sent_ns")

    def __init__(self, observers: dict[str, Histogram], received_ns: int) -> None:
        self._observers = observers
        self._last_ns = received_ns
        self.sent_ns: int | None = None

    def reached(self, step: str) -> None:
        """End a step now."""
        now_ns = perf_counter_ns()
        self._observers[step].observe((now_ns - self._last_ns) / 1e9)
        self._last_ns = now_ns

    def sent(self) -> None:
        """Note that the bytes left; a command that is sent in several pieces is timed from the first."""
        if self.sent_ns is None:
            self.reached("sent")
            self.sent_ns = self._last_ns

    def filled(self) -> None:
        """Note the first fill."""
        if self.sent_ns is not None:
            self._observers["first_fill"].observe((perf_counter_ns() - self.sent_ns) / 1e9)

    async def acknowledged(self, command: Awaitable[OrderAck]) -> OrderAck:
        """Send a command and time it; raises what it raises, and then it is not timed."""
        with telling(self.sent):
            ack = await command
        if self.sent_ns is not None:
            self.reached("acknowledged")
        return ack


class OrderTiming:
    """Times orders by broker and connection."""

    def __init__(self, journal: Journal) -> None:
        self._observers: dict[str, dict[str, Histogram]] = {}
        self._awaited: OrderedDict[str, OrderMarks] = OrderedDict()
        journal.add_listener(self._on_commit)

    def begin(self, session: Session, received_ns: int) -> OrderMarks:
        """Begin with an order that was decided about just now."""
        observers = self._observers.get(session.connection_id)
        if observers is None:
            labels = (session.broker, session.connection_id)
            observers = {step: ORDER_STEP_SECONDS.labels(step, *labels) for step in _STEPS}
            self._observers[session.connection_id] = observers
        marks = OrderMarks(observers, received_ns)
        marks.reached("decided")
        return marks

    def committed(self, client_order_id: str, marks: OrderMarks) -> None:
        """Note that the order is durable, and await its first fill."""
        marks.reached("committed")
        self._awaited[client_order_id] = marks
        if len(self._awaited) > MOST_AWAITED:
            self._awaited.popitem(last=False)

    def _on_commit(self, commit: Commit) -> None:
        if not self._awaited:
            return
        for recorded in commit.records:
            if isinstance(recorded.event.body, OrderFilled):
                marks = self._awaited.pop(recorded.event.client_order_id or "", None)
                if marks is not None:
                    marks.filled()
        for order in commit.orders:
            if not order.is_open:
                self._awaited.pop(order.client_order_id, None)
