"""One WebSocket connection: a reader, a writer behind a bounded queue, and the alive timer."""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import WSMsgType, web

from edgerunner.simulators.transports import reset_transport

MINUTES: Final = 60
_SHORTEST_WAIT_S: Final = 0.001
_ACTIVE_TIME: Final = re.compile(r"([0-9]{1,3})([sm])")


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Bounds of one connection.

    Attributes:
        queue_messages: Messages waiting for a slow reader; one more and the connection is cut.
        write_timeout_s: Longest wait for one message to leave.
        idle_s: A connection without ping or data for this long is cut (10 minutes at Bybit).
        message_bytes: Largest frame taken; a larger one closes the connection (1009).
    """

    queue_messages: int = 1000
    write_timeout_s: float = 10.0
    idle_s: float = 600.0
    message_bytes: int = 65536


def parse_active_time(text: str | None, default_s: float) -> float:
    """Return the seconds of ``max_active_time`` (``30s``..``600s`` or ``1m``..``10m``), else the default."""
    match = _ACTIVE_TIME.fullmatch(text or "")
    if match is None:
        return default_s
    seconds = int(match[1]) * (MINUTES if match[2] == "m" else 1)
    return float(seconds) if 30 <= seconds <= 600 else default_s


class SocketSession:
    """A connection that can be written to from anywhere without waiting.

    Overflow rule: when ``queue_messages`` wait unsent, the reader is too slow and the connection
    is aborted; nothing is dropped silently.
    """

    def __init__(self, request: web.Request, limits: SocketLimits, *, idle_s: float | None = None) -> None:
        self.connection_id = str(uuid.uuid4())
        self.is_stalled = False
        self.is_open = False
        self._request = request
        self._limits = limits
        self._idle_s = limits.idle_s if idle_s is None else idle_s
        self._socket = web.WebSocketResponse(
            autoping=False, compress=False, max_msg_size=limits.message_bytes, decode_text=False, timeout=1.0
        )
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(limits.queue_messages)
        self._last_activity = 0.0

    async def run(self, handle: Callable[[bytes], Awaitable[None]]) -> web.WebSocketResponse:
        """Serve the connection until either side ends it, giving each text frame to ``handle``."""
        await self._socket.prepare(self._request)
        self.is_open = True
        self._touch()
        writer = asyncio.create_task(self._write())
        try:
            await self._read(handle)
        finally:
            self.is_open = False
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
            self._discard_queue()
            await self._socket.close()
        return self._socket

    def send(self, payload: bytes) -> None:
        """Queue one message; a stalled connection loses it, a too slow one is aborted."""
        if not self.is_open or self.is_stalled:
            return
        try:
            self._queue.put_nowait(payload)
        except asyncio.QueueFull:
            self.abort()

    def send_json(self, message: dict[str, Any]) -> None:
        """Queue one JSON message."""
        self.send(orjson.dumps(message))

    def abort(self) -> None:
        """Cut the connection at once, without a closing handshake."""
        self.is_open = False
        if self._request.transport is not None:
            self._request.transport.abort()

    def close(self) -> None:
        """End the TCP connection in an orderly way, without a closing handshake."""
        self.is_open = False
        if self._request.transport is not None:
            self._request.transport.close()

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        self.is_open = False
        reset_transport(self._request.transport)

    async def flush(self) -> None:
        """Wait until everything queued has been handed to the transport."""
        await self._queue.join()

    async def _read(self, handle: Callable[[bytes], Awaitable[None]]) -> None:
        while self.is_open and not self._socket.closed:
            try:
                message = await self._socket.receive(timeout=self._remaining_s())
            except TimeoutError:
                if self._remaining_s() > _SHORTEST_WAIT_S:
                    continue
                return
            self._touch()
            match message.type:
                case WSMsgType.TEXT:
                    await handle(message.data)
                case WSMsgType.PING:
                    await self._answer_ping(message.data)
                case WSMsgType.PONG:
                    continue
                case _:
                    return

    async def _answer_ping(self, data: bytes) -> None:
        if not self.is_stalled:
            await self._socket.pong(data)

    async def _write(self) -> None:
        while True:
            payload = await self._queue.get()
            try:
                async with asyncio.timeout(self._limits.write_timeout_s):
                    await self._socket.send_frame(payload, WSMsgType.TEXT)
                self._touch()
            except (TimeoutError, ConnectionError):
                self.abort()
            finally:
                self._queue.task_done()

    def _discard_queue(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
            self._queue.task_done()

    def _touch(self) -> None:
        self._last_activity = asyncio.get_running_loop().time()

    def _remaining_s(self) -> float:
        idle = asyncio.get_running_loop().time() - self._last_activity
        return max(self._idle_s - idle, _SHORTEST_WAIT_S)
