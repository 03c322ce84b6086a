"""Limits, halts and the arming of live accounts through the API."""

from collections.abc import Mapping
from typing import TypedDict, cast

from edgerunner.client.transport import ApiTransport

Limits = dict[str, str | int | bool | None]
"""Limits by name; money and fractions are decimal strings, None = not limited. See ``docs/risk.md``."""


class Scope(TypedDict):
    """One scope's own state and limits."""

    scope: str
    state: str
    reason: str | None
    actor: str
    changed_at: str | None
    limits: Limits


class Use(TypedDict):
    """What holds for one account, and how much of it is used."""

    connection_id: str
    account_id: str
    currency: str
    state: str
    limits: Limits
    open_orders: int
    orders_last_second: int
    exposure: str | None
    equity: str | None
    daily_loss: str | None
    drawdown: str | None


class Arming(TypedDict):
    """A live account that may trade until a time."""

    connection_id: str
    account_id: str
    armed_until: str


class Risk(TypedDict):
    """State and limits of everything, their use by account, and every scope that was ever set."""

    state: str
    limits: Limits
    use: list[Use]
    scopes: list[Scope]
    armed: list[Arming]


class Step(TypedDict):
    """One step of the kill switch, with a result per order or position."""

    step: str
    ok: bool
    detail: str | None
    results: list[dict[str, object]]


class Halt(TypedDict):
    """What the kill switch did."""

    scope: str
    state: str
    steps: list[Step]


class RiskApi:
    """Read and set limits, halt and resume, arm live accounts."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def read(self) -> Risk:
        """Return states, limits and their use."""
        return cast("Risk", await self._transport.get("/risk"))

    async def set_limits(self, limits: Mapping[str, str | int | bool | None], *, scope: str = "all") -> Scope:
        """Replace the limits of a scope; what is left out is not limited by it."""
        body = {"scope": scope, "limits": dict(limits)}
        return cast("Scope", await self._transport.command("PUT", "/risk/limits", body))

    async def halt(
        self, *, scope: str = "all", cancel_orders: bool = True, flatten: bool = False, reason: str | None = None
    ) -> Halt:
        """Stop a scope: no new orders, cancel what works, flatten when asked; repeating it does no harm."""
        body = {"scope": scope, "cancel_orders": cancel_orders, "flatten": flatten, "reason": reason}
        return cast("Halt", await self._transport.command("POST", "/risk/halt", body))

    async def resume(self, *, scope: str = "all") -> Scope:
        """Let one scope trade again; scopes that were halted by themselves stay halted."""
        return cast("Scope", await self._transport.command("POST", "/risk/resume", {"scope": scope}))

    async def arm(self, connection_id: str, account_id: str, *, confirm: str, minutes: int = 15) -> Arming:
        """Let a live account trade for some minutes; ``confirm`` repeats its id."""
        body = {"connection_id": connection_id, "account_id": account_id, "confirm": confirm, "minutes": minutes}
        return cast("Arming", await self._transport.command("POST", "/risk/arm", body))

    async def disarm(self, connection_id: str, account_id: str) -> Risk:
        """End an arming at once."""
        body = {"connection_id": connection_id, "account_id": account_id}
        return cast("Risk", await self._transport.command("POST", "/risk/disarm", body))
