"""Scalars on the wire: plain decimal strings, RFC 3339 times with microseconds, identifiers."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from edgerunner.domain.identifiers import CLIENT_ORDER_ID, CONNECTION_ID
from edgerunner.domain.numbers import parse_plain, to_plain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)
_LAST_NS = 2**63 - 1
_DECIMAL_PATTERN = r"^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$"
_POSITIVE_PATTERN = r"^(?!0(\.0+)?$)(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$"
_ANY_DECIMAL_PATTERN = r"^-?[0-9]+(\.[0-9]+)?$"
_TIME_EXAMPLE = "2026-11-23T04:00:00.000000Z"


def format_time(ts_ns: int) -> str:
    """Write UTC nanoseconds as RFC 3339 with microseconds and ``Z``; the rest is cut off."""
    moment = _EPOCH + timedelta(microseconds=ts_ns // 1_000)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> int:
    """Return the UTC nanoseconds of an RFC 3339 time that names its offset.

    Raises ``ValueError`` with a sentence for the caller.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(f"must be an RFC 3339 time with its offset, such as {_TIME_EXAMPLE}")
    day, clock, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if offset in 'Zz' else offset}")
    except ValueError:
        raise ValueError("is no time of the calendar") from None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    ts_ns = seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))
    if not 0 <= ts_ns <= _LAST_NS:
        raise ValueError("must lie between the years 1970 and 2262")
    return ts_ns


def _decimal_from_wire(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError(
            "decimal_type", 'must be a decimal in a JSON string such as "0.01": a JSON number loses digits on its way'
        )
    try:
        return parse_plain(value)
    except ValueError as error:
        raise PydanticCustomError("decimal_format", "{reason}", {"reason": str(error)}) from None


def _require_positive(number: Decimal) -> Decimal:
    if number <= 0:
        raise PydanticCustomError("not_positive", "must be greater than 0")
    return number


def _time_from_wire(value: object) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError("time_type", "must be an RFC 3339 time in a string")
    try:
        return parse_time(value)
    except ValueError as error:
        raise PydanticCustomError("time_format", "{reason}", {"reason": str(error)}) from None


PositiveDecimal = Annotated[
    Decimal,
    BeforeValidator(_decimal_from_wire),
    AfterValidator(_require_positive),
    PlainSerializer(to_plain, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _POSITIVE_PATTERN, "maxLength": 39, "examples": ["0.01"]}),
]
"""A number greater than 0 in a request: a plain decimal string."""

SignedDecimal = Annotated[
    Decimal,
    BeforeValidator(_decimal_from_wire),
    PlainSerializer(to_plain, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _DECIMAL_PATTERN, "maxLength": 40, "examples": ["-0.5"]}),
]
"""A number of either sign in a request: a plain decimal string."""

DecimalText = Annotated[
    Decimal,
    PlainSerializer(to_plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _ANY_DECIMAL_PATTERN, "examples": ["64250.5"]}),
]
"""A number in an answer: a plain decimal string."""

RequestTime = Annotated[
    int,
    BeforeValidator(_time_from_wire),
    PlainSerializer(format_time, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_TIME_EXAMPLE]}),
]
"""A time in a request, UTC nanoseconds inside."""

TimeText = Annotated[
    int,
    PlainSerializer(format_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_TIME_EXAMPLE]}),
]
"""A time in an answer, UTC nanoseconds inside."""

ConnectionId = Annotated[str, StringConstraints(pattern=f"^{CONNECTION_ID.pattern}$"), Field(examples=["bybit-sim"])]
ClientOrderId = Annotated[
    str, StringConstraints(pattern=f"^{CLIENT_ORDER_ID.pattern}$"), Field(examples=["01JD8Z4K3V7Q2M5N9R1T6W8X0Y"])
]
InstrumentId = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,80}\.[A-Z0-9]{1,16}$"),
    Field(examples=["BTCUSDT-LINEAR.BYBIT"]),
]
Word = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,128}$")]
"""A broker's identifier of any grammar: printable, at most 128 characters."""

OcaGroup = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$"), Field(examples=["breakout-7"])]
"""A name that joins orders of which one cancels all."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$"), Field(examples=["USD"])]
