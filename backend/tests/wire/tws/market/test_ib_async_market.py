"""ib_async, unmodified, reads every kind of market data without an error in its log."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from itertools import pairwise
from typing import Any

import pytest

from edgerunner.simulators.tws.market.rights import DataRights, MarketDataSettings
from edgerunner.simulators.tws.settings import TwsSettings
from tests.waiting import until
from tests.wire.tws.kit import HOST
from tests.wire.tws.market.moving import MovingTws, moving_tws

ib_async = pytest.importorskip("ib_async", reason="ib_async is not installed: it asks for an older tzdata than we do")

ALL_GENERIC = "100,101,104,105,106,165,221,225,232,233,236,258,293,294,295,318,375,411,456,588,595"


@pytest.fixture
async def ib(moving: MovingTws) -> AsyncIterator[Any]:
    client = ib_async.IB()
    client.RaiseRequestErrors = True
    await client.connectAsync(HOST, moving.port, 7)
    yield client
    client.disconnect()


async def qualified(ib: Any, contract: Any) -> Any:
    (found,) = await asyncio.wait_for(ib.qualifyContractsAsync(contract), 10)
    return found


async def soon(answer: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(answer, 10)


async def passing(moving: MovingTws, ready: Any, what: str) -> None:
    """Let time pass until a condition holds."""

    async def is_ready() -> bool:
        moving.pass_s(0.25)
        return bool(ready())

    await until(is_ready, timeout_s=10, what=what)


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        each.getMessage()
        for each in caplog.records
        if each.name.startswith("ib_async") and each.levelno >= logging.ERROR
    ]


@pytest.mark.parametrize(
    "contract",
    [
        ib_async.Stock("AAPL", "SMART", "USD"),
        ib_async.Stock("SPY", "SMART", "USD"),
        ib_async.Stock("VOD", "LSE", "GBP"),
        ib_async.Forex("EURUSD"),
        ib_async.Future("ES", "202612", "CME"),
        ib_async.Option("SPY", "20261218", 600, "C", "SMART"),
    ],
    ids=lambda contract: contract.symbol + contract.secType,
)
async def test_a_ticker_fills_and_its_decoder_knows_every_tick(
    moving: MovingTws, ib: Any, contract: Any, caplog: pytest.LogCaptureFixture
) -> None:
    contract = await qualified(ib, contract)
    generic = ALL_GENERIC if contract.secType != "CASH" else "104,165,221,233"
    ticker = ib.reqMktData(contract, generic)
    await passing(moving, lambda: ticker.hasBidAsk() and ticker.markPrice > 0, "the ticker has quotes")
    assert ticker.bid < ticker.ask
    assert ticker.minTick > 0
    assert ticker.marketDataType == 1
    assert ticker.close > 0
    if contract.secType != "OPT":
        assert ticker.low52week < ticker.high52week
    if contract.secType != "CASH":
        assert ticker.low <= ticker.last <= ticker.high
    if contract.secType in {"STK", "FUT"}:
        await passing(moving, lambda: ticker.rtVolume > 0, "trades add up")
    if contract.secType == "OPT":
        assert 0 < ticker.modelGreeks.delta < 1
        assert ticker.bidGreeks.optPrice < ticker.askGreeks.optPrice
    assert ib.cancelMktData(contract)
    assert complaints(caplog) == []


async def test_snapshots_of_several_contracts_resolve(ib: Any) -> None:
    wanted = [await qualified(ib, ib_async.Stock(symbol, "SMART", "USD")) for symbol in ("AAPL", "MSFT")]
    tickers = await soon(ib.reqTickersAsync(*wanted))
    assert [ticker.contract.symbol for ticker in tickers] == ["AAPL", "MSFT"]
    assert all(ticker.bid < ticker.ask for ticker in tickers)


async def test_delayed_data_are_read() -> None:
    settings = TwsSettings(market_data=MarketDataSettings(rights=DataRights.DELAYED))
    async with moving_tws(settings) as moving:
        ib = ib_async.IB()
        told: list[int] = []
        ib.errorEvent += lambda request_id, code, text, contract: told.append(code)
        await ib.connectAsync(HOST, moving.port, 7)
        ib.reqMarketDataType(3)
        ticker = ib.reqMktData(await qualified(ib, ib_async.Stock("AAPL", "SMART", "USD")))
        await passing(moving, ticker.hasBidAsk, "delayed quotes are there")
        assert ticker.marketDataType == 3
        assert ticker.delayedLastTimestamp is not None
        assert 10167 in told
        ib.disconnect()


async def test_single_ticks_bars_and_books_are_read(
    moving: MovingTws, ib: Any, caplog: pytest.LogCaptureFixture
) -> None:
    apple = await qualified(ib, ib_async.Stock("AAPL", "SMART", "USD"))
    bars = ib.reqRealTimeBars(apple, 5, "TRADES", useRTH=True)
    ticker = ib.reqTickByTickData(apple, "AllLast", 10)
    book = ib.reqMktDepth(apple, 5, isSmartDepth=True)
    trades: list[Any] = []
    ticker.updateEvent += lambda each: trades.extend(each.tickByTicks)
    await passing(moving, lambda: len(bars) >= 2 and len(trades) > 10, "bars and trades come")
    assert (bars[1].time - bars[0].time).total_seconds() == 5
    assert {trade.tickType for trade in trades} == {2}
    assert 0 < len(book.domBids) <= 5
    assert {level.marketMaker for level in book.domBids} <= {"NASDAQ", "NYSE", "ARCA", "BATS", "IEX"}
    ib.cancelRealTimeBars(bars)
    ib.cancelTickByTickData(apple, "AllLast")
    ib.cancelMktDepth(apple, isSmartDepth=True)
    await passing(moving, lambda: len(moving.server.gateway.market.streams) == 0, "everything is canceled")
    assert complaints(caplog) == []


async def test_a_kept_history_grows(moving: MovingTws, ib: Any) -> None:
    apple = await qualified(ib, ib_async.Stock("AAPL", "SMART", "USD"))
    bars = await soon(ib.reqHistoricalDataAsync(apple, "", "300 S", "5 secs", "TRADES", True, keepUpToDate=True))
    first = len(bars)
    fresh: list[bool] = []
    bars.updateEvent += lambda _, has_new_bar: fresh.append(has_new_bar)
    await passing(moving, lambda: len(bars) >= first + 3, "new bars come")
    assert {True, False} == set(fresh)
    assert all((far.date - near.date).total_seconds() == 5 for near, far in pairwise(bars))
    ib.cancelHistoricalData(bars)
    await passing(moving, lambda: len(moving.server.gateway.market.streams) == 0, "it is canceled")


@pytest.mark.parametrize("what", ["TRADES", "BID_ASK", "MIDPOINT"])
async def test_past_ticks_are_read(ib: Any, what: str) -> None:
    apple = await qualified(ib, ib_async.Stock("AAPL", "SMART", "USD"))
    ticks = await soon(ib.reqHistoricalTicksAsync(apple, "20261123 10:00:00 US/Eastern", "", 100, what, True))
    assert len(ticks) >= 100
    assert ticks[0].time.timestamp() == 1795446000
    with pytest.raises(ib_async.wrapper.RequestError) as caught:
        await soon(ib.reqHistoricalTicksAsync(apple, "", "", 100, what, True))
    assert caught.value.code == 10187


async def test_histograms_depth_exchanges_and_smart_components_are_read(ib: Any) -> None:
    apple = await qualified(ib, ib_async.Stock("AAPL", "SMART", "USD"))
    levels = await soon(ib.reqHistogramDataAsync(apple, True, "1 day"))
    assert levels[0].count > 0
    exchanges = await soon(ib.reqMktDepthExchangesAsync())
    assert {"NASDAQ", "CME"} <= {each.exchange for each in exchanges}
    components = await soon(ib.reqSmartComponentsAsync("9c0001"))
    assert [each.exchangeLetter for each in components if each.exchange == "ARCA"] == ["P"]
