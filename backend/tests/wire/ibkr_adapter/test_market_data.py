"""Quotes, trades, books, bars and history through the adapter, at the simulated TWS."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise

import pytest
from ib_async.contract import Contract

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription
from edgerunner.adapters.ibkr import market as market_module
from edgerunner.domain.errors import BrokerRejected, BrokerUnreachable, Unsupported
from edgerunner.domain.market import Depth, MarketTrade, Ticker, Timeframe
from edgerunner.domain.orders import Side
from edgerunner.simulators.tws.market.rights import DataRights, MarketDataSettings
from edgerunner.simulators.tws.settings import TwsSettings
from tests.contract.harness import until
from tests.contract.ibkr_harness import IbkrOnSimulator, ibkr_on_simulator


@pytest.fixture
async def broker() -> AsyncIterator[IbkrOnSimulator]:
    async with ibkr_on_simulator("AAPL.IBKR") as connected:
        yield connected


def feed(kind: Feed, instrument_id: str = "AAPL.IBKR", timeframe: Timeframe | None = None) -> MarketSubscription:
    return MarketSubscription(feed=kind, instrument_id=instrument_id, timeframe=timeframe)


def running(broker: IbkrOnSimulator) -> int:
    """Requests for live data that TWS serves us."""
    return len(broker.adapter._session.link.api.ears.sinks)


async def test_quotes_and_book_are_those_of_the_venue(broker: IbkrOnSimulator) -> None:
    broker.venue.operator.set_price(broker._symbol, Decimal(300))
    await until(lambda: broker.venue.last_price(broker._symbol) == 300, lambda: "the price to hold")
    ticker = await broker.adapter.get_ticker("AAPL.IBKR")
    assert ticker.bid is not None
    assert ticker.ask is not None
    assert ticker.bid < 301
    assert ticker.ask > 299
    depth = await broker.adapter.get_depth("AAPL.IBKR", 10)
    assert depth.bids[0][0] < depth.asks[0][0]
    assert all(worse < better for (better, _), (worse, _) in pairwise(depth.bids))


async def test_trades_name_the_side_that_most_likely_took(broker: IbkrOnSimulator) -> None:
    await broker.adapter.subscribe([feed(Feed.TRADES), feed(Feed.QUOTES)])
    await until(
        lambda: {each.side for each in broker.market if isinstance(each, MarketTrade)} == {Side.BUY, Side.SELL},
        lambda: "trades of both sides",
    )
    trades = [each for each in broker.market if isinstance(each, MarketTrade)]
    assert len({trade.trade_id for trade in trades}) == len(trades)
    assert all(trade.quantity > 0 for trade in trades)


async def test_currency_pairs_have_no_trades_and_say_so(broker: IbkrOnSimulator) -> None:
    with pytest.raises(Unsupported, match=r"EUR/USD\.IBKR: currency pairs have no tape"):
        await broker.adapter.subscribe([feed(Feed.TRADES, "EUR/USD.IBKR")])
    assert running(broker) == 0


@pytest.mark.parametrize("instrument_id", ["AAPL.IBKR", "EUR/USD.IBKR"])
@pytest.mark.parametrize("timeframe", [Timeframe.S1, Timeframe.S5])
async def test_live_bars_close_once_and_in_their_order(
    broker: IbkrOnSimulator, instrument_id: str, timeframe: Timeframe
) -> None:
    await broker.adapter.subscribe([feed(Feed.BARS, instrument_id, timeframe)])

    def closed() -> list[int]:
        updates = [each for each in broker.market if isinstance(each, BarUpdate)]
        return [each.bar.open_ns for each in updates if each.bar.is_complete]

    await until(lambda: len(closed()) >= 2, lambda: f"two closed bars; {len(broker.market)} updates")
    assert closed() == sorted(set(closed()))
    assert {open_ns % timeframe.length_ns for open_ns in closed()} == {0}


async def test_24_a_contract_asked_for_twice_is_one_request_and_is_given_back(
    broker: IbkrOnSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_module, "LINGER_S", 0.1)
    await broker.adapter.subscribe([feed(Feed.QUOTES)])
    await asyncio.gather(*(broker.adapter.get_ticker("AAPL.IBKR") for _ in range(5)))
    assert running(broker) == 1
    await broker.adapter.subscribe([])
    await until(lambda: running(broker) == 0, lambda: f"the line to be free; {running(broker)} run")
    await broker.adapter.get_ticker("AAPL.IBKR")
    await until(lambda: running(broker) == 0, lambda: "the line to be free again")


async def test_feeds_are_made_exactly_those_wanted(broker: IbkrOnSimulator) -> None:
    await broker.adapter.subscribe([feed(Feed.QUOTES), feed(Feed.DEPTH), feed(Feed.QUOTES, "EUR/USD.IBKR")])
    await until(lambda: any(isinstance(each, Depth) for each in broker.market), lambda: "a book")
    assert running(broker) == 3
    await broker.adapter.subscribe([feed(Feed.QUOTES, "EUR/USD.IBKR")])
    assert running(broker) == 1
    del broker.market[:]
    await until(lambda: broker.market, lambda: "quotes")
    assert {each.instrument_id for each in broker.market if isinstance(each, Ticker)} == {"EUR/USD.IBKR"}


async def test_no_right_to_data_is_said_not_waited_for() -> None:
    settings = TwsSettings(market_data=MarketDataSettings(rights=DataRights.NONE))
    async with ibkr_on_simulator("AAPL.IBKR", settings) as broker:
        async with asyncio.timeout(5):
            with pytest.raises(Unsupported, match=r"AAPL\.IBKR: no right"):
                await broker.adapter.get_ticker("AAPL.IBKR")
            with pytest.raises(Unsupported, match=r"AAPL\.IBKR: no right"):
                await broker.adapter.subscribe([feed(Feed.QUOTES)])
        assert running(broker) == 0


async def test_16_delayed_data_come_only_when_wanted() -> None:
    settings = TwsSettings(market_data=MarketDataSettings(rights=DataRights.DELAYED))
    async with ibkr_on_simulator("AAPL.IBKR", settings) as broker:
        with pytest.raises(Unsupported):
            await broker.adapter.get_ticker("AAPL.IBKR")
    async with ibkr_on_simulator("AAPL.IBKR", settings, delayed_data=True) as broker:
        ticker = await broker.adapter.get_ticker("AAPL.IBKR")
        assert ticker.bid is not None
        assert ticker.last is not None


async def test_more_books_than_tws_allows_are_refused_for_now() -> None:
    settings = TwsSettings(market_data=MarketDataSettings(depths=1))
    async with ibkr_on_simulator("AAPL.IBKR", settings) as broker:
        await broker.adapter.get_depth("AAPL.IBKR", 5)
        with pytest.raises(BrokerUnreachable, match="too many books"):
            await broker.adapter.get_depth("EUR/USD.IBKR", 5)


@pytest.mark.parametrize("instrument_id", ["AAPL.IBKR", "EUR/USD.IBKR", "ES-202612.IBKR"])
@pytest.mark.parametrize("timeframe", list(Timeframe))
async def test_history_of_every_length_is_read(
    broker: IbkrOnSimulator, instrument_id: str, timeframe: Timeframe
) -> None:
    bars = await broker.adapter.get_chart_data(instrument_id, timeframe, limit=10)
    assert len(bars) == 10
    assert all(earlier.open_ns < later.open_ns for earlier, later in pairwise(bars))
    assert bars[-1].open_ns <= broker.now_ns()
    assert all(bar.volume >= 0 for bar in bars)


async def test_history_is_asked_in_spans_and_read_once(broker: IbkrOnSimulator) -> None:
    def asked() -> int:
        return len(broker.adapter._session.history._limits._sent)

    end_ns = broker.now_ns() // Timeframe.D1.length_ns * Timeframe.D1.length_ns
    first = await broker.adapter.get_chart_data("EUR/USD.IBKR", Timeframe.M1, end_ns=end_ns, limit=3_000)
    assert asked() == 4
    assert len(first) == 3_000
    again = await broker.adapter.get_chart_data("EUR/USD.IBKR", Timeframe.M1, end_ns=end_ns, limit=3_000)
    assert again == first
    assert asked() == 4


async def test_25_a_history_that_fails_is_an_error_not_an_empty_list(broker: IbkrOnSimulator) -> None:
    broker.faults.add("ibkr", "ibkr.history_error", params={"text": "pacing violation"})
    with pytest.raises(BrokerRejected, match="pacing violation"):
        await broker.adapter.get_chart_data("AAPL.IBKR", Timeframe.M1, limit=5)


async def test_27_a_request_that_tws_finds_invalid_ends_at_once(broker: IbkrOnSimulator) -> None:
    api = broker.adapter._session.link.api
    request_id = api.new_request_id()
    async with asyncio.timeout(2):
        with pytest.raises(BrokerRejected) as caught:
            await api.ask(
                "for a stranger's values",
                lambda: api.start(
                    request_id, lambda: api.client.reqAccountUpdatesMulti(request_id, "DU999", "", False)
                ),
                timeout_s=60,
            )
    assert caught.value.broker_code == "321"


async def test_questions_never_make_ib_async_hold_messages_back(broker: IbkrOnSimulator) -> None:
    held: list[str] = []
    broker.adapter._session.link.api.client.throttleStart += lambda: held.append("held")
    catalogue, contract = broker.adapter._session.catalogue, Contract(conId=265598)
    questions = [asyncio.ensure_future(catalogue._details(contract)) for _ in range(60)]
    key = await broker.place(await broker.limit_terms())
    assert not all(each.done() for each in questions)
    await broker.cancel(key)
    await asyncio.gather(*questions)
    assert held == []
