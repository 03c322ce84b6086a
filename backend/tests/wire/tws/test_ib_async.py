"""ib_async, unmodified, connects to the simulated TWS as it connects to a real one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import TwsSettings
from tests.wire.tws.kit import HOST, NOW_NS, running_tws

ib_async = pytest.importorskip("ib_async", reason="ib_async is not installed: it asks for an older tzdata than we do")


@pytest.fixture
async def ib() -> AsyncIterator[Any]:
    client = ib_async.IB()
    client.RaiseRequestErrors = True
    yield client
    client.disconnect()


@pytest.mark.parametrize("client_id", [0, 7])
async def test_it_connects_and_every_request_of_its_start_is_answered(tws: TwsServer, ib: Any, client_id: int) -> None:
    await ib.connectAsync(HOST, tws.port, client_id, raiseSyncErrors=True)
    assert ib.isConnected()
    assert ib.client.serverVersion() == 178
    assert ib.managedAccounts() == ["DU1000001"]
    assert (ib.positions(), ib.openTrades(), ib.fills(), ib.portfolio()) == ([], [], [], [])


async def test_it_connects_to_an_older_server(ib: Any) -> None:
    async with running_tws(TwsSettings(server_version=165)) as tws:
        await ib.connectAsync(HOST, tws.port, 7, raiseSyncErrors=True)
        assert ib.client.serverVersion() == 165
        ib.disconnect()


async def test_it_connects_to_several_accounts(ib: Any) -> None:
    async with running_tws(TwsSettings(accounts=("DU1", "DU2"))) as tws:
        await ib.connectAsync(HOST, tws.port, 7, raiseSyncErrors=True)
        assert ib.managedAccounts() == ["DU1", "DU2"]
        ib.disconnect()


async def test_it_connects_to_a_read_only_api(ib: Any) -> None:
    async with running_tws(TwsSettings(is_read_only=True)) as tws:
        await ib.connectAsync(HOST, tws.port, 7, readonly=True, raiseSyncErrors=True)
        assert ib.isConnected()
        ib.disconnect()


async def test_it_reads_the_time(tws: TwsServer, ib: Any) -> None:
    await ib.connectAsync(HOST, tws.port, 7)
    moment = await asyncio.wait_for(ib.reqCurrentTimeAsync(), 5)
    assert moment.timestamp() == NOW_NS // 10**9


async def test_it_reads_the_account(tws: TwsServer, ib: Any) -> None:
    await ib.connectAsync(HOST, tws.port, 7)
    rows = await asyncio.wait_for(ib.accountSummaryAsync(), 5)
    worth = [(row.value, row.currency) for row in rows if row.tag == "NetLiquidation"]
    assert worth == [("1000000.00", "USD")]
    assert {value.account for value in ib.accountValues()} == {"DU1000001"}


async def test_two_of_them_with_one_client_id_cannot_be_connected(tws: TwsServer, ib: Any) -> None:
    await ib.connectAsync(HOST, tws.port, 7)
    second = ib_async.IB()
    told: list[int] = []
    second.errorEvent += lambda request_id, code, text, contract: told.append(code)
    with pytest.raises(TimeoutError):
        await second.connectAsync(HOST, tws.port, 7, timeout=1)
    assert told == [326]
    assert ib.isConnected()


async def test_it_notices_a_restart_and_comes_back(tws: TwsServer, ib: Any) -> None:
    lost = asyncio.Event()
    ib.disconnectedEvent += lost.set
    await ib.connectAsync(HOST, tws.port, 7)
    await tws.restart()
    await asyncio.wait_for(lost.wait(), 5)
    await ib.connectAsync(HOST, tws.port, 7, raiseSyncErrors=True)
    assert ib.isConnected()
