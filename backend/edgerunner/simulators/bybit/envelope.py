"""The envelope of every REST answer, and how requests are read from raw bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from edgerunner.simulators.bybit import codes

MAXIMUM_QUERY_FIELDS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint returns: the ``result`` and, for batches, ``retExtInfo``."""

    result: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    message: str = "OK"


def success_bytes(answer: Answer, now_ms: int) -> bytes:
    """Return the JSON of a successful answer."""
    return orjson.dumps(
        {"retCode": 0, "retMsg": answer.message, "result": answer.result, "retExtInfo": answer.extra, "time": now_ms}
    )


def failure_bytes(error: codes.WireError, now_ms: int) -> bytes:
    """Return the JSON of an error answer."""
    return orjson.dumps({"retCode": error.code, "retMsg": error.text, "result": {}, "retExtInfo": {}, "time": now_ms})


def parse_query(raw: bytes) -> dict[str, str]:
    """Return the fields of a raw query string; raise 10001 when it is not UTF-8 or too long."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAXIMUM_QUERY_FIELDS,
        )
    except ValueError as error:
        raise codes.parameter_error("params error: query string is malformed") from error
    return dict(pairs)


def parse_body(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of a raw body; raise 10001 when it is none."""
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise codes.parameter_error("Request parameter error: body is not valid JSON") from error
    if not isinstance(body, dict):
        raise codes.parameter_error("Request parameter error: body is not a JSON object")
    return body
