"""Rate limits: rolling windows per UID and endpoint, and one per address.

Numbers of the "Rate Limit Rules" page of the Bybit V5 documentation, default level.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.bybit.categories import Category

ONE_SECOND_MS: Final = 1000

_ORDER_RATES: Final = {
    "create": {Category.SPOT: 20},
    "amend": {},
    "cancel": {Category.SPOT: 20},
    "cancel-all": {Category.SPOT: 20, Category.OPTION: 1},
}
_DEFAULT_ORDER_RATE: Final = 10
_SPANS_MS: Final = {"demo-apply-money": 60_000}
_QUERY_RATES: Final = {
    "order-realtime": 50,
    "order-history": 50,
    "execution-list": 50,
    "position-list": 50,
    "closed-pnl": 50,
    "set-leverage": 10,
    "switch-mode": 10,
    "trading-stop": 10,
    "wallet-balance": 50,
    "account-info": 50,
    "transaction-log": 25,
    "fee-rate": 5,
    "set-margin-mode": 5,
    "add-margin": 10,
    "set-auto-add-margin": 10,
    "pre-check": 10,
    "disconnected-cancel-all": 5,
    "demo-apply-money": 1,
    "query-api": 10,
    "asset": 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a limit said about one request.

    Attributes:
        limit: Requests per second of this endpoint.
        remaining: What is left of it.
        reset_ms: When the next request fits; the present time when nothing was exceeded.
        granted: How many of the asked-for units are allowed (a batch asks for several).
    """

    limit: int
    remaining: int
    reset_ms: int
    granted: int

    def headers(self) -> dict[str, str]:
        """Return the three headers that every private answer carries."""
        return {
            "X-Bapi-Limit": str(self.limit),
            "X-Bapi-Limit-Status": str(self.remaining),
            "X-Bapi-Limit-Reset-Timestamp": str(self.reset_ms),
        }


class RollingWindow:
    """At most ``limit`` units in any ``span_ms`` milliseconds; times are monotonic."""

    def __init__(self, limit: int, span_ms: int = ONE_SECOND_MS) -> None:
        self.limit = limit
        self._span_ms = span_ms
        self._taken: deque[int] = deque()

    def take(self, now_ms: int, units: int = 1) -> int:
        """Use up to ``units`` and return how many were granted; what does not fit is not counted."""
        while self._taken and self._taken[0] <= now_ms - self._span_ms:
            self._taken.popleft()
        granted = min(units, self.remaining)
        self._taken.extend([now_ms] * granted)
        return granted

    @property
    def remaining(self) -> int:
        """Return what was left after the last ``take``."""
        return self.limit - len(self._taken)

    def wait_ms(self, now_ms: int) -> int:
        """Return the milliseconds until one more unit fits."""
        return max(self._taken[0] + self._span_ms - now_ms, 0) if self._taken and not self.remaining else 0


class EndpointLimits:
    """The windows of every UID and endpoint; those of a REST and a socket request are shared."""

    def __init__(self, monotonic_ms: Callable[[], int]) -> None:
        self._monotonic_ms = monotonic_ms
        self._windows: dict[tuple[int, str, str], RollingWindow] = {}

    def take(
        self, user_id: int, endpoint: str, category: Category | None, *, wall_ms: int, units: int = 1
    ) -> Allowance:
        """Use ``units`` of the UID's window of ``endpoint`` (order endpoints count per category)."""
        key = (user_id, endpoint, category or "")
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = RollingWindow(
                rate_of(endpoint, category), _SPANS_MS.get(endpoint, ONE_SECOND_MS)
            )
        now_ms = self._monotonic_ms()
        granted = window.take(now_ms, units)
        wait_ms = window.wait_ms(now_ms) if granted < units else 0
        return Allowance(limit=window.limit, remaining=window.remaining, reset_ms=wall_ms + wait_ms, granted=granted)


def rate_of(endpoint: str, category: Category | None) -> int:
    """Return the requests (batch: orders) per second of an endpoint name."""
    action = endpoint.removesuffix("-batch")
    if action in _ORDER_RATES:
        return _ORDER_RATES[action].get(category or Category.LINEAR, _DEFAULT_ORDER_RATE)
    return _QUERY_RATES[endpoint]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLimit:
    """Requests per address: ``requests`` in ``span_s`` seconds, else refused for ``ban_s``."""

    requests: int = 600
    span_s: int = 5
    ban_s: int = 600


class AddressGuard:
    """Counts requests per address and bans those that exceed the limit."""

    def __init__(self, limit: AddressLimit, monotonic_ms: Callable[[], int]) -> None:
        self._limit = limit
        self._monotonic_ms = monotonic_ms
        self._windows: dict[str, RollingWindow] = {}
        self._banned_until_ms: dict[str, int] = {}

    def admits(self, address: str) -> bool:
        """Count one request of ``address``; False while it is banned."""
        now_ms = self._monotonic_ms()
        if now_ms < self._banned_until_ms.get(address, 0):
            return False
        window = self._windows.get(address)
        if window is None:
            window = self._windows[address] = RollingWindow(self._limit.requests, self._limit.span_s * 1000)
        if window.take(now_ms):
            return True
        self._banned_until_ms[address] = now_ms + self._limit.ban_s * 1000
        return False
