"""The module's end of the pipe: one connection per process and what the last call came to."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.errors import SUCCESS, LastError, last_error_of
from edgerunner.simulators.mt5.ipc import Frame, FrameError, decode_value
from edgerunner.simulators.mt5.pipe import Pipe
from edgerunner.simulators.mt5.settings import TERMINAL_PORT, TERMINAL_VARIABLE

CONNECT_S: Final = 5.0
INITIALIZE: Final = "initialize"


class CallFailed(Exception):
    """A call that has no value; ``error`` is what `last_error` shall say."""

    def __init__(self, error: LastError) -> None:
        super().__init__(error[1])
        self.error = error


def failed(code: int) -> CallFailed:
    """Return the failure with a code's usual text."""
    return CallFailed(last_error_of(code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the terminal tells when a module connects: its longest comment, and how long a call may take."""

    comment_limit: int = 29
    call_timeout_s: float = 20.0


def terminal_address() -> tuple[str, int]:
    """Return where the simulated terminal listens; raises ``CallFailed`` (-10003) for an unreadable setting."""
    host, _, port = os.environ.get(TERMINAL_VARIABLE, f"127.0.0.1:{TERMINAL_PORT}").rpartition(":")
    if not port.isdecimal():
        raise failed(constants.RES_E_INTERNAL_FAIL_INIT)
    return host or "127.0.0.1", int(port)


class Connection:
    """The connection to a terminal, shared by everything in the process, as the vendor's is.

    One call travels at a time. An answer that comes after its call timed out is thrown away; a connection that broke
    leaves error -10004 until the next `initialize`.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._pipe: Pipe | None = None
        self._calls = 0
        self.terms = Terms()
        self.last_error: LastError = SUCCESS

    def require_open(self) -> Pipe:
        """Return the open connection; raises ``CallFailed`` (-10004) when there is none."""
        with self._lock:
            if self._pipe is None:
                raise failed(constants.RES_E_INTERNAL_FAIL_CONNECT)
            return self._pipe

    def initialize(self, arguments: Mapping[str, Any], timeout_s: float) -> None:
        """Connect anew and log in; raises ``CallFailed`` and leaves no connection when that does not work."""
        with self._lock:
            self.close()
            deadline = time.monotonic() + timeout_s
            try:
                self._pipe = Pipe(terminal_address(), min(CONNECT_S, timeout_s))
            except OSError:
                raise failed(constants.RES_E_INTERNAL_FAIL_INIT) from None
            try:
                terms = self._converse(self._pipe, INITIALIZE, arguments, deadline)
            except CallFailed:
                self.close()
                raise
            if not isinstance(terms, tuple):
                self.close()
                raise failed(constants.RES_E_INTERNAL_FAIL)
            self.terms = Terms(comment_limit=terms[0], call_timeout_s=terms[1])

    def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float | None = None) -> object:
        """Let the terminal carry out a call and return its value; raises ``CallFailed``."""
        with self._lock:
            deadline = time.monotonic() + (self.terms.call_timeout_s if timeout_s is None else timeout_s)
            return self._converse(self.require_open(), name, arguments, deadline)

    def close(self) -> None:
        """Disconnect; the terminal goes on."""
        with self._lock:
            if self._pipe is not None:
                self._pipe.close()
                self._pipe = None

    def _converse(self, pipe: Pipe, name: str, arguments: Mapping[str, Any], deadline: float) -> object:
        self._calls += 1
        answer = self._exchange(pipe, Frame({"id": self._calls, "call": name, "arguments": arguments}), deadline)
        code, text = answer.message["error"]
        if code != constants.RES_S_OK:
            raise CallFailed((code, text))
        return decode_value(answer.message["value"], answer.array)

    def _exchange(self, pipe: Pipe, request: Frame, deadline: float) -> Frame:
        try:
            pipe.send(request, deadline)
        except OSError as error:
            self.close()
            code = constants.RES_E_INTERNAL_FAIL_TIMEOUT if isinstance(error, TimeoutError) else None
            raise failed(code or constants.RES_E_INTERNAL_FAIL_CONNECT) from None
        try:
            while (answer := pipe.receive(deadline)).message.get("id") != request.message["id"]:
                pass
        except TimeoutError:
            raise failed(constants.RES_E_INTERNAL_FAIL_TIMEOUT) from None
        except (OSError, FrameError):
            self.close()
            raise failed(constants.RES_E_INTERNAL_FAIL_CONNECT) from None
        return answer
