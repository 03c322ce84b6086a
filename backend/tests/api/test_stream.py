"""The stream, through the real server and a third-party WebSocket client."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription
from edgerunner.domain.market import Bar, Depth, MarketTrade, Timeframe
from edgerunner.domain.orders import Side
from edgerunner.routes import stream as stream_module
from edgerunner.services.alert_service import AlertLevel
from tests.api.harness import API_KEY, CONNECTION_ID, LINEAR_ID, Api, Json, order_body, served_api
from tests.waiting import until

TIMEOUT_S = 10
MESSAGE_FIELDS = {"channel", "kind", "seq", "epoch", "ts", "data"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served_api(tmp_path) as running:
        await running.connect()
        yield running


class Client:
    """A client that reads frame by frame and keeps the numbers honest."""

    def __init__(self, connection: ClientConnection) -> None:
        self.socket = connection

    async def send(self, **operation: Any) -> None:
        await self.socket.send(json.dumps(operation))

    async def next(self) -> Json:
        async with asyncio.timeout(TIMEOUT_S):
            return dict(json.loads(await self.socket.recv()))

    async def of(self, channel: str, kind: str = "delta") -> Json:
        """Return the next message of a channel and kind; others are passed over."""
        while True:
            message = await self.next()
            if message.get("channel") == channel and message["kind"] == kind:
                assert set(message) == MESSAGE_FIELDS
                return message

    async def subscribe(self, channel: str, **more: Any) -> Json:
        """Subscribe and return the snapshot."""
        await self.send(op="subscribe", channel=channel, **more)
        assert await self.next() == {"kind": "ack", "op": "subscribe", "channel": channel, "ok": True}
        return await self.of(channel, "snapshot")

    async def close_code(self) -> int | None:
        """Read until the server closes, and return its code."""
        async with asyncio.timeout(TIMEOUT_S):
            with suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        return self.socket.close_code


@asynccontextmanager
async def connected(api: Api, **options: Any) -> AsyncIterator[Client]:
    url = str(api.http.base_url).replace("http", "ws") + "/ws/broker"
    async with connect(url, proxy=None, **options) as connection:
        yield Client(connection)


@asynccontextmanager
async def reading(api: Api, **options: Any) -> AsyncIterator[Client]:
    """A client that has authenticated."""
    async with connected(api, **options) as client:
        await client.send(op="authenticate", token=API_KEY)
        assert await client.next() == {"kind": "ack", "op": "authenticate", "channel": None, "ok": True}
        yield client


async def place(api: Api, name: str) -> None:
    assert (await api.trade(client_order_id=name)).status_code == 201


async def test_a_wrong_key_closes_with_4401(api: Api) -> None:
    async with connected(api) as client:
        await client.send(op="authenticate", token="wrong")
        error = await client.next()
        assert (error["kind"], error["op"], error["code"]) == ("error", "authenticate", "unauthorized")
        assert await client.close_code() == 4401


async def test_anything_before_authentication_closes_with_4401(api: Api) -> None:
    async with connected(api) as client:
        await client.send(op="subscribe", channel="orders")
        assert await client.close_code() == 4401


async def test_silence_closes_with_4401(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "AUTHENTICATION_TIMEOUT_S", 0.05)
    async with connected(api) as client:
        assert await client.close_code() == 4401


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        '{"op":"dance","channel":"orders"}',
        '{"op":"subscribe"}',
        '{"op":"subscribe","channel":7}',
        '{"op":"subscribe","channel":"orders","colour":"red"}',
        '{"op":"subscribe","channel":"orders","from_seq":-1}',
        '{"op":"subscribe","channel":"orders","from_seq":"5"}',
        '{"op":"subscribe","op":"unsubscribe","channel":"orders"}',
        b"{}",
        "x" * 70_000,
        "[" * 5_000,
    ],
)
async def test_a_malformed_frame_closes_with_4400(shared_served: Api, frame: str | bytes) -> None:
    async with reading(shared_served) as client:
        await client.socket.send(frame)
        error = await client.next()
        assert (error["kind"], error["code"]) == ("error", "validation_error")
        assert await client.close_code() == 4400


async def test_a_frame_beyond_all_bounds_is_cut_by_the_server(api: Api) -> None:
    async with reading(api) as client:
        await client.socket.send("x" * 1_500_000)
        assert await client.close_code() == 1009


async def test_a_foreign_page_may_not_open_the_stream(api: Api) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connected(api, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["code"] == "forbidden"


async def test_a_foreign_host_name_may_not_open_the_stream(api: Api) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            "ws://evil.example/ws/broker", host=api.http.base_url.host, port=api.http.base_url.port, proxy=None
        ):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_page_may_open_the_stream(api: Api) -> None:
    async with reading(api, origin=str(api.http.base_url).rstrip("/")):
        pass


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("dances", "validation_error"),
        ("orders:", "validation_error"),
        ("orders:UPPER", "validation_error"),
        ("orders:nobody", "not_found"),
        ("quotes", "validation_error"),
        ("quotes:bybit-demo", "validation_error"),
        ("quotes:nobody:A.B", "not_found"),
        ("quotes:bybit-demo:NOPE-LINEAR.BYBIT", "not_found"),
        (f"bars:bybit-demo:{LINEAR_ID}", "validation_error"),
        (f"bars:bybit-demo:{LINEAR_ID}:2m", "validation_error"),
    ],
)
async def test_a_channel_that_is_not_there_is_an_error_and_no_end(shared_served: Api, channel: str, code: str) -> None:
    async with reading(shared_served) as client:
        await client.send(op="subscribe", channel=channel)
        error = await client.next()
        assert set(error) == {"kind", "op", "channel", "code", "detail"}
        assert (error["kind"], error["op"], error["channel"], error["code"]) == ("error", "subscribe", channel, code)
        await client.subscribe("orders")


async def test_orders_begin_with_a_snapshot_and_go_on_without_a_gap(api: Api) -> None:
    await place(api, "A1")
    async with reading(api) as client:
        snapshot = await client.subscribe("orders")
        assert [order["client_order_id"] for order in snapshot["data"]["orders"]] == ["A1"]
        await place(api, "A2")
        seq, order = snapshot["seq"], {"status": "initialized"}
        while order["status"] != "accepted":
            delta = await client.of("orders")
            assert delta["seq"] == seq + 1
            assert delta["epoch"] == snapshot["epoch"]
            seq = delta["seq"]
            (order,) = delta["data"]["orders"]
            assert order["client_order_id"] == "A2"
        shown = (await api.http.get("/orders/status", params={"client_order_id": "A2"})).json()["orders"][0]
        assert order == shown


async def test_a_fill_shows_on_fills_positions_and_pnl(api: Api) -> None:
    await place(api, "A1")
    async with reading(api) as client:
        for channel in ("fills", f"positions:{CONNECTION_ID}", "pnl"):
            await client.subscribe(channel)
        api.broker.fill("A1", "0.4", "100", fee="0.02")
        seen: dict[str, Json] = {}
        while set(seen) != {"fills", f"positions:{CONNECTION_ID}", "pnl"}:
            message = await client.next()
            if message["kind"] == "delta":
                seen[message["channel"]] = message["data"]
        assert seen["fills"]["fills"][0]["fee"] == {"currency": "USDT", "amount": "0.02"}
        (position,) = seen[f"positions:{CONNECTION_ID}"]["positions"]
        assert (position["side"], position["quantity"]) == ("long", "0.4")
        assert seen["pnl"]["pnl"][0]["instrument_id"] == LINEAR_ID


async def test_a_connection_channel_has_its_own_number_line(api: Api) -> None:
    async with reading(api) as client:
        await client.subscribe("orders")
        own = await client.subscribe(f"orders:{CONNECTION_ID}")
        await place(api, "A1")
        delta = await client.of(f"orders:{CONNECTION_ID}")
        assert delta["seq"] == own["seq"] + 1


async def test_what_was_missed_is_replayed(api: Api) -> None:
    async with reading(api) as client:
        first = await client.subscribe("orders")
    await place(api, "A1")
    await place(api, "A2")
    async with reading(api) as client:
        await client.send(op="subscribe", channel="orders", from_seq=first["seq"], epoch=first["epoch"])
        assert (await client.next())["kind"] == "ack"
        numbers = [await client.next() for _ in range(4)]
        assert [message["kind"] for message in numbers] == ["delta"] * 4
        assert [message["seq"] for message in numbers] == list(range(first["seq"] + 1, first["seq"] + 5))


@pytest.mark.parametrize("where", [{"from_seq": 10**9}, {"from_seq": 0, "epoch": "another"}, {"epoch": "EPOCH-1"}])
async def test_without_a_known_place_there_is_a_snapshot(api: Api, where: Json) -> None:
    async with reading(api) as client:
        assert (await client.subscribe("orders", **where))["kind"] == "snapshot"


async def test_a_resync_sends_the_state_again(api: Api) -> None:
    await place(api, "A1")
    async with reading(api) as client:
        snapshot = await client.subscribe("orders")
        await client.send(op="resync", channel="orders")
        assert (await client.next())["op"] == "resync"
        again = await client.of("orders", "snapshot")
        assert (again["seq"], again["data"]) == (snapshot["seq"], snapshot["data"])
        await client.send(op="resync", channel="fills")
        assert (await client.next())["code"] == "conflict"


async def test_nothing_comes_after_unsubscribing(api: Api) -> None:
    async with reading(api) as client:
        await client.subscribe("orders")
        await client.send(op="unsubscribe", channel="orders")
        assert await client.next() == {"kind": "ack", "op": "unsubscribe", "channel": "orders", "ok": True}
        await client.subscribe("fills")
        await place(api, "A1")
        api.broker.fill("A1", "1", "100")
        assert (await client.next())["channel"] == "fills"


async def test_a_heartbeat_repeats_the_number_without_taking_one(api: Api) -> None:
    async with reading(api) as client:
        snapshot = await client.subscribe("orders")
        api.services.hub.beat()
        heartbeat = await client.next()
        assert (heartbeat["kind"], heartbeat["seq"], heartbeat["data"]) == ("heartbeat", snapshot["seq"], None)
        await place(api, "A1")
        assert (await client.of("orders"))["seq"] == snapshot["seq"] + 1


async def test_connections_say_when_one_goes(api: Api) -> None:
    async with reading(api) as client:
        snapshot = await client.subscribe("connections")
        assert [row["connection_id"] for row in snapshot["data"]["connections"]] == [CONNECTION_ID]
        await api.http.delete(f"/broker/connections/{CONNECTION_ID}")
        while (await client.of("connections", "snapshot"))["data"]["connections"]:
            pass


async def test_alerts_and_accounts_are_told(api: Api) -> None:
    async with reading(api) as client:
        await client.subscribe("alerts")
        account = await client.subscribe("account")
        assert account["data"]["accounts"][0]["equity"] == "100000"
        api.services.alerts.raise_alert(AlertLevel.WARNING, "test", "look here", CONNECTION_ID)
        alert = (await client.of("alerts"))["data"]["alerts"][0]
        assert (alert["level"], alert["text"], alert["connection_id"]) == ("warning", "look here", CONNECTION_ID)


async def test_market_data_is_subscribed_with_the_first_reader_and_given_up_with_the_last(api: Api) -> None:
    channel = f"quotes:{CONNECTION_ID}:{LINEAR_ID}"
    wanted = MarketSubscription(feed=Feed.QUOTES, instrument_id=LINEAR_ID)
    api.broker.quote(LINEAR_ID, "100")
    async with reading(api) as one, reading(api) as two:
        assert (await one.subscribe(channel))["data"]["bid"] == "100"
        await two.subscribe(channel)
        assert api.broker.subscribed == {wanted}
        api.broker.quote(LINEAR_ID, "101")
        assert (await one.of(channel))["data"]["bid"] == (await two.of(channel))["data"]["bid"] == "101"
        await one.send(op="unsubscribe", channel=channel)
        assert (await one.next())["kind"] == "ack"
        assert api.broker.subscribed == {wanted}

    async def is_given_up() -> bool:
        return not api.broker.subscribed

    await until(is_given_up, timeout_s=5, what="the feed is given up")


async def test_depth_trades_and_bars_have_the_shapes_of_the_http_answers(api: Api) -> None:
    now_ns = api.broker.clock.now_ns()
    depth = Depth(
        instrument_id=LINEAR_ID,
        bids=((Decimal(99), Decimal(2)),),
        asks=((Decimal(101), Decimal(3)),),
        sequence=7,
        ts_event_ns=now_ns,
        ts_arrival_ns=now_ns,
    )
    trade = MarketTrade(
        instrument_id=LINEAR_ID,
        trade_id="T1",
        price=Decimal(100),
        quantity=Decimal(1),
        side=Side.BUY,
        ts_event_ns=now_ns,
    )
    one = Decimal(1)
    bar = Bar(open_ns=now_ns, open=one, high=one, low=one, close=one, volume=one, is_complete=False)
    api.broker.depths[LINEAR_ID] = depth
    api.broker.bars[LINEAR_ID, Timeframe.M1] = []
    names = [f"{feed}:{CONNECTION_ID}:{LINEAR_ID}" for feed in ("depth", "trades")]
    bars = f"bars:{CONNECTION_ID}:{LINEAR_ID}:1m"
    async with reading(api) as client:
        assert (await client.subscribe(names[0]))["data"]["bids"] == [["99", "2"]]
        assert (await client.subscribe(names[1]))["data"] == {"trades": []}
        assert (await client.subscribe(bars))["data"] == {"bars": []}
        api.broker.push_market(depth)
        assert (await client.of(names[0]))["data"]["sequence"] == 7
        api.broker.push_market(trade)
        assert (await client.of(names[1]))["data"]["trades"][0]["trade_id"] == "T1"
        api.broker.push_market(BarUpdate(instrument_id=LINEAR_ID, timeframe=Timeframe.M1, bar=bar))
        assert (await client.of(bars))["data"]["bars"][0]["complete"] is False


async def test_a_reader_that_does_not_read_is_closed_and_delays_nobody(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "QUEUE_BYTES", 200_000)
    monkeypatch.setattr(stream_module, "CLOSE_TIMEOUT_S", 0)
    small = socket.create_connection((api.http.base_url.host, api.http.base_url.port or 0))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    async with reading(api, sock=small, max_queue=1) as stalled, reading(api) as other:
        await stalled.send(op="subscribe", channel="alerts")
        await other.subscribe("alerts")
        stalled.socket.transport.pause_reading()
        for number in range(400):
            api.services.alerts.raise_alert(AlertLevel.INFO, "load", "x" * 20_000)
            assert (await other.of("alerts"))["data"]["alerts"][0]["code"] == "load", number
        stalled.socket.transport.resume_reading()
        assert await stalled.close_code() == 4408


async def test_a_lagging_reader_of_quotes_gets_one_snapshot_instead_of_everything(api: Api) -> None:
    channel = f"quotes:{CONNECTION_ID}:{LINEAR_ID}"
    api.broker.quote(LINEAR_ID, "100")
    async with reading(api) as client:
        snapshot = await client.subscribe(channel)
        for price in range(1, 201):
            api.broker.quote(LINEAR_ID, str(price))
        seq, messages = snapshot["seq"], 0
        while True:
            message = await client.next()
            messages += 1
            if message["kind"] == "delta":
                assert message["seq"] == seq + 1
            seq = message["seq"]
            if message["data"]["bid"] == "200":
                break
        assert messages < 200
        assert seq == snapshot["seq"] + 200


async def test_a_quote_that_fell_silent_is_said_to_be_stale_once(api: Api) -> None:
    channel = f"quotes:{CONNECTION_ID}:{LINEAR_ID}"
    api.broker.quote(LINEAR_ID, "100")
    async with reading(api) as client:
        await client.subscribe(channel)
        api.broker.quote(LINEAR_ID, "101")
        assert (await client.of(channel))["data"]["stale"] is False
        api.broker.clock.advance(11)
        for _ in range(2):
            api.app.state.topics._market.publish_stale()
        stale = await client.of(channel)
        assert (stale["data"]["bid"], stale["data"]["stale"]) == ("101", True)
        api.broker.quote(LINEAR_ID, "102")
        fresh = await client.of(channel)
        assert (fresh["seq"], fresh["data"]["bid"], fresh["data"]["stale"]) == (stale["seq"] + 1, "102", False)


async def test_orders_over_http_are_numbered_once_for_every_reader(api: Api) -> None:
    async with reading(api) as one, reading(api) as two:
        await one.subscribe("orders")
        await two.subscribe("orders")
        response = await api.http.post("/trade", json=order_body())
        assert response.status_code == 201
        assert await one.of("orders") == await two.of("orders")
