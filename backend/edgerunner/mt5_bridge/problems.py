"""Refusals: stable codes, what a caller is told, and how it looks on the wire (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final


class Code(StrEnum):
    """The code of a refusal; programs rely on it."""

    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    LIVE_NOT_ALLOWED = "live_not_allowed"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BAD_REQUEST = "bad_request"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATE_LIMITED = "rate_limited"
    LEASE_REQUIRED = "lease_required"
    LEASE_LOST = "lease_lost"
    CONFLICT = "conflict"
    ACCOUNT_MISMATCH = "account_mismatch"
    VALIDATION_ERROR = "validation_error"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    DENIED_BY_RISK = "denied_by_risk"
    UNSUPPORTED = "unsupported"
    BROKER_ERROR = "broker_error"
    INTERNAL_ERROR = "internal_error"
    OVERLOADED = "overloaded"
    NOT_CONNECTED = "not_connected"
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    BROKER_TIMEOUT = "broker_timeout"
    OUTCOME_UNKNOWN = "outcome_unknown"


STATUS: Final[Mapping[Code, HTTPStatus]] = MappingProxyType(
    {
        Code.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
        Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
        Code.LIVE_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
        Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
        Code.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
        Code.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
        Code.PAYLOAD_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Code.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
        Code.LEASE_REQUIRED: HTTPStatus.CONFLICT,
        Code.LEASE_LOST: HTTPStatus.CONFLICT,
        Code.CONFLICT: HTTPStatus.CONFLICT,
        Code.ACCOUNT_MISMATCH: HTTPStatus.CONFLICT,
        Code.VALIDATION_ERROR: HTTPStatus.UNPROCESSABLE_ENTITY,
        Code.IDEMPOTENCY_CONFLICT: HTTPStatus.UNPROCESSABLE_ENTITY,
        Code.DENIED_BY_RISK: HTTPStatus.UNPROCESSABLE_ENTITY,
        Code.UNSUPPORTED: HTTPStatus.NOT_IMPLEMENTED,
        Code.BROKER_ERROR: HTTPStatus.BAD_GATEWAY,
        Code.INTERNAL_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
        Code.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
        Code.NOT_CONNECTED: HTTPStatus.SERVICE_UNAVAILABLE,
        Code.JOURNAL_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
        Code.BROKER_TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
        Code.OUTCOME_UNKNOWN: HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with one field of a request, or which limit denied it."""

    field: str
    code: str
    message: str


@dataclass(eq=False, slots=True)
class Problem(Exception):
    """A request is refused; ``extra`` holds further members of the answer, such as ``last_error`` or ``order``."""

    code: Code
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status of the answer."""
        return STATUS[self.code]

    def body(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        errors = [{"field": error.field, "code": error.code, "message": error.message} for error in self.errors]
        return {
            "type": f"urn:edgerunner:mt5-bridge:{self.code}",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            "code": str(self.code),
            "errors": errors,
            **self.extra,
        }


def invalid(field_name: str, message: str, *, code: str = "invalid") -> Problem:
    """Return the refusal of one field."""
    problem = FieldProblem(field=field_name, code=code, message=message)
    return Problem(Code.VALIDATION_ERROR, f"{field_name}: {message}", (problem,))
