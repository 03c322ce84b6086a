"""The remote module through a real bridge, with a scripted terminal behind it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgerunner.mt5_bridge.remote import RemoteModule, connect
from edgerunner.mt5_bridge.remote import orders as remote_orders
from edgerunner.mt5_surface.dtypes import RATES_DTYPE
from tests.wire.mt5_bridge.certificates import make_certificate
from tests.wire.mt5_bridge.harness import BUY, OTHER, READER, TRADER, Bridge, bridge
from tests.wire.mt5_remote.cutting_proxy import Cut, cutting

REQUEST = dict(BUY)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path / "bridge") as started:
        await started.until_state("connected")
        yield started


@asynccontextmanager
async def module(running: Bridge, token: str = TRADER, **options: Any) -> AsyncIterator[RemoteModule]:
    mt5 = connect(**{"url": running.server.url, "token": token, "timeout_s": 10, **options})
    try:
        yield mt5
    finally:
        await asyncio.to_thread(mt5.shutdown)


async def test_what_the_terminal_says_comes_through_as_the_package_gives_it(running: Bridge) -> None:
    def session(mt5: RemoteModule) -> None:
        assert mt5.initialize(login=1001)
        account = mt5.account_info()
        assert (account.login, account.equity, account.currency) == (1001, 100_000.1, "USD")
        assert [symbol.name for symbol in mt5.symbols_get()] == ["EURUSD", "GOLD#"]
        assert mt5.symbol_info("NOPE") is None
        assert mt5.last_error() == (-4, "Terminal: Not found")
        bars = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 2, 3)
        assert bars.dtype == RATES_DTYPE
        assert bars["time"].tolist() == [120, 180, 240]
        assert bars["real_volume"].tolist() == [2**63 + 1] * 3
        assert mt5.positions_get() == ()
        assert mt5.order_check(REQUEST).comment == "Done"
        result = mt5.order_send(REQUEST)
        assert (result.retcode, result.request.magic, result.request.symbol) == (10009, 2**52 - 1, "EURUSD")
        assert mt5.last_error() == (1, "Success")

    async with module(running) as mt5:
        await asyncio.to_thread(session, mt5)
    assert [dict(sent) for sent in running.terminal.sent] == [REQUEST]


async def test_a_terminal_that_hangs_over_an_order_gets_it_once(running_slow: Bridge) -> None:
    running = running_slow

    def session(mt5: RemoteModule) -> None:
        assert mt5.initialize()
        running.terminal.hang_in = "order_send"
        assert mt5.order_send(REQUEST) is None
        assert mt5.last_error()[0] == mt5.RES_E_INTERNAL_FAIL_TIMEOUT
        assert mt5.order_send(REQUEST) is None
        running.terminal.hang_in = None
        running.terminal.go_on.set()
        while (result := mt5.order_send(REQUEST)) is None:
            pass
        assert result.order == 1
        assert mt5.order_send(REQUEST).order == 2

    async with module(running) as mt5:
        async with asyncio.timeout(20):
            await asyncio.to_thread(session, mt5)
    assert len(running.terminal.sent) == 2


@pytest.fixture
async def running_slow(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path / "bridge", call_timeout_s=0.3) as started:
        await started.until_state("connected")
        yield started


async def test_whatever_is_lost_on_the_way_no_order_is_sent_twice_or_never(
    running: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_orders, "FIRST_PAUSE_S", 0.005)
    seed = 20261123
    dice = random.Random(seed)
    orders = 60

    def decide() -> Cut:
        return dice.choices((Cut.NOTHING, Cut.REQUEST, Cut.ANSWER), (6, 2, 2))[0]

    def session(mt5: RemoteModule) -> list[int]:
        while not mt5.initialize():
            pass
        tickets = []
        for magic in range(orders):
            request = REQUEST | {"magic": magic}
            # What many programs do, and what makes double orders where there are no keys.
            while (result := mt5.order_send(request)) is None:
                assert mt5.last_error()[0] <= -10000, (seed, magic, mt5.last_error())
                mt5.initialize()
            tickets.append(result.order)
        return tickets

    with cutting(running.server.port, decide) as url:
        async with module(running, url=url) as mt5, asyncio.timeout(60):
            tickets = await asyncio.to_thread(session, mt5)
    assert [sent["magic"] for sent in running.terminal.sent] == list(range(orders)), seed
    assert tickets == list(range(1, orders + 1)), seed


async def test_a_second_program_is_refused_until_the_first_one_leaves(running: Bridge) -> None:
    def session(first: RemoteModule, second: RemoteModule) -> None:
        assert first.initialize()
        assert second.initialize()
        assert first.order_send(REQUEST)
        assert second.order_send(REQUEST) is None
        code, text = second.last_error()
        assert code == second.RES_E_AUTO_TRADING_DISABLED
        assert "first-program" in text
        first.shutdown()
        assert second.order_send(REQUEST)

    async with module(running, client="first-program") as first, module(running, OTHER) as second:
        await asyncio.to_thread(session, first, second)


async def test_a_restarted_program_takes_over_from_itself(running: Bridge) -> None:
    def session(crashed: RemoteModule, restarted: RemoteModule) -> None:
        assert crashed.initialize()
        assert crashed.order_send(REQUEST)
        assert restarted.initialize()
        assert restarted.order_send(REQUEST)
        assert crashed.order_send(REQUEST) is None

    async with module(running) as crashed, module(running, take_over=True) as restarted:
        await asyncio.to_thread(session, crashed, restarted)


async def test_a_reading_token_reads_and_cannot_trade(running: Bridge) -> None:
    def session(mt5: RemoteModule) -> None:
        assert mt5.initialize()
        assert mt5.account_info().login == 1001
        assert mt5.order_send(REQUEST) is None
        assert mt5.last_error()[0] == mt5.RES_E_AUTH_FAILED

    async with module(running, READER) as mt5:
        await asyncio.to_thread(session, mt5)
    assert running.terminal.sent == []


async def test_a_wrong_token_is_an_authorization_that_failed(running: Bridge) -> None:
    async with module(running, "another-token-of-thirty-two-characters") as mt5:
        assert await asyncio.to_thread(mt5.initialize) is False
        assert mt5.last_error()[0] == mt5.RES_E_AUTH_FAILED


async def test_the_terminals_account_changes_to_a_configured_one_alone(running: Bridge) -> None:
    def session(mt5: RemoteModule) -> None:
        assert mt5.initialize(login=1001)
        assert mt5.login(1002)
        assert mt5.account_info().login == 1002
        assert mt5.login(4711) is False
        assert mt5.last_error()[0] == mt5.RES_E_AUTH_FAILED

    async with module(running) as mt5:
        await asyncio.to_thread(session, mt5)


async def test_an_order_never_goes_to_the_account_that_another_program_chose(running: Bridge) -> None:
    def session(mine: RemoteModule, other: RemoteModule) -> None:
        assert mine.initialize(login=1001)
        assert other.initialize()
        assert other.login(1002)
        other.shutdown()
        assert mine.order_send(REQUEST) is None
        assert mine.last_error()[0] == mine.RES_E_AUTH_FAILED
        assert "1002" in mine.last_error()[1]
        assert running.terminal.sent == []
        assert mine.login(1001)
        assert mine.order_send(REQUEST).retcode == mine.TRADE_RETCODE_DONE

    async with module(running) as mine, module(running, OTHER) as other:
        await asyncio.to_thread(session, mine, other)
    assert (len(running.terminal.sent), running.terminal.login) == (1, 1001)


@pytest.mark.parametrize("symbol", ["EURUSD'; import os", '"EURUSD"', "EUR`USD", "a" * 65])
async def test_a_symbol_that_is_none_is_an_invalid_argument(symbol: str, running: Bridge) -> None:
    async with module(running) as mt5:
        assert await asyncio.to_thread(mt5.initialize)
        assert await asyncio.to_thread(mt5.symbol_info, symbol) is None
        assert mt5.last_error()[0] == mt5.RES_E_INVALID_PARAMS


async def test_over_tls_the_bridges_certificate_is_checked(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    async with bridge(tmp_path / "bridge", tls=(certificate, key)) as running:
        async with module(running, ca_file=certificate) as mt5:
            while not await asyncio.to_thread(mt5.initialize):
                assert mt5.last_error()[0] == mt5.RES_E_INTERNAL_FAIL_TIMEOUT
            assert (await asyncio.to_thread(mt5.order_send, REQUEST)).retcode == mt5.TRADE_RETCODE_DONE
        async with module(running) as stranger:
            assert await asyncio.to_thread(stranger.initialize) is False
            assert stranger.last_error()[0] == stranger.RES_E_INTERNAL_FAIL_CONNECT
