"""What the bridge's refusals mean for a call and for an order. Pure; see docs/mt5-bridge.md, "Errors"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerError,
    BrokerRejected,
    BrokerTimeout,
    BrokerUnreachable,
    EdgerunnerError,
    InvalidRequest,
    NotConnected,
    OutcomeUnknown,
    Unsupported,
)

LEASE_CODES: Final = frozenset({"lease_required", "lease_lost"})
_TRY_LATER: Final = frozenset({"not_connected", "overloaded", "rate_limited", "account_mismatch", "conflict"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refusal of the bridge's own."""

    status: int
    code: str
    detail: str


def problem_of(status: int, body: object) -> Problem:
    """Return the refusal that a problem+json tells; a body of another kind is one without words."""
    told = body if isinstance(body, Mapping) else {}
    errors = told.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    code = str(told.get("code", f"http_{status}"))
    if code == "denied_by_risk" and "code" in first:
        code = str(first["code"])
    return Problem(status=status, code=code, detail=str(told.get("detail", "")))


def query_error(problem: Problem) -> EdgerunnerError:
    """Return what a refused query means."""
    text = f"the bridge refuses: {problem.detail} ({problem.code})"
    match problem.code:
        case "unauthorized":
            return BrokerAuthFailed(f"the bridge does not know this token: {problem.detail}")
        case "forbidden":
            return BrokerAuthFailed(text)
        case "broker_timeout":
            return BrokerTimeout(text)
        case "unsupported" | "not_found":
            return Unsupported(text)
        case "validation_error" | "payload_too_large":
            return InvalidRequest(text)
        case code if code in _TRY_LATER:
            return NotConnected(text)
        case _:
            return BrokerUnreachable(text)


def order_error(problem: Problem) -> BrokerError:
    """Return what a refused order means. All but one code say that nothing was sent under this key."""
    text = f"the bridge: {problem.detail or problem.code}"
    if problem.code == "outcome_unknown":
        return OutcomeUnknown(text)
    if problem.code in _TRY_LATER or problem.code in {*LEASE_CODES, "broker_timeout", "journal_unavailable"}:
        return NotConnected(f"not sent: {text}")
    if problem.status >= 500 and problem.code.startswith("http_"):
        return OutcomeUnknown(f"{text}: an answer that is not the bridge's own")
    return BrokerRejected(problem.code, text)
