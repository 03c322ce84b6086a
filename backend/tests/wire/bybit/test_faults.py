"""Faults at the wire: what is lost, late, doubled, held; the venue's ledger stays the truth."""

import asyncio
import time

import aiohttp
import pytest

from edgerunner.simulators.faults import FaultMatch, HoldPoint
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, Socket, limit_order, market_order, now_ms, until

CREATE = "/v5/order/create"


def orders_named(simulator: Simulator, key: str) -> int:
    return sum(row["client_key"] == key for row in simulator.ledger("orders"))


async def no_answer(simulator: Simulator, body: Frame) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await simulator.post(CREATE, body)


@pytest.mark.parametrize(("fault", "exists"), [("drop_request", 0), ("drop_reply", 1)])
async def test_a_lost_frame_leaves_the_caller_waiting(simulator: Simulator, fault: str, exists: int) -> None:
    stream = await simulator.open_private("order")
    simulator.faults.add("bybit", fault, match=FaultMatch(op="place"))
    assert (await simulator.read("/v5/account/info")).code == 0
    await no_answer(simulator, limit_order(simulator, "lost"))
    assert orders_named(simulator, "lost") == exists
    await stream.ask({"op": "ping"})
    assert len(stream.topic("order")) == exists
    assert (await simulator.post(CREATE, limit_order(simulator, "next"))).code == 0


@pytest.mark.parametrize("fault", ["close_after_accept", "reset_after_accept"])
async def test_a_connection_cut_after_accept_leaves_an_order_behind(simulator: Simulator, fault: str) -> None:
    simulator.faults.add("bybit", fault)
    with pytest.raises(aiohttp.ClientError):
        await simulator.post(CREATE, limit_order(simulator, "cut"))
    assert orders_named(simulator, "cut") == 1
    assert (await simulator.post(CREATE, limit_order(simulator, "next"))).code == 0


