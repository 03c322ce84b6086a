"""One connection as the terminal's server sees it: whole frames in, whole frames out, both bounded."""

import asyncio
import contextlib
from typing import Final

from edgerunner.simulators.mt5.ipc import MAXIMUM_REQUEST_BYTES, PREFIX, Frame, frame_lengths, pack, parse_message
from edgerunner.simulators.transports import reset_transport

TRANSFER_S: Final = 10.0
"""Longest wait for the rest of a frame, and for a slow reader to take an answer."""


class Channel:
    """Frames over asyncio streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self, timeout_s: float | None = None) -> Frame | None:
        """Return the next request, however long it takes (or ``TimeoutError``); None when the connection has ended.

        Raises ``FrameError`` for what is no request; requests carry no arrays.
        """
        try:
            async with asyncio.timeout(timeout_s):
                prefix = await self._reader.readexactly(PREFIX.size)
            text, array = frame_lengths(prefix, MAXIMUM_REQUEST_BYTES)
            async with asyncio.timeout(TRANSFER_S):
                payload = await self._reader.readexactly(text + array)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return Frame(parse_message(payload[:text]))

    async def send(self, frame: Frame) -> None:
        """Send an answer; a reader that does not take it in time is cut off."""
        if self._writer.is_closing():
            return
        self._writer.write(pack(frame))
        try:
            async with asyncio.timeout(TRANSFER_S):
                await self._writer.drain()
        except (TimeoutError, ConnectionError):
            self.abort()

    async def close(self) -> None:
        """Send what waits and close."""
        self._writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(TRANSFER_S):
                await self._writer.wait_closed()

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        reset_transport(self._writer.transport)
