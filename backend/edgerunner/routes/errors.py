"""Every error as an RFC 9457 problem: one table from stable codes to HTTP statuses."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgerunner.domain.errors import EdgerunnerError, FieldError, InvalidRequest, RateLimited
from edgerunner.schemas.problems import PROBLEM_MEDIA_TYPE, Problem, problem

_log = structlog.get_logger(__name__)

STATUS_BY_CODE: Mapping[str, int] = {
    "validation_error": 422,
    "denied_by_risk": 422,
    "idempotency_conflict": 422,
    "broker_auth_failed": 422,
    "bad_request": 400,
    "unauthorized": 401,
    "second_factor_required": 401,
    "forbidden": 403,
    "live_not_allowed": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "order_closed": 409,
    "conflict": 409,
    "broker_rejected": 409,
    "payload_too_large": 413,
    "uri_too_long": 414,
    "rate_limited": 429,
    "headers_too_large": 431,
    "internal_error": 500,
    "journal_unreadable": 500,
    "dataset_unreadable": 500,
    "unsupported": 501,
    "broker_unreachable": 502,
    "broker_error": 502,
    "not_connected": 503,
    "journal_unavailable": 503,
    "overloaded": 503,
    "broker_timeout": 504,
    "outcome_unknown": 504,
}

MEANINGS: Mapping[str, str] = {
    "validation_error": "A field of the request is wrong; `errors` names it. Nothing was recorded or sent.",
    "denied_by_risk": "Our own checks refused the order; it is stored with status `denied`.",
    "idempotency_conflict": "The Idempotency-Key was used before with another body.",
    "broker_auth_failed": "The broker refused the credentials.",
    "bad_request": "What came is no HTTP/1.1 request, or one that two servers would read differently.",
    "unauthorized": "The credential is missing, wrong, expired or revoked.",
    "second_factor_required": "The password is right; send a code of the authenticator beside it.",
    "forbidden": "The credential lacks the right for this call, or the request's Host or Origin is not allowed here.",
    "live_not_allowed": "Live trading is not switched on.",
    "not_found": "No such order, connection, instrument or path.",
    "method_not_allowed": "The path does not know this method; `Allow` lists those it knows.",
    "request_timeout": "The request came too slowly; nothing was done.",
    "order_closed": "The order is in a terminal state.",
    "conflict": "The request contradicts what exists.",
    "broker_rejected": "The broker refused the command, with its own words.",
    "payload_too_large": "The body is larger than this call takes (1 MB, more for uploads).",
    "uri_too_long": "The path or the query is longer than any that this API has.",
    "rate_limited": "You ask too often; `Retry-After` says in how many seconds the next call is free.",
    "headers_too_large": "There are too many headers, or too large ones.",
    "internal_error": "A defect of this program; the log has the details.",
    "journal_unreadable": "The journal holds an event that this version cannot read.",
    "dataset_unreadable": "The stored files of a dataset are damaged.",
    "unsupported": "The broker or this version cannot do it, with the reason.",
    "broker_unreachable": "The broker's address does not answer.",
    "broker_error": "The broker's answer makes no sense.",
    "not_connected": "The connection has no session with the broker, or is not reconciled with it yet.",
    "journal_unavailable": "The journal cannot be written, so nothing was sent.",
    "overloaded": "Too much is waiting already; nothing was taken in, and the same request may be sent again.",
    "broker_timeout": "The broker did not answer a query in time.",
    "outcome_unknown": "The command may or may not have reached the broker; look the order up.",
}
"""What each code says, for the documentation page."""


def problem_of(error: EdgerunnerError) -> Problem:
    """Render an error that this product raised on purpose."""
    errors = error.errors if isinstance(error, InvalidRequest) else ()
    return problem(status=STATUS_BY_CODE.get(error.code, 500), code=error.code, detail=error.detail, errors=errors)


def problem_response(answer: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as an HTTP response."""
    return Response(answer.model_dump_json(), status_code=answer.status, media_type=PROBLEM_MEDIA_TYPE, headers=headers)


def require(errors: Iterable[FieldError]) -> None:
    """Raise ``InvalidRequest`` that names every wrong field, if any."""
    found = tuple(errors)
    if found:
        raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in found), *found)


def field_errors(found: Sequence[Any]) -> tuple[FieldError, ...]:
    """Return Pydantic's findings as field errors; the place (``body``, ``query``) is not part of a name."""
    return tuple(
        FieldError(field=_field_name(item["loc"]), code=item["type"], message=_sentence(item)) for item in found
    )


