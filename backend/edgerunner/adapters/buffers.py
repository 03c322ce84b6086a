"""The buffers between an adapter's streams and their one reader each."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Final, Protocol

import structlog

from edgerunner.adapters.broker import BrokerUpdate, LinkHealth, LinkStatus, MarketUpdate

_log = structlog.get_logger(__name__)

_UPDATES: Final = 20_000
_TRADES: Final = 20_000


class WallClock(Protocol):
    """This machine's clock; the standard module ``time`` is one."""

    def time_ns(self) -> int:
        """Return UTC wall time in nanoseconds."""
        ...


class UpdateBuffer:
    """Bounded; when it would overflow, what waits is dropped and the reader is told to re-read.

    That telling is the ``orders`` link going DOWN and, if it works, UP again: the same words
    that follow an interruption, with the same effect.
    """

    def __init__(self, clock: WallClock, capacity: int = _UPDATES) -> None:
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
        _log.error("updates_dropped", count=len(self._waiting))
        self._waiting.clear()
        newest = self._health.copy()
        self._health.clear()
        for link, known in newest.items():
            if link == "orders" and known.status is LinkStatus.UP:
                self.health(link, LinkStatus.DOWN, reason="updates were dropped: the reader is too slow")
            self.health(link, known.status, reason=known.reason, latency_ms=known.latency_ms)


class MarketBuffer:
    """Conflates what has a newest state and queues the rest.

    Quotes, books and growing bars are only marked as changed and are built when the reader comes,
    so a slow reader gets the newest and skips the rest. Trades and closed bars are queued; of
    those the oldest are dropped, and counted, when the queue is full.
    """

    def __init__(self, capacity: int = _TRADES) -> None:
        self._changed: dict[Hashable, Callable[[], MarketUpdate | None]] = {}
        self._queue: deque[MarketUpdate] = deque(maxlen=capacity)
        self._arrived = asyncio.Event()
        self._is_closed = False
        self.dropped = 0

    def changed(self, key: Hashable, build: Callable[[], MarketUpdate | None]) -> None:
        """Note that the state under ``key`` changed; ``build`` gives it when the reader comes."""
        self._changed[key] = build
        self._arrived.set()

    def add(self, update: MarketUpdate, *, replaces: Hashable = None) -> None:
        """Queue an update; it outdates what is marked under ``replaces``."""
        self._changed.pop(replaces, None)
        if len(self._queue) == self._queue.maxlen:
            self.dropped += 1
        self._queue.append(update)
        self._arrived.set()

    def forget(self, key: Hashable) -> None:
        """Drop what waits under ``key``."""
        self._changed.pop(key, None)

    def close(self) -> None:
        """End the reader's stream."""
        self._is_closed = True
        self._arrived.set()

    async def read(self) -> AsyncIterator[MarketUpdate]:
        """Yield updates until the buffer is closed."""
        while not self._is_closed:
            while self._queue:
                yield self._queue.popleft()
            for key in tuple(self._changed):
                build = self._changed.pop(key, None)
                update = None if build is None else build()
                if update is not None:
                    yield update
            if not self._queue and not self._changed and not self._is_closed:
                self._arrived.clear()
                await self._arrived.wait()
