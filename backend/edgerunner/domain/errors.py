"""Errors that callers can act on.

    EdgerunnerError
        InvalidRequest          a field is wrong; nothing was recorded
            DeniedByRisk        a change that the risk checks refuse; the order stays as it is
        IdempotencyConflict     the key was used with another body
        NotFound
        Conflict                the thing exists already, or is in the wrong state
            OrderClosed
        Unauthorized            the caller did not prove who it is
            SecondFactorRequired
        Forbidden               the caller is known and may not do this
        RateLimited             the caller asks too often
        Overloaded              too much is waiting already; nothing was taken in
        Unsupported             the broker or this version cannot do it
        LiveNotAllowed          real money, without the switches that allow it
        JournalUnavailable      nothing was sent: the intent could not be made durable
        BrokerError
            NotConnected        no session, or not reconciled yet
            BrokerUnreachable
            BrokerAuthFailed
            BrokerTimeout       a query was not answered in time
            BrokerRejected      the broker refused, with its code and text
            OutcomeUnknown      a command may or may not have reached the broker

Each class has the stable ``code`` that the API answers with.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One wrong field of a request."""

    field: str
    code: str
    message: str


class EdgerunnerError(Exception):
    """Base of every error that this product raises on purpose."""

    code = "internal_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidRequest(EdgerunnerError):
    """A request that names wrong fields; nothing was recorded or sent."""

    code = "validation_error"

    def __init__(self, detail: str, *errors: FieldError) -> None:
        super().__init__(detail)
        self.errors = errors

    @classmethod
    def of(cls, field: str, code: str, message: str) -> "InvalidRequest":
        """Return the error for a single wrong field."""
        return cls(f"{field}: {message}", FieldError(field=field, code=code, message=message))


class DeniedByRisk(InvalidRequest):
    """A change of an order that the risk checks refuse; the order stays as it is."""

    code = "denied_by_risk"


class IdempotencyConflict(EdgerunnerError):
    """The idempotency key was used before with another body."""

    code = "idempotency_conflict"


class NotFound(EdgerunnerError):
    """No such order, connection, instrument."""

    code = "not_found"


class Conflict(EdgerunnerError):
    """The request contradicts what exists."""

    code = "conflict"


class OrderClosed(Conflict):
    """The order is in a terminal state."""

    code = "order_closed"


class Unauthorized(EdgerunnerError):
    """The caller did not prove who it is; the sentence is the same whatever was wrong."""

    code = "unauthorized"


class SecondFactorRequired(Unauthorized):
    """The password is right; a code of the second factor is needed beside it."""

    code = "second_factor_required"


class Forbidden(EdgerunnerError):
    """The caller is known and may not do this; ``detail`` says who may."""

    code = "forbidden"


class RateLimited(EdgerunnerError):
    """The caller asks too often; ``retry_after_s`` is when the next call is free."""

    code = "rate_limited"

    def __init__(self, detail: str, *, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Overloaded(EdgerunnerError):
    """Too much is waiting already; nothing was taken in, and the same request may be sent again."""

    code = "overloaded"


class Unsupported(EdgerunnerError):
    """The broker or this version cannot do it; ``detail`` gives the reason."""

    code = "unsupported"


class LiveNotAllowed(EdgerunnerError):
    """Real money would be at stake and the switches that allow it are not set."""

    code = "live_not_allowed"


class JournalUnavailable(EdgerunnerError):
    """The journal cannot be written, so nothing was sent."""

    code = "journal_unavailable"


class BrokerError(EdgerunnerError):
    """Something between us and a broker."""

    code = "broker_error"


class NotConnected(BrokerError):
    """The connection has no session, or is not reconciled yet, so no new risk is taken."""

    code = "not_connected"


class BrokerUnreachable(BrokerError):
    """The broker's address does not answer."""

    code = "broker_unreachable"


class BrokerAuthFailed(BrokerError):
    """The broker refused the credentials."""

    code = "broker_auth_failed"


class BrokerTimeout(BrokerError):
    """A query was not answered in time. Never raised for a placement: see ``OutcomeUnknown``."""

    code = "broker_timeout"


class BrokerRejected(BrokerError):
    """The broker refused; proof that it did not happen."""

    code = "broker_rejected"

    def __init__(self, broker_code: str, text: str) -> None:
        super().__init__(f"{text} ({broker_code})" if text else broker_code)
        self.broker_code = broker_code
        self.text = text


class OutcomeUnknown(BrokerError):
    """A command may or may not have reached the broker; only its records can tell."""

    code = "outcome_unknown"
