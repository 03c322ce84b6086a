"""The remote module has the surface and the manners of the package."""

import base64
import math
import os
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgerunner.mt5_bridge.remote import RemoteModule, connect
from edgerunner.mt5_surface.constants import CONSTANTS
from edgerunner.mt5_surface.dtypes import RATES_DTYPE
from edgerunner.mt5_surface.functions import FUNCTIONS, Calling
from edgerunner.mt5_surface.structs import STRUCTS
from tests.unit.mt5_bridge.remote.fake_bridge import TOKEN, FakeBridge, plain_struct, problem

NO_CONNECTION = (-10004, "No IPC connection")


def test_it_is_a_real_module_with_every_name_of_the_package(mt5: RemoteModule) -> None:
    assert isinstance(mt5, ModuleType)
    assert {name: getattr(mt5, name) for name in CONSTANTS} == dict(CONSTANTS)
    assert {name: getattr(mt5, name) for name in STRUCTS} == dict(STRUCTS)
    assert all(callable(getattr(mt5, name)) for name in FUNCTIONS)
    assert len(FUNCTIONS) == 35
    assert {*CONSTANTS, *STRUCTS, *FUNCTIONS} <= set(mt5.__all__)


def test_functions_stay_themselves_as_attributes_of_a_class(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("symbols_total", 6)
    program = type("Program", (), {"total": connected.symbols_total})
    assert program().total() == 6


@pytest.mark.parametrize("name", [n for n, function in FUNCTIONS.items() if function.calling is Calling.NO_ARGUMENTS])
def test_before_initialize_nothing_is_asked_and_there_is_no_connection(
    name: str, bridge: FakeBridge, mt5: RemoteModule
) -> None:
    if name in {"last_error", "shutdown"}:
        pytest.skip("it needs no connection")
    assert getattr(mt5, name)() is None
    assert mt5.last_error() == NO_CONNECTION
    assert bridge.asked == []


@pytest.mark.parametrize("name", ["login", "symbol_select", "market_book_add", "market_book_release"])
def test_functions_that_answer_true_fail_with_false(name: str, mt5: RemoteModule) -> None:
    assert getattr(mt5, name)(1 if name == "login" else "EURUSD") is False
    assert mt5.last_error() == NO_CONNECTION


def test_arguments_travel_by_name_with_the_token(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("symbol_info_tick", plain_struct("Tick", bid=1.5, time_msc=7))
    tick = connected.symbol_info_tick("EURUSD")
    assert (tick.bid, tick.time_msc, type(tick)) == (1.5, 7, connected.Tick)
    (asked,) = bridge.calls("symbol_info_tick")
    assert asked.body == {"symbol": "EURUSD"}
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert connected.last_error() == (1, "Success")


def test_what_is_not_finite_comes_back_as_nan(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("account_info", plain_struct("AccountInfo", margin_level=None, login=2**63))
    account = connected.account_info()
    assert math.isnan(account.margin_level)
    assert account.login == 2**63


def test_lists_of_structs_are_tuples_and_an_empty_one_is_no_failure(
    bridge: FakeBridge, connected: RemoteModule
) -> None:
    bridge.answer("positions_get", [plain_struct("TradePosition", ticket=5)], [])
    (position,) = connected.positions_get(symbol="EURUSD")
    assert (position.ticket, type(position)) == (5, connected.TradePosition)
    assert connected.positions_get() == ()


def test_arrays_have_the_exact_columns_and_can_be_written_to(bridge: FakeBridge, connected: RemoteModule) -> None:
    rows = np.zeros(2, dtype=RATES_DTYPE)
    rows["time"] = [60, 120]
    rows["tick_volume"] = 2**64 - 1
    bridge.answer("copy_rates_from_pos", as_sent(rows))
    bars = connected.copy_rates_from_pos("EURUSD", connected.TIMEFRAME_M1, 0, 2)
    assert bars.dtype == RATES_DTYPE
    assert bars.tolist() == rows.tolist()
    bars["close"] = 1.0


@pytest.mark.parametrize(
    "spoilt", [{"count": 3}, {"base64": "!"}, {"dtype": [["time", "|O"]]}, {"base64": base64.b64encode(b"x").decode()}]
)
def test_an_array_that_is_not_what_it_says_is_refused(
    spoilt: dict[str, Any], bridge: FakeBridge, connected: RemoteModule
) -> None:
    bridge.answer("copy_rates_from_pos", as_sent(np.zeros(2, dtype=RATES_DTYPE)) | spoilt)
    assert connected.copy_rates_from_pos("EURUSD", 1, 0, 2) is None
    assert connected.last_error()[0] == connected.RES_E_INTERNAL_FAIL_RECEIVE


def test_a_struct_with_other_fields_is_refused(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("symbol_info_tick", plain_struct("Tick") | {"extra": 1}, plain_struct("Tick", bid="1.5"))
    assert connected.symbol_info_tick("EURUSD") is None
    assert connected.last_error()[0] == connected.RES_E_INTERNAL_FAIL_RECEIVE
    assert connected.symbol_info_tick("EURUSD") is None


def test_a_failure_of_the_terminal_keeps_its_code_and_text(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answers["/v1/calls/symbol_info"] = [(200, {"result": None, "last_error": [-4, "Terminal: Not found"]})]
    assert connected.symbol_info("NOPE") is None
    assert connected.last_error() == (-4, "Terminal: Not found")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows cannot change the zone of a running process")
def test_dates_are_seconds_and_naive_ones_are_local(
    bridge: FakeBridge, connected: RemoteModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        bridge.answer("history_deals_total", 0)
        connected.history_deals_total(1_700_000_000, datetime.fromisoformat("2026-07-01T12:00:00"))
        connected.history_deals_total(
            datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=2)))
        )
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    noon_in_new_york = datetime(2026, 7, 1, 16, 0, tzinfo=UTC).timestamp()
    midnight = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
    assert [asked.body for asked in bridge.calls("history_deals_total")] == [
        {"date_from": 1_700_000_000, "date_to": noon_in_new_york},
        {"date_from": midnight, "date_to": midnight - 7200},
    ]


def test_numbers_of_numpy_and_enumerations_are_numbers(bridge: FakeBridge, connected: RemoteModule) -> None:
    class Side(IntEnum):
        SELL = 1

    bridge.answer("order_check", plain_struct("OrderCheckResult", comment="Done"))
    request = {"action": np.int64(1), "type": Side.SELL, "volume": np.float64(0.1), "magic": 2**52, "price": 1}
    assert connected.order_check(request).comment == "Done"
    (asked,) = bridge.calls("order_check")
    assert asked.body == {"request": {"action": 1, "type": 1, "volume": 0.1, "magic": 2**52, "price": 1}}


def test_a_request_may_be_given_by_keywords_but_not_by_both(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answer("order_check", plain_struct("OrderCheckResult"))
    assert connected.order_check(action=1, symbol="EURUSD") is not None
    assert connected.order_check({"action": 1}, symbol="EURUSD") is None
    assert connected.last_error() == (-2, "Unnamed arguments not allowed")


@pytest.mark.parametrize("value", [None, [], float("nan"), object()])
def test_a_field_that_cannot_be_sent_is_refused_by_its_name(
    value: object, bridge: FakeBridge, connected: RemoteModule
) -> None:
    assert connected.order_send({"action": 1, "comment": value}) is None
    assert connected.last_error() == (-2, 'Invalid "comment" argument')
    assert bridge.calls("order_send") == []


def test_wrong_arguments_are_refused_as_the_package_does(connected: RemoteModule) -> None:
    assert connected.symbol_info(5) is None
    assert connected.last_error() == (-2, "Invalid 1st unnamed argument")
    assert connected.positions_get(ticket="5") is None
    assert connected.last_error() == (-2, 'Invalid "ticket" argument')
    assert connected.positions_get("EURUSD") is None
    assert connected.last_error() == (-2, "Unnamed arguments not allowed")
    with pytest.raises(TypeError):
        connected.account_info(1)
    with pytest.raises(TypeError):
        connected.symbol_info(symbol="EURUSD")


def test_what_the_bridge_says_of_an_argument_is_said_by_its_name(bridge: FakeBridge, connected: RemoteModule) -> None:
    errors = [{"field": "request.comment", "code": "too_long", "message": "too long"}]
    bridge.answers["/v1/calls/order_check"] = [problem(422, "validation_error", errors=errors)]
    assert connected.order_check({"action": 1, "comment": "x" * 100}) is None
    code, text = connected.last_error()
    assert code == connected.RES_E_INVALID_PARAMS
    assert text.startswith('Invalid "comment" argument')


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "unauthorized", -6),
        (403, "forbidden", -6),
        (404, "not_found", -7),
        (501, "unsupported", -7),
        (504, "broker_timeout", -10005),
        (503, "not_connected", -10004),
        (418, "something_new", -1),
        (502, "", -10000),
    ],
)
def test_refusals_of_the_bridge_have_a_code_and_its_words(
    status: int, code: str, expected: int, bridge: FakeBridge, connected: RemoteModule
) -> None:
    bridge.answers["/v1/calls/account_info"] = [problem(status, code)]
    assert connected.account_info() is None
    assert connected.last_error()[0] == expected
    assert f"refused as {code}" in connected.last_error()[1]


def test_a_connection_that_the_bridge_closed_in_the_meantime_is_replaced(
    bridge: FakeBridge, connected: RemoteModule
) -> None:
    bridge.answers["/v1/calls/symbols_total"] = [None, (200, {"result": 6, "last_error": [1, "Success"]})]
    assert connected.symbols_total() == 6


def test_a_lost_bridge_is_no_connection_until_initialize(bridge: FakeBridge, connected: RemoteModule) -> None:
    bridge.answers["/v1/calls/symbols_total"] = [None]
    assert connected.symbols_total() is None
    assert connected.last_error() == NO_CONNECTION
    bridge.answer("symbols_total", 6)
    assert connected.symbols_total() is None
    assert connected.initialize()
    assert connected.symbols_total() == 6


def test_a_busy_bridge_is_asked_again(bridge: FakeBridge, connected: RemoteModule) -> None:
    busy = [problem(429, "rate_limited"), problem(503, "overloaded")]
    bridge.answers["/v1/calls/symbols_total"] = [*busy, (200, {"result": 6, "last_error": [1, "Success"]})]
    assert connected.symbols_total() == 6


def test_a_forked_child_begins_without_a_connection(
    bridge: FakeBridge, connected: RemoteModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge.answer("symbols_total", 6)
    child = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: child)
    assert connected.symbols_total() is None
    assert connected.last_error() == NO_CONNECTION
    assert connected.initialize()
    assert connected.symbols_total() == 6
    connected.shutdown()


def test_nobody_at_the_address_is_no_connection() -> None:
    module = connect("http://127.0.0.1:9", token=TOKEN, timeout_s=2)
    assert module.initialize() is False
    assert module.last_error() == NO_CONNECTION


def test_a_bridge_that_does_not_answer_is_a_time_out(bridge: FakeBridge, address: str) -> None:
    module = connect(address, token=TOKEN, timeout_s=0.2)
    assert module.initialize(timeout=5000)
    slow = SlowAnswer()
    bridge.answers["/v1/calls/symbols_total"] = [slow]
    assert module.symbols_total() is None
    assert module.last_error() == (-10005, "IPC timeout")
    slow.ended.set()
    assert module.initialize(timeout=5000)
    module.shutdown()


def test_shutdown_disconnects_this_program_alone(bridge: FakeBridge, connected: RemoteModule) -> None:
    assert connected.shutdown() is True
    assert connected.account_info() is None
    assert connected.last_error() == NO_CONNECTION
    assert [asked.path for asked in bridge.asked] == ["/v1/calls/initialize"]


def as_sent(rows: "np.ndarray[Any, Any]") -> dict[str, Any]:
    columns = [list(column) for column in rows.dtype.descr]
    return {"dtype": columns, "count": len(rows), "base64": base64.b64encode(rows.tobytes()).decode()}


class SlowAnswer:
    """Answers when told to."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def __call__(self, asked: object) -> tuple[int, Any]:
        assert self.ended.wait(10)
        return 200, {"result": 6, "last_error": [1, "Success"]}
