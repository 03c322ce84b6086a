"""The one buffer between the public streams and their reader."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Final

from edgerunner.adapters.broker import MarketUpdate

_TRADES: Final = 20_000


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
