"""The server's WebSocket protocol, with a way to close a reader that does not read.

ASGI can only close when the peer drains the socket, which is what a stalled one does not do.
Leans on ``transport``, ``conn``, ``close_sent`` and ``close_timer`` of uvicorn's sansio protocol
(read in 0.54); without this class, under another server, such a reader is closed a second later.
"""

from collections.abc import Callable

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

CLOSE_NOW = "edgerunner.close_now"
"""Name of the ASGI extension: a function ``(code, reason)``."""

ABORT_AFTER_S = 30.0
MOST_FRAGMENTS = 1_024
"""Frames of one message: without it, empty ones would fill memory below every limit of bytes."""

MOST_UNREAD_BYTES = 4_194_304
"""Bytes that wait for a client which sends pings and does not read the answers."""


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own, plus the extension ``CLOSE_NOW`` and bounds for fragments and pings."""

    on_lost: Callable[[], None] | None = None
    """Called once when the connection is gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        on_lost, self.on_lost = self.on_lost, None
        if on_lost is not None:
            on_lost()

    def handle_cont(self, event: Frame) -> None:
        """Take one more fragment of a message, unless there are too many."""
        if len(self.frames) >= MOST_FRAGMENTS:
            self.frames = []
            self.close_now(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            return
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a ping; who does not read the answers is cut off."""
        super().handle_ping()
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.transport.abort()

    async def run_asgi(self) -> None:
        """Run the application with the extension in its scope."""
        extensions = self.scope["extensions"]
        if extensions is not None:
            extensions[CLOSE_NOW] = self.close_now  # type: ignore[assignment]
        await super().run_asgi()

    def close_now(self, code: int, reason: str) -> None:
        """Put a close frame behind what is buffered, whether the peer reads or not.

        Whole frames are buffered, so the peer finds it when it reads on; after ``ABORT_AFTER_S``
        the connection is cut.
        """
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(ABORT_AFTER_S, self.transport.abort)
