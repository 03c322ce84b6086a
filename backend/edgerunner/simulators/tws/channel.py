"""One client's connection: frames in, messages out."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

from edgerunner.simulators.transports import reset_transport
from edgerunner.simulators.tws.settings import ConnectionLimits
from edgerunner.simulators.tws.wire.codec import LOWEST_VERSION, MESSAGES
from edgerunner.simulators.tws.wire.frames import FrameReader, frame, join_fields

_CHUNK_BYTES: Final = 65_536


class Channel:
    """Reads a client's frames, and writes to it from anywhere without waiting.

    Overflow rule: when more than ``waiting_bytes`` wait unsent, the reader is too slow and the connection is cut;
    nothing is dropped silently.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: ConnectionLimits) -> None:
        self.version = LOWEST_VERSION
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._frames = FrameReader(expects_greeting=True, maximum_bytes=limits.frame_bytes)
        self._ready: deque[bytes] = deque()
        """At most what one chunk completes: the next chunk is read when it is empty."""

    @property
    def is_closing(self) -> bool:
        """Tell whether nothing more can be sent."""
        return self._writer.is_closing()

    async def receive(self) -> bytes | None:
        """Return the payload of the next frame, None at the end; raises ``FrameError``.

        A client may be silent for as long as it likes once it has started; until then the caller sets a time limit.
        """
        while not self._ready:
            try:
                chunk = await self._reader.read(_CHUNK_BYTES)
            except ConnectionError:
                return None
            if not chunk:
                return None
            self._ready.extend(self._frames.feed(chunk))
        return self._ready.popleft()

    def agree(self, version: int, connected_at: str) -> None:
        """Answer the handshake; from now on messages are written for this version."""
        self.version = version
        self._write(join_fields([str(version), connected_at]))

    def send(self, *messages: object) -> None:
        """Write messages; raises ``WireError`` for one that cannot be written."""
        for message in messages:
            self._write(MESSAGES.encode(message, self.version))

    def abort(self) -> None:
        """Cut the connection at once."""
        self._writer.transport.abort()

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        reset_transport(self._writer.transport)

    async def close(self) -> None:
        """End the connection after its last bytes have left, or cut it when they do not leave in time."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.close_s):
                with suppress(ConnectionError):
                    await self._writer.wait_closed()
        except TimeoutError:
            self.abort()

    def _write(self, payload: bytes) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(frame(payload))
        if self._writer.transport.get_write_buffer_size() > self._limits.waiting_bytes:
            self.abort()
