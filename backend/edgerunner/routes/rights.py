"""The one table from every call and every stream channel to what it asks of its caller. Deny by default.

A route that stands neither here nor among the public ones cannot be served: ``require_rights`` refuses
to build the application. Whoever adds a route adds its line.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from starlette.routing import BaseRoute

from edgerunner.domain.access import RIGHTS_OF_ROLE, Credential, Principal, Right
from edgerunner.domain.errors import Forbidden


class Own(StrEnum):
    """What needs no right, since it concerns the caller alone."""

    ANY = "any"
    """Any proven credential."""

    PERSON = "person"
    """A person who signed in, or the holder of the installation's own key: no API key."""


Demand = Right | Own

PUBLIC_PATHS: Final = frozenset(
    {"/", "/app", "/config.json", "/healthz", "/readyz", "/docs", "/openapi.json", "/auth/login", "/auth/refresh"}
)
PUBLIC_PREFIXES: Final = ("/app/", "/signals/")

PUBLIC_CALLS: Final = frozenset(
    {
        *(("GET", path) for path in ("/", "/app", "/app/{path:path}", "/config.json", "/healthz", "/readyz", "/docs")),
        *(("POST", path) for path in ("/auth/login", "/auth/refresh", "/signals/{strategy_id}")),
    }
)
"""What everybody may call, by method and path template; signals prove themselves by their own secret."""

_READ, _TRADE, _STRATEGIES, _RESEARCH, _ADMIN = Right

RIGHTS: Final[Mapping[tuple[str, str], Demand]] = {
    ("GET", "/broker/connections"): _READ,
    ("POST", "/broker/connect"): _ADMIN,
    ("DELETE", "/broker/connections/{connection_id}"): _ADMIN,
    ("POST", "/trade"): _TRADE,
    ("POST", "/trade/preview"): _TRADE,
    ("GET", "/orders/status"): _READ,
    ("GET", "/orders/{client_order_id}/events"): _READ,
    ("DELETE", "/orders/{client_order_id}"): _TRADE,
    ("PATCH", "/orders/{client_order_id}"): _TRADE,
    ("POST", "/orders/cancel-all"): _TRADE,
    ("POST", "/positions/close"): _TRADE,
    ("POST", "/positions/close-by"): _TRADE,
    ("GET", "/positions"): _READ,
    ("GET", "/portfolio"): _READ,
    ("GET", "/account/summary"): _READ,
    ("GET", "/account/history"): _READ,
    ("GET", "/account/settings"): _READ,
    ("POST", "/account/settings"): _ADMIN,
    ("POST", "/positions/leverage"): _ADMIN,
    ("POST", "/positions/trailing-stop"): _TRADE,
    ("DELETE", "/positions/trailing-stop"): _TRADE,
    ("GET", "/fills"): _READ,
    ("GET", "/ledger"): _READ,
    ("GET", "/instruments"): _READ,
    ("GET", "/market/ohlc"): _READ,
    ("GET", "/market/ticker"): _READ,
    ("GET", "/market/depth"): _READ,
    ("GET", "/market/funding"): _READ,
    ("GET", "/strategies/classes"): _READ,
    ("GET", "/strategies"): _READ,
    ("POST", "/strategies"): _STRATEGIES,
    ("GET", "/strategies/{strategy_id}"): _READ,
    ("POST", "/strategies/{strategy_id}/start"): _STRATEGIES,
    ("POST", "/strategies/{strategy_id}/pause"): _STRATEGIES,
    ("POST", "/strategies/{strategy_id}/stop"): _STRATEGIES,
    ("GET", "/strategies/{strategy_id}/log"): _READ,
    ("GET", "/strategies/{strategy_id}/signals"): _READ,
    ("POST", "/strategies/{strategy_id}/signal-secret"): _STRATEGIES,
    ("POST", "/backtest/run"): _RESEARCH,
    ("GET", "/backtest/runs"): _READ,
    ("GET", "/backtest/runs/{run_id}"): _READ,
    ("DELETE", "/backtest/runs/{run_id}"): _RESEARCH,
    ("GET", "/backtest/runs/{run_id}/trades"): _READ,
    ("GET", "/backtest/runs/{run_id}/refusals"): _READ,
    ("GET", "/backtest/runs/{run_id}/equity"): _READ,
    ("GET", "/backtest/runs/{run_id}/report"): _READ,
    ("GET", "/datasets"): _READ,
    ("POST", "/datasets"): _RESEARCH,
    ("POST", "/datasets/download"): _RESEARCH,
    ("GET", "/datasets/download"): _READ,  # answers 405
    ("DELETE", "/datasets/download"): _READ,  # answers 405
    ("GET", "/datasets/{dataset_id}"): _READ,
    ("DELETE", "/datasets/{dataset_id}"): _RESEARCH,
    ("DELETE", "/datasets/{dataset_id}/download"): _RESEARCH,
    ("GET", "/experts"): _READ,
    ("GET", "/experts/terminals"): _READ,
    ("POST", "/experts/launch"): _ADMIN,
    ("POST", "/experts/{expert_id}/message"): _STRATEGIES,
    ("POST", "/experts/{expert_id}/stop"): _STRATEGIES,
    ("POST", "/experts/backtest"): _RESEARCH,
    ("GET", "/experts/backtests"): _READ,
    ("GET", "/experts/backtests/{run_id}"): _READ,
    ("DELETE", "/experts/backtests/{run_id}"): _RESEARCH,
    ("GET", "/journal"): _ADMIN,
    ("GET", "/risk"): _READ,
    ("PUT", "/risk/limits"): _ADMIN,
    ("POST", "/risk/halt"): _TRADE,
    ("POST", "/risk/resume"): _ADMIN,
    ("POST", "/risk/arm"): _ADMIN,
    ("POST", "/risk/disarm"): _TRADE,
    ("GET", "/metrics"): _READ,
    ("POST", "/auth/logout"): Own.PERSON,
    ("GET", "/auth/me"): Own.ANY,
    ("POST", "/auth/password"): Own.PERSON,
    ("POST", "/auth/totp"): Own.PERSON,
    ("POST", "/auth/totp/confirm"): Own.PERSON,
    ("POST", "/auth/totp/remove"): Own.PERSON,
    ("POST", "/auth/stream-ticket"): Own.ANY,
    ("GET", "/users"): _ADMIN,
    ("POST", "/users"): _ADMIN,
    ("PATCH", "/users/{user}"): _ADMIN,
    ("DELETE", "/users/{user}"): _ADMIN,
    ("GET", "/api-keys"): Own.PERSON,
    ("POST", "/api-keys"): Own.PERSON,
    ("DELETE", "/api-keys/{key_id}"): Own.PERSON,
    ("GET", "/audit"): _ADMIN,
}
"""By method and path template."""

