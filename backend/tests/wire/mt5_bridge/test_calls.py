"""Calls over HTTP: what the terminal gets, and what comes back."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import numpy as np

from edgerunner.mt5_bridge.settings import PollIntervals
from tests.waiting import until
from tests.wire.mt5_bridge.fake_terminal import FakeTerminal
from tests.wire.mt5_bridge.harness import BUY, READER, bridge


async def test_a_struct_comes_back_with_every_field_in_order(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        reply = await running.caller().call("account_info")
    assert reply.status == 200
    assert reply.body["last_error"] == [1, "Success"]
    account = reply.body["result"]
    assert list(account)[:4] == ["login", "trade_mode", "leverage", "limit_orders"]
    assert (len(account), account["login"], account["equity"]) == (28, 1001, 100_000.1)


async def test_an_array_comes_back_bit_by_bit(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        reply = await running.caller().call("copy_rates_from_pos", symbol="EURUSD", timeframe=1, start_pos=0, count=3)
    array = reply.body["result"]
    assert array["dtype"][0] == ["time", "<i8"]
    assert array["dtype"][7] == ["real_volume", "<u8"]
    data = np.frombuffer(base64.b64decode(array["base64"]), dtype=[tuple(field) for field in array["dtype"]])
    assert len(data) == array["count"] == 3
    assert data["real_volume"].tolist() == [2**63 + 1] * 3
    assert data["time"].tolist() == [0, 60, 120]


async def test_a_nested_struct_and_a_tuple_of_structs_are_objects(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        caller = running.caller()
        checked = await caller.call("order_check", request=dict(BUY))
        symbols = await caller.call("symbols_get", group="*")
    assert checked.body["result"]["request"]["magic"] == 2**52 - 1
    assert [symbol["name"] for symbol in symbols.body["result"]] == ["EURUSD", "GOLD#"]


async def test_a_failed_call_is_an_answer_with_its_reason(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        reply = await running.caller().call("symbol_info", symbol="NOSUCH")
    assert (reply.status, reply.body) == (200, {"result": None, "last_error": [-4, "Terminal: Not found"]})


async def test_arguments_reach_the_module_as_the_package_takes_them(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        caller = running.caller()
        await caller.call("symbol_select", symbol="EURUSD")
        await caller.call("history_deals_get", date_from=10, date_to=20.5)
        await caller.call("symbols_get", group="*USD*")
        calls = {name: (args, kwargs) for name, args, kwargs in running.terminal.calls}
    assert calls["symbol_select"] == (("EURUSD",), {})
    (start, end), kwargs = calls["history_deals_get"]
    assert (start, end.timestamp(), end.tzinfo is not None, kwargs) == (10, 20.5, True, {})
    assert calls["symbols_get"] == ((), {"group": "*USD*"})


async def test_one_thread_makes_every_call(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        for number in range(20):
            await trader.call("symbols_total")
            await trader.send(f"key-{number}")
        assert len(running.terminal.threads) == 1


async def test_arguments_are_checked_by_name(tmp_path: Path) -> None:
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("symbol_info", {}, "symbol"),
        ("symbol_info", {"symbol": 3}, "symbol"),
        ("symbol_info", {"symbol": "EURUSD", "more": 1}, "more"),
        ("symbol_select", {"symbol": "EURUSD", "enable": None}, "enable"),
        ("copy_rates_from_pos", {"symbol": "EURUSD", "timeframe": 1, "start_pos": 0, "count": 2_000_000}, "count"),
        ("copy_rates_from_pos", {"symbol": "EURUSD", "timeframe": 1.5, "start_pos": 0, "count": 1}, "timeframe"),
        ("history_orders_get", {"date_to": 5}, "date_from"),
        ("order_check", {"request": {"magic": "1"}}, "magic"),
        ("order_check", {"request": {"volume": None}}, "volume"),
        ("order_check", {"request": {"colour": 1}}, "colour"),
        ("initialize", {"password": "x"}, "password"),
        ("initialize", {"path": "C:\\evil.exe"}, "path"),
    ]
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        before = len(running.terminal.calls)
        for function, arguments, field in wrong:
            reply = await running.caller().call(function, **arguments)
            assert (reply.status, reply.code, reply.body["errors"][0]["field"]) == (422, "validation_error", field)
        made = [call for call in running.terminal.calls[before:] if call[0] != "account_info"]
    assert made == []


async def test_the_same_terminal_serves_a_login_that_is_configured_only(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        assert (await trader.call("initialize", login=1001)).body["result"] is True
        assert (await trader.call("initialize", login=1002)).code == "forbidden"
        assert (await trader.call("login", login=4711)).code == "forbidden"
        assert running.terminal.login == 1001
        assert (await trader.call("login", login=1002)).body["result"] is True
        assert (running.terminal.login, running.terminal.password) == (1002, "secret-1002")
        assert (await running.caller(READER).call("login", login=1001)).code == "forbidden"
        await running.until_audit(event="login", login=1002, ok=True)


async def test_a_lost_terminal_is_initialized_again(tmp_path: Path) -> None:
    rarely = PollIntervals(probe_s=600)  # so that it is the failed call that tells
    async with bridge(tmp_path, polls=rarely) as running:
        await running.until_state("connected")
        running.terminal.is_up = running.terminal.is_initialized = False
        reply = await running.caller().call("symbols_total")
        assert reply.body == {"result": None, "last_error": [-10004, "No IPC connection"]}
        await running.until_state("disconnected")
        running.terminal.is_up = True
        await running.until_state("connected")
        assert (await running.caller().call("symbols_total")).body["result"] == 2


async def test_a_module_that_raises_is_an_error_of_the_broker(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        running.terminal.raise_in = "symbols_total"
        reply = await running.caller().call("symbols_total")
        assert (reply.status, reply.code) == (502, "broker_error")
        assert (await running.caller().call("version")).status == 200


async def test_a_hanging_call_ends_for_the_caller_and_gives_up_what_waits(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    async with bridge(tmp_path, terminal, call_timeout_s=0.3) as running:
        await running.until_state("connected")
        terminal.hang_in = "version"
        hanging = asyncio.create_task(running.caller().call("version"))
        await asyncio.to_thread(terminal.hanging.wait, 5)
        waiting = [asyncio.create_task(running.caller().call("symbols_total")) for _ in range(5)]
        for reply in await asyncio.gather(hanging, *waiting):
            assert (reply.status, reply.code) == (504, "broker_timeout")
        await running.until_state("not_answering")
        assert (await running.caller().call("symbols_total")).code == "broker_timeout"
        terminal.hang_in = None
        terminal.go_on.set()
        await running.until_state("connected")

        async def answers() -> bool:
            return (await running.caller().call("orders_get")).status == 200

        await until(answers, timeout_s=5, what="the terminal answers again")
        assert terminal.count("symbols_total") == 0
