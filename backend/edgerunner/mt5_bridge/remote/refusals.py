"""From the bridge's refusals to what `last_error()` says of them."""

from collections.abc import Mapping
from typing import Any, Final

from edgerunner.mt5_bridge.remote.link import LinkError, LinkTimeoutError, Reply
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.errors import LastError, invalid_params

CODES: Final[Mapping[str, int]] = {
    "unauthorized": constants.RES_E_AUTH_FAILED,
    "forbidden": constants.RES_E_AUTH_FAILED,
    "account_mismatch": constants.RES_E_AUTH_FAILED,
    "live_not_allowed": constants.RES_E_AUTO_TRADING_DISABLED,
    "denied_by_risk": constants.RES_E_AUTO_TRADING_DISABLED,
    "lease_required": constants.RES_E_AUTO_TRADING_DISABLED,
    "lease_lost": constants.RES_E_AUTO_TRADING_DISABLED,
    "conflict": constants.RES_E_AUTO_TRADING_DISABLED,
    "not_found": constants.RES_E_UNSUPPORTED,
    "unsupported": constants.RES_E_UNSUPPORTED,
    "method_not_allowed": constants.RES_E_UNSUPPORTED,
    "validation_error": constants.RES_E_INVALID_PARAMS,
    "idempotency_conflict": constants.RES_E_INVALID_PARAMS,
    "payload_too_large": constants.RES_E_INVALID_PARAMS,
    "not_connected": constants.RES_E_INTERNAL_FAIL_CONNECT,
    "broker_timeout": constants.RES_E_INTERNAL_FAIL_TIMEOUT,
    "outcome_unknown": constants.RES_E_INTERNAL_FAIL_TIMEOUT,
    "rate_limited": constants.RES_E_INTERNAL_FAIL_SEND,
    "overloaded": constants.RES_E_INTERNAL_FAIL_SEND,
    "journal_unavailable": constants.RES_E_INTERNAL_FAIL_SEND,
}
"""The bridge's stable code -> `RES_*`. Whatever may have been executed all the same is at or below -10000."""


BUSY: Final = frozenset({"rate_limited", "overloaded"})
BUSY_PAUSE_S: Final = 0.1


def code_of(reply: Reply) -> str:
    """Return the stable code of a refusal, "" where its body is none of the bridge's."""
    return str(reply.body.get("code", "")) if isinstance(reply.body, dict) else ""


def busy_for_s(reply: Reply) -> float | None:
    """Return how long to wait before asking a busy bridge again; None = this is no such answer."""
    if code_of(reply) not in BUSY:
        return None
    seconds = reply.headers.get("retry-after", "")
    return float(seconds) if seconds.isdecimal() else BUSY_PAUSE_S


def last_error_of_refusal(reply: Reply) -> LastError:
    """Return code and text for a refused call; an argument that the bridge names is named as the package does it."""
    code = code_of(reply)
    detail = str(reply.body.get("detail", "")) if isinstance(reply.body, dict) else ""
    first = _first_error(reply.body)
    if code == "validation_error" and first.get("field"):
        field = str(first["field"]).rsplit(".", 1)[-1]
        return invalid_params(f'Invalid "{field}" argument: {first.get("message") or detail}')
    other = constants.RES_E_INTERNAL_FAIL if reply.status >= 500 else constants.RES_E_FAIL
    return CODES.get(code, other), f"Bridge: {detail or f'HTTP status {reply.status}'} ({code or 'no code'})"


def last_error_of_silence(error: LinkError) -> LastError:
    """Return code and text for a call that the bridge did not answer."""
    if isinstance(error, LinkTimeoutError):
        return constants.RES_E_INTERNAL_FAIL_TIMEOUT, "IPC timeout"
    return constants.RES_E_INTERNAL_FAIL_CONNECT, "No IPC connection"


def _first_error(body: Any) -> Mapping[str, Any]:
    errors = body.get("errors") if isinstance(body, dict) else None
    return errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