CHANNEL_RIGHTS: Final[Mapping[str, Right]] = {
    "orders": _READ,
    "fills": _READ,
    "positions": _READ,
    "account": _READ,
    "pnl": _READ,
    "connections": _READ,
    "strategies": _READ,
    "alerts": _READ,
    "risk": _READ,
    "quotes": _READ,
    "depth": _READ,
    "trades": _READ,
    "bars": _READ,
}
"""By the name of a channel up to its first colon."""

ASKS_FIRST: Final = "asks_for_its_right"
"""Attribute of the route class that looks its right up here before anything else."""

PRINCIPAL = "edgerunner.principal"
"""Where the guard leaves the principal in the scope of a request."""


def is_public(path: str) -> bool:
    """Tell whether a path is served to everybody."""
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES)


def require_rights(routes: Iterable[BaseRoute]) -> None:
    """Refuse routes that say nowhere what they ask for, or would not ask. Raises ``LookupError`` that names them."""
    missing = [
        f"{method} {path}"
        for route in routes
        for method, path in calls_of([route])
        if (method, path) not in PUBLIC_CALLS and not ((method, path) in RIGHTS and hasattr(route, ASKS_FIRST))
    ]
    if missing:
        raise LookupError(
            f"{', '.join(missing)}: add a line to RIGHTS in edgerunner/routes/rights.py, and make it a StrictRoute"
        )


def calls_of(routes: Iterable[BaseRoute]) -> list[tuple[str, str]]:
    """Return method and path template of every HTTP route."""
    return [
        (method, str(getattr(route, "path", "")))
        for route in routes
        for method in sorted(getattr(route, "methods", None) or ())
    ]


def require_demand(principal: Principal | None, demand: Demand | None) -> None:
    """Pass a caller who holds what a call asks for. Raises ``Forbidden`` that names the right and who has it."""
    match demand:
        case Right() if principal is not None and principal.may(demand):
            return
        case Right():
            raise Forbidden(f"this needs the right {demand.value!r}, which {_holders(demand)} have")
        case Own.ANY if principal is not None:
            return
        case Own.PERSON if principal is not None and principal.credential is not Credential.KEY:
            return
        case Own.PERSON:
            raise Forbidden("an API key cannot do this: sign in as its owner")
    raise Forbidden("this call is not offered")


def require_channel_right(principal: Principal | None, channel: str) -> None:
    """Pass a reader who may read a channel. Raises ``Forbidden``; an unknown channel is refused elsewhere."""
    base = channel.partition(":")[0]
    if base in CHANNEL_RIGHTS:
        require_demand(principal, CHANNEL_RIGHTS[base])


def _holders(right: Right) -> str:
    roles = [role.value for role, rights in RIGHTS_OF_ROLE.items() if right in rights]
    return f"the roles {' and '.join(roles)} and API keys with this scope"
