"""What goes wrong at the terminal, seen through the bridge: nothing is sent twice, and everything is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.mt5.settings import BROKER, Mt5Settings
from tests.wire.mt5_remote.conftest import BothModules, running_both

PLACE = FaultMatch(op="place")


@pytest.fixture
async def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BothModules]:
    """Modules that wait for half a second only."""
    async with running_both(tmp_path, monkeypatch, Mt5Settings(call_timeout_s=0.5)) as modules:
        yield modules


def buy(module: ModuleType) -> dict[str, Any]:
    return {
        "action": module.TRADE_ACTION_DEAL,
        "symbol": "EURUSD",
        "volume": 0.1,
        "type": module.ORDER_TYPE_BUY,
        "price": module.symbol_info_tick("EURUSD").ask,
        "deviation": 1000,
    }


async def test_an_order_whose_answer_the_terminal_loses_is_made_once(hasty: BothModules) -> None:
    def session() -> None:
        far = hasty.far
        request = buy(far)
        for _ in range(3):
            assert far.order_send(request) is None
            assert far.last_error()[0] == far.RES_E_INTERNAL_FAIL_TIMEOUT
        assert far.positions_total() == 1
        assert far.order_send({**request, "comment": "another"}).retcode == far.TRADE_RETCODE_DONE
        assert far.positions_total() == 2

    hasty.faults.add(BROKER, "drop_reply", count=1, match=PLACE)
    await asyncio.to_thread(session)


async def test_the_same_program_on_the_package_itself_makes_a_second_order(hasty: BothModules) -> None:
    """Why the remote module has keys."""

    def session() -> None:
        near = hasty.near
        request = buy(near)
        assert near.order_send(request) is None
        assert near.order_send(request).retcode == near.TRADE_RETCODE_DONE
        assert near.positions_total() == 2

    hasty.faults.add(BROKER, "drop_reply", count=1, match=PLACE)
    await asyncio.to_thread(session)


async def test_a_terminal_that_crashes_is_no_connection_until_the_bridge_has_it_again(both: BothModules) -> None:
    def session() -> None:
        assert both.far.account_info() is None
        assert both.far.last_error()[0] == both.far.RES_E_INTERNAL_FAIL_CONNECT
        while both.far.account_info() is None:
            both.far.initialize()

    both.faults.add(BROKER, "mt5.crash", count=1)
    async with asyncio.timeout(20):
        await asyncio.to_thread(session)


async def test_switches_of_the_terminal_are_told_as_the_package_tells_them(both: BothModules) -> None:
    def session() -> None:
        for fault, expected in (
            ("mt5.autotrading_off", both.far.TRADE_RETCODE_CLIENT_DISABLES_AT),
            ("mt5.experts_off", both.far.TRADE_RETCODE_SERVER_DISABLES_AT),
        ):
            active = both.faults.add(BROKER, fault, count=1000)
            assert both.far.order_send(buy(both.far)).retcode == expected
            both.faults.remove(active.fault_id)
        active = both.faults.add(BROKER, "mt5.api_disabled", count=1000)
        assert both.far.order_send(buy(both.far)) is None
        assert both.far.last_error() == (-8, "Auto-Trading using Python API disabled in Terminal")
        both.faults.remove(active.fault_id)
        assert both.far.order_send(buy(both.far)).retcode == both.far.TRADE_RETCODE_DONE

    await asyncio.to_thread(session)


async def test_buy_asks_again_when_the_server_requotes(both: BothModules) -> None:
    both.faults.add(BROKER, "mt5.requote", count=3)
    result = await asyncio.to_thread(both.far.Buy, "EURUSD", 0.1)
    assert result.retcode == both.far.TRADE_RETCODE_DONE
    assert await asyncio.to_thread(both.far.positions_total) == 1
