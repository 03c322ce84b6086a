"""What a request may be at most, before anything looks at it: pure ASGI, a few microseconds."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from edgerunner.routes.middleware import refuse

MAXIMUM_PATH: Final = 2_048
MAXIMUM_QUERY: Final = 8_192
MAXIMUM_HEADERS: Final = 100
MAXIMUM_HEADER: Final = 16_384
MAXIMUM_HEAD: Final = 65_536

_ONCE: Final = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"origin",
        b"transfer-encoding",
        b"x-edgerunner-source",
    }
)
"""Headers of which a proxy and we could each believe another one, were they to stand twice."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\\]")
"""Control characters, and the backslash: no path of ours holds one, and Windows reads it as a slash."""


class RequestLimits:
    """Refuses requests and handshakes that are too large, or that two programs could read differently."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or stream."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        found = objection(scope["path"], scope["query_string"], scope["headers"])
        if found is None:
            await self._app(scope, receive, send)
            return
        status, code, detail = found
        await refuse(scope, receive, send, status=status, code=code, detail=detail)


def objection(path: str, query: bytes, headers: Sequence[tuple[bytes, bytes]]) -> tuple[int, str, str] | None:
    """Return status, code and sentence for what is too much, or None."""
    if len(path) > MAXIMUM_PATH:
        return 414, "uri_too_long", f"The path is longer than {MAXIMUM_PATH} characters."
    if len(query) > MAXIMUM_QUERY:
        return 414, "uri_too_long", f"The query is longer than {MAXIMUM_QUERY} bytes: send a body, or ask for less."
    if _CONTROL.search(path):
        return 422, "validation_error", "The path holds a control character or a backslash."
    return _objection_to_headers(headers)


def _objection_to_headers(headers: Sequence[tuple[bytes, bytes]]) -> tuple[int, str, str] | None:
    if len(headers) > MAXIMUM_HEADERS:
        return 431, "headers_too_large", f"There are more than {MAXIMUM_HEADERS} headers."
    total = 0
    seen: set[bytes] = set()
    for name, value in headers:
        total += len(name) + len(value)
        if len(value) > MAXIMUM_HEADER:
            return 431, "headers_too_large", f"A header is larger than {MAXIMUM_HEADER} bytes."
        if name in _ONCE:
            if name in seen:
                return 422, "validation_error", f"The header {name.decode()} stands more than once."
            seen.add(name)
    if total > MAXIMUM_HEAD:
        return 431, "headers_too_large", f"The headers are larger than {MAXIMUM_HEAD} bytes."
    return None
