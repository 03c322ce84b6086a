"""The private socket: topics, shapes, and what is told when."""

from decimal import Decimal

import pytest

from edgerunner.simulators.faults import HoldPoint
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, limit_order, market_order, until

ALL = ("order", "execution", "execution.fast", "position", "wallet")


def topics_of(frames: list[Frame]) -> list[str]:
    return [frame["topic"] for frame in frames if "topic" in frame]


async def test_nothing_is_sent_on_subscribe_and_a_ping_is_answered_in_private_shape(simulator: Simulator) -> None:
    socket = await simulator.open_private(*ALL)
    pong = await socket.ask({"op": "ping", "req_id": "p1"})
    assert list(pong) == ["req_id", "op", "args", "conn_id"]
    assert (pong["op"], pong["req_id"], pong["args"][0].isdigit()) == ("pong", "p1", True)
    assert "req_id" not in await socket.ask({"op": "ping"})
    assert topics_of(socket.frames) == []


async def test_a_resting_order_sends_order_and_an_unchanged_position(simulator: Simulator) -> None:
    socket = await simulator.open_private(*ALL)
    placed = (await simulator.post("/v5/order/create", limit_order(simulator, "rest"))).result
    frame = await socket.wait_for(lambda frame: frame.get("topic") == "position")
    assert topics_of(socket.frames) == ["order", "position"]
    order = socket.topic("order")[0]
    assert set(order) == {"id", "topic", "creationTime", "data"}
    assert (order["data"][0]["orderId"], order["data"][0]["orderStatus"]) == (placed["orderId"], "New")
    flat = frame["data"][0]
    assert (flat["side"], flat["size"], flat["entryPrice"], flat["category"]) == ("", "0", "0", "linear")
    assert "avgPrice" not in flat


async def test_a_fill_sends_the_final_order_its_executions_position_and_wallet(simulator: Simulator) -> None:
    socket = await simulator.open_private(*ALL)
    await simulator.post("/v5/order/create", market_order("fill", qty="5"))
    await socket.wait_for(lambda frame: frame.get("topic") == "wallet")
    executions = socket.topic("execution")
    assert len(executions) == 1
    fills = simulator.venue.fills(ACCOUNT)[::-1]
    assert len(fills) > 1
    assert [row["execId"] for row in executions[0]["data"]] == [fill.trade_id for fill in fills]
    assert [frame["data"][0]["execId"] for frame in socket.topic("execution.fast")] == [fill.trade_id for fill in fills]
    assert "id" not in socket.topic("execution.fast")[0]
    [order] = socket.topic("order")
    assert (order["data"][0]["orderStatus"], order["data"][0]["cumExecQty"]) == ("Filled", "5.000")
    assert sum(Decimal(row["execQty"]) for row in executions[0]["data"]) == 5
    assert socket.topic("position")[0]["data"][0]["size"] == "5.000"


async def test_closing_tells_the_closed_profit(simulator: Simulator) -> None:
    socket = await simulator.open_private("order", "execution")
    await simulator.post("/v5/order/create", market_order("in"))
    await simulator.post("/v5/order/create", market_order("out", side="Sell", reduceOnly=True))
    frame = await socket.wait_for(lambda frame: frame.get("topic") == "order" and frame["data"][0]["side"] == "Sell")
    profit = sum(fill.realized_pnl for fill in simulator.venue.fills(ACCOUNT))
    assert Decimal(frame["data"][0]["closedPnl"]) == profit
    rows = [row for frame in socket.topic("execution") for row in frame["data"] if row["side"] == "Sell"]
    assert (sum(Decimal(row["execPnl"]) for row in rows), rows[0]["closedSize"]) == (profit, "0.010")


async def test_the_answer_leaves_before_the_order_message(simulator: Simulator) -> None:
    socket = await simulator.open_private("order")
    simulator.faults.hold("bybit", HoldPoint.ACK_SENT)
    placed = (await simulator.post("/v5/order/create", limit_order(simulator, "held"))).result
    await until(lambda: simulator.faults.held("bybit"), "the frame at ack_sent")
    await socket.ask({"op": "ping"})
    assert socket.topic("order") == []
    simulator.faults.release("bybit")
    frame = await socket.wait_for(lambda frame: frame.get("topic") == "order")
    assert frame["data"][0]["orderId"] == placed["orderId"]


async def test_categorised_topics_carry_their_category_alone(simulator: Simulator) -> None:
    socket = await simulator.open_private("order.spot", "execution.linear", "wallet")
    refused = await socket.ask({"op": "subscribe", "args": ["order", "execution.spot"]})
    assert (refused["success"], refused["op"]) == (False, "subscribe")
    await simulator.post("/v5/order/create", market_order())
    await simulator.post("/v5/order/create", market_order(category="spot", qty="100"))
    await socket.wait_for(lambda frame: frame.get("topic") == "order.spot")
    await socket.wait_for(lambda frame: frame.get("topic") == "execution.linear")
    assert {row["category"] for frame in socket.topic("order.spot") for row in frame["data"]} == {"spot"}
    assert {row["category"] for frame in socket.topic("execution.linear") for row in frame["data"]} == {"linear"}


async def test_unknown_topics_and_operations_are_refused_in_words(simulator: Simulator) -> None:
    socket = await simulator.open_private()
    answer = await socket.ask({"op": "subscribe", "req_id": "s", "args": ["orders"]})
    assert (answer["success"], answer["ret_msg"], answer["req_id"]) == (
        False,
        "error:handler not found,topic:orders",
        "s",
    )
    assert (await socket.ask({"op": "dance"}))["success"] is False
    assert (await socket.ask({"op": "subscribe", "args": "order"}))["success"] is False
    assert (await socket.ask({"op": "subscribe", "args": ["position.spot"]}))["success"] is False


async def test_unsubscribed_topics_fall_silent(simulator: Simulator) -> None:
    socket = await simulator.open_private("order", "position")
    assert (await socket.ask({"op": "unsubscribe", "args": ["order"]}))["success"] is True
    await simulator.post("/v5/order/create", limit_order(simulator))
    await socket.wait_for(lambda frame: frame.get("topic") == "position")
    assert socket.topic("order") == []


async def test_a_resting_order_that_the_market_reaches_is_told_as_maker(simulator: Simulator) -> None:
    socket = await simulator.open_private("order", "execution", "execution.fast")
    bid = simulator.bid()
    instrument = simulator.venue.instruments["linear:BTCUSDT"]
    price = f"{instrument.price(bid):f}"
    assert (
        await simulator.post("/v5/order/create", limit_order(simulator, "maker", price=price, qty="0.001"))
    ).code == 0
    simulator.venue.operator.set_price("linear:BTCUSDT", instrument.price(bid - 500))
    frame = await socket.wait_for(lambda frame: frame.get("topic") == "execution")
    row = frame["data"][0]
    assert (row["isMaker"], row["execPrice"], row["orderLinkId"]) == (True, price, "maker")
    assert Decimal(row["execFee"]) == Decimal(row["execValue"]) * Decimal("0.0002")
    fast = await socket.wait_for(lambda frame: frame.get("topic") == "execution.fast")
    assert fast["data"][0]["orderLinkId"] == ""


@pytest.mark.parametrize("op", ["subscribe", "unsubscribe"])
async def test_acks_have_the_private_shape(simulator: Simulator, op: str) -> None:
    socket = await simulator.open_private()
    answer = await socket.ask({"op": op, "args": ["wallet"]})
    assert list(answer) == ["success", "ret_msg", "op", "conn_id"]
    assert (answer["success"], answer["ret_msg"], answer["op"]) == (True, "", op)
