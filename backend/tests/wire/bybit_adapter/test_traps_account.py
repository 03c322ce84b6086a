"""Traps about keys, money, settings and lists, by the numbers of the table in docs/simulators/bybit.md."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import PlaceOrder
from edgerunner.domain.accounts import AccountMode, AccountSummary, MarginMode
from edgerunner.domain.errors import BrokerAuthFailed, InvalidRequest
from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.venue_types import Leg
from edgerunner.simulators.venue_types import MarginMode as VenueMarginMode
from tests.contract.bybit_harness import ACCOUNT, BybitOnSimulator, bybit_on_simulator
from tests.contract.harness import until
from tests.wire.bybit_adapter.traps import adapter_with, trap


@pytest.fixture
async def broker() -> AsyncIterator[BybitOnSimulator]:
    async with bybit_on_simulator("linear:BTCUSDT") as connected:
        yield connected


async def summary_of(broker: BybitOnSimulator) -> AccountSummary:
    [summary] = await broker.adapter.get_account_summary()
    return summary


async def test_6_empty_totals_are_unknown_and_not_zero(broker: BybitOnSimulator) -> None:
    broker.venue.set_margin_mode(ACCOUNT, VenueMarginMode.ISOLATED)
    summary = await summary_of(broker)
    assert (summary.margin_initial, summary.margin_available) == (None, None)
    [cash] = [balance for balance in summary.balances if balance.currency == "USDT"]
    assert cash.total == Decimal(100_000)
    assert (await summary_of(broker)).balances


async def test_7_empty_numbers_leave_the_position_and_its_size(broker: BybitOnSimulator) -> None:
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
    fields = "cumRealisedPnl,unrealisedPnl,avgPrice,markPrice,leverage,liqPrice,takeProfit"
    broker.faults.add("bybit", "bybit.empty_string_numbers", count=None, params={"fields": fields})
    [report] = [each for each in await broker.adapter.get_positions() if each.instrument_id == broker.instrument_id]
    assert (report.quantity, report.average_price, report.unrealized_pnl) == (broker.quantity, None, None)


async def test_17_a_key_of_another_environment_is_refused_as_such(broker: BybitOnSimulator) -> None:
    trap(broker, "wrong_environment", count=None)
    adapter = adapter_with(broker, "sim-key")
    with pytest.raises(BrokerAuthFailed, match="10003"):
        await adapter.connect()


async def test_17_the_demo_key_trades_within_what_demo_has(broker: BybitOnSimulator) -> None:
    nameless = adapter_with(broker, "sim-demo-key", trade_url=None)
    with pytest.raises(InvalidRequest, match="account_id"):
        await nameless.connect()
    adapter = adapter_with(broker, "sim-demo-key", trade_url=None, account_id="1000002")
    await adapter.connect()
    try:
        terms = await broker.limit_terms()
        await adapter.place_order(PlaceOrder(client_order_id="DEMO1", account_id="1000002", terms=terms))
        assert [each.client_order_id for each in await adapter.get_open_orders()] == ["DEMO1"]
        await adapter.set_leverage("1000002", broker.instrument_id, Decimal(3))
        await adapter.get_account_summary()
    finally:
        await adapter.disconnect()


async def test_18_a_setting_that_is_so_already_or_says_so_is_set(broker: BybitOnSimulator) -> None:
    adapter = adapter_with(broker, "sim-key")
    await adapter.connect()
    try:
        for leverage in (Decimal(3), Decimal(3)):
            trap(broker, "not_modified")
            await adapter.set_leverage(broker.account_id, broker.instrument_id, leverage)
        assert broker.venue.position(ACCOUNT, "linear:BTCUSDT").leverage == 3
        for mode in (AccountMode.HEDGING, AccountMode.HEDGING):
            trap(broker, "not_modified")
            after = await adapter.change_settings(broker.account_id, position_mode=mode, margin_mode=None)
            assert after.position_mode is AccountMode.HEDGING
        assert broker.venue.legs(ACCOUNT, "linear:BTCUSDT") == (Leg.LONG, Leg.SHORT)
        for margin in (MarginMode.CROSS, MarginMode.ISOLATED):
            assert (
                await adapter.change_settings(broker.account_id, position_mode=None, margin_mode=margin)
            ).margin_mode is margin
    finally:
        await adapter.disconnect()


async def test_19_short_pages_are_followed_to_their_end(broker: BybitOnSimulator) -> None:
    trap(broker, "short_page", count=None, rows=1)
    adapter = adapter_with(broker, "sim-key")
    await adapter.connect()
    try:
        listed = {each.instrument_id for each in await adapter.search_instruments("")}
    finally:
        await adapter.disconnect()
    assert listed == {each.instrument.instrument_id for each in broker.venue.instruments.values()}


async def test_19_every_page_of_open_orders_and_fills_is_read(broker: BybitOnSimulator) -> None:
    since_ns = time.time_ns() - 60 * 10**9
    for _ in range(2):  # a page of orders has 50 rows, one of executions 100
        await broker.place_by_hand(53)
        assert len(await broker.adapter.get_open_orders()) == 53
        for order in broker.venue.open_orders(ACCOUNT):
            broker.venue.operator.fill(order)
    assert len(await broker.adapter.get_fills(since_ns)) == 106


async def test_22_locked_above_the_total_is_shown_as_told(broker: BybitOnSimulator) -> None:
    trap(broker, "locked_exceeds_total", count=None)
    summary = await summary_of(broker)
    for balance in summary.balances:
        assert balance.locked == balance.total + 1
        assert balance.available is None


async def test_27_a_borrowed_coin_is_a_debt_until_it_is_repaid(broker: BybitOnSimulator) -> None:
    trap(broker, "borrowed_coin", count=None, coin="BTC", amount="2.5")
    held = {each.instrument_id: each.quantity for each in await broker.adapter.get_positions()}
    assert held["BTCUSDT-SPOT.BYBIT"] == Decimal("-1.5")
    buy = await broker.place(replace(broker.market_terms(), instrument_id=broker.instrument_id))
    await broker.until_filled(buy, broker.quantity)
    sell = await broker.place(broker.market_terms(Side.SELL, reduce_only=True))
    await broker.until_status(sell, OrderStatus.FILLED)
    held = {each.instrument_id: each.quantity for each in await broker.adapter.get_positions()}
    assert held["BTCUSDT-SPOT.BYBIT"] == Decimal("-1.5")


async def test_2_after_a_restart_the_streams_come_back_and_go_on(broker: BybitOnSimulator) -> None:
    broker.faults.add("bybit", "restart", match=FaultMatch(op="place"))
    await asyncio.gather(broker.place(await broker.limit_terms()), return_exceptions=True)
    await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)


async def test_2_a_socket_that_falls_silent_is_given_up() -> None:
    async with bybit_on_simulator("linear:BTCUSDT", heartbeat_s=0.3) as broker:
        broker.faults.add("bybit", "stall_stream", match=FaultMatch(op="stream"))
        lost = await broker.place(broker.market_terms())
        await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
        assert broker.fills(lost) == []
        await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
