"""The one buffer between the private side of the adapter and its reader."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import structlog

from edgerunner.adapters.broker import BrokerUpdate, LinkHealth, LinkStatus
from edgerunner.adapters.bybit.server_clock import Clock

_log = structlog.get_logger(__name__)

CAPACITY: Final = 20_000


class UpdateBuffer:
    """Bounded; when it would overflow, what waits is dropped and the reader is told to re-read.

    That telling is the ``orders`` link going DOWN and, if it works, UP again: the same words
    that follow an interruption, with the same effect.
    """

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._waiting: deque[BrokerUpdate] = deque()
        self._arrived = asyncio.Event()
        self._health: dict[str, LinkHealth] = {}
        self._is_closed = False

    def put(self, update: BrokerUpdate) -> None:
        """Add an update."""
        if len(self._waiting) >= self._capacity:
            self._overflow()
        self._waiting.append(update)
        self._arrived.set()

    def health(self, link: str, status: LinkStatus, *, reason: str | None, latency_ms: float | None = None) -> None:
        """Report a link's health if it changed, or its latency was measured anew."""
        known = self._health.get(link)
        if latency_ms is None and known is not None and (known.status, known.reason) == (status, reason):
            return
        change = LinkHealth(link=link, status=status, latency_ms=latency_ms, reason=reason, ts_ns=self._clock.time_ns())
        self._health[link] = change
        self.put(change)

    def close(self) -> None:
        """End the reader's stream once it has read what waits."""
        self._is_closed = True
        self._arrived.set()

    async def read(self) -> AsyncIterator[BrokerUpdate]:
        """Yield updates as they arrive until the buffer is closed."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._is_closed:
                return
            self._arrived.clear()
            await self._arrived.wait()

    def _overflow(self) -> None:
        _log.error("bybit_updates_dropped", count=len(self._waiting))
        self._waiting.clear()
        newest = self._health.copy()
        self._health.clear()
        for link, known in newest.items():
            if link == "orders" and known.status is LinkStatus.UP:
                self.health(link, LinkStatus.DOWN, reason="updates were dropped: the reader is too slow")
            self.health(link, known.status, reason=known.reason, latency_ms=known.latency_ms)
