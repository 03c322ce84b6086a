"""The schemas of the calls, made from the package's own list."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.mt5_bridge.calls import parse_call
from edgerunner.mt5_bridge.problems import Problem
from edgerunner.mt5_bridge.terminal_module import OFFERED
from edgerunner.mt5_surface.functions import FUNCTIONS

EXAMPLES: dict[str, bytes] = {
    "login": b'{"login":1}',
    "copy_ticks_from": b'{"symbol":"A","date_from":1,"count":1,"flags":-1}',
    "copy_ticks_range": b'{"symbol":"A","date_from":1,"date_to":2.5,"flags":-1}',
    "copy_rates_from": b'{"symbol":"A","timeframe":1,"date_from":1,"count":1}',
    "copy_rates_from_pos": b'{"symbol":"A","timeframe":1,"start_pos":0,"count":1}',
    "copy_rates_range": b'{"symbol":"A","timeframe":49153,"date_from":1,"date_to":2}',
    "history_orders_total": b'{"date_from":1,"date_to":2}',
    "history_deals_total": b'{"date_from":1,"date_to":2}',
    "order_check": b'{"request":{}}',
    "order_send": b'{"request":{"action":1}}',
    "order_calc_margin": b'{"action":0,"symbol":"A","volume":1,"price":1}',
    "order_calc_profit": b'{"action":0,"symbol":"A","volume":1,"price_open":1,"price_close":1}',
} | {name: b'{"symbol":"A"}' for name in FUNCTIONS if name.startswith(("symbol_info", "symbol_select", "market_book"))}


def test_the_list_is_the_packages_without_two() -> None:
    assert len(OFFERED) == 30
    assert {"shutdown", "last_error", "Buy", "Sell", "Close"}.isdisjoint(OFFERED)


@pytest.mark.parametrize("function", OFFERED)
def test_every_function_has_a_schema_that_works(function: str) -> None:
    call = parse_call(function, EXAMPLES.get(function, b""))
    assert call.function == function
    assert call.needs_control == (function in {"login", "order_send"})


@pytest.mark.parametrize(
    ("function", "body", "positional", "named"),
    [
        ("positions_get", b'{"ticket":5}', [], {"ticket": 5}),
        ("history_deals_get", b'{"position":5}', [], {"position": 5}),
        ("history_deals_get", b'{"date_from":1,"date_to":2,"group":"*"}', [1, 2], {"group": "*"}),
        ("symbol_select", b'{"symbol":"A","enable":false}', ["A", False], {}),
        ("order_calc_margin", b'{"action":0,"symbol":"A","volume":1,"price":2}', [0, "A", 1.0, 2.0], {}),
    ],
)
def test_arguments_go_the_way_the_package_wants(
    function: str, body: bytes, positional: list[object], named: dict[str, object]
) -> None:
    call = parse_call(function, body)
    assert [type(value) for value in call.positional()] == [type(value) for value in positional]
    assert (call.positional(), call.named()) == (positional, named)


def test_hiding_a_symbol_needs_control_and_showing_it_does_not() -> None:
    assert parse_call("symbol_select", b'{"symbol":"A","enable":false}').needs_control
    assert not parse_call("symbol_select", b'{"symbol":"A","enable":true}').needs_control


@given(st.text(alphabet=string.ascii_letters + string.digits + "._-#!@&^[]/+=~$% ", min_size=1, max_size=64))
def test_usual_names_pass(symbol: str) -> None:
    body = b'{"symbol":"' + symbol.encode() + b'"}'
    assert parse_call("symbol_info", body).positional() == [symbol]


@given(st.sampled_from(OFFERED), st.binary(max_size=200))
def test_any_bytes_are_a_call_or_a_refusal(function: str, body: bytes) -> None:
    try:
        parse_call(function, body)
    except Problem as problem:
        assert problem.body()["code"] == "validation_error"  # noqa: PT017 - either outcome is right


@given(
    st.sampled_from(OFFERED), st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists)
)
def test_any_json_is_a_call_or_a_refusal(function: str, value: object) -> None:
    for body in (value, {"symbol": value}, {"request": {"symbol": value}}, {"login": value, "ticket": value}):
        try:
            parse_call(function, json.dumps(body).encode())
        except Problem as problem:
            assert problem.body()["code"] == "validation_error"  # noqa: PT017 - either outcome is right
