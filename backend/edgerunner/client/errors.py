"""Errors of the client.

ClientError
    ApiUnreachable      nothing was sent, or nothing depends on whether it was
    OutcomeUnknown      a command was sent and not answered: it may have happened
    ApiError            the API refused, with its code, sentence and field errors
    StreamRefused       the stream refused the key or a subscription
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One wrong field of a request, as the API names it."""

    field: str
    code: str
    message: str


class ClientError(Exception):
    """Base of every error of the client."""


class ApiUnreachable(ClientError):
    """The API does not answer; a command was certainly not carried out."""


class OutcomeUnknown(ClientError):
    """A command was sent and no answer came, so it may have been carried out or not.

    Look the order up by ``client_order_id``, or send the same request again with the same
    ``idempotency_key``: that never places a second order.
    """

    def __init__(self, detail: str, *, client_order_id: str | None, idempotency_key: str | None) -> None:
        super().__init__(detail)
        self.client_order_id = client_order_id
        self.idempotency_key = idempotency_key


class ApiError(ClientError):
    """The API's own refusal (RFC 9457 problem).

    Attributes:
        status: HTTP status.
        code: Stable code such as ``validation_error`` or ``denied_by_risk``.
        detail: One sentence for a person.
        fields: The wrong fields of the request.
        body: The whole answer; a denied order carries itself in it.
    """

    def __init__(
        self, *, status: int, code: str, detail: str, fields: tuple[FieldError, ...], body: dict[str, object]
    ) -> None:
        super().__init__(f"{detail} ({code})")
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields
        self.body = body


class StreamRefused(ClientError):
    """The stream refused; ``code`` is its close code or error code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail
