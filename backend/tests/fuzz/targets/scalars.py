"""Numbers, times, ids and words as callers write them."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.identifiers import (
    CLIENT_ORDER_ID,
    deterministic_id,
    external_client_order_id,
    magic_number,
    ulid,
)
from edgerunner.domain.numbers import can_be_written, parse_plain, to_plain
from edgerunner.risk.limits import parse_limits
from edgerunner.routes.channels import parse_channel
from edgerunner.routes.strict import parse_json
from edgerunner.schemas import scalars
from edgerunner.schemas.scalars import format_time, parse_time
from edgerunner.simulators.timestamps import parse_rfc3339, rfc3339
from tests.fuzz.damage import HOSTILE_TEXTS, damaged_bytes, hostile_scalars, hostile_texts, json_messages, json_values
from tests.fuzz.declared import decoded, require, require_printable
from tests.fuzz.target import Target, pure

LAST_NS = 2**63 - 1
_decimals = st.one_of(
    hostile_texts, st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.from_regex(r"-?[0-9]{0,22}\.[0-9]{0,20}"),
)  # fmt: skip
_TIMES = [
    b"2026-11-23T04:00:00.000000Z",
    b"2026-11-23t04:00:00+14:00",
    b"1970-01-01T00:00:00Z",
    b"2262-04-11T23:47:16Z",
]
_times = st.one_of(
    hostile_texts,
    damaged_bytes(_TIMES, most_edits=3).map(lambda data: data.decode("latin-1")),
    st.from_regex(
        r"[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
    ),
)
_CHANNELS = [b"orders:bybit-sim", b"quotes:bybit-sim:BTCUSDT-LINEAR.BYBIT", b"bars:a:VOD@LSE-GBP.IBKR:1m", b"depth:b:"]
_ADAPTERS: list[TypeAdapter[Any]] = [
    TypeAdapter(kind)
    for kind in (
        scalars.PositiveDecimal, scalars.SignedDecimal, scalars.RequestTime, scalars.ConnectionId,
        scalars.ClientOrderId, scalars.InstrumentId, scalars.Word, scalars.OcaGroup, scalars.Currency,
    )
]  # fmt: skip


def _plain(text: str) -> None:
    number = decoded(parse_plain, text, error=ValueError)
    if number is not None:
        require_printable(number)
        require(can_be_written(number), f"{number!r} cannot be written")
        require(parse_plain(to_plain(number)) == number, "parse(write(x)) is not x")
    try:
        other = Decimal(text)
    except InvalidOperation:
        return
    if can_be_written(other):
        require(len(to_plain(other)) < 200, "a long text of a short number")


def _time(text: str) -> None:
    moment = decoded(parse_time, text, error=ValueError)
    if moment is not None:
        require(0 <= moment <= LAST_NS, f"{moment} ns is outside of 63 bits")
        require(parse_time(format_time(moment)) == moment // 1_000 * 1_000, "a time changes when it is written")
    other = decoded(parse_rfc3339, text, error=ValueError)
    if other is not None:
        require(0 <= other <= LAST_NS, f"{other} ns is outside of 63 bits")
        decoded(rfc3339, other, error=())


def _field(value: Any) -> None:
    for adapter in _ADAPTERS:
        found = decoded(adapter.validate_python, value, error=ValidationError)
        require_printable(found)
        if isinstance(found, str):
            require(len(found) <= 128, "a text without end")


def _ids(given: tuple[str, str]) -> None:
    for made in (external_client_order_id(*given), deterministic_id(*given), ulid(len(given[0]), 5)):
        require(CLIENT_ORDER_ID.fullmatch(made) is not None, f"{made} is no client order id")
    require(0 < magic_number(given[0]) < 2**52, "a magic number of more than 52 bits")


def _json(data: bytes) -> None:
    """What is taken is one unambiguous value: written again and read, it is the same."""
    value = decoded(parse_json, data, error=InvalidRequest)
    if value is not None:
        require(parse_json(json.dumps(value)) == value, "parse(write(x)) is not x")


LIMITS: list[Any] = [{"max_order_notional": "100", "max_open_orders": 5, "price_collar": "0.05", "daily_loss": None}]
_texts = st.text(alphabet=st.characters(exclude_categories=()), max_size=30).map(
    lambda text: text.encode("utf-8", "ignore").decode()
)

TARGETS: tuple[Target, ...] = (
    pure("decimals", "domain.numbers: plain decimals", _decimals, _plain),
    pure("times", "schemas.scalars and simulators.timestamps: RFC 3339", _times, _time),
    pure("request_scalars", "schemas.scalars: fields of requests", hostile_scalars, _field),
    pure("identifiers", "domain.identifiers", st.tuples(_texts, _texts), _ids),
    pure(
        "request_json",
        "routes.strict: JSON of requests",
        st.one_of(
            json_messages([{"a": 1, "b": [1.5, "x", None]}, {"a": {"b": {"c": "d"}}}], more=[b'{"a":1,"a":2}']),
            st.sampled_from([text.encode("utf-8", "surrogatepass") for text in HOSTILE_TEXTS]),
        ),
        _json,
    ),
    pure(
        "channel_names",
        "routes.channels: names of channels",
        st.one_of(hostile_texts, damaged_bytes(_CHANNELS).map(lambda data: data.decode("latin-1"))),
        lambda text: decoded(parse_channel, text, error=InvalidRequest),
    ),
    pure(
        "risk_limits",
        "risk.limits: limits as typed",
        st.dictionaries(
            st.sampled_from(("max_order_quantity", "max_order_notional", "max_open_orders", "x")),
            st.one_of(hostile_texts, json_values),
            max_size=3,
        ),
        lambda given: decoded(parse_limits, given, error=InvalidRequest),
    ),
)
