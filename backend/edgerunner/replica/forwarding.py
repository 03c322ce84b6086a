"""Calls that only the owner can answer, passed on once with the caller's own credential.

A call that may have reached the owner is never sent again from here. When its answer is lost the caller
is told that the outcome is unknown, unless the journal shows what became of the order.
"""

from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx
import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edgerunner.domain.errors import EdgerunnerError, NotConnected, OutcomeUnknown
from edgerunner.routes.errors import problem_of, problem_response
from edgerunner.routes.forwarded import HEADER, forwarded

CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 60.0
"""Longest silence of the owner before its answer counts as lost: more than any command may wait for a broker."""

KEEP_ALIVE_S: Final = 2.0
"""Less than the owner's server keeps an idle connection, so that no call meets one that is just being closed."""

MAXIMUM_CONNECTIONS: Final = 200
KEPT_BODY: Final = 1_000_000
"""Bytes of a body that is held until the answer is there; larger ones (uploads) pass through."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "host", "origin", "expect", HEADER,
    }
)  # fmt: skip
"""RFC 9110 section 7.6.1, and what holds between the caller and this process alone."""

_OWN_WORDS: Final = _HOP | {"vary"}
"""Of an answer: this process's own rules for origins say it anew."""

_log = structlog.get_logger(__name__)


class LostAnswers(Protocol):
    """What is known of a command without its answer."""

    async def answer_of(self, request: Request, body: bytes, started_ns: int) -> Response | None:
        """Return the answer that the journal proves, or None."""
        ...


class Forwarding:
    """Passes requests on to the owner; ``start`` and ``stop`` bound its connections.

    Args:
        key: The installation's own key, which signs for whom this process speaks.
    """

    def __init__(self, owner_url: str, *, key: str, lost: LostAnswers, clock_ns: Callable[[], int]) -> None:
        self._owner_url = owner_url.rstrip("/")
        self._host = urlsplit(owner_url).netloc
        self._key = key
        self._lost = lost
        self._clock_ns = clock_ns
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=MAXIMUM_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S),
            trust_env=False,
        )
        for name in tuple(self._http.headers):  # what the caller did not say is not said for him
            del self._http.headers[name]

    async def stop(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def pass_on(self, request: Request) -> Response:
        """Return the owner's answer, or the problem that keeps it away."""
        started_ns = self._clock_ns()
        body = await _small_body(request)
        outgoing = self._http.build_request(
            request.method,
            f"{self._owner_url}{_target(request)}",
            headers=self._headers(request, started_ns),
            content=request.stream() if body is None else body,
        )
        try:
            answer = await self._http.send(outgoing, stream=True)
        except _NOT_SENT as error:
            return _problem(NotConnected(f"The process that owns the brokers does not answer ({_reason(error)})."))
        except httpx.TransportError as error:
            return await self._unanswered(request, body, started_ns, error)
        headers = [
            (name, value) for name, value in answer.headers.raw if name.decode("latin-1").lower() not in _OWN_WORDS
        ]
        passed = StreamingResponse(
            _whole(answer), status_code=answer.status_code, background=BackgroundTask(answer.aclose)
        )
        passed.raw_headers = [(name.lower(), value) for name, value in headers]
        return passed

    def _headers(self, request: Request, at_ns: int) -> list[tuple[bytes, bytes]]:
        client = request.client.host if request.client is not None else ""
        signed = forwarded(client=client, at_ns=at_ns, method=request.method, path=request.scope["path"], key=self._key)
        kept = [(name, value) for name, value in request.headers.raw if name.decode("latin-1") not in _HOP]
        return [*kept, (b"host", self._host.encode()), (HEADER.encode(), signed.encode("latin-1"))]

    async def _unanswered(
        self, request: Request, body: bytes | None, started_ns: int, error: httpx.TransportError
    ) -> Response:
        _log.warning("owner_answer_lost", method=request.method, path=request.url.path, reason=_reason(error))
        if request.method in _SAFE:
            return _problem(NotConnected(f"The process that owns the brokers gave no answer ({_reason(error)})."))
        proven = None if body is None else await self._lost.answer_of(request, body, started_ns)
        return proven or _problem(
            OutcomeUnknown(
                f"{request.method} {request.url.path} was passed on, but the process that owns the brokers gave no "
                f"answer ({_reason(error)}): it may have been carried out or not, and was not sent again. Look at "
                "GET /orders/status, or send it again with the same Idempotency-Key."
            )
        )


async def _small_body(request: Request) -> bytes | None:
    """Return the whole body where it is small enough to keep, None where it has to pass through."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) <= KEPT_BODY:
        return await request.body()
    is_bodiless = not length and "transfer-encoding" not in request.headers
    return b"" if is_bodiless else None


async def _whole(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _target(request: Request) -> str:
    """Return path and query exactly as the caller wrote them."""
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope["query_string"]
    return str(path.partition(b"?")[0].decode("latin-1")) + (f"?{query.decode('latin-1')}" if query else "")


def _problem(error: EdgerunnerError) -> Response:
    return problem_response(problem_of(error))


def _reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__