async def test_reset_is_seen_as_a_reset_and_close_as_an_end(simulator: Simulator) -> None:
    async def cut_by(fault: str) -> bytes:
        simulator.faults.add("bybit", fault)
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.server.port)
        writer.write(b"GET /v5/market/time HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    assert await cut_by("close_after_accept") == b""
    with pytest.raises(ConnectionResetError):
        await cut_by("reset_after_accept")


async def test_a_delayed_reply_comes_after_the_stream_told_of_the_order(simulator: Simulator) -> None:
    stream = await simulator.open_private("order")
    simulator.faults.add("bybit", "delay_reply", params={"delay_s": 0.2})
    reply = asyncio.create_task(simulator.post(CREATE, limit_order(simulator, "slow")))
    await stream.wait_for(lambda frame: frame.get("topic") == "order")
    assert not reply.done()
    assert (await reply).code == 0


@pytest.mark.parametrize(
    ("status", "after", "exists"), [(502, "false", 0), (500, "true", 1), (403, False, 0), (429, True, 1)]
)
async def test_an_http_status_says_nothing_about_the_order(
    simulator: Simulator, status: int, after: object, exists: int
) -> None:
    simulator.faults.add("bybit", "bybit.http_status", params={"status": status, "after_accept": after})
    reply = await simulator.post(CREATE, limit_order(simulator, "maybe"))
    assert (reply.status, reply.raw) == (status, b"")
    assert orders_named(simulator, "maybe") == exists


@pytest.mark.parametrize(("point", "exists"), [(HoldPoint.RECEIVED, 0), (HoldPoint.ACCEPTED, 1)])
async def test_a_held_frame_waits_and_then_goes_on(simulator: Simulator, point: HoldPoint, exists: int) -> None:
    simulator.faults.hold("bybit", point)
    reply = asyncio.create_task(simulator.post(CREATE, limit_order(simulator, "held")))
    await until(lambda: simulator.faults.held("bybit"), "the held frame")
    assert [held.client_key for held in simulator.faults.held("bybit")] == ["held"]
    assert orders_named(simulator, "held") == exists
    assert (await simulator.read("/v5/account/info")).code == 0
    simulator.faults.release("bybit")
    assert (await reply).code == 0
    assert orders_named(simulator, "held") == 1


async def test_a_held_frame_can_be_dropped_at_each_point(simulator: Simulator) -> None:
    stream = await simulator.open_private("order", "position")
    for point, exists in ((HoldPoint.RECEIVED, 0), (HoldPoint.ACCEPTED, 1)):
        simulator.faults.hold("bybit", point)
        reply = asyncio.create_task(no_answer(simulator, limit_order(simulator, point.value)))
        await until(lambda: simulator.faults.held("bybit"), "the held frame")
        simulator.faults.release("bybit", action="drop")
        await reply
        assert orders_named(simulator, point.value) == exists
    simulator.faults.hold("bybit", HoldPoint.ACK_SENT)
    assert (await simulator.post(CREATE, limit_order(simulator, "untold"))).code == 0
    await until(lambda: simulator.faults.held("bybit"), "the held events")
    simulator.faults.release("bybit", action="drop")
    assert (await simulator.post(CREATE, limit_order(simulator, "told"))).code == 0
    await stream.wait_for(lambda frame: frame.get("topic") == "order" and frame["data"][0]["orderLinkId"] == "told")
    assert [frame["data"][0]["orderLinkId"] for frame in stream.topic("order")] == ["accepted", "told"]


async def test_fill_sent_holds_what_follows_the_execution(simulator: Simulator) -> None:
    stream = await simulator.open_private("order", "execution", "position", "wallet")
    simulator.faults.hold("bybit", HoldPoint.FILL_SENT)
    await simulator.post(CREATE, market_order("fill"))
    await stream.wait_for(lambda frame: frame.get("topic") == "execution")
    await stream.ask({"op": "ping"})
    assert stream.topic("position") == stream.topic("wallet") == []
    assert [held.client_key for held in simulator.faults.held("bybit")] == ["fill"]
    simulator.faults.release("bybit")
    await stream.wait_for(lambda frame: frame.get("topic") == "wallet")


async def orders_of(stream: Socket, count: int) -> list[str]:
    frames = await stream.wait_for_many(lambda frame: frame.get("topic") == "order", count)
    return [f"{frame['data'][0]['orderLinkId']}:{frame['data'][0]['orderStatus']}" for frame in frames]


async def test_duplicate_reordered_and_late_events(simulator: Simulator) -> None:
    stream = await simulator.open_private("order")
    simulator.faults.add("bybit", "duplicate_event", match=FaultMatch(client_key="a"), params={"copies": 2})
    simulator.faults.add("bybit", "reorder_events", match=FaultMatch(client_key="b"))
    simulator.faults.add("bybit", "late_event", match=FaultMatch(client_key="d"), params={"delay_s": 0.1})
    for key in "abcde":
        assert (await simulator.post(CREATE, limit_order(simulator, key))).code == 0
    told = await orders_of(stream, 7)
    assert [row[0] for row in told] == ["a", "a", "a", "c", "b", "e", "d"]


async def test_impossible_orders_of_messages(simulator: Simulator) -> None:
    stream = await simulator.open_private("order", "execution")
    for name in ("bybit.filled_before_new", "bybit.filled_twice", "bybit.execution_before_order"):
        simulator.faults.add("bybit", name)
    await simulator.post(CREATE, market_order("odd"))
    assert await orders_of(stream, 3) == ["odd:Filled", "odd:New", "odd:Filled"]
    assert next(frame["topic"] for frame in stream.frames if "topic" in frame) == "execution"
    again = stream.topic("order")[2]["data"][0]
    assert (again["cancelType"], again["rejectReason"]) == ("CancelByUser", "EC_OrigClOrdIDDoesNotExist")


async def test_a_stalled_stream_is_open_and_deaf(simulator: Simulator) -> None:
    stalled, healthy = await simulator.open_private("order"), await simulator.open_private("order")
    simulator.faults.add("bybit", "stall_stream")
    await simulator.post(CREATE, limit_order(simulator, "unheard"))
    await until(lambda: stalled.topic("order") or healthy.topic("order"), "one of two streams")
    deaf = stalled if healthy.topic("order") else healthy
    await deaf.send({"op": "ping"})
    await asyncio.gather(deaf.connection.ping(), healthy.connection.ping(), stalled.connection.ping())
    await simulator.post(CREATE, limit_order(simulator, "unheard-2"))
    heard = healthy if deaf is stalled else stalled
    await heard.wait_for_many(lambda frame: frame.get("topic") == "order", 2)
    assert (deaf.topic("order"), deaf.is_closed, deaf.pongs) == ([], False, 0)
    assert heard.pongs == 1
    assert [frame for frame in deaf.frames if frame.get("op") == "pong"] == []


async def test_contents_that_nobody_knows_yet(simulator: Simulator) -> None:
    await simulator.post(CREATE, market_order())
    simulator.faults.add("bybit", "bybit.empty_string_numbers", params={"fields": "cumRealisedPnl,liqPrice"})
    simulator.faults.add("bybit", "bybit.unknown_fields")
    simulator.faults.add("bybit", "bybit.unknown_word", params={"field": "positionStatus", "value": "Zen"})
    [position] = (await simulator.read("/v5/position/list", category="linear", settleCoin="USDT")).result["list"]
    assert (position["cumRealisedPnl"], position["positionStatus"]) == ("", "Zen")
    assert position["fieldFromTheFuture"] == {"nested": ["1", None]}
    [position] = (await simulator.read("/v5/position/list", category="linear", settleCoin="USDT")).result["list"]
    assert (position["cumRealisedPnl"], position["positionStatus"]) == ("0", "Normal")


async def test_an_order_can_be_invisible_for_a_while(simulator: Simulator) -> None:
    simulator.faults.add("bybit", "bybit.order_not_visible", match=FaultMatch(client_key="shy"), count=2)
    await simulator.post(CREATE, limit_order(simulator, "shy"))
    shown = [
        len((await simulator.read("/v5/order/realtime", category="linear", orderLinkId="shy")).result["list"])
        for _ in range(3)
    ]
    assert shown == [0, 0, 1]


async def test_book_faults(simulator: Simulator) -> None:
    topic = "orderbook.50.BTCUSDT"
    socket = await simulator.open("/v5/public/linear")
    await socket.ask({"op": "subscribe", "args": [topic]})
    await socket.wait_for(lambda frame: frame.get("type") == "delta")
    simulator.faults.add("bybit", "bybit.book_unknown_delete")
    simulator.faults.add("bybit", "bybit.error_frame_without_topic")
    error = await socket.wait_for(lambda frame: frame.get("op") == "")
    assert "topic" not in error
    levels: set[str] = set()

    def deletes_unknown(frame: Frame) -> bool:
        if frame.get("topic") != topic:
            return False
        unknown = any(size == "0" and price not in levels for price, size in frame["data"]["b"])
        levels.update(price for price, size in frame["data"]["b"] if size != "0")
        return unknown

    await socket.wait_for(deletes_unknown)
    simulator.faults.add("bybit", "bybit.book_gap")
    await until(lambda: simulator.faults.active() == [], "the gap")
    before = [frame["data"]["u"] for frame in socket.topic(topic)][-1]
    frame = await socket.wait_for(lambda frame: frame.get("topic") == topic and frame["data"]["u"] > before + 1)
    assert frame["type"] == "delta"
    simulator.faults.add("bybit", "bybit.book_restart_u1")
    frame = await socket.wait_for(lambda frame: frame.get("topic") == topic and frame["data"]["u"] == 1)
    assert frame["type"] == "snapshot"
    assert (await socket.wait_for(lambda frame: frame.get("topic") == topic and frame["data"]["u"] == 2))[
        "type"
    ] == "delta"


@pytest.mark.parametrize(("fault", "exists"), [("drop_request", 0), ("drop_reply", 1), ("reset_after_accept", 1)])
async def test_the_trade_socket_knows_the_same_faults(simulator: Simulator, fault: str, exists: int) -> None:
    socket = await simulator.open_trade()
    simulator.faults.add("bybit", fault, match=FaultMatch(op="place"))
    frame = {"op": "order.create", "header": {"X-BAPI-TIMESTAMP": now_ms()}, "args": [limit_order(simulator, "ws")]}
    if fault == "reset_after_accept":
        await socket.send(frame)
        await socket.wait_closed()
    else:
        await socket.send(frame)
        pong = await socket.ask({"op": "ping"})
        assert pong["op"] == "pong"
    assert orders_named(simulator, "ws") == exists


async def test_requests_behind_a_held_one_on_a_trade_socket_are_still_served(simulator: Simulator) -> None:
    socket = await simulator.open_trade()
    simulator.faults.hold("bybit", HoldPoint.RECEIVED)
    header = {"X-BAPI-TIMESTAMP": now_ms()}
    await socket.send({"op": "order.create", "reqId": "slow", "header": header, "args": [limit_order(simulator, "w")]})
    await until(lambda: simulator.faults.held("bybit"), "the held frame")
    assert (await socket.ask({"op": "ping"}))["op"] == "pong"
    simulator.faults.release("bybit")
    answer = await socket.wait_for(lambda frame: frame.get("reqId") == "slow")
    assert answer["retCode"] == 0


async def test_a_partial_fill_leaves_the_rest_of_a_limit_order_open(simulator: Simulator) -> None:
    stream = await simulator.open_private("order")
    simulator.faults.add("bybit", "partial_fill", params={"quantity": "0.004"})
    await simulator.post(CREATE, limit_order(simulator, "part", price=simulator.crossing_price()))
    frame = await stream.wait_for(lambda frame: frame.get("topic") == "order")
    order = frame["data"][0]
    assert (order["orderStatus"], order["cumExecQty"], order["leavesQty"]) == ("PartiallyFilled", "0.004", "0.006")
    [open_order] = simulator.venue.open_orders(ACCOUNT)
    assert open_order.client_key == "part"
    assert open_order.created_ns <= time.time_ns()
