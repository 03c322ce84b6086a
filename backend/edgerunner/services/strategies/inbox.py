"""What waits for a strategy that is busy: bars and order news in order, of quotes and books the newest."""

import asyncio
from collections import deque
from dataclasses import dataclass

from edgerunner.strategy_worker.messages import BarNews, BookNews, OrderNews, TickNews

News = BarNews | TickNews | BookNews | OrderNews
_Slot = tuple[type[News], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Bars of a series that were missed: those that begin from ``from_ns`` on and before ``to_ns``."""

    key: str
    timeframe: str
    from_ns: int
    to_ns: int


class Inbox:
    """A queue of at most ``limit`` items; ``is_overfull`` says that one more came and was lost.

    A waiting quote (or book) is replaced by a newer one of the same instrument in its place.
    """

    def __init__(self, limit: int) -> None:
        self.is_overfull = False
        self._limit = limit
        self._queue: deque[News | Hole | _Slot] = deque()
        self._newest: dict[_Slot, News] = {}
        self._wake = asyncio.Event()

    def put(self, item: News | Hole) -> None:
        """Add an item; never waits."""
        if isinstance(item, TickNews | BookNews):
            slot = _slot(item)
            is_waiting = slot in self._newest
            self._newest[slot] = item
            if is_waiting:
                return
            self._queue.append(slot)
        elif len(self._queue) >= self._limit:
            self.is_overfull = True
        else:
            self._queue.append(item)
        self._wake.set()

    def wake(self) -> None:
        """Let ``get`` return without an item."""
        self._wake.set()

    async def get(self, timeout_s: float) -> News | Hole | None:
        """Return the next item; None after ``timeout_s`` without one, or when woken."""
        if not self._queue:
            self._wake.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._wake.wait()
            except TimeoutError:
                return None
        if not self._queue:
            return None
        item = self._queue.popleft()
        return self._newest.pop(item) if isinstance(item, tuple) else item


def _slot(item: TickNews | BookNews) -> _Slot:
    match item:
        case TickNews():
            return TickNews, item.tick.instrument_id
        case BookNews():
            return BookNews, item.book.instrument_id
