"""What users of MetaTrader 5 stumble over with the terminal: clock, history, identity, breaks."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from edgerunner.adapters.broker import Environment, Feed, MarketSubscription
from edgerunner.adapters.mt5_adapter import create_mt5_adapter
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerError,
    BrokerUnreachable,
    Conflict,
    InvalidRequest,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    Unsupported,
)
from edgerunner.domain.market import Timeframe
from edgerunner.domain.orders import OrderStatus
from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.mt5.settings import PASSWORD, SERVER_NAME, Mt5Settings
from tests.contract.harness import until
from tests.contract.mt5_harness import (
    HEDGING,
    MODULE,
    NETTING,
    QUICK,
    Mt5OnSimulator,
    in_process_adapter,
    mt5_on_simulator,
    simulated_terminal,
    trading_clock,
)

MINUTE_NS = 60 * 10**9


@pytest.fixture
async def broker() -> AsyncIterator[Mt5OnSimulator]:
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False) as connected:
        yield connected


@pytest.mark.parametrize("zone", ["EET", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
async def test_trap_9_everything_is_dated_in_utc_wherever_the_server_is(zone: str) -> None:
    async with mt5_on_simulator(
        "EURUSD.MT5", login=HEDGING, has_bridge=False, settings=Mt5Settings(server_zone=zone)
    ) as broker:
        ticker = await broker.adapter.get_ticker(broker.instrument_id)
        (fill,) = await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
        (bar,) = await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M1, limit=1)
        for stamp, apart_ns in ((ticker.ts_event_ns, 10), (fill.ts_event_ns, 10), (bar.open_ns, 70)):
            assert abs(stamp - broker.now_ns()) < apart_ns * 10**9
        since = await broker.adapter.get_fills(broker.now_ns() - MINUTE_NS)
        assert [each.fill.trade_id for each in since] == [fill.fill.trade_id]


async def test_trap_9_named_zone_dates_the_other_half_of_the_year_exactly() -> None:
    july = int(datetime(2026, 7, 6, 12, tzinfo=UTC).timestamp()) * 10**9
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, server_zone="EET") as broker:
        bars = await broker.adapter.get_chart_data(
            broker.instrument_id, Timeframe.H1, start_ns=july, end_ns=july + 3 * 60 * MINUTE_NS
        )
        assert [bar.open_ns for bar in bars] == [july + hour * 60 * MINUTE_NS for hour in range(3)]


async def test_trap_9_zone_that_the_clock_contradicts_is_told() -> None:
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, server_zone="Asia/Tokyo") as broker:
        await until(lambda: _data_reason(broker), lambda: "the contradiction to be told")
        assert "UTC+2" in str(_data_reason(broker))


async def test_trap_9_clock_of_a_closed_market_is_not_guessed() -> None:
    async with simulated_terminal() as (venue, _, _server):
        for symbol in venue.symbol_names():
            venue.operator.set_halt(symbol, halted=True)
        adapter = in_process_adapter(venue, HEDGING, clock_wait_s=1.0)
        with pytest.raises(BrokerUnreachable, match="server_zone"):
            await adapter.connect()
        named = in_process_adapter(venue, HEDGING, server_zone="EET")
        await named.connect()
        assert [each.movement.kind for each in await named.get_cash_movements(0)] == ["deposit"]
        await named.disconnect()


def _data_reason(broker: Mt5OnSimulator) -> str | None:
    from edgerunner.adapters.broker import LinkHealth

    told = [u.reason for u in broker.updates if isinstance(u, LinkHealth) and u.link == "data"]
    return told[-1] if told else None


async def test_trap_11_history_that_is_still_downloaded_is_asked_for_again(broker: Mt5OnSimulator) -> None:
    broker.faults.add("mt5", "mt5.history_not_loaded", count=1)
    broker.faults.add("mt5", "mt5.history_not_loaded", count=1, params={"quantity": "3"})
    assert len(await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M5, limit=50)) == 50


async def test_trap_11_no_more_bars_than_the_terminal_keeps() -> None:
    settings = Mt5Settings(maxbars=120)
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, settings=settings) as broker:
        bars = await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M1, limit=500)
        assert 100 <= len(bars) <= 121
        assert not bars[-1].is_complete


async def test_trap_11_pieces_join_without_a_hole(broker: Mt5OnSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgerunner.adapters.mt5.history.PIECE", 37)
    bars = await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M1, limit=200)
    assert len(bars) == 200
    assert {later.open_ns - earlier.open_ns for earlier, later in pairwise(bars)} == {MINUTE_NS}


async def test_trap_12_growing_bar_is_the_newest_and_no_other(broker: Mt5OnSimulator) -> None:
    bars = await broker.adapter.get_chart_data(broker.instrument_id, Timeframe.M1, limit=3)
    assert [bar.is_complete for bar in bars] == [True, True, False]
    assert bars[-1].open_ns <= broker.now_ns() < bars[-1].open_ns + MINUTE_NS


async def test_trap_18_account_that_was_switched_behind_our_back_is_not_traded(broker: Mt5OnSimulator) -> None:
    other = in_process_adapter(broker.venue, NETTING)
    with pytest.raises(Conflict):
        await other.connect()
    import importlib

    module = importlib.import_module(MODULE)
    assert await asyncio.to_thread(module.login, NETTING, password=PASSWORD, server=SERVER_NAME)
    key = broker.new_key()
    with pytest.raises(NotConnected, match=str(NETTING)):
        await broker.place(broker.market_terms(), key)
    assert await broker.placements_of(key) == 0
    await until(lambda: broker.health("orders")[-1] == "down", lambda: str(broker.health("orders")))
    assert await asyncio.to_thread(module.login, HEDGING, password=PASSWORD, server=SERVER_NAME)
    await until(lambda: broker.health("orders")[-1] == "up", lambda: str(broker.health("orders")))


async def test_trap_18_named_account_and_server_are_verified_at_the_connect() -> None:
    async with simulated_terminal() as (venue, faults, _):
        wrong = create_mt5_adapter(
            connection_id="mt5-wrong",
            environment=Environment.DEMO,
            credentials={"login": str(HEDGING), "password": "wrong", "server": SERVER_NAME},
            options={"module": MODULE, **QUICK},
            clock=trading_clock(venue),
            random=__import__("random").Random(1),
        )
        with pytest.raises(BrokerAuthFailed):
            await wrong.connect()
        demo = create_mt5_adapter(
            connection_id="mt5-demo",
            environment=Environment.LIVE,
            credentials={"login": str(HEDGING), "password": PASSWORD, "server": SERVER_NAME},
            options={"module": MODULE, **QUICK},
            clock=trading_clock(venue),
            random=__import__("random").Random(1),
        )
        with pytest.raises(InvalidRequest, match="real money"):
            await demo.connect()
        faults.add("mt5", "mt5.live_account", count=1_000)
        (account,) = await demo.connect()
        assert account.is_live
        await demo.disconnect()


async def test_trap_19_every_call_is_made_by_one_thread(broker: Mt5OnSimulator) -> None:
    await broker.adapter.subscribe([MarketSubscription(feed=Feed.QUOTES, instrument_id=broker.instrument_id)])
    await asyncio.gather(*(broker.adapter.get_ticker(broker.instrument_id) for _ in range(20)))
    callers = [thread.name for thread in threading.enumerate() if thread.name.endswith("-calls")]
    assert callers == [f"{MODULE}-calls"]


async def test_trap_20_loop_goes_on_while_the_terminal_hangs(broker: Mt5OnSimulator) -> None:
    broker.faults.add("mt5", "mt5.slow_calls", count=1, params={"delay_s": 1})
    asking = asyncio.create_task(broker.adapter.get_positions())
    turns = 0
    while not asking.done():
        await asyncio.get_running_loop().run_in_executor(None, threading.get_ident)
        turns += 1
    assert await asking == []
    assert turns > 20


async def test_trap_21_wrong_path_and_missing_package_are_said_with_the_remedy() -> None:
    async with simulated_terminal() as (venue, _, _server):
        nowhere = in_process_adapter(venue, HEDGING, path="C:\\nowhere\\no.exe")
        with pytest.raises(InvalidRequest, match=r"options\.path"):
            await nowhere.connect()
        missing = in_process_adapter(venue, HEDGING, module="no_such_package_anywhere")
        with pytest.raises(Unsupported, match="bridge_url"):
            await missing.connect()


async def test_trap_21_terminal_and_package_that_do_not_fit_are_named() -> None:
    async with simulated_terminal() as (venue, faults, _):
        faults.add("mt5", "mt5.old_version")
        with pytest.raises(Unsupported, match="package"):
            await in_process_adapter(venue, HEDGING).connect()


async def test_trap_21_terminal_that_closed_is_called_again_until_it_is_back(broker: Mt5OnSimulator) -> None:
    broker.faults.add("mt5", "mt5.crash")
    await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
    assert broker.health("data")[-2:] == ["down", "up"]
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)


async def test_terminal_killed_in_the_middle_of_an_order_leaves_it_unknown_and_places_it_at_most_once(
    broker: Mt5OnSimulator,
) -> None:
    for fault in ("drop_reply", "drop_request", "close_after_accept"):
        broker.faults.add("mt5", fault, match=FaultMatch(op="place"))
        key = broker.new_key()
        with pytest.raises((OutcomeUnknown, BrokerError)):
            await broker.place(await broker.limit_terms(), key)
        await until(lambda: broker.health("orders")[-1] == "up", lambda: str(broker.health("orders")))
        assert await broker.placements_of(key) <= 1


async def test_trap_25_depth_is_there_where_the_broker_shows_it(broker: Mt5OnSimulator) -> None:
    with pytest.raises(Unsupported, match="EURUSD"):
        await broker.adapter.get_depth("EURUSD.MT5", 5)
    await broker.adapter.load_instrument("BTCUSD.MT5")
    assert broker.adapter.capabilities.products["cfd"].depth_levels
    depth = await broker.adapter.get_depth("BTCUSD.MT5", 5)
    assert depth.bids[0][0] < depth.asks[0][0]


async def test_symbol_that_is_not_there_is_refused_with_similar_names(broker: Mt5OnSimulator) -> None:
    with pytest.raises(NotFound, match=r"EURUSD\.MT5"):
        await broker.adapter.load_instrument("EUR.MT5")
    with pytest.raises(NotFound, match="no instrument of MetaTrader 5"):
        await broker.adapter.load_instrument("EURUSD.IBKR")


async def test_bars_go_on_live_and_each_closes_once(broker: Mt5OnSimulator) -> None:
    from edgerunner.adapters.broker import BarUpdate

    await broker.adapter.subscribe(
        [MarketSubscription(feed=Feed.BARS, instrument_id=broker.instrument_id, timeframe=Timeframe.M1)]
    )
    await until(lambda: any(isinstance(u, BarUpdate) for u in broker.market), lambda: "a growing bar")
    bar = next(u for u in broker.market if isinstance(u, BarUpdate)).bar
    assert not bar.is_complete
    assert bar.low <= bar.close <= bar.high
    assert bar.volume > Decimal(0)


async def test_link_that_breaks_between_two_looks_loses_no_order(broker: Mt5OnSimulator) -> None:
    keys = [await broker.place(await broker.limit_terms()) for _ in range(3)]
    for key in keys:
        await broker.until_status(key, OrderStatus.ACCEPTED)
    await broker.cut_streams()
    for key in keys:
        await broker.fill_by_hand(key, broker.quantity)
    for key in keys:
        (fill,) = await broker.until_filled(key, broker.quantity)
        assert fill.client_order_id == key
