"""What stands before every request: connections, hosts, browsers, tokens, rates, sizes and slow senders."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from edgerunner.mt5_bridge.problems import Code, Problem
from edgerunner.mt5_bridge.records import Records
from edgerunner.mt5_bridge.settings import HttpLimits, Scope, Token
from edgerunner.mt5_bridge.tokens import TokenBook
from edgerunner.mt5_bridge.wire import encode

PUBLIC: Final = "/healthz"
TOKEN: Final = web.RequestKey("token", Token)
BODY: Final = web.RequestKey("body", bytes)
PROBLEM_TYPE: Final = "application/problem+json"
LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


class ConnectionTable:
    """The open connections, at most so many.

    Overflow rule: the oldest connection that has not shown a token yet makes room; when all have, the new one goes.
    """

    def __init__(self, capacity: int, on_refused: Callable[[str], None]) -> None:
        self._capacity = capacity
        self._on_refused = on_refused
        self._strangers: OrderedDict[GuardedConnection, None] = OrderedDict()
        self._known: set[GuardedConnection] = set()

    def __len__(self) -> int:
        return len(self._strangers) + len(self._known)

    def admit(self, connection: "GuardedConnection") -> bool:
        """Take a new connection in; False = there is no room."""
        if len(self) >= self._capacity:
            self._on_refused("too_many_connections")
            if not self._strangers:
                return False
            oldest, _ = self._strangers.popitem(last=False)
            oldest.abort()
        self._strangers[connection] = None
        return True

    def trust(self, connection: "GuardedConnection") -> None:
        """Note that a connection has shown a token."""
        if connection in self._strangers:
            del self._strangers[connection]
            self._known.add(connection)

    def remove(self, connection: "GuardedConnection") -> None:
        """Forget a closed connection."""
        self._strangers.pop(connection, None)
        self._known.discard(connection)

    def too_slow(self) -> None:
        """Note that a connection took too long for the head of its first request."""
        self._on_refused("slow_head")


class GuardedConnection(RequestHandler):
    """An HTTP connection that has to bring its first request in time, counted in a table."""

    __slots__ = ("_deadline", "_header_s", "_table")

    def __init__(
        self, manager: Any, *, loop: asyncio.AbstractEventLoop, table: ConnectionTable, header_s: float, **kwargs: Any
    ) -> None:
        super().__init__(manager, loop=loop, **kwargs)
        self._table = table
        self._header_s = header_s
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request, or refuse the connection."""
        super().connection_made(transport)
        if self._table.admit(self):
            self._deadline = asyncio.get_running_loop().call_later(self._header_s, self._too_slow)
        else:
            self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self.has_request()
        self._table.remove(self)
        super().connection_lost(exc)

    def has_request(self) -> None:
        """Note that a whole head has come."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def abort(self) -> None:
        """Close at once."""
        self.has_request()
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def _too_slow(self) -> None:
        self._table.too_slow()
        self.abort()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp's signature
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP request, or a failure of ours, as a problem document."""
        if status == web.HTTPBadRequest.status_code:
            problem = Problem(Code.BAD_REQUEST, "this is no HTTP request that can be understood")
        else:
            logger.error("a request failed (%s)", message, exc_info=exc)
            problem = Problem(Code.INTERNAL_ERROR, "the bridge failed; its log says why")
        response = problem_response(problem)
        response.force_close()
        return response


class TokenRates:
    """A bucket of requests per token."""

    def __init__(self, limits: HttpLimits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, token_name: str) -> bool:
        """Take one request from a token's bucket; False when it is empty."""
        now = self._monotonic()
        left, at = self._buckets.get(token_name, (float(self._limits.burst), now))
        left = min(self._limits.burst, left + (now - at) * self._limits.requests_per_s)
        self._buckets[token_name] = (max(left - 1, 0.0) if left >= 1 else left, now)
        return left >= 1


