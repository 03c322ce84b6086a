"""Market data: one broker subscription however many listen, quotes with their staleness, queries."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import BarUpdate, BrokerAdapter, Feed, LinkStatus, MarketSubscription, MarketUpdate
from edgerunner.domain.errors import BrokerUnreachable, NotConnected, NotFound, Unsupported
from edgerunner.domain.market import Bar, Depth, Funding, MarketTrade, Ticker, Timeframe
from edgerunner.domain.orders import Side
from edgerunner.services.market_service import MarketService
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import START_NS, FakeClock
from tests.fakes.connections import FakeConnections, health
from tests.fakes.instruments import INVERSE_ID, LINEAR_ID, SPOT_ID
from tests.waiting import until

QUOTES = MarketSubscription(feed=Feed.QUOTES, instrument_id=LINEAR_ID)
MINUTE = 60_000_000_000


class Desk:
    """A market service over one connection."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.broker = FakeBroker(clock=self.clock)
        self.connections = FakeConnections()
        self.session = self.connections.open("sim", self.broker)
        self.markets = MarketService(connections=self.connections, clock=self.clock)


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    opened = Desk()
    await opened.markets.start()
    try:
        yield opened
    finally:
        await opened.markets.stop()


async def eventually(condition: Callable[[], object], what: str) -> None:
    async def holds() -> object:
        return condition()

    await until(holds, timeout_s=5, what=what)


async def test_many_listeners_make_one_subscription_which_ends_with_the_last() -> None:
    async with desk() as it:
        heard: list[tuple[str, MarketUpdate]] = []
        first = await it.markets.subscribe("sim", QUOTES, lambda update: heard.append(("first", update)))
        second = await it.markets.subscribe("sim", QUOTES, lambda update: heard.append(("second", update)))
        ticker = it.broker.quote(LINEAR_ID, "100")
        await eventually(lambda: len(heard) == 2, "both heard the quote")
        assert heard == [("first", ticker), ("second", ticker)]

        calls = len(it.broker.subscribe_calls)
        third = await it.markets.subscribe("sim", QUOTES, lambda _: None)
        await third()
        assert len(it.broker.subscribe_calls) == calls

        await first()
        await first()
        assert it.broker.subscribed == {QUOTES}
        await second()
        assert it.broker.subscribed == frozenset()


async def test_feeds_are_told_apart_and_others_stay_when_one_ends() -> None:
    async with desk() as it:
        spot = MarketSubscription(feed=Feed.QUOTES, instrument_id=SPOT_ID)
        heard: list[str] = []

        def hear(update: MarketUpdate) -> None:
            heard.append(update.instrument_id)

        end = await it.markets.subscribe("sim", QUOTES, hear)
        await it.markets.subscribe("sim", spot, hear)
        assert it.broker.subscribed == {QUOTES, spot}
        await end()
        assert it.broker.subscribed == {spot}
        it.broker.quote(SPOT_ID, "100")
        await eventually(lambda: heard, "the spot quote")
        assert heard == [SPOT_ID]


async def test_a_refused_subscription_raises_and_leaves_nothing_behind() -> None:
    async with desk() as it:
        unknown = MarketSubscription(feed=Feed.QUOTES, instrument_id="NONE.BYBIT")
        with pytest.raises(NotFound):
            await it.markets.subscribe("sim", unknown, print)
        await it.markets.subscribe("sim", QUOTES, print)
        assert it.broker.subscribed == {QUOTES}


async def test_listeners_are_subscribed_again_at_the_next_session() -> None:
    async with desk() as it:
        heard: list[MarketUpdate] = []
        await it.markets.subscribe("sim", QUOTES, heard.append)
        it.connections.close("sim")
        with pytest.raises(NotConnected):
            await it.markets.ticker("sim", LINEAR_ID)
        fresh = FakeBroker(clock=it.clock)
        it.connections.open("sim", fresh)
        await eventually(lambda: fresh.subscribed, "subscribed at the new session")
        ticker = fresh.quote(LINEAR_ID, "101")
        await eventually(lambda: heard, "the new session's quote")
        assert heard == [ticker]


async def test_one_failing_listener_does_not_silence_the_others() -> None:
    async with desk() as it:
        heard: list[MarketUpdate] = []

        def fail(update: MarketUpdate) -> None:
            raise RuntimeError(update.instrument_id)

        await it.markets.subscribe("sim", QUOTES, fail)
        await it.markets.subscribe("sim", QUOTES, heard.append)
        it.broker.quote(LINEAR_ID, "100")
        await eventually(lambda: heard, "the second listener")


async def test_a_streamed_quote_is_stale_after_ten_silent_seconds() -> None:
    async with desk() as it:
        await it.markets.subscribe("sim", QUOTES, lambda _: None)
        ticker = it.broker.quote(LINEAR_ID, "100")
        await eventually(lambda: it.markets.quote("sim", LINEAR_ID), "the quote")
        it.clock.advance(10)
        quote = await it.markets.ticker("sim", LINEAR_ID)
        assert (quote.ticker, quote.is_stale) == (ticker, False)
        it.clock.advance(0.001)
        assert (await it.markets.ticker("sim", LINEAR_ID)).is_stale
        assert it.broker.queries["get_ticker"] == 0


async def test_a_streamed_quote_is_stale_while_the_data_link_is_down() -> None:
    async with desk() as it:
        await it.markets.subscribe("sim", QUOTES, lambda _: None)
        it.broker.quote(LINEAR_ID, "100")
        await eventually(lambda: it.markets.quote("sim", LINEAR_ID), "the quote")
        it.session.data = health("data", LinkStatus.DOWN)
        assert (await it.markets.ticker("sim", LINEAR_ID)).is_stale


