"""One reader of the stream: its queue, and the rule for one that does not keep up."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

MOST_FRAMES: Final = 1_000
MOST_BYTES: Final = 8_000_000
SEND_TIMEOUT_S: Final = 30.0


class Source(Protocol):
    """A channel as its readers see it."""

    is_conflated: bool

    def snapshot_frame(self) -> bytes:
        """Return everything as one frame."""


class TooSlow(Exception):
    """The reader left too much unread."""


class StreamClient:
    """A bounded queue of frames and the writer that drains it.

    Overflow rule: beyond 1,000 frames or 8 MB the frames of conflated channels leave the queue, and each of these
    channels gets one snapshot once the queue is drained; if that is not enough the reader is too slow and is closed.
    """

    def __init__(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._send = send
        self._queue: deque[tuple[Source | None, bytes]] = deque()
        self._bytes = 0
        self._behind: dict[Source, None] = {}
        self._wake = asyncio.Event()
        self._is_too_slow = False
        self.channels: set[str] = set()

    def put(self, source: Source | None, frame: bytes) -> None:
        """Queue a frame; ``source`` None = an answer to the client itself."""
        if source in self._behind or self._is_too_slow:
            return  # a snapshot will follow
        self._queue.append((source, frame))
        self._bytes += len(frame)
        self._wake.set()
        if self._is_over():
            self._conflate()
            self._is_too_slow = self._is_over()

    def forget(self, source: Source) -> None:
        """Send nothing more of a channel."""
        self._behind.pop(source, None)
        self._keep(lambda queued: queued is not source)

    async def write(self) -> None:
        """Send what is queued until canceled. Raises ``TooSlow``, ``ConnectionError``."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue or self._behind:
                if self._is_too_slow:
                    raise TooSlow
                await self._write_next()
            if self._is_too_slow:
                raise TooSlow

    async def _write_next(self) -> None:
        if not self._queue:
            source = next(iter(self._behind))
            del self._behind[source]
            self.put(source, source.snapshot_frame())
            return
        _, frame = self._queue.popleft()
        self._bytes -= len(frame)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._send(frame)
        except TimeoutError:
            raise TooSlow from None

    def _is_over(self) -> bool:
        return len(self._queue) > MOST_FRAMES or self._bytes > MOST_BYTES

    def _conflate(self) -> None:
        for source, _ in self._queue:
            if source is not None and source.is_conflated:
                self._behind[source] = None
        self._keep(lambda queued: queued is None or not queued.is_conflated)

    def _keep(self, is_kept: Callable[[Source | None], bool]) -> None:
        self._queue = deque((source, frame) for source, frame in self._queue if is_kept(source))
        self._bytes = sum(len(frame) for _, frame in self._queue)
