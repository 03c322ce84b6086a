"""Signals: webhooks with their own secret, and what the owner of a strategy sees of them."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from edgerunner.domain.errors import InvalidRequest, RateLimited
from edgerunner.routes import examples
from edgerunner.routes.addresses import ADDRESS, UNKNOWN
from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses, field_errors, problem_of, problem_response, require
from edgerunner.routes.strict import StrictRoute, parse_json
from edgerunner.schemas.paging import PageQuery
from edgerunner.schemas.signals import (
    SignalAcceptedAnswer,
    SignalAnswer,
    SignalPage,
    SignalRequestBody,
    SignalSecretAnswer,
    SignalSecretRequest,
    StrategyId,
)
from edgerunner.services.signal_service import SignalRequest
from edgerunner.services.webhook_signature import webhook_headers
from edgerunner.storage.signals import SignalAction, StoredSignal

router = APIRouter(tags=["signals"], route_class=StrictRoute)

MAXIMUM_SIGNAL = 16_384
"""Bytes of an alert's message."""

StrategyPath = Annotated[StrategyId, Path()]
SecretBody = Annotated[SignalSecretRequest | None, Body(openapi_examples=examples.SIGNAL_SECRET)]

_SIGNAL_SCHEMA: dict[str, Any] = {
    "schema": SignalRequestBody.model_json_schema(),
    "examples": examples.SIGNAL,
}
_SIGNAL_OPERATION: dict[str, Any] = {
    "security": [],
    "requestBody": {
        "required": True,
        "content": {"application/json": _SIGNAL_SCHEMA, "text/plain": _SIGNAL_SCHEMA},
    },
}


@router.post(
    "/signals/{strategy_id}",
    status_code=202,
    response_model=SignalAcceptedAnswer,
    responses=error_responses(
        "payload_too_large", "conflict", "idempotency_conflict", "rate_limited", "overloaded", "journal_unavailable"
    ),
    openapi_extra=_SIGNAL_OPERATION,
)
async def receive_signal(request: Request, strategy_id: str, services: ServicesOf) -> Response:
    """Take a signal in, with the strategy's secret in the message or a Standard Webhooks signature.

    JSON, whatever the content type says. The answer comes as soon as the signal is durable; the order
    follows. A resend is answered with the first one's ``signal_id`` and ``duplicate`` true.
    """
    address = str(request.scope.get(ADDRESS, UNKNOWN))
    try:
        services.signal_gate.admit(address)
        body = await _bounded_body(request)
        message = _message(body)
        headers = webhook_headers(request.headers)
        secret = message.get("secret")
        services.signal_gate.require(
            strategy_id,
            secret=secret if isinstance(secret, str) else None,
            headers=headers,
            body=body,
            address=address,
        )
        accepted = await services.signals.accept(
            strategy_id, _signal_request(message), message_id=headers.message_id if headers else None
        )
    except RateLimited as error:
        return problem_response(problem_of(error), {"Retry-After": str(max(1, round(error.retry_after_s)))})
    return answer(SignalAcceptedAnswer(signal_id=accepted.signal_id, duplicate=accepted.duplicate), 202)


@router.get("/strategies/{strategy_id}/signals", response_model=SignalPage, responses=error_responses("not_found"))
async def list_signals(
    strategy_id: StrategyPath, query: Annotated[PageQuery, Query()], services: ServicesOf
) -> Response:
    """Return a strategy's signals and what became of each, newest first."""
    services.signals.require_target(strategy_id)
    page = await services.signals.page(strategy_id, limit=query.limit, cursor=query.cursor)
    return answer(SignalPage(signals=[_signal_answer(signal) for signal in page.items], next_cursor=page.next_cursor))


@router.post(
    "/strategies/{strategy_id}/signal-secret",
    status_code=201,
    response_model=SignalSecretAnswer,
    responses=error_responses("not_found", "journal_unavailable"),
)
async def renew_secret(strategy_id: StrategyPath, services: ServicesOf, body: SecretBody = None) -> Response:
    """Make a new secret for a strategy's signals; it is shown this once."""
    services.signals.require_target(strategy_id)
    wanted = body or SignalSecretRequest()
    secret = await services.signal_gate.renew(strategy_id, keep_old_s=wanted.keep_old_s)
    return answer(SignalSecretAnswer(strategy_id=strategy_id, secret=secret, path=f"/signals/{strategy_id}"), 201)


async def _bounded_body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAXIMUM_SIGNAL:
            raise HTTPException(413, f"A signal has at most {MAXIMUM_SIGNAL} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _message(body: bytes) -> dict[str, Any]:
    """Return the alert's message with every number as the text it was written in."""
    parse_json(body)  # refuses what is ambiguous
    message = json.loads(body, parse_float=str, parse_int=str)
    if not isinstance(message, dict):
        raise InvalidRequest.of("body", "object_required", 'must be a JSON object such as {"action":"buy",...}')
    return message


def _signal_request(message: dict[str, Any]) -> SignalRequest:
    try:
        body = SignalRequestBody.model_validate(message)
    except ValidationError as error:
        require(field_errors([{**item, "loc": ("body", *item["loc"])} for item in error.errors()]))
        raise
    return SignalRequest(
        action=SignalAction(body.action),
        instrument_id=body.instrument_id,
        quantity=body.quantity,
        price=body.price,
        id=body.id,
    )


def _signal_answer(signal: StoredSignal) -> SignalAnswer:
    return SignalAnswer(
        signal_id=signal.signal_id,
        strategy_id=signal.strategy_id,
        action=signal.action.value,
        instrument_id=signal.instrument_id,
        quantity=signal.quantity,
        price=signal.price,
        state=signal.state.value,
        client_order_id=signal.client_order_id,
        reason=signal.reason,
        received_at=signal.received_at_ns,
        finished_at=signal.finished_at_ns,
    )