async def test_without_a_subscription_the_broker_is_asked() -> None:
    async with desk() as it:
        it.broker.quote(LINEAR_ID, "100")
        quote = await it.markets.ticker("sim", LINEAR_ID)
        assert (quote.ticker.last, quote.is_stale) == (Decimal(100), False)
        assert it.markets.quote("sim", LINEAR_ID) is None
        with pytest.raises(NotFound):
            await it.markets.ticker("none", LINEAR_ID)


async def test_a_price_for_valuing_is_asked_for_once_in_five_seconds() -> None:
    async with desk() as it:
        it.broker.quote(LINEAR_ID, "100")
        for _ in range(3):
            assert (await it.markets.price("sim", LINEAR_ID)).last == 100
        assert it.broker.queries["get_ticker"] == 1
        it.clock.advance(5.1)
        it.broker.script("get_ticker", BrokerUnreachable("no route"))
        with pytest.raises(BrokerUnreachable):
            await it.markets.price("sim", LINEAR_ID)


def bar(minute: int, price: int) -> Bar:
    number = Decimal(price)
    return Bar(
        open_ns=minute * MINUTE,
        open=number,
        high=number,
        low=number,
        close=number,
        volume=Decimal(1),
        is_complete=True,
    )


def joined(minute: int, first: int, last: int) -> Bar:
    return replace(bar(minute, first), high=Decimal(last), close=Decimal(last), volume=Decimal(3))


async def test_a_bar_length_that_the_broker_lacks_is_made_of_shorter_bars() -> None:
    async with desk() as it:
        it.broker.bars[LINEAR_ID, Timeframe.M5] = [bar(5 * number, 100 + number) for number in range(12)]
        merged = await it.markets.ohlc("sim", LINEAR_ID, Timeframe.M15, limit=2)
        assert merged == [joined(30, 106, 108), joined(45, 109, 111)]
        served = await it.markets.ohlc("sim", LINEAR_ID, Timeframe.M5, limit=2)
        assert [b.open for b in served] == [110, 111]


async def test_a_bar_length_that_nothing_fits_into_is_unsupported() -> None:
    async with desk() as it:
        with pytest.raises(Unsupported):
            await it.markets.ohlc("sim", LINEAR_ID, Timeframe.S5)


def trade(second: float, price: int) -> MarketTrade:
    return MarketTrade(
        instrument_id=LINEAR_ID,
        trade_id=f"{second}",
        price=Decimal(price),
        quantity=Decimal(1),
        side=Side.BUY,
        ts_event_ns=START_NS + round(second * 1e9),
    )


async def test_bars_shorter_than_the_brokers_are_made_of_trades_from_the_first_whole_one_on() -> None:
    async with desk() as it:
        heard: list[MarketUpdate] = []
        bars = MarketSubscription(feed=Feed.BARS, instrument_id=LINEAR_ID, timeframe=Timeframe.S5)
        end = await it.markets.subscribe("sim", bars, heard.append)
        assert {subscription.feed for subscription in it.broker.subscribed} == {Feed.TRADES}
        for second, price in ((1, 90), (5, 100), (6, 102), (10, 99)):
            it.broker.push_market(trade(second, price))
        it.clock.advance(17)
        await eventually(lambda: len(heard) == 5, "two closed bars and three growing ones")
        closed = [update.bar for update in heard if isinstance(update, BarUpdate) and update.bar.is_complete]
        assert [(b.open, b.close) for b in closed] == [(Decimal(100), Decimal(102)), (Decimal(99), Decimal(99))]
        await end()
        assert not it.broker.subscribed


async def test_bars_that_the_broker_serves_are_the_brokers() -> None:
    async with desk() as it:
        bars = MarketSubscription(feed=Feed.BARS, instrument_id=LINEAR_ID, timeframe=Timeframe.M1)
        await it.markets.subscribe("sim", bars, lambda _: None)
        assert it.broker.subscribed == {bars}


async def test_the_other_queries_are_the_brokers_answers() -> None:
    async with desk() as it:
        book = Depth(instrument_id=LINEAR_ID, bids=(), asks=(), sequence=7, ts_event_ns=1, ts_arrival_ns=1)
        it.broker.depths[LINEAR_ID] = book
        it.broker.fundings[LINEAR_ID] = Funding(rates=(), next=None)
        assert await it.markets.depth("sim", LINEAR_ID, 5) == book
        assert await it.markets.funding("sim", LINEAR_ID, 5) == Funding(rates=(), next=None)
        with pytest.raises(Unsupported):
            await it.markets.funding("sim", SPOT_ID, 5)
        assert [i.instrument_id for i in await it.markets.instruments("sim", query="inverse")] == [INVERSE_ID]
        assert len(await it.markets.instruments("sim")) == 3
        assert (await it.markets.instruments("sim", instrument_id=SPOT_ID))[0].instrument_id == SPOT_ID
        with pytest.raises(NotFound):
            await it.markets.instruments("sim", instrument_id="NONE.BYBIT")


async def test_the_fake_broker_is_an_adapter() -> None:
    adapter: BrokerAdapter = FakeBroker()
    accounts = await adapter.connect()
    assert [account.account_id for account in accounts] == ["1"]
    assert isinstance(FakeBroker().quote(LINEAR_ID, "1"), Ticker)
