"""The bridge with the simulated terminal behind it, as `edgerunner sim mt5` runs both."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edgerunner.cli.simulated_mt5 import TOKEN, bridged_terminal_factory
from edgerunner.mt5_surface import constants
from edgerunner.simulators.faults import FaultBox, FaultMatch
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.waiting import until
from tests.wire.mt5_bridge.harness import Caller

BUY: dict[str, Any] = {
    "action": constants.TRADE_ACTION_DEAL,
    "symbol": "EURUSD",
    "volume": 0.1,
    "type": constants.ORDER_TYPE_BUY,
    "type_filling": constants.ORDER_FILLING_IOC,
    "comment": "ours",
}


class Simulated:
    def __init__(self, caller: Caller, faults: FaultBox) -> None:
        self.caller = caller
        self.faults = faults

    async def until_state(self, wanted: str) -> None:
        async def is_so() -> bool:
            status = await self.caller.ask("GET", "/v1/status")
            return bool(status.body["terminal"]["state"] == wanted)

        await until(is_so, timeout_s=20, what=f"terminal {wanted}")


@pytest.fixture
async def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Simulated]:
    monkeypatch.setenv("EDGERUNNER_SIM_MT5_TERMINAL", "")  # the server sets it: put back afterwards
    faults = FaultBox(["mt5"])
    settings = VenueSettings(ledger_path=tmp_path / "mt5.sqlite", wall=time.time_ns, seed=1, speed=1)
    venue = Mt5Venue(faults, settings, Mt5Settings(call_timeout_s=0.5))
    server = bridged_terminal_factory(tmp_path, terminal_port=0)(venue, faults, host="127.0.0.1", port=0)
    running = asyncio.create_task(venue.run())
    await server.start()
    try:
        async with aiohttp.ClientSession() as http:
            simulated = Simulated(Caller(f"http://127.0.0.1:{server.port}", http, TOKEN), faults)
            await simulated.until_state("connected")
            assert (await simulated.caller.take_lease()).status == 201
            yield simulated
    finally:
        await server.stop()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        venue.close()


async def test_an_order_is_filled_and_every_channel_tells_of_it(simulated: Simulated) -> None:
    caller, seen = simulated.caller, dict[str, Any]()
    async with caller.stream() as stream:
        for channel in ("positions", "deals", "history_orders", "ticks:EURUSD", "account"):
            await stream.send_json({"op": "subscribe", "channel": channel})
        while len(seen) < 5:
            message = await stream.receive_json(timeout=10)
            if message["kind"] == "snapshot":
                seen[message["channel"]] = message["data"]
        assert seen["positions"] == {"positions": []}
        assert seen["ticks:EURUSD"]["ticks"][0]["bid"] > 1
        result = (await caller.send("key-1", BUY)).body["result"]
        assert result["retcode"] == constants.TRADE_RETCODE_DONE
        changes: dict[str, Any] = {}
        while not {"positions", "deals", "history_orders"} <= set(changes):
            message = await stream.receive_json(timeout=10)
            if message["kind"] == "delta":
                changes[message["channel"]] = message["data"]
    assert changes["positions"]["positions"][0]["ticket"] == result["order"]
    assert changes["deals"]["deals"][0]["ticket"] == result["deal"]
    assert changes["history_orders"]["history_orders"][0]["comment"] == "ours"


async def test_a_crashed_terminal_is_initialized_again_and_remembers(simulated: Simulated) -> None:
    await simulated.caller.send("key-1", BUY)
    simulated.faults.add("mt5", "mt5.crash")
    crashed = await simulated.caller.call("symbols_total")
    assert crashed.body == {"result": None, "last_error": [constants.RES_E_INTERNAL_FAIL_CONNECT, "No IPC connection"]}

    async def is_back() -> bool:
        return bool((await simulated.caller.call("positions_get")).body["result"])

    await until(is_back, timeout_s=20, what="the position is seen again")


async def test_an_order_whose_answer_is_lost_is_executed_once_however_often_it_is_asked_for(
    simulated: Simulated,
) -> None:
    simulated.faults.add("mt5", "drop_reply", match=FaultMatch(op="place"))
    replies = [await simulated.caller.send("key-1", BUY) for _ in range(3)]
    assert {reply.status for reply in replies} == {200}
    assert [reply.body for reply in replies] == [{"result": None, "last_error": [-10005, "IPC timeout"]}] * 3

    async def position() -> list[Any]:
        found: list[Any] = (await simulated.caller.call("positions_get")).body["result"]
        return found

    positions = await until(position, timeout_s=10, what="the executed order's position")
    assert [row["comment"] for row in positions] == ["ours"]


async def test_an_account_that_looks_real_is_allowed_here_only(simulated: Simulated) -> None:
    simulated.faults.add("mt5", "mt5.live_account", count=None)
    assert (await simulated.caller.call("account_info")).body["result"]["trade_mode"] == 2
    assert (await simulated.caller.send("key-1", BUY)).status == 200  # the money is simulated all the same


async def test_a_change_of_the_account_changes_what_orders_go_to(simulated: Simulated) -> None:
    assert (await simulated.caller.call("login", login=1_000_002)).body["result"] is True
    await simulated.caller.send("key-1", BUY)
    await simulated.caller.send("key-2", BUY)
    netted = (await simulated.caller.call("positions_get")).body["result"]
    assert [row["volume"] for row in netted] == [0.2]
    assert (await simulated.caller.call("login", login=1_000_001)).body["result"] is True
    assert (await simulated.caller.call("positions_get")).body["result"] == []
