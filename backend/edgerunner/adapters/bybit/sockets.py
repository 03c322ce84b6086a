"""One WebSocket connection, by picows where it is installed and by aiohttp elsewhere.

Both call back synchronously: ``on_message`` with each whole text message, ``on_close`` once.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

import aiohttp

try:
    import picows
except ImportError:  # no wheel for this platform: aiohttp does the same, somewhat slower
    picows = None  # type: ignore[assignment]

_LARGEST_MESSAGE: Final = 10 * 1024 * 1024

OnMessage = Callable[[bytes], None]
OnClose = Callable[[str], None]


class Socket(Protocol):
    """An open connection."""

    async def send(self, message: bytes) -> None:
        """Send a text message.

        Raises ``ConnectionError`` on a closed socket, before any byte; a failure while writing ends the
        connection instead, because nobody can tell how much of it arrived.
        """
        ...

    async def close(self) -> None:
        """Close at once; idempotent, ``on_close`` is not called any more."""
        ...


class Opener(Protocol):
    """Opens a connection; raises ``OSError`` or ``TimeoutError`` when that fails."""

    async def __call__(self, url: str, *, on_message: OnMessage, on_close: OnClose, timeout_s: float) -> Socket:
        """Return the open connection."""
        ...


def opener(kind: str) -> Opener:
    """Return the implementation: ``picows``, ``aiohttp``, or ``auto`` for the best there is."""
    if kind == "aiohttp" or (kind == "auto" and picows is None):
        return open_with_aiohttp
    return open_with_picows


async def open_with_aiohttp(url: str, *, on_message: OnMessage, on_close: OnClose, timeout_s: float) -> Socket:
    """Open a connection with aiohttp."""
    session = aiohttp.ClientSession()
    try:
        async with asyncio.timeout(timeout_s):
            stream = await session.ws_connect(url, max_msg_size=_LARGEST_MESSAGE, autoping=True, compress=0)
    except BaseException as error:
        await session.close()
        if isinstance(error, aiohttp.ClientError):
            raise ConnectionError(f"{type(error).__name__} {error}") from error
        raise
    return _AiohttpSocket(session, stream, on_message, on_close)


class _AiohttpSocket:
    """Owns the session, the connection and the task that reads it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        stream: aiohttp.ClientWebSocketResponse,
        on_message: OnMessage,
        on_close: OnClose,
    ) -> None:
        self._session = session
        self._stream = stream
        self._on_message = on_message
        self._on_close = on_close
        self._reader = asyncio.create_task(self._read())

    async def send(self, message: bytes) -> None:
        if self._stream.closed:
            raise ConnectionError("the connection is closed")
        try:
            await self._stream.send_str(message.decode())
        except (aiohttp.ClientError, OSError) as error:
            self._on_close(f"broken while writing: {error}")

    async def close(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        await self._session.close()  # hangs up without the closing handshake: the peer may be gone

    async def _read(self) -> None:
        reason = "closed by the server"
        try:
            async for message in self._stream:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._on_message(message.data.encode())
                elif message.type is aiohttp.WSMsgType.BINARY:
                    self._on_message(message.data)
                elif message.type is aiohttp.WSMsgType.ERROR:
                    reason = f"broken: {self._stream.exception()}"
        except (aiohttp.ClientError, OSError) as error:
            reason = f"broken: {error}"
        self._on_close(reason)


async def open_with_picows(url: str, *, on_message: OnMessage, on_close: OnClose, timeout_s: float) -> Socket:
    """Open a connection with picows."""
    listener = _PicowsListener(on_message, on_close)
    try:
        async with asyncio.timeout(timeout_s):
            transport, _ = await picows.ws_connect(
                lambda: listener,
                url,
                websocket_handshake_timeout=timeout_s,
                max_frame_size=_LARGEST_MESSAGE,
                enable_auto_pong=True,
            )
    except picows.WSError as error:
        raise ConnectionError(f"{type(error).__name__} {error}") from error
    return _PicowsSocket(transport, listener)


if picows is not None:

    class _PicowsListener(picows.WSListener):
        """Joins fragments and passes whole messages on."""

        def __init__(self, on_message: OnMessage, on_close: OnClose) -> None:
            self._on_message = on_message
            self._on_close: OnClose | None = on_close
            self._parts: list[bytes] = []
            self._size = 0

        def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
            kind = frame.msg_type
            if kind is picows.WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
            elif kind in {picows.WSMsgType.TEXT, picows.WSMsgType.BINARY} and frame.fin:
                self._on_message(frame.get_payload_as_bytes())
            elif kind in {picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION}:
                self._join(transport, frame)

        def _join(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
            self._parts.append(frame.get_payload_as_bytes())
            self._size += len(self._parts[-1])
            if self._size > _LARGEST_MESSAGE:
                transport.disconnect(graceful=False)
            elif frame.fin:
                whole = b"".join(self._parts)
                self.forget()
                self._on_message(whole)

        def forget(self) -> None:
            self._parts.clear()
            self._size = 0

        def silence(self) -> None:
            """Call nobody any more."""
            self._on_close = None
            self._on_message = _nobody

        def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
            del transport
            if self._on_close is not None:
                self._on_close("closed by the server")
                self._on_close = None


def _nobody(message: bytes) -> None:
    del message


class _PicowsSocket:
    def __init__(self, transport: "picows.WSTransport", listener: "_PicowsListener") -> None:
        self._transport = transport
        self._listener = listener

    async def send(self, message: bytes) -> None:
        if self._transport.is_disconnected:
            raise ConnectionError("the connection is closed")
        self._transport.send(picows.WSMsgType.TEXT, message)

    async def close(self) -> None:
        self._listener.silence()
        self._transport.disconnect(graceful=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._transport.wait_disconnected()
