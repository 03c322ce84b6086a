"""Live market data: exactly the wanted topics, repaired books, and reconnects."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import Feed, MarketSubscription
from edgerunner.domain.errors import NotFound, Unsupported
from edgerunner.domain.market import Depth, MarketTrade, Ticker, Timeframe
from tests.wire.bybit_adapter.conftest import LINEAR_ID, SPOT_ID, Client, Connect, until
from tests.wire.bybit_adapter.scripted import Json, ScriptedBybit

DEPTH = MarketSubscription(feed=Feed.DEPTH, instrument_id=LINEAR_ID)
QUOTES = MarketSubscription(feed=Feed.QUOTES, instrument_id=LINEAR_ID)
BOOK_TOPIC = "orderbook.50.BTCUSDT"


def book(kind: str, bids: list[list[str]], asks: list[list[str]], u: int) -> Json:
    data = {"s": "BTCUSDT", "b": bids, "a": asks, "u": u, "seq": u}
    return {"topic": BOOK_TOPIC, "type": kind, "ts": 1, "data": data, "cts": 1700000000000}


def depths(client: Client) -> list[Depth]:
    return [update for update in client.market if isinstance(update, Depth)]


async def subscribed(server: ScriptedBybit, client: Client, *wanted: MarketSubscription) -> None:
    await client.adapter.subscribe(wanted)
    await until(lambda: server.topics("linear"), "the subscription")


@pytest.mark.parametrize("websocket", ["picows", "aiohttp"])
async def test_book_is_built_from_snapshot_and_deltas(server: ScriptedBybit, connect: Connect, websocket: str) -> None:
    client = await connect(websocket=websocket)
    await subscribed(server, client, DEPTH)
    await server.push("linear", book("snapshot", [["100", "1"]], [["101", "2"]], 5))
    await server.push("linear", book("delta", [["100", "0"], ["99.5", "3"]], [["42", "0"]], 6))
    await until(lambda: depths(client) and depths(client)[-1].sequence == 6, "the changed book")
    newest = depths(client)[-1]
    assert newest.bids == ((Decimal("99.5"), Decimal(3)),)
    assert newest.ts_event_ns == 1700000000000 * 10**6


async def test_hole_in_the_book_brings_a_fresh_snapshot(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await subscribed(server, client, DEPTH)
    await server.push("linear", book("snapshot", [["100", "1"]], [["101", "2"]], 5))
    await until(lambda: depths(client), "the book")
    await server.push("linear", book("delta", [["100", "9"]], [], 7))
    await until(lambda: server.topics("linear") == [BOOK_TOPIC] * 2, "the second subscription")
    assert server.topics("linear", "unsubscribe") == [BOOK_TOPIC]
    await server.push("linear", book("snapshot", [["90", "1"]], [["91", "2"]], 20))
    await until(lambda: depths(client)[-1].sequence == 20, "the fresh book")
    assert all(depth.sequence != 7 for depth in depths(client))


async def test_restarted_book_overwrites(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await subscribed(server, client, DEPTH)
    await server.push("linear", book("snapshot", [["100", "1"]], [["101", "2"]], 500))
    await server.push("linear", book("snapshot", [["90", "1"]], [["91", "2"]], 1))
    await server.push("linear", book("delta", [["90", "2"]], [], 2))
    await until(lambda: depths(client) and depths(client)[-1].sequence == 2, "the restarted book")


@pytest.mark.parametrize(
    "message",
    [
        "garbage{",
        {"success": False, "ret_msg": "error:handler not found,topic:X", "op": ""},
        book("delta", [["x", "1"]], [], 6),
    ],
    ids=["garbage", "error frame", "number"],
)
async def test_bad_message_is_dropped_and_the_stream_goes_on(
    server: ScriptedBybit, connect: Connect, message: object
) -> None:
    client = await connect()
    await subscribed(server, client, DEPTH)
    await server.push("linear", book("snapshot", [["100", "1"]], [["101", "2"]], 5))
    await server.push("linear", message)
    await server.push("linear", book("delta", [["100", "2"]], [], 6))
    await until(lambda: depths(client) and depths(client)[-1].sequence == 6, "the delta after it")
    assert len(server.opened["linear"]) == 1


async def test_reconnect_subscribes_again_and_is_told(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await subscribed(server, client, DEPTH, QUOTES)
    topics = server.topics("linear")
    server.hang_up("linear")
    await until(lambda: client.health("data")[-2:] == ["down", "up"], "down and up again")
    await until(lambda: sorted(server.topics("linear")) == sorted(topics * 2), "every topic again")
    assert client.health("orders") == ["connecting", "up"]
    await server.push("linear", book("snapshot", [["70", "1"]], [["71", "2"]], 3))
    await until(lambda: depths(client), "the book after the reconnect")


async def test_subscribe_makes_the_feeds_exactly_these(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    bars = MarketSubscription(feed=Feed.BARS, instrument_id=LINEAR_ID, timeframe=Timeframe.H1)
    await subscribed(server, client, DEPTH, bars)
    await until(lambda: set(server.topics("linear")) == {BOOK_TOPIC, "kline.60.BTCUSDT"}, "both topics")
    await client.adapter.subscribe([bars, QUOTES])
    await until(lambda: server.topics("linear", "unsubscribe") == [BOOK_TOPIC], "the depth to end")
    await until(lambda: "tickers.BTCUSDT" in server.topics("linear"), "the quotes to begin")
    assert server.topics("linear").count("kline.60.BTCUSDT") == 1
    await client.adapter.subscribe([])
    await until(lambda: not server.sockets["linear"], "the unused connection to close")


async def test_ten_topics_at_most_in_one_request(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    frames = [timeframe for timeframe in Timeframe if timeframe not in {Timeframe.S1, Timeframe.S5}]
    bars = [MarketSubscription(feed=Feed.BARS, instrument_id=SPOT_ID, timeframe=frame) for frame in frames]
    others = [MarketSubscription(feed=feed, instrument_id=SPOT_ID) for feed in Feed if feed is not Feed.BARS]
    await client.adapter.subscribe([*bars, *others])
    await until(lambda: len(server.topics("spot")) == len(frames) + 4, "every topic")
    assert max(len(m["args"]) for m in server.received["spot"] if m["op"] == "subscribe") == 10


async def test_what_cannot_be_subscribed_is_named_and_changes_nothing(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await subscribed(server, client, DEPTH)
    with pytest.raises(NotFound, match="DOGE"):
        await client.adapter.subscribe([MarketSubscription(feed=Feed.DEPTH, instrument_id="DOGE-LINEAR.BYBIT")])
    with pytest.raises(Unsupported, match="1s"):
        await client.adapter.subscribe(
            [MarketSubscription(feed=Feed.BARS, instrument_id=LINEAR_ID, timeframe=Timeframe.S1)]
        )
    await server.push("linear", book("snapshot", [["100", "1"]], [["101", "2"]], 5))
    await until(lambda: depths(client), "the old feed")


async def test_quotes_and_trades(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await subscribed(server, client, QUOTES, MarketSubscription(feed=Feed.TRADES, instrument_id=LINEAR_ID))
    level_one = {"s": "BTCUSDT", "b": [["100.1", "1"]], "a": [["100.2", "2"]], "u": 9}
    await server.push("linear", {"topic": "orderbook.1.BTCUSDT", "type": "snapshot", "ts": 5, "data": level_one})
    trade = {"T": 1700000000000, "s": "BTCUSDT", "S": "Sell", "v": "0.001", "p": "100.15", "i": "t1", "L": "PlusTick"}
    await server.push("linear", {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 5, "data": [trade]})
    kinds: list[Callable[[object], bool]] = [lambda u: isinstance(u, Ticker), lambda u: isinstance(u, MarketTrade)]
    await until(lambda: all(any(map(kind, client.market)) for kind in kinds), "a quote and a trade")
    quote = next(update for update in client.market if isinstance(update, Ticker))
    assert (quote.bid, quote.ask) == (Decimal("100.1"), Decimal("100.2"))
