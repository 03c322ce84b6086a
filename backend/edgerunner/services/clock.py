"""Time and identity of the running process, as arguments instead of globals."""

import secrets
import time
from typing import Protocol

from edgerunner.domain.events import Event, EventBody
from edgerunner.domain.identifiers import ulid
from edgerunner.domain.orders import Order, Source


class Clock(Protocol):
    """Where services take time from."""

    def now_ns(self) -> int:
        """Return UTC wall time in nanoseconds."""
        ...

    def monotonic_ns(self) -> int:
        """Return a time in nanoseconds that never runs backward; only differences mean anything."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        """Return UTC wall time in nanoseconds."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return the machine's monotonic time in nanoseconds."""
        return time.monotonic_ns()


class EventMaker:
    """Makes journal events of our own and of what brokers report."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new_id(self) -> str:
        """Return a new ULID."""
        return ulid(self._clock.now_ns() // 1_000_000, secrets.randbits(80))

    def of_order(self, order: Order, body: EventBody, *, actor: str, event_id: str | None = None) -> Event:
        """Return an event of ours about an existing order."""
        return Event(
            event_id=event_id or self.new_id(),
            body=body,
            connection_id=order.connection_id,
            account_id=order.account_id,
            client_order_id=order.client_order_id,
            strategy_id=order.strategy_id,
            actor=actor,
            source=order.source,
            ts_init_ns=self._clock.now_ns(),
        )

    def reported(
        self,
        body: EventBody,
        *,
        connection_id: str,
        account_id: str,
        order: Order | None,
        client_order_id: str | None = None,
        event_id: str | None = None,
        ts_event_ns: int | None,
        raw: str | None,
    ) -> Event:
        """Return an event that a broker's report is the reason for."""
        now_ns = self._clock.now_ns()
        return Event(
            event_id=event_id or self.new_id(),
            body=body,
            connection_id=connection_id,
            account_id=account_id,
            client_order_id=order.client_order_id if order else client_order_id,
            strategy_id=order.strategy_id if order else None,
            actor="sync",
            source=order.source if order else Source.EXTERNAL,
            ts_event_ns=ts_event_ns,
            ts_arrival_ns=now_ns,
            ts_init_ns=now_ns,
            raw=raw,
        )
