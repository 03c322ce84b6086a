"""Every bar reaches a strategy once and in order: history, what came meanwhile, then live; gaps are announced."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.adapters.broker import BarUpdate, Feed
from edgerunner.domain.market import Bar, Timeframe
from edgerunner.services.market_service import MarketService
from edgerunner.services.strategies.inbox import Hole, Inbox
from edgerunner.services.strategies.market_data import MarketData, chunks
from edgerunner.strategies.market_data import Bar as ShownBar
from edgerunner.strategy_worker.messages import BarNews, Market
from tests.fakes.broker import FakeBroker
from tests.fakes.connections import FakeConnections
from tests.fakes.instruments import LINEAR, LINEAR_ID
from tests.waiting import until

MINUTE_NS = Timeframe.M1.length_ns
MARKET = Market(key=LINEAR_ID, connection_id="main", instrument=LINEAR)


class BarBroker(FakeBroker):
    """A broker whose clock may say that the newest bar of an answer is still open."""

    is_newest_open = False

    async def get_chart_data(self, *place: Any, **words: Any) -> Sequence[Bar]:
        """Return bars, the newest perhaps unfinished."""
        bars = list(await super().get_chart_data(*place, **words))
        if bars and self.is_newest_open:
            bars[-1] = replace(bars[-1], is_complete=False)
        return bars


class Feeding:
    """Market data over a fake broker, with what the inbox was given."""

    def __init__(self, broker: BarBroker, markets: MarketService) -> None:
        self.broker = broker
        self.inbox = Inbox(limit=100)
        self.lines: list[str] = []
        self.data = MarketData(markets=markets, inbox=self.inbox, clock=broker.clock, log=self.lines.append)

    async def push(self, *minutes: int, is_complete: bool = True) -> None:
        """Stream bars, and one quote's worth of time for them to arrive."""
        for minute in minutes:
            update = BarUpdate(instrument_id=LINEAR_ID, timeframe=Timeframe.M1, bar=bar(minute, is_complete))
            self.broker.push_market(update)

        async def is_read() -> bool:
            return self.broker._market.empty()

        await until(is_read, timeout_s=5, what="the stream is read")

    async def items(self, count: int) -> list[object]:
        """Return what the strategy would be given next: minutes of bars, and holes."""
        found = [await self.inbox.get(5) for _ in range(count)]
        assert await self.inbox.get(0.001) is None
        return [item.bar.time_ns // MINUTE_NS if isinstance(item, BarNews) else item for item in found]


def bar(minute: int, is_complete: bool = True) -> Bar:
    price = Decimal(100 + minute)
    return Bar(
        open_ns=minute * MINUTE_NS,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=Decimal(1),
        is_complete=is_complete,
    )


@pytest.fixture
async def feeding() -> AsyncIterator[Feeding]:
    broker = BarBroker()
    connections = FakeConnections()
    markets = MarketService(connections=connections, clock=broker.clock)
    await markets.start()
    await broker.connect()
    connections.open("main", broker)
    yield Feeding(broker, markets)
    await markets.stop()


async def test_a_bar_that_closes_while_history_is_read_comes_once(feeding: Feeding) -> None:
    feeding.broker.bars[LINEAR_ID, Timeframe.M1] = [bar(1), bar(2), bar(3), bar(4, is_complete=False)]
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    await feeding.push(3, 4)
    history = await feeding.data.history()
    feeding.data.go_live()
    await feeding.push(4, 5)

    assert [known.time_ns // MINUTE_NS for known in history] == [1, 2, 3]
    assert await feeding.items(2) == [4, 5]


async def test_a_growing_bar_is_not_delivered(feeding: Feeding) -> None:
    feeding.broker.bars[LINEAR_ID, Timeframe.M1] = [bar(1)]
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    await feeding.data.history()
    feeding.data.go_live()
    await feeding.push(2, is_complete=False)
    await feeding.push(2)
    assert await feeding.items(1) == [2]


async def test_missed_bars_are_announced_before_the_bar_that_shows_it(feeding: Feeding) -> None:
    feeding.broker.bars[LINEAR_ID, Timeframe.M1] = [bar(minute) for minute in range(1, 8)]
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    await feeding.data.history()
    feeding.data.go_live()
    feeding.broker.bars[LINEAR_ID, Timeframe.M1] = [bar(minute) for minute in range(1, 12)]
    await feeding.push(10)

    hole = Hole(key=LINEAR_ID, timeframe="1m", from_ns=8 * MINUTE_NS, to_ns=10 * MINUTE_NS)
    assert await feeding.items(2) == [hole, 10]
    assert [known.time_ns // MINUTE_NS for known in await feeding.data.missed(hole)] == [8, 9]
    assert feeding.data.closes[LINEAR_ID] == 110.0
    await feeding.push(11)
    assert await feeding.items(1) == [11]


async def test_a_missed_bar_counts_although_the_brokers_clock_says_that_it_is_still_open(feeding: Feeding) -> None:
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    feeding.broker.bars[LINEAR_ID, Timeframe.M1] = [bar(1), bar(2), bar(3)]
    hole = Hole(key=LINEAR_ID, timeframe="1m", from_ns=2 * MINUTE_NS, to_ns=3 * MINUTE_NS)
    feeding.broker.is_newest_open = True
    assert [known.time_ns // MINUTE_NS for known in await feeding.data.missed(hole)] == [2]
    assert feeding.lines == []


async def test_missed_bars_that_history_lacks_are_told(feeding: Feeding) -> None:
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    feeding.broker.bars[LINEAR_ID, Timeframe.M1] = [bar(1), bar(3), bar(6)]
    hole = Hole(key=LINEAR_ID, timeframe="1m", from_ns=2 * MINUTE_NS, to_ns=6 * MINUTE_NS)
    assert [known.time_ns // MINUTE_NS for known in await feeding.data.missed(hole)] == [3]
    assert feeding.lines == [f"4 bars of {LINEAR_ID} 1m were missed; history has 1 of them"]


async def test_without_history_the_strategy_is_told_and_begins_with_the_first_live_bar(feeding: Feeding) -> None:
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    assert await feeding.data.history() == []
    feeding.data.go_live()
    await feeding.push(7)
    assert await feeding.items(1) == [7]
    assert feeding.lines == [f"no history of {LINEAR_ID} 1m: the fake broker has no 1m bars of {LINEAR_ID}"]


async def test_shorter_bars_come_before_the_longer_one_that_ends_with_them(feeding: Feeding) -> None:
    feeding.broker.bars[LINEAR_ID, Timeframe.M1] = [bar(minute) for minute in range(10)]
    feeding.broker.bars[LINEAR_ID, Timeframe.M5] = [bar(0), bar(5)]
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M5)
    order = [(known.timeframe, known.time_ns // MINUTE_NS) for known in await feeding.data.history()]
    assert order[4:6] == [("1m", 4), ("5m", 0)]
    assert order[-2:] == [("1m", 9), ("5m", 5)]


async def test_closing_ends_every_subscription(feeding: Feeding) -> None:
    await feeding.data.add(Feed.BARS, MARKET, Timeframe.M1)
    await feeding.data.add(Feed.QUOTES, MARKET, None)
    assert len(feeding.broker.subscribed) == 2
    await feeding.data.close()
    assert feeding.broker.subscribed == frozenset()


def test_a_history_is_cut_between_closing_times_only() -> None:
    def shown(key: str, minute: int) -> ShownBar:
        return ShownBar(key, "1m", minute * MINUTE_NS, 1.0, 1.0, 1.0, 1.0, 1.0)

    bars = [shown(key, minute) for minute in range(5) for key in ("A.X", "B.X", "C.X")]
    parts = list(chunks(bars, 4))
    assert [len(part) for part in parts] == [6, 6, 3]
    assert [known for part in parts for known in part] == bars
