"""How often one caller may ask: per principal, per address for who has none, per class of calls.

A brake against programs that ran away and against floods, far above what an honest one does; how often
orders may be sent is a limit of the risk layer. Calls that make things safer (cancel, close, halt) are
never braked. One process counts for itself.
"""

from enum import StrEnum
from typing import Final

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from edgerunner.domain.access import Principal
from edgerunner.metrics import RATE_LIMIT_REFUSALS
from edgerunner.routes.addresses import ADDRESS
from edgerunner.routes.middleware import refuse
from edgerunner.routes.rights import PRINCIPAL


class CallClass(StrEnum):
    """What a call costs us."""

    FREE = "free"
    USUAL = "usual"
    SEARCH = "search"
    HEAVY = "heavy"
    PASSWORD = "password"  # noqa: S105 - a class of calls


CALLS_PER_S: Final = {
    CallClass.USUAL: 1_000,
    CallClass.SEARCH: 200,
    CallClass.HEAVY: 50,
    CallClass.PASSWORD: 10,
}
"""Highest rate of one principal or address; searching asks the broker, heavy calls start processes and sessions."""

_SAFETY: Final = frozenset(
    {
        ("POST", "/orders/cancel-all"),
        ("POST", "/positions/close"),
        ("POST", "/positions/close-by"),
        ("POST", "/risk/halt"),
        ("POST", "/risk/disarm"),
    }
)
_CLASSES: Final = {
    ("GET", "/instruments"): CallClass.SEARCH,
    ("GET", "/journal"): CallClass.SEARCH,
    ("POST", "/trade/preview"): CallClass.SEARCH,
    ("POST", "/broker/connect"): CallClass.HEAVY,
    ("POST", "/backtest/run"): CallClass.HEAVY,
    ("POST", "/datasets"): CallClass.HEAVY,
    ("POST", "/datasets/download"): CallClass.HEAVY,
    ("POST", "/experts/launch"): CallClass.HEAVY,
    ("POST", "/experts/backtest"): CallClass.HEAVY,
    ("POST", "/auth/login"): CallClass.PASSWORD,
    ("POST", "/auth/refresh"): CallClass.PASSWORD,
    ("POST", "/auth/password"): CallClass.PASSWORD,
    ("POST", "/auth/totp/confirm"): CallClass.PASSWORD,
}


def class_of(method: str, path: str) -> CallClass:
    """Return the class of a call."""
    if (method, path) in _SAFETY or (method == "DELETE" and path.startswith("/orders/")):
        return CallClass.FREE
    return _CLASSES.get((method, path), CallClass.USUAL)


class RateLimits:
    """Refuses calls above the rate of their class with 429 and ``Retry-After``."""

    def __init__(self, app: ASGIApp, *, factor: float) -> None:
        """Multiply every rate by ``factor``; 0 = no limits."""
        self._app = app
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._items: dict[CallClass, RateLimitItem] = {
            kind: RateLimitItemPerSecond(max(1, round(rate * factor)), namespace=kind.value)
            for kind, rate in CALLS_PER_S.items()
            if factor > 0
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or handshake."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        kind = class_of(scope.get("method", "GET"), scope["path"])
        item = self._items.get(kind)
        if item is None or self._limiter.hit(item, caller_of(scope)):
            await self._app(scope, receive, send)
            return
        RATE_LIMIT_REFUSALS.labels(kind.value).inc()
        detail = f"More than {item.amount} calls of this kind ({kind}) in a second: slow down."
        headers = {"Retry-After": "1"}
        await refuse(scope, receive, send, status=429, code="rate_limited", detail=detail, headers=headers)


def caller_of(scope: Scope) -> str:
    """Return who is counted: the principal, or the address of who has shown no credential."""
    principal: Principal | None = scope.get(PRINCIPAL)
    if principal is not None:
        return principal.actor
    client = scope.get("client")
    return f"address:{scope.get(ADDRESS) or (client[0] if client else '')}"
