"""What the readers of the two streams get, and what they get when they are slow."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import TypeVar

import msgspec

from edgerunner.adapters.broker import BarUpdate, LinkHealth, LinkStatus
from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer
from edgerunner.adapters.bybit.book import Applied
from edgerunner.adapters.bybit.feeds import BarFeed, DepthFeed, LiveFeed, QuoteFeed, TradeFeed
from edgerunner.adapters.bybit.market_wire import MarketMessage
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.values import Strangers
from edgerunner.domain.market import Depth, MarketTrade, Ticker, Timeframe
from tests.unit.adapters.bybit.samples import ACCOUNT, HandClock, linear, order, spot

T = TypeVar("T")


async def drained(stream: AsyncIterator[T]) -> list[T]:
    """Everything that waits, without waiting for more."""
    found = []
    while True:
        try:
            async with asyncio.timeout(0.02):
                found.append(await anext(stream))
        except (TimeoutError, StopAsyncIteration):
            return found


def tell(feed: LiveFeed, topic: str, kind: str, payload: object) -> Applied:
    message = {"topic": topic, "type": kind, "ts": 1672304484978, "data": payload}
    return feed.handlers[topic](msgspec.json.decode(msgspec.json.encode(message), type=MarketMessage))


def level_one(bid: str, ask: str, u: int) -> object:
    return {"s": "BTCUSDT", "b": [[bid, "1"]], "a": [[ask, "2"]], "u": u}


async def test_quote_joins_book_and_ticker() -> None:
    buffer = MarketBuffer()
    feed = QuoteFeed(linear(), buffer, HandClock())
    tell(feed, "orderbook.1.BTCUSDT", "snapshot", level_one("100", "101", 1))
    tell(feed, "tickers.BTCUSDT", "snapshot", {"lastPrice": "100.5", "markPrice": "100.4", "bid1Price": "90"})
    (quote,) = await drained(buffer.read())
    assert isinstance(quote, Ticker)
    assert (quote.bid, quote.ask) == (Decimal(100), Decimal(101))
    assert (quote.last, quote.mark) == (Decimal("100.5"), Decimal("100.4"))


async def test_ticker_delta_keeps_what_it_does_not_carry() -> None:
    buffer = MarketBuffer()
    feed = QuoteFeed(linear(), buffer, HandClock())
    tell(feed, "tickers.BTCUSDT", "snapshot", {"lastPrice": "100", "markPrice": "99", "bid1Price": "98"})
    tell(feed, "tickers.BTCUSDT", "delta", {"lastPrice": "105"})
    (quote,) = await drained(buffer.read())
    assert isinstance(quote, Ticker)
    assert (quote.last, quote.mark, quote.bid) == (Decimal(105), Decimal(99), Decimal(98))


async def test_ticker_delta_without_snapshot_is_ignored() -> None:
    buffer = MarketBuffer()
    feed = QuoteFeed(linear(), buffer, HandClock())
    assert tell(feed, "tickers.BTCUSDT", "delta", {"lastPrice": "105"}) is Applied.NOTHING
    assert await drained(buffer.read()) == []


async def test_unchanged_quote_is_not_told_again() -> None:
    buffer = MarketBuffer()
    feed = QuoteFeed(spot(), buffer, HandClock())
    reader = buffer.read()
    tell(feed, "tickers.BTCUSDT", "snapshot", {"lastPrice": "100"})
    assert len(await drained(reader)) == 1
    tell(feed, "tickers.BTCUSDT", "snapshot", {"lastPrice": "100"})
    assert await drained(buffer.read()) == []


async def test_slow_reader_gets_the_newest_book_only() -> None:
    buffer = MarketBuffer()
    feed = DepthFeed(linear(), buffer, HandClock())
    topic = "orderbook.50.BTCUSDT"
    tell(feed, topic, "snapshot", level_one("100", "200", 1))
    for number in range(2, 50):
        tell(feed, topic, "delta", {"s": "BTCUSDT", "b": [["100", str(number)]], "a": [], "u": number})
    (depth,) = await drained(buffer.read())
    assert isinstance(depth, Depth)
    assert depth.bids == ((Decimal(100), Decimal(49)),)
    assert depth.sequence == 49


async def test_hole_asks_for_a_new_snapshot() -> None:
    feed = DepthFeed(linear(), MarketBuffer(), HandClock())
    topic = "orderbook.50.BTCUSDT"
    tell(feed, topic, "snapshot", level_one("100", "200", 1))
    assert tell(feed, topic, "delta", {"s": "", "b": [], "a": [], "u": 5}) is Applied.HOLE


async def test_every_trade_is_told_and_the_oldest_give_way() -> None:
    buffer = MarketBuffer(capacity=3)
    feed = TradeFeed(linear(), buffer)
    rows = [{"T": n, "s": "BTCUSDT", "S": "Sell", "v": "1", "p": "100", "i": str(n)} for n in range(1, 6)]
    tell(feed, "publicTrade.BTCUSDT", "snapshot", rows)
    trades = await drained(buffer.read())
    assert [trade.trade_id for trade in trades if isinstance(trade, MarketTrade)] == ["3", "4", "5"]
    assert buffer.dropped == 2


def candle(start: int, close: str, *, confirm: bool) -> list[dict[str, object]]:
    row = {"start": start, "open": "1", "high": "9", "low": "1", "close": close, "volume": "5", "confirm": confirm}
    return [row]


async def test_growing_bar_is_conflated_and_a_closed_one_is_told_once() -> None:
    buffer = MarketBuffer()
    feed = BarFeed(linear(), Timeframe.M1, buffer)
    for close in ("2", "3", "4"):
        tell(feed, "kline.1.BTCUSDT", "snapshot", candle(60_000, close, confirm=False))
    (growing,) = await drained(buffer.read())
    assert isinstance(growing, BarUpdate)
    assert (growing.bar.close, growing.bar.is_complete) == (Decimal(4), False)
    tell(feed, "kline.1.BTCUSDT", "snapshot", candle(60_000, "5", confirm=False))
    tell(feed, "kline.1.BTCUSDT", "snapshot", candle(60_000, "6", confirm=True))
    tell(feed, "kline.1.BTCUSDT", "snapshot", candle(60_000, "6", confirm=True))
    tell(feed, "kline.1.BTCUSDT", "snapshot", candle(120_000, "7", confirm=False))
    bars = [update.bar for update in await drained(buffer.read()) if isinstance(update, BarUpdate)]
    assert [(bar.close, bar.is_complete) for bar in bars] == [(Decimal(6), True), (Decimal(7), False)]


async def test_updates_come_in_order_and_end_with_the_buffer() -> None:
    updates = UpdateBuffer(HandClock())
    report = OrderMapper(ACCOUNT, Strangers()).report(order(), linear())
    updates.health("orders", LinkStatus.UP, reason=None)
    updates.put(report)
    updates.close()
    assert [type(update) async for update in updates.read()] == [LinkHealth, type(report)]


async def test_same_health_is_told_once() -> None:
    updates = UpdateBuffer(HandClock())
    for _ in range(3):
        updates.health("orders", LinkStatus.DOWN, reason="gone")
    updates.close()
    assert len([update async for update in updates.read()]) == 1


async def test_overflow_drops_everything_and_makes_the_reader_read_again() -> None:
    updates = UpdateBuffer(HandClock(), capacity=5)
    report = OrderMapper(ACCOUNT, Strangers()).report(order(), linear())
    updates.health("orders", LinkStatus.UP, reason=None)
    for _ in range(5):
        updates.put(report)
    updates.close()
    told = [update async for update in updates.read()]
    assert [update.status for update in told if isinstance(update, LinkHealth)] == [LinkStatus.DOWN, LinkStatus.UP]
    assert told[-1] == report


async def test_overflow_while_down_does_not_claim_to_be_up() -> None:
    updates = UpdateBuffer(HandClock(), capacity=2)
    report = OrderMapper(ACCOUNT, Strangers()).report(order(), linear())
    updates.health("orders", LinkStatus.DOWN, reason="gone")
    for _ in range(4):
        updates.put(report)
    updates.close()
    told = [update.status async for update in updates.read() if isinstance(update, LinkHealth)]
    assert LinkStatus.UP not in told
