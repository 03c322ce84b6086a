"""The server's HTTP protocol with bounds: slow, silent, oversized and too many clients are told and let go.

Leans on ``parser``, ``cycle``, ``pipeline``, ``flow`` and the parser's call-backs of uvicorn's httptools protocol
(read in 0.54), which itself bounds neither a request's head nor the time that one takes.
"""

import asyncio
from typing import ClassVar, Literal

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from edgerunner.routes.connection_limits import ConnectionLimits, Doors
from edgerunner.routes.errors import STATUS_BY_CODE
from edgerunner.routes.security_headers import DEFAULTS
from edgerunner.routes.stream_protocol import StreamProtocol
from edgerunner.schemas.problems import PROBLEM_MEDIA_TYPE, problem

_LINGER_S = 2.0
"""How long a client that is let go may take to read why: closed at once, what it still sends would make the
system throw our answer away."""

Phase = tuple[Literal["head", "body"], int]


def limited_protocol(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """Return the protocol class of one server, which counts that server's connections."""

    class Protocol(LimitedHttpProtocol):
        pass

    Protocol.limits, Protocol.doors = limits, Doors(limits)
    return Protocol


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection; what uvicorn's own does, within ``limits``."""

    limits: ClassVar[ConnectionLimits]
    doors: ClassVar[Doors]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP alone
        """Take a connection, or say why not."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._is_in_head = self._is_in_body = self._is_counted = self._is_let_go = False
        self._head_bytes = self._window_bytes = self._messages = 0
        self._phase: Phase | None = None
        self._phase_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        refusal = self.doors.refusal(self._address)
        if refusal is not None:
            self._let_go("overloaded", refusal)
            return
        self.doors.enter(self._address)
        self._is_counted = True
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._unwatch()
        self._unstall()
        if self._is_counted:
            self.doors.leave(self._address)
            self._is_counted = False
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what a client that was let go still sends is thrown away."""
        if self._is_let_go or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing() or not self._is_counted or self._was_let_go():
            return
        if self._is_in_head and self._head_bytes > self.limits.head_bytes:
            self._let_go("headers_too_large", f"The request's head is larger than {self.limits.head_bytes} bytes.")
            return
        self._watch()

    def on_message_begin(self) -> None:
        """Begin a request's head."""
        self._is_in_head, self._head_bytes = True, 0
        self._messages += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End a request's head."""
        self._is_in_head, self._is_in_body = False, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what comes of a body."""
        self._window_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._is_in_body = False
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the stream, with its place among the counted."""
        self._unwatch()
        self._unstall()
        super().handle_websocket_upgrade()
        stream = self.transport.get_protocol()
        if isinstance(stream, StreamProtocol):
            stream.on_lost = lambda: self.doors.leave(self._address)
        else:
            self.doors.leave(self._address)
        self._is_counted = False

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no HTTP/1.1 request, such as those that two servers would read differently."""
        self._let_go("bad_request", f"{msg} The connection is closed.")

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not read."""
        super().pause_writing()
        self._unstall()
        self._stall_timer = self.loop.call_later(self.limits.stalled_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with a client that reads again."""
        self._unstall()
        super().resume_writing()

    def _watch(self) -> None:
        """Keep one timer for what is incomplete; bytes that drip do not set it back."""
        phase = self._next_phase()
        if phase == self._phase:
            return
        self._unwatch()
        self._phase = phase
        match phase:
            case ("head", _):
                self._phase_timer = self.loop.call_later(self.limits.head_s, self._on_late_head)
            case ("body", _):
                self._await_body()

    def _next_phase(self) -> Phase | None:
        if self._is_in_body:
            return "body", self._messages
        return None if self._is_answering() and not self._is_in_head else ("head", self._messages)

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request, whatever uvicorn's type says
        return cycle is not None and not cycle.response_complete

    def _was_let_go(self) -> bool:
        return self._is_let_go

    def _await_body(self) -> None:
        self._window_bytes = 0
        self._phase_timer = self.loop.call_later(self.limits.body_window_s, self._on_body_window)

    def _on_late_head(self) -> None:
        if self._is_in_head:
            self._let_go("request_timeout", f"The request's head took longer than {self.limits.head_s:g} seconds.")
        else:
            self.transport.close()

    def _on_body_window(self) -> None:
        """Give a body up that drips; one that waits for us to read it may wait."""
        if self.flow.read_paused or self._window_bytes >= self.limits.body_window_bytes:
            self._await_body()
            return
        window = f"{self.limits.body_window_bytes} bytes in {self.limits.body_window_s:g} seconds"
        self._let_go("request_timeout", f"The body came slower than {window}; nothing was done.")

    def _let_go(self, code: str, detail: str) -> None:
        """Say why where an answer still fits, and close; the application hears that the client has gone."""
        self._unwatch()
        cycle, is_answering = self.cycle, self._is_answering()
        if is_answering:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.pipeline or (is_answering and (cycle.response_started or not self._is_in_body)):
            self.transport.abort()  # another answer is on its way: bytes of ours would be read as part of it
            return
        self._is_let_go = True
        self.transport.write(_raw_problem(code, detail))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._phase_timer = self.loop.call_later(_LINGER_S, self.transport.abort)

    def _unwatch(self) -> None:
        self._phase = None
        if self._phase_timer is not None:
            self._phase_timer.cancel()
            self._phase_timer = None

    def _unstall(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None


def _raw_problem(code: str, detail: str) -> bytes:
    """Return a whole answer as bytes, for what never reaches the application."""
    status = STATUS_BY_CODE[code]
    body = problem(status=status, code=code, detail=detail).model_dump_json().encode()
    headers = {**DEFAULTS, "Content-Type": PROBLEM_MEDIA_TYPE, "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[status] + lines.encode("latin-1") + b"\r\n" + body
