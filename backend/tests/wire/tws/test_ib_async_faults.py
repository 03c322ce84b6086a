"""What faults of the simulated TWS do to an unmodified ib_async: what its users report of a real one."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import ib_async
import pytest

from edgerunner.simulators.tws.delivery.profiles import PROFILES
from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import TwsSettings
from tests.waiting import until
from tests.wire.tws.kit import HOST, listening, running_tws

SILENT = {"no_status"}
"""Profiles under which orderStatus alone never shows a fill."""


@pytest.fixture
async def tws() -> AsyncIterator[TwsServer]:
    async with running_tws(TwsSettings(profile="direct")) as server:
        yield server


@pytest.fixture
async def ib(tws: TwsServer) -> AsyncIterator[Any]:
    client = ib_async.IB()
    await connect(client, tws)
    yield client
    client.disconnect()


async def connect(client: Any, tws: TwsServer) -> None:
    await client.connectAsync(HOST, tws.port, clientId=7, timeout=5)


def add(tws: TwsServer, name: str, **params: object) -> str:
    return tws.gateway.faults.add("ibkr", name, params=params).fault_id


async def seen(condition: Callable[[], object], what: str) -> None:
    async def is_seen() -> bool:
        return bool(condition())

    await until(is_seen, timeout_s=8, what=what)


def aapl() -> Any:
    return ib_async.Stock("AAPL", "SMART", "USD")


def buy(*, limit: float | None = None) -> Any:
    if limit is None:
        return ib_async.MarketOrder("BUY", 5, tif="DAY")
    return ib_async.LimitOrder("BUY", 5, limit, tif="GTC")


async def resting(ib: Any) -> Any:
    trade = ib.placeOrder(aapl(), buy(limit=13))
    await seen(lambda: trade.orderStatus.status == "Submitted", "the order at the market")
    return trade


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"missing_end_markers"}))
async def test_a_fill_is_complete_under_every_profile(profile: str) -> None:
    async with running_tws(TwsSettings(profile=profile)) as tws:
        ib = ib_async.IB()
        await connect(ib, tws)
        trade = ib.placeOrder(aapl(), buy())
        await seen(lambda: trade.fills and trade.fills[0].commissionReport.commission, "execution and commission")
        if profile not in SILENT:
            await seen(lambda: trade.orderStatus.status == "Filled", "Filled")
        assert sum(fill.execution.shares for fill in trade.fills) == 5
        ib.disconnect()


async def test_it_connects_although_no_list_ends() -> None:
    async with running_tws(TwsSettings(profile="missing_end_markers")) as tws:
        ib = ib_async.IB()
        await ib.connectAsync(HOST, tws.port, clientId=7, timeout=0.5)
        assert ib.isConnected()
        ib.disconnect()


async def test_information_makes_it_believe_in_a_cancel_that_never_was(tws: TwsServer, ib: Any) -> None:
    add(tws, "ibkr.tif_set_to_day")
    statuses: list[str] = []
    trade = ib.placeOrder(aapl(), buy(limit=13))
    trade.statusEvent += lambda changed: statuses.append(changed.orderStatus.status)
    await seen(lambda: "Submitted" in statuses, "the order back at the market")
    assert statuses == ["Cancelled", "Submitted"]


async def test_a_fill_reaches_an_order_that_was_cancelled(tws: TwsServer, ib: Any) -> None:
    trade = await resting(ib)
    add(tws, "ibkr.fill_after_cancelled")
    statuses: list[str] = []
    trade.statusEvent += lambda changed: statuses.append(changed.orderStatus.status)
    ib.cancelOrder(trade.order)
    await seen(lambda: trade.fills and trade.orderStatus.status == "Filled", "the fill")
    assert "Cancelled" in statuses


async def test_an_order_that_waits_for_a_locate_looks_done_and_is_alive(tws: TwsServer, ib: Any) -> None:
    add(tws, "ibkr.inactive_held")
    statuses: list[tuple[str, str]] = []
    trade = ib.placeOrder(aapl(), buy())
    trade.statusEvent += lambda changed: statuses.append((changed.orderStatus.status, changed.orderStatus.whyHeld))
    await seen(lambda: ("ValidationError", "locate") in statuses, "error 404")
    assert statuses[0] == ("Inactive", "locate")
    assert "Inactive" in ib_async.OrderStatus.DoneStates
    assert [order.live for order in tws.gateway.desk.live_orders()] == [True]


async def test_a_rejected_order_is_inactive(tws: TwsServer, ib: Any) -> None:
    errors: list[int] = []
    ib.errorEvent += lambda number, code, text, contract: errors.append(code)
    add(tws, "ibkr.inactive_rejected")
    trade = ib.placeOrder(aapl(), buy())
    await seen(lambda: trade.orderStatus.status == "Inactive", "the rejection")
    assert errors == [201]


async def test_orders_and_fills_are_found_again_after_a_restart(tws: TwsServer, ib: Any) -> None:
    trade = await resting(ib)
    add(tws, "ibkr.nightly_restart", down_s=0.2)
    await seen(lambda: not ib.isConnected(), "the end of the connection")
    (order,) = tws.gateway.desk.live_orders()
    tws.gateway.venue.operator.fill(order)
    await listening(tws.port, wanted=False)
    await listening(tws.port)
    await connect(ib, tws)
    assert [(fill.execution.permId, fill.execution.shares) for fill in ib.fills()] == [(trade.order.permId, 5.0)]
    assert [position.position for position in ib.positions()] == [5.0]


async def test_a_lost_connection_is_an_error_event_and_the_socket_stays(tws: TwsServer, ib: Any) -> None:
    errors: list[int] = []
    ib.errorEvent += lambda number, code, text, contract: errors.append(code)
    add(tws, "ibkr.connection_lost", after_s=0.1)
    await seen(lambda: errors == [1100, 1102], "1100 and 1102")
    assert ib.isConnected()


async def test_a_client_id_in_use_ends_in_a_time_out(tws: TwsServer) -> None:
    add(tws, "ibkr.client_id_in_use", client_id=7)
    client = ib_async.IB()
    with pytest.raises((TimeoutError, ConnectionError)):
        await client.connectAsync(HOST, tws.port, clientId=7, timeout=0.5)
