"""Pure ASGI middleware: from where calls may come, and what is counted."""

import re
import time
from collections.abc import Callable, Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgerunner.request_context import REQUEST_ID_HEADER
from edgerunner.routes.errors import problem_response
from edgerunner.schemas.problems import problem

_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "OPTIONS", "HEAD", "PUT"})
"""Methods that are counted by name; a stranger must not be able to invent metrics."""

_AUTHORITY = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

ALLOWED_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "X-Edgerunner-Source", REQUEST_ID_HEADER)


class HostGuard:
    """Refuses host names that are not ours: a web page cannot reach the API by rebinding its own name."""

    def __init__(self, app: ASGIApp, *, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(host.lower() for host in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or stream."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        host = host_name(Headers(scope=scope).get("host", ""))
        if host in self._allowed or (host and "*" in self._allowed):
            await self._app(scope, receive, send)
            return
        detail = f"The host name {host!r} is not allowed here: add it to EDGERUNNER_ALLOWED_HOSTS."
        await refuse(scope, receive, send, status=403, code="forbidden", detail=detail)


def host_name(authority: str) -> str:
    """Return the host of a ``Host`` header without its port, in lower case, brackets of IPv6 kept.

    Empty for what is no host and port, such as ``127.0.0.1:80@evil.example``.
    """
    found = _AUTHORITY.fullmatch(authority)
    return found["host"].lower() if found else ""


class Cors(CORSMiddleware):
    """Exact origins only; a refused preflight is a problem like every other error."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=tuple(origins),
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=ALLOWED_HEADERS,
            expose_headers=("Retry-After", REQUEST_ID_HEADER),
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser's question whether it may ask."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == 200:
            return answer
        detail = f"{bytes(answer.body).decode()}: EDGERUNNER_CORS_ORIGINS lists the pages that may call."
        return problem_response(problem(status=403, code="forbidden", detail=detail), {"Vary": "Origin"})


class RequestMeter:
    """Reports method, route, status and seconds of every HTTP request."""

    def __init__(self, app: ASGIApp, *, observe: Callable[[str, str, int, float], None]) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        started = time.perf_counter()

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        finally:
            path = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._observe(method, path, status, time.perf_counter() - started)


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    status: int,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
) -> None:
    """Answer an HTTP request, or the handshake of a stream, with a problem."""
    response = problem_response(problem(status=status, code=code, detail=detail), headers)
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": code})
            return
        await receive()  # the handshake
    await response(scope, receive, send)
