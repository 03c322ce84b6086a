"""The public sockets: shapes per category, books that can be kept, throttled tickers, trades, bars."""

import itertools
import time

import pytest

from edgerunner.simulators.bybit.klines import parse_interval
from edgerunner.simulators.bybit.topics.kline import KlineSource
from edgerunner.simulators.bybit.topics.order_book import OrderBookSource
from edgerunner.simulators.market_types import BookView
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, Socket, limit_order, market_order, until


async def subscribed(simulator: Simulator, category: str, *topics: str) -> Socket:
    socket = await simulator.open(f"/v5/public/{category}")
    answer = await socket.ask({"op": "subscribe", "args": list(topics)})
    assert answer["success"] is True, answer
    return socket


class Book:
    """A client's book, kept by the rules of the documentation."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[str, str]] = {"b": {}, "a": {}}
        self.update_id = 0

    def apply(self, frame: Frame) -> None:
        data = frame["data"]
        if frame["type"] == "snapshot":
            self.sides = {"b": {}, "a": {}}
        else:
            assert data["u"] == self.update_id + 1
        self.update_id = data["u"]
        for side, levels in self.sides.items():
            for price, size in data[side]:
                if float(size) == 0:
                    assert levels.pop(price, None) is not None
                else:
                    levels[price] = size


async def test_acks_and_pongs_have_the_shape_of_their_category(simulator: Simulator) -> None:
    spot = await simulator.open("/v5/public/spot")
    ack = await spot.ask({"op": "subscribe", "req_id": "1", "args": ["tickers.BTCUSDT"]})
    assert (ack["ret_msg"], ack["req_id"], ack["op"], ack["success"]) == ("subscribe", "1", "subscribe", True)
    pong = await spot.ask({"op": "ping"})
    assert set(pong) == {"success", "ret_msg", "conn_id", "op"}
    assert (pong["ret_msg"], pong["op"]) == ("pong", "ping")
    linear = await simulator.open("/v5/public/linear")
    ack = await linear.ask({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
    assert (ack["ret_msg"], ack["req_id"]) == ("", "")
    assert (await linear.ask({"op": "ping"}))["req_id"] == ""
    option = await simulator.open("/v5/public/option")
    pong = await option.ask({"op": "ping"})
    assert (pong["op"], set(pong)) == ("pong", {"args", "op"})
    refused = await option.ask({"op": "subscribe", "args": ["tickers.BTC-1JAN27-1-C"]})
    assert refused["data"] == {"failTopics": ["tickers.BTC-1JAN27-1-C"], "successTopics": []}
    assert (refused["type"], refused["success"]) == ("COMMAND_RESP", False)


@pytest.mark.parametrize(
    "topic",
    [
        "nonsense",
        "tickers.NOPE",
        "orderbook.7.BTCUSDT",
        "orderbook.x.BTCUSDT",
        "kline.7.BTCUSDT",
        "allLiquidation.BTCUSDT",
        "",
    ],
)
async def test_unknown_topics_get_the_live_services_error(simulator: Simulator, topic: str) -> None:
    socket = await simulator.open("/v5/public/linear")
    answer = await socket.ask({"op": "subscribe", "args": ["tickers.BTCUSDT", topic]})
    assert answer.pop("conn_id")
    assert answer == {
        "success": False,
        "ret_msg": f"error:handler not found,topic:{topic}",
        "req_id": "",
        "op": "subscribe",
    }
    assert (await socket.ask({"op": "subscribe", "args": ["tickers.BTCUSDT"]}))["success"] is True
    again = await socket.ask({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
    assert again["ret_msg"] == "error:already subscribed,topic:tickers.BTCUSDT"


async def test_argument_limits(simulator: Simulator) -> None:
    spot = await simulator.open("/v5/public/spot")
    topics = [f"kline.{word}.BTCUSDT" for word in ("1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D")]
    assert (await spot.ask({"op": "subscribe", "args": topics}))["success"] is False
    assert (await spot.ask({"op": "subscribe", "args": topics[:10]}))["success"] is True
    assert (await spot.ask({"op": "subscribe", "args": []}))["success"] is False


@pytest.mark.parametrize(("category", "depth"), [("linear", 50), ("linear", 200), ("linear", 1000), ("spot", 50)])
async def test_snapshot_and_deltas_keep_a_book_that_equals_the_venues(
    simulator: Simulator, category: str, depth: int
) -> None:
    topic = f"orderbook.{depth}.BTCUSDT"
    socket = await subscribed(simulator, category, topic)
    frames = await socket.wait_for_many(lambda frame: frame.get("topic") == topic, 4)
    book = Book()
    for frame in frames:
        book.apply(frame)
        assert len(book.sides["b"]) == len(book.sides["a"]) == depth
        assert max(map(float, book.sides["b"])) < min(map(float, book.sides["a"]))
    assert [frame["type"] for frame in frames] == ["snapshot"] + ["delta"] * 3
    assert [later["data"]["seq"] >= earlier["data"]["seq"] for earlier, later in itertools.pairwise(frames)] == [
        True
    ] * 3
    keys = list(frames[0])
    assert keys == (
        ["topic", "ts", "type", "data", "cts"] if category == "spot" else ["topic", "type", "ts", "data", "cts"]
    )


async def test_a_late_subscriber_joins_with_a_snapshot_of_the_same_line(simulator: Simulator) -> None:
    first = await subscribed(simulator, "linear", "orderbook.50.BTCUSDT")
    await first.wait_for_many(lambda frame: frame.get("type") == "delta", 2)
    second = await subscribed(simulator, "linear", "orderbook.50.BTCUSDT")
    snapshot = await second.wait_for(lambda frame: frame.get("type") == "snapshot")
    delta = await second.wait_for(lambda frame: frame.get("type") == "delta")
    assert delta["data"]["u"] == snapshot["data"]["u"] + 1
    assert delta["data"]["u"] in {
        frame["data"]["u"]
        for frame in await first.wait_for_many(
            lambda frame: frame.get("type") == "delta" and frame["data"]["u"] >= delta["data"]["u"], 1
        )
    }


async def test_own_resting_orders_show_in_the_book(simulator: Simulator) -> None:
    simulator.pin()
    socket = await subscribed(simulator, "linear", "orderbook.1.BTCUSDT")
    first = await socket.wait_for(lambda frame: frame.get("topic"))
    assert (list(first), len(first["data"]["b"])) == (["topic", "ts", "type", "data", "cts"], 1)
    price = first["data"]["b"][0][0]
    assert (await simulator.post("/v5/order/create", limit_order(simulator, price=price, qty="7"))).code == 0
    frame = await socket.wait_for(lambda frame: frame.get("topic") and float(frame["data"]["b"][0][1]) >= 7)
    assert (frame["type"], frame["data"]["b"][0][0]) == ("snapshot", price)


async def test_level_1_repeats_its_snapshot_with_the_same_u_after_three_seconds(simulator: Simulator) -> None:
    class StillVenue:
        """A venue whose book never changes."""

        name = simulator.venue.name
        now_ns = staticmethod(simulator.venue.now_ns)
        book = staticmethod(
            lambda symbol, levels: BookView(bids=[(600_000, 5)], asks=[(600_001, 6)], step=1, version=1)
        )
        book_version = staticmethod(lambda symbol: 1)

    now = [0.0]
    source = OrderBookSource(
        "orderbook.1.BTCUSDT",
        1,
        simulator.venue.instruments["linear:BTCUSDT"],
        StillVenue(),  # type: ignore[arg-type]
        faults=simulator.faults,
        monotonic=lambda: now[0],
    )
    [first] = source.first()
    now[0] = 2.9
    assert source.due() == []
    now[0] = 3.0
    [repeated] = source.due()
    assert (repeated["type"], repeated["data"]) == ("snapshot", first["data"])
    now[0] = 5.9
    assert source.due() == []


async def test_linear_tickers_send_a_snapshot_and_then_changes_only(simulator: Simulator) -> None:
    socket = await subscribed(simulator, "linear", "tickers.BTCUSDT")
    frames = await socket.wait_for_many(lambda frame: frame.get("topic"), 3)
    snapshot, *deltas = frames
    assert (snapshot["type"], [frame["type"] for frame in deltas]) == ("snapshot", ["delta", "delta"])
    assert {"bid1Price", "ask1Size", "markPrice", "nextFundingTime", "tickDirection"} <= snapshot["data"].keys()
    for delta in deltas:
        assert 1 < len(delta["data"]) < len(snapshot["data"])
        assert delta["data"]["symbol"] == "BTCUSDT"
    assert deltas[1]["cs"] >= deltas[0]["cs"] >= snapshot["cs"]


async def test_spot_tickers_are_whole_snapshots_without_bid_and_ask(simulator: Simulator) -> None:
    socket = await subscribed(simulator, "spot", "tickers.BTCUSDT")
    frames = await socket.wait_for_many(lambda frame: frame.get("topic"), 2)
    assert {frame["type"] for frame in frames} == {"snapshot"}
    assert frames[0]["data"].keys() == frames[1]["data"].keys()
    assert not {"bid1Price", "ask1Price", "fundingRate"} & frames[0]["data"].keys()


async def test_trades_are_ascending_and_ours_are_on_the_tape(simulator: Simulator) -> None:
    socket = await subscribed(simulator, "linear", "publicTrade.BTCUSDT")
    await simulator.post("/v5/order/create", market_order(qty="0.123"))
    trade_id = simulator.venue.fills(ACCOUNT)[0].trade_id
    frame = await socket.wait_for(
        lambda frame: frame.get("topic") and any(row["i"] == trade_id for row in frame["data"])
    )
    ours = next(row for row in frame["data"] if row["i"] == trade_id)
    assert (ours["S"], ours["s"], ours["BT"], "L" in ours) == ("Buy", "BTCUSDT", False, True)
    frames = await socket.wait_for_many(lambda frame: frame.get("topic"), 3)
    rows = [row for frame in frames for row in frame["data"]]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    spot = await subscribed(simulator, "spot", "publicTrade.BTCUSDT")
    row = (await spot.wait_for(lambda frame: frame.get("topic")))["data"][0]
    assert "L" not in row


async def test_bars_are_confirmed_once_when_they_close(simulator: Simulator) -> None:
    class Clock:
        """The venue at chosen times."""

        name = simulator.venue.name
        bar = staticmethod(simulator.venue.bar)
        clock = simulator.venue.clock
        time_ns = time.time_ns() // 60_000_000_000 * 60_000_000_000 - 150_000_000_000

        def now_ns(self) -> int:
            return self.time_ns

    clock = Clock()
    instrument = simulator.venue.instruments["linear:BTCUSDT"]
    source = KlineSource(
        "kline.1.BTCUSDT",
        parse_interval("1"),
        instrument,
        clock,  # type: ignore[arg-type]
        faults=simulator.faults,
    )
    clock.time_ns += 125_000_000_000
    frames = [frame["data"][0] for frame in source.due()]
    assert [bar["confirm"] for bar in frames[:2]] == [True, True]
    assert frames[1]["start"] - frames[0]["start"] == 60_000
    assert frames[0]["end"] == frames[1]["start"] - 1
    rest = (
        await simulator.get(
            "/v5/market/kline", symbol="BTCUSDT", interval="1", start=frames[0]["start"], end=frames[0]["start"]
        )
    ).result["list"]
    assert rest[0][1:5] == [frames[0][name] for name in ("open", "high", "low", "close")]
    assert [
        bar["start"] for bar in (frame["data"][0] for frame in source.due()) if bar["start"] < frames[1]["end"]
    ] == []


async def test_a_market_that_nobody_watches_is_not_computed(simulator: Simulator) -> None:
    feed = simulator.venue._state.feed
    socket = await subscribed(simulator, "linear", "publicTrade.BTCUSDT", "tickers.ETHUSDT")
    await until(lambda: set(feed.active()) == {"linear:BTCUSDT", "linear:ETHUSDT"}, "two watched symbols")
    await socket.ask({"op": "unsubscribe", "args": ["tickers.ETHUSDT"]})
    await until(lambda: feed.active() == ["linear:BTCUSDT"], "one watched symbol")
    await socket.close()
    await until(lambda: feed.active() == [], "no watched symbol")
