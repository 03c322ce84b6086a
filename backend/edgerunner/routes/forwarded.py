"""The true caller of a request that a replica passes on: signed, so that nobody else can claim an address.

Rate limits and the address lists of API keys look at ``scope["client"]``, which behind a replica would be
the replica. It says whom it speaks for in one header, with an HMAC under the installation's own key.
"""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

HEADER: Final = "x-edgerunner-forwarded"
LIFETIME_NS: Final = 30 * 10**9
"""How long a signature holds: longer than a request waits to be sent, too short to be worth keeping."""


def forwarded(*, client: str, at_ns: int, method: str, path: str, key: str) -> str:
    """Return the header's value: the caller's address, UTC nanoseconds, and the signature over both and the call."""
    return f"{client} {at_ns} {_signature(client=client, at_ns=at_ns, method=method, path=path, key=key)}"


class ForwardedClient:
    """Puts the caller that a replica speaks for into the scope; a header that is not signed by us says nothing."""

    def __init__(self, app: ASGIApp, *, key: str, clock_ns: Callable[[], int]) -> None:
        self._app = app
        self._key = key
        self._clock_ns = clock_ns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            value = Headers(scope=scope).get(HEADER)
            client = None if value is None else self._client(value, scope["method"], scope["path"])
            if client is not None:
                scope = {**scope, "client": (client, 0)}
        await self._app(scope, receive, send)

    def _client(self, value: str, method: str, path: str) -> str | None:
        client, _, rest = value.partition(" ")
        at_ns, _, signature = rest.partition(" ")
        if not (at_ns.isascii() and at_ns.isdigit() and len(at_ns) < 20):
            return None
        expected = _signature(client=client, at_ns=int(at_ns), method=method, path=path, key=self._key)
        is_ours = hmac.compare_digest(signature.encode(), expected.encode())
        return client if is_ours and abs(self._clock_ns() - int(at_ns)) <= LIFETIME_NS else None


def _signature(*, client: str, at_ns: int, method: str, path: str, key: str) -> str:
    return hmac.new(key.encode(), "\n".join((client, str(at_ns), method, path)).encode(), sha256).hexdigest()
