"""Security headers of every answer, refusals of the other layers and error answers included.

What a page needs beyond the strict defaults it says itself (the screen, ``/docs``, a backtest's report);
this layer adds what an answer lacks and overrides nothing. Sources: OWASP Secure Headers Project; HSTS
RFC 6797 section 7.2 (never over plain HTTP).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_CONTENT_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""An answer of the API is data: opened as a page it may load, run, send and be framed nowhere."""

DEFAULTS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": NO_CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TRANSPORT_SECURITY: Final = "max-age=31536000; includeSubDomains"

RawHeader = tuple[bytes, bytes]
_RAW_DEFAULTS: Final = tuple((name.lower().encode(), value.encode()) for name, value in DEFAULTS.items())
_RAW_TRANSPORT_SECURITY: Final = (b"strict-transport-security", TRANSPORT_SECURITY.encode())


class SecurityHeaders:
    """Adds the headers that an answer lacks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or stream."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def completing_send(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                message["headers"] = completed(message.get("headers", ()), is_encrypted=is_encrypted(scope))
            await send(message)

        await self._app(scope, receive, completing_send)


def completed(headers: Iterable[RawHeader], *, is_encrypted: bool) -> list[RawHeader]:
    """Return an answer's headers with those that they lack."""
    found = list(headers)
    present = {name.lower() for name, _ in found}
    found += [header for header in _RAW_DEFAULTS if header[0] not in present]
    if is_encrypted:
        found.append(_RAW_TRANSPORT_SECURITY)
    return found


def is_encrypted(scope: Scope) -> bool:
    """Tell whether the caller came over TLS, to us or to a proxy before us.

    Anybody can forge the proxy's header, for his own answer alone; and browsers ignore the one header
    that hangs on it when it comes over plain HTTP.
    """
    return scope["scheme"] in {"https", "wss"} or (b"x-forwarded-proto", b"https") in scope["headers"]
