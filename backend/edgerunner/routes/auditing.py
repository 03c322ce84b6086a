"""Which calls go into the audit log, and what of them: never a secret. Pure but for the appending."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from edgerunner.domain.access import Principal
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.routes.addresses import ADDRESS, UNKNOWN
from edgerunner.routes.rights import PRINCIPAL
from edgerunner.services.identity.audit import LONGEST_TEXT, AuditLog

_log = structlog.get_logger(__name__)

_AUDITED_READS: Final = frozenset({("GET", "/journal")})
_NOT_AUDITED: Final = frozenset(
    {
        ("POST", "/trade"),
        ("POST", "/trade/preview"),
        ("DELETE", "/orders/{client_order_id}"),
        ("PATCH", "/orders/{client_order_id}"),
        ("POST", "/orders/cancel-all"),
        ("POST", "/positions/close"),
        ("POST", "/auth/stream-ticket"),
    }
)
"""Orders stand in the journal with who sent them; a second log would only slow them down."""

_SHOWN: Final = frozenset(
    {
        *("connection_id", "account_id", "broker", "environment", "execution", "instrument_id", "scope", "limits"),
        *("cancel_orders", "flatten", "minutes", "position_mode", "margin_mode", "leverage", "trailing_offset"),
        *("user", "role", "disabled", "reset_totp", "name", "scopes", "allowed_ips", "expires_at"),
        *("class", "strategy", "timeframe", "instrument_ids", "expert", "symbol"),
    }
)
"""Fields of request bodies that hold no secret; all others are left out."""


def is_audited(method: str, path: str) -> bool:
    """Tell whether a call goes into the audit log: everything that changes something, but orders."""
    if method in {"GET", "HEAD", "OPTIONS"}:
        return (method, path) in _AUDITED_READS
    return (method, path) not in _NOT_AUDITED


def shown_fields(body: bytes) -> dict[str, object]:
    """Return the fields of a JSON body that may be written down; none of a body that is no JSON object."""
    try:
        value = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(value, Mapping):
        return {}
    return {name: shown for name, item in value.items() if name in _SHOWN and (shown := _shortened(item)) is not None}


def _shortened(value: object) -> object:
    match value:
        case bool() | int() | float():
            return value
        case str():
            return value[:LONGEST_TEXT]
        case list():
            return [_shortened(item) for item in value[:20] if isinstance(item, str)]
        case Mapping():
            return {str(key)[:40]: str(item)[:40] for key, item in list(value.items())[:20] if item is not None}
        case _:
            return None


async def written_down(request: Request, path: str, serve: Callable[[Request], Awaitable[Response]]) -> Response:
    """Serve a call and write down what came of it, before the caller is answered."""
    result = "internal_error"
    try:
        response = await serve(request)
        result = "ok" if response.status_code < 400 else f"http_{response.status_code}"
        return response
    except EdgerunnerError as error:
        result = error.code
        raise
    except RequestValidationError:
        result = "validation_error"
        raise
    except HTTPException as error:
        cause = error.__cause__
        result = cause.code if isinstance(cause, EdgerunnerError) else f"http_{error.status_code}"
        raise
    finally:
        await _append(request, path, result)


async def _append(request: Request, path: str, result: str) -> None:
    """Write a call down; a log that cannot be written is an error line, not a reason to undo what was done."""
    audit = cast("AuditLog", request.app.state.services.identity.audit)
    principal: Principal | None = request.scope.get(PRINCIPAL)
    try:
        await audit.record(
            actor="nobody" if principal is None else principal.actor,
            address=request.scope.get(ADDRESS, UNKNOWN),
            action=f"{request.method} {path}",
            target=", ".join(str(value) for value in request.path_params.values()),
            result=result,
            detail=shown_fields(getattr(request, "_body", b"")),
        )
    except EdgerunnerError as error:
        _log.error("audit_log_unavailable", action=f"{request.method} {path}", result=result, reason=error.detail)