class HttpGate:
    """The middleware that every request passes."""

    def __init__(
        self, tokens: TokenBook, limits: HttpLimits, *, hosts: frozenset[str], table: ConnectionTable, records: Records
    ) -> None:
        self._tokens = tokens
        self._limits = limits
        self._hosts = LOOPBACK_NAMES | {host.lower() for host in hosts}
        self._table = table
        self._records = records
        self._rates = TokenRates(limits)

    def take(self, token: Token) -> None:
        """Count one more request of a token. Raises ``Problem``."""
        if not self._rates.take(token.name):
            raise Problem(Code.RATE_LIMITED, "too many requests with this token", retry_after_s=1)

    def security(self, what: str, request: web.BaseRequest, **fields: Any) -> None:
        """Log a refusal."""
        self._records.security(what, remote=request.remote, method=request.method, path=request.path, **fields)

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through to its handler, or answer what is wrong with it."""
        connection = request.protocol
        if isinstance(connection, GuardedConnection):
            connection.has_request()
        try:
            if request.path != PUBLIC or "Origin" in request.headers:
                await self._check(request, connection)
            return await handler(request)
        except Problem as problem:
            return problem_response(problem)
        except web.HTTPException as error:
            return problem_response(_problem_of(error))

    async def _check(self, request: web.Request, connection: Any) -> None:
        if not all(value.isascii() for value in request.headers.values()):
            self.security("header", request)
            raise Problem(Code.BAD_REQUEST, "headers are ASCII")
        host = _host_of(request.headers.get("Host", ""))
        if host not in self._hosts:
            self.security("host", request, host=host)
            raise Problem(Code.FORBIDDEN, "this host name is not served; see --allowed-host")
        if "Origin" in request.headers:
            self.security("origin", request, origin=request.headers["Origin"])
            raise Problem(Code.FORBIDDEN, "browsers are not served")
        token = self._tokens.find(request.headers.get("Authorization"))
        if token is None:
            self.security("token", request, given="Authorization" in request.headers)
            raise Problem(Code.UNAUTHORIZED, "a valid token is required: Authorization: Bearer TOKEN")
        if isinstance(connection, GuardedConnection):
            self._table.trust(connection)
        try:
            self.take(token)
        except Problem:
            self.security("rate", request, token=token.name)
            raise
        request[TOKEN] = token
        request[BODY] = await self._body(request)

    async def _body(self, request: web.Request) -> bytes:
        if not request.body_exists:
            return b""
        if request.content_type != "application/json" or "Content-Encoding" in request.headers:
            raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, "a body is application/json, not compressed")
        try:
            async with asyncio.timeout(self._limits.header_s):
                return await request.read()
        except TimeoutError:
            self.security("slow_body", request)
            raise Problem(Code.BAD_REQUEST, "the body did not come in time") from None
        except web.HTTPRequestEntityTooLarge:
            self.security("body_size", request, bytes=request.content_length)
            raise Problem(Code.PAYLOAD_TOO_LARGE, f"a body has at most {self._limits.body_bytes} bytes") from None


def require(request: web.Request, scope: Scope, gate: HttpGate) -> Token:
    """Return the request's token. Raises ``Problem`` when it lacks the scope."""
    token = request[TOKEN]
    if scope not in token.scopes:
        gate.security("scope", request, token=token.name, scope=scope)
        raise Problem(Code.FORBIDDEN, f"this token lacks the scope {scope}")
    return token


def problem_response(problem: Problem) -> web.Response:
    """Return a refusal as an answer."""
    headers = {"Retry-After": str(problem.retry_after_s)} if problem.retry_after_s is not None else {}
    if problem.code is Code.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    response = web.Response(status=problem.status, body=encode(problem.body()), headers=headers)
    response.content_type = PROBLEM_TYPE
    return response


def _problem_of(error: web.HTTPException) -> Problem:
    match error:
        case web.HTTPNotFound():
            return Problem(Code.NOT_FOUND, "there is no such path")
        case web.HTTPMethodNotAllowed():
            return Problem(Code.METHOD_NOT_ALLOWED, f"allowed here: {', '.join(sorted(error.allowed_methods))}")
        case web.HTTPRequestEntityTooLarge():
            return Problem(Code.PAYLOAD_TOO_LARGE, "the body is too large")
        case _:
            return Problem(Code.BAD_REQUEST, error.reason)


def _host_of(header: str) -> str:
    """Return the name in a Host header without its port; IPv6 without brackets."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text