def _field_name(location: Sequence[str | int]) -> str:
    names = [str(part) for part in location]
    return ".".join(names[1:]) or "".join(names[:1]) or "body"


def _sentence(item: Mapping[str, Any]) -> str:
    match item["type"]:
        case "extra_forbidden":
            return "is not known here; leave it out"
        case "missing":
            return "is required"
        case _:
            return str(item["msg"])


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""

    async def on_domain_error(_: Request, error: Exception) -> Response:
        return _domain_error(error)

    async def on_validation(_: Request, error: Exception) -> Response:
        return _validation_error(error)

    async def on_http(request: Request, error: Exception) -> Response:
        return _http_error(error, _allowed_methods(app, request.url.path))

    app.add_exception_handler(EdgerunnerError, on_domain_error)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)


def _domain_error(error: Exception) -> Response:
    if not isinstance(error, EdgerunnerError):
        raise error
    answer = problem_of(error)
    if answer.status == 500:
        _log.error("request_failed", code=error.code, detail=error.detail)
    if isinstance(error, RateLimited):
        return problem_response(answer, {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))})
    return problem_response(answer)


def _validation_error(error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = field_errors(error.errors())
    detail = "; ".join(f"{item.field}: {item.message}" for item in errors[:3])
    return problem_response(problem(status=422, code="validation_error", detail=detail, errors=errors))


def _allowed_methods(app: FastAPI, path: str) -> str:
    """Return every method of a path; the framework itself names those of the first route alone."""
    paths = app.openapi()["paths"]
    matching = [path] if path in paths else [template for template in paths if compile_path(template)[0].match(path)]
    return ", ".join(sorted({method.upper() for template in matching for method in paths[template]}))


def _http_error(error: Exception, allowed_methods: str) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error.__cause__, EdgerunnerError):
        return _domain_error(error.__cause__)
    headers = error.headers
    match error.status_code:
        case 404:
            code, detail = "not_found", "There is nothing at this path; /docs lists what there is."
        case 405:
            code, detail = "method_not_allowed", f"This path knows {allowed_methods or 'GET'}."
            headers = {"Allow": allowed_methods or "GET"}
        case 413:
            code, detail = "payload_too_large", str(error.detail)
        case _:
            code, detail = "validation_error", str(error.detail)
    answer = problem(status=STATUS_BY_CODE[code], code=code, detail=detail)
    return problem_response(answer, headers)


class CatchAll:
    """Pure ASGI: an exception that nothing handled becomes a problem without internals, and a log line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def tracking_send(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, tracking_send)
        except Exception:
            if has_started:  # the server cuts the connection, so that half an answer is not taken for a whole one
                raise
            _log.exception("request_failed", method=scope["method"], path=scope["path"])
            detail = "This is a defect of Edgerunner; its log has the details."
            answer = problem(status=500, code="internal_error", detail=detail)
            await problem_response(answer)(scope, receive, send)


def error_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of the errors an operation can answer with, with an example each.

    The errors that every protected operation shares need not be named.
    """
    shared = ("validation_error", "unauthorized", "forbidden", "rate_limited", "internal_error")
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *shared):
        by_status.setdefault(STATUS_BY_CODE[code], []).append(code)
    return {status: _error_response(found) for status, found in sorted(by_status.items())}


def _error_response(codes: Sequence[str]) -> dict[str, Any]:
    schema = "DeniedProblem" if "denied_by_risk" in codes else None
    reference: dict[str, Any] = {"$ref": "#/components/schemas/Problem"}
    if schema:
        reference = {"anyOf": [{"$ref": "#/components/schemas/DeniedProblem"}, reference]}
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes if code != "denied_by_risk"}
    return {
        "description": " ".join(MEANINGS[code] for code in codes),
        "content": {PROBLEM_MEDIA_TYPE: {"schema": reference, "examples": examples}},
    }


def error_examples() -> dict[str, dict[str, Any]]:
    """Return an example per code, for the components of the OpenAPI document."""
    codes = (code for code in STATUS_BY_CODE if code != "denied_by_risk")
    return {code: {"summary": MEANINGS[code], "value": _example(code)} for code in codes}


def _example(code: str) -> dict[str, Any]:
    cause = FieldError(field="quantity", code="not_positive", message="must be greater than 0")
    errors = (cause,) if code == "validation_error" else ()
    detail = f"{cause.field}: {cause.message}" if errors else MEANINGS[code]
    return problem(status=STATUS_BY_CODE[code], code=code, detail=detail, errors=errors).model_dump(mode="json")
