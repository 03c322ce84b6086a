"""What the module refuses before anything travels, with the package's texts."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from edgerunner.mt5_surface.functions import FUNCTIONS
from edgerunner.simulators.mt5.arguments import read_arguments
from edgerunner.simulators.mt5.client import CallFailed

ORDER = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.1, "magic": 5, "comment": "mine"}


def read(name: str, *unnamed: Any, named: dict[str, Any] | None = None) -> dict[str, Any]:
    return read_arguments(FUNCTIONS[name], unnamed, named, comment_limit=29)


def refusal(name: str, *unnamed: Any, named: dict[str, Any] | None = None) -> tuple[int, str]:
    with pytest.raises(CallFailed) as failure:
        read(name, *unnamed, named=named)
    return failure.value.error


def test_a_request_travels_with_the_fields_it_has() -> None:
    assert read("order_send", ORDER) == {"request": ORDER}
    assert read("order_send", ORDER | {"colour": "red", "sl": Decimal("1.05"), "price": 1}) == {
        "request": ORDER | {"sl": 1.05, "price": 1.0}
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("comment", None),
        ("comment", "x" * 30),
        ("comment", "grid [1]"),
        ("comment", "two\nlines"),
        ("comment", 5),
        ("symbol", None),
        ("symbol", b"EURUSD"),
        ("volume", None),
        ("volume", "0.1"),
        ("volume", float("nan")),
        ("price", float("inf")),
        ("sl", None),
        ("tp", [1.0]),
        ("stoplimit", {}),
        ("action", 1.0),
        ("type", None),
        ("type", "0"),
        ("type_filling", 2**40),
        ("type_time", 0.0),
        ("magic", 1.0),
        ("magic", -1),
        ("magic", 2**64),
        ("position", np.int64(5)),
        ("order", None),
        ("position_by", "5"),
        ("deviation", 10.0),
        ("expiration", datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("function", ["order_send", "order_check"])
def test_a_bad_field_of_a_request_is_named(function: str, field: str, value: Any) -> None:
    assert refusal(function, ORDER | {field: value}) == (-2, f'Invalid "{field}" argument')


def test_comments_are_taken_up_to_the_limit() -> None:
    assert read("order_send", ORDER | {"comment": "x" * 29})["request"]["comment"] == "x" * 29


def test_a_request_comes_unnamed_or_as_keywords_never_beside_them() -> None:
    assert read("order_check", named=ORDER) == {"request": ORDER}
    assert refusal("order_check", ORDER, named={}) == (-2, "Unnamed arguments not allowed")
    assert refusal("order_send", ORDER, ORDER) == (-2, "Invalid arguments")
    assert refusal("order_send", [1]) == (-2, "Invalid arguments")
    assert refusal("order_send") == (-2, "Invalid arguments")


def test_lists_take_keywords_alone() -> None:
    assert read("positions_get") == {}
    assert read("orders_get", named={"symbol": "EURUSD", "ticket": 5, "colour": 1}) == {"symbol": "EURUSD", "ticket": 5}
    assert refusal("positions_get", "EURUSD") == (-2, "Unnamed arguments not allowed")
    assert refusal("positions_get", named={"ticket": "5"}) == (-2, 'Invalid "ticket" argument')
    assert refusal("orders_get", named={"group": None}) == (-2, 'Invalid "group" argument')


def test_dates_are_seconds_or_datetimes_and_naive_ones_local() -> None:
    aware = datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=3)))
    naive = aware.replace(tzinfo=None)
    assert read("history_deals_total", aware, 5) == {"date_from": aware.timestamp(), "date_to": 5.0}
    assert read("history_deals_get", naive, np.int64(7), named={"group": "*"}) == {
        "date_from": naive.astimezone().timestamp(), "date_to": 7.0, "group": "*",
    }  # fmt: skip


@pytest.mark.parametrize("date", [None, "2026-11-23", datetime(2026, 11, 23, tzinfo=UTC).date(), float("nan")])
def test_a_date_that_is_none_is_counted(date: Any) -> None:
    assert refusal("copy_ticks_from", "EURUSD", date, 5, -1) == (-2, "Invalid 2nd unnamed argument")
    assert refusal("history_orders_get", date, 5) == (-2, "Invalid 1st unnamed argument")
    assert refusal("copy_ticks_range", "EURUSD", 5, date, -1) == (-2, "Invalid 3rd unnamed argument")
    assert refusal("copy_rates_range", "EURUSD", 1, 5, date) == (-2, "Invalid arguments")


@pytest.mark.parametrize(
    ("name", "unnamed"),
    [
        ("symbol_info", ()),
        ("symbol_info", ("EURUSD", "GBPUSD")),
        ("copy_rates_from_pos", ("EURUSD", "M1", 0, 5)),
        ("copy_rates_from_pos", ("EURUSD", 1, 0, 5.0)),
        ("copy_rates_from_pos", ("EURUSD", 1, 0, 2**31)),
        ("order_calc_margin", (0, "EURUSD", "1", 1.1)),
    ],
)
def test_a_wrong_number_or_kind_of_arguments_is_refused(name: str, unnamed: tuple[Any, ...]) -> None:
    assert refusal(name, *unnamed) == (-2, "Invalid arguments")


def test_a_symbol_that_is_no_text_is_counted() -> None:
    assert refusal("symbol_info_tick", None) == (-2, "Invalid 1st unnamed argument")
    assert read("symbol_select", "EURUSD", 0) == {"symbol": "EURUSD", "enable": False}
    assert read("symbol_select", "EURUSD") == {"symbol": "EURUSD"}


def test_logging_in_takes_the_login_either_way() -> None:
    assert read("login", 5, named={"password": "p", "server": "s", "timeout": 10}) == {
        "login": 5, "password": "p", "server": "s", "timeout": 10,
    }  # fmt: skip
    assert read("login", named={"login": 5}) == {"login": 5}
    assert refusal("login", named={"login": "5"}) == (-2, 'Invalid "login" argument')
    assert refusal("login") == (-2, "Invalid arguments")
    assert read("initialize", "C:\\terminal64.exe", named={"portable": 1}) == {
        "path": "C:\\terminal64.exe", "portable": True,
    }  # fmt: skip
    assert refusal("initialize", "a", "b") == (-2, "Invalid number of arguments")
    assert refusal("initialize", named={"password": 5}) == (-2, 'Invalid "password" argument')
