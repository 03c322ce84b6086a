"""The server's WebSocket protocol, with a way to close a reader that does not read.

ASGI can only close when the peer drains the socket, which is what a stalled one does not do.
Leans on ``transport``, ``conn``, ``close_sent`` and ``close_timer`` of uvicorn's sansio protocol
(read in 0.54); without this class, under another server, such a reader is closed a second later.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

CLOSE_NOW = "edgerunner.close_now"
"""Name of the ASGI extension: a function ``(code, reason)``."""

ABORT_AFTER_S = 30.0


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own, plus the extension ``CLOSE_NOW``."""

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
