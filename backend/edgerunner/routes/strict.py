"""The route class of the API: JSON read once and strictly, query parameters checked by name."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from edgerunner.domain.errors import FieldError, InvalidRequest
from edgerunner.routes.auditing import is_audited, written_down
from edgerunner.routes.errors import require
from edgerunner.routes.rights import PRINCIPAL, RIGHTS, is_public, require_demand

MAXIMUM_BODY = 1_000_000
"""Bytes of a request body, whether announced or not."""


class StrictRequest(Request):
    """A request whose body is bounded and whose JSON must be unambiguous."""

    async def body(self) -> bytes:
        """Read the body; more than ``MAXIMUM_BODY`` bytes are refused as soon as they are known."""
        if not hasattr(self, "_body"):
            chunks, size = [], int(self.headers.get("content-length", "0"))
            _require_size(size)
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                _require_size(size)
                chunks.append(chunk)
            self._body = b"".join(chunks)
            self._require_json_type()
        return self._body

    async def json(self) -> Any:
        """Parse the body; bad UTF-8, lone surrogates, NaN, repeated keys, deep nesting are refused."""
        try:
            return parse_json(await self.body())
        except InvalidRequest as error:
            raise HTTPException(422) from error  # the framework passes on this class alone

    def _require_json_type(self) -> None:
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self._body and media_type != "application/json":
            error = InvalidRequest.of(
                "body", "content_type", "send JSON with the header Content-Type: application/json"
            )
            raise HTTPException(422) from error


def _require_size(size: int) -> None:
    if size > MAXIMUM_BODY:
        raise HTTPException(413, f"The body is larger than {MAXIMUM_BODY} bytes: split the request.")


def parse_json(text: bytes | str) -> Any:
    """Return the value of a JSON text; raises ``InvalidRequest`` for anything ambiguous.

    orjson keeps to RFC 8259 (UTF-8, no NaN, no lone surrogates, bounded depth); the second pass
    finds repeated keys, of which parsers keep different ones.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest.of("body", "json_invalid", f"is no valid JSON: {error.msg} at {error.pos}") from None
    try:
        json.loads(text, object_pairs_hook=_without_repeats, parse_float=str, parse_int=str)
    except RecursionError:
        raise InvalidRequest.of("body", "json_invalid", "is nested too deeply") from None
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise InvalidRequest.of(repeated, "repeated", "stands more than once in the same object")


class StrictRoute(APIRoute):
    """A route that asks for its right first, and refuses unknown and repeated query parameters."""

    asks_for_its_right = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler around the framework's own."""
        known = frozenset(_parameter_names(self))
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if not is_public(self.path) and is_audited(request.method, self.path):
                return await written_down(strict, self.path, checked)
            return await checked(strict)

        async def checked(request: Request) -> Response:
            if not is_public(self.path):
                require_demand(request.scope.get(PRINCIPAL), RIGHTS.get((request.method, self.path)))
            if request.scope["query_string"]:
                require(_query_errors(request.query_params, known))
            return await inner(request)

        return handle


def _parameter_names(route: APIRoute) -> list[str]:
    names: list[str] = []
    for parameter in route.dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names.extend(annotation.model_fields)
        else:
            names.append(parameter.alias)
    return names


def _query_errors(query: QueryParams, known: frozenset[str]) -> list[FieldError]:
    names = [name for name, _ in query.multi_items()]
    errors = [
        FieldError(field=name, code="extra_forbidden", message="is no query parameter of this path; leave it out")
        for name in dict.fromkeys(names)
        if name not in known
    ]
    repeated = [name for name in dict.fromkeys(names) if name in known and names.count(name) > 1]
    return errors + [FieldError(field=name, code="repeated", message="stands more than once") for name in repeated]
