"""HTTP to the bridge: keep-alive connections shared by threads, TLS verified, nothing but the standard library."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from edgerunner.mt5_bridge.remote.options import BridgeOptions

IDLE_LIMIT = 8
MAX_ANSWER_BYTES = 128 * 1024 * 1024
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
CONNECT_TIMEOUT_S = 5.0


class LinkError(Exception):
    """The bridge gave no answer.

    Attributes:
        was_sent: Whether the bridge may have received the request.
    """

    def __init__(self, detail: str, *, was_sent: bool) -> None:
        super().__init__(detail)
        self.was_sent = was_sent


class LinkLostError(LinkError):
    """The bridge cannot be reached, or the connection broke."""


class LinkTimeoutError(LinkError):
    """The bridge did not answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the bridge answered; ``body`` is decoded JSON, or null where there was none."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class BridgeLink:
    """Connections to one bridge; safe to use from several threads.

    Raises ``ValueError`` for an address that is no http(s) URL, or that would carry the token in clear text to another
    machine.
    """

    def __init__(self, options: BridgeOptions) -> None:
        self._connect = _connector(options)
        self._headers = {"Authorization": f"Bearer {options.token}", "Content-Type": "application/json"}
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._round = 0

    def ask(
        self, method: str, path: str, body: object = None, *, timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a request that does no harm twice: one whose connection broke goes out once more on a fresh one.

        The bridge closes connections that idle, and a client learns of it only by using them. Raises as `send`.
        """
        deadline = time.monotonic() + timeout_s
        try:
            return self.send(method, path, body, timeout_s=timeout_s, headers=headers)
        except LinkLostError as lost:
            if not lost.was_sent:
                raise
        self.close_idle()
        return self.send(method, path, body, timeout_s=left(deadline), headers=headers)

    def send(
        self, method: str, path: str, body: object = None, *, timeout_s: float, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request once and return its answer, whatever its status.

        Raises:
            LinkLostError: The bridge cannot be reached, the connection broke, or something else answered.
            LinkTimeoutError: No answer within ``timeout_s``.
        """
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        message = (method, path, content, self._headers | dict(headers or {}))
        with self._lock:
            round_ = self._round
            connection = self._idle.pop() if self._idle else self._connect()
        reply = _exchange(connection, message, time.monotonic() + timeout_s)
        self._keep(connection, round_)
        return reply

    def close_idle(self) -> None:
        """Close the connections that no call is using, and those in use as soon as they are not."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._round += 1
        for connection in idle:
            connection.close()

    def leave_to_parent(self) -> None:
        """Close this process's ends of the connections, as a forked child, without the lock that a thread may hold."""
        for connection in self._idle:
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection, round_: int) -> None:
        with self._lock:
            if connection.sock is not None and round_ == self._round and len(self._idle) < IDLE_LIMIT:
                self._idle.append(connection)
                return
        connection.close()


Message = tuple[str, str, bytes | None, Mapping[str, str]]
"""Method, path, content and headers."""


def _exchange(connection: http.client.HTTPConnection, message: Message, deadline: float) -> Reply:
    was_sent = False
    try:
        if connection.sock is None:
            connection.timeout = min(CONNECT_TIMEOUT_S, _some_left(deadline))
            connection.connect()
        connection.sock.settimeout(_some_left(deadline))
        was_sent = True
        connection.request(*message)
        return _read(connection.getresponse())
    except TimeoutError as error:
        connection.close()
        raise LinkTimeoutError(str(error) or "no answer in time", was_sent=was_sent) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise LinkLostError(f"{type(error).__name__}: {error}", was_sent=was_sent) from error
    except BaseException:
        connection.close()
        raise


def left(deadline: float) -> float:
    """Return the seconds until a moment of the monotonic clock, 0 when it has passed."""
    return max(0.0, deadline - time.monotonic())


def _some_left(deadline: float) -> float:
    seconds = left(deadline)
    if not seconds:
        raise TimeoutError("no answer in time")
    return seconds


def _read(response: http.client.HTTPResponse) -> Reply:
    content = response.read(MAX_ANSWER_BYTES + 1)
    if len(content) > MAX_ANSWER_BYTES:
        raise ValueError("the answer is too long")
    headers = {name.lower(): value for name, value in response.getheaders()}
    return reply_of(response.status, headers, content)


def reply_of(status: int, headers: Mapping[str, str], content: bytes) -> Reply:
    """Return what an answer's bytes say; raises ``ValueError`` for what is no JSON."""
    try:
        return Reply(status=status, body=json.loads(content) if content else None, headers=headers)
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None


def _connector(options: BridgeOptions) -> Callable[[], http.client.HTTPConnection]:
    address = urlsplit(options.url)
    host, port = address.hostname, address.port
    if address.scheme not in {"http", "https"} or not host or address.path.strip("/") or address.username:
        raise ValueError(f"not the address of a bridge: {options.url} (http://127.0.0.1:8103, https://host:port)")
    if address.scheme == "https":
        context = ssl.create_default_context()
        if options.ca_file is not None:
            context.load_verify_locations(options.ca_file)
        return lambda: http.client.HTTPSConnection(host, port, context=context)
    if host not in LOOPBACK:
        raise ValueError(f"plain http would show the token to everybody between here and {host}: use https")
    return lambda: http.client.HTTPConnection(host, port)
