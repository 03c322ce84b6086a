"""Take-profit, stop-loss and trailing stops: on orders, on positions, and as the orders they become."""

from decimal import Decimal

from edgerunner.simulators.faults import HoldPoint
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, Socket, limit_order, market_order, until
from tests.wire.bybit.test_conditional_orders import AMEND, CANCEL, CREATE, SPOT, go_to, listed, moved

STOP = "/v5/position/trading-stop"
BTC: Frame = {"category": "linear", "symbol": "BTCUSDT"}


async def place(simulator: Simulator, body: Frame) -> str:
    placed = (await simulator.post(CREATE, body)).result
    order_id: str = placed["orderId"]
    return order_id


async def position(simulator: Simulator) -> Frame:
    rows = (await simulator.read("/v5/position/list", **BTC)).result["list"]
    first: Frame = rows[0]
    return first


async def exits(simulator: Simulator, **params: object) -> dict[str, Frame]:
    rows = await listed(simulator, orderFilter="StopOrder", **params)
    return {row["stopOrderType"]: row for row in rows}


async def order_words(stream: Socket, kind: str, count: int) -> list[str]:
    def wanted(frame: Frame) -> bool:
        return frame.get("topic") == "order" and frame["data"][0]["stopOrderType"] == kind

    frames = await stream.wait_for_many(wanted, count)
    return [frame["data"][0]["orderStatus"] for frame in frames]


async def test_an_order_with_full_exits_makes_children_without_a_link_id(simulator: Simulator) -> None:
    simulator.pin()
    profit, loss = moved(simulator, "1.02"), moved(simulator, "0.98")
    await place(simulator, market_order("parent", takeProfit=profit, stopLoss=loss, slTriggerBy="MarkPrice"))
    children = await exits(simulator)
    assert children.keys() == {"TakeProfit", "StopLoss"}
    assert {row["orderLinkId"] for row in children.values()} == {""}
    assert {row["parentOrderLinkId"] for row in children.values()} == {"parent"}
    assert {row["createType"] for row in children.values()} == {"CreateByTakeProfit", "CreateByStopLoss"}
    stop = children["StopLoss"]
    assert (stop["side"], stop["orderType"], stop["closeOnTrigger"], stop["tpslMode"]) == (
        "Sell",
        "Market",
        True,
        "Full",
    )
    assert (stop["triggerPrice"], stop["triggerBy"], stop["triggerDirection"]) == (loss, "MarkPrice", 2)
    shown = await position(simulator)
    assert (shown["takeProfit"], shown["stopLoss"]) == (profit, loss)
    history = (await simulator.read("/v5/order/history", **BTC, orderLinkId="parent")).result["list"][0]
    assert (history["takeProfit"], history["stopLoss"], history["tpslMode"]) == (profit, loss, "Full")


async def test_a_stop_loss_that_fires_closes_the_position_and_clears_its_sibling(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order", "execution", "position")
    await place(simulator, market_order(takeProfit=moved(simulator, "1.02"), stopLoss=moved(simulator, "0.98")))
    go_to(simulator, moved(simulator, "0.97"))
    assert (await order_words(stream, "StopLoss", 3))[-2:] == ["Triggered", "Filled"]
    assert (await order_words(stream, "TakeProfit", 2))[-1] == "Cancelled"
    [canceled] = [
        frame["data"][0]
        for frame in stream.topic("order")
        if frame["data"][0]["stopOrderType"] == "TakeProfit" and frame["data"][0]["orderStatus"] == "Cancelled"
    ]
    assert canceled["cancelType"] == "CancelByTpSlTsClear"
    execution = stream.topic("execution")[-1]["data"][0]
    assert (execution["stopOrderType"], execution["createType"], execution["orderLinkId"]) == (
        "StopLoss",
        "CreateByStopLoss",
        "",
    )
    flat = await position(simulator)
    assert (flat["side"], flat["takeProfit"], flat["stopLoss"]) == ("", "", "")
    assert await exits(simulator) == {}


async def test_closing_by_hand_clears_the_exits(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order")
    await place(simulator, market_order(stopLoss=moved(simulator, "0.98")))
    await place(simulator, market_order(side="Sell", reduceOnly=True))
    frame = await stream.wait_for(
        lambda frame: frame.get("topic") == "order" and frame["data"][0]["orderStatus"] == "Cancelled"
    )
    assert frame["data"][0]["cancelType"] == "CancelByTpSlTsClear"


async def test_partial_exits_have_their_own_quantity_and_limit_and_cancel_each_other(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order")
    profit, limit, loss = moved(simulator, "1.02"), moved(simulator, "1.03"), moved(simulator, "0.98")
    body = limit_order(
        simulator,
        "partial",
        price=simulator.crossing_price(),
        tpslMode="Partial",
        takeProfit=moved(simulator, "1.04"),
        tpOrderType="Limit",
        tpLimitPrice=moved(simulator, "1.05"),
        stopLoss=loss,
    )
    await place(simulator, body)
    children = await exits(simulator)
    child = children["PartialTakeProfit"]
    assert (child["orderType"], child["price"], child["qty"]) == ("Limit", moved(simulator, "1.05"), "0.010")
    assert (child["tpslMode"], child["reduceOnly"]) == ("Partial", True)
    assert (await position(simulator))["takeProfit"] == ""
    reply = await simulator.post(
        STOP,
        {
            **BTC,
            "tpslMode": "Partial",
            "positionIdx": 0,
            "takeProfit": profit,
            "tpSize": "0.004",
            "tpOrderType": "Limit",
            "tpLimitPrice": limit,
        },
    )
    assert reply.code == 0
    sizes = sorted(row["qty"] for row in await listed(simulator, orderFilter="StopOrder"))
    assert sizes == ["0.004", "0.010", "0.010"]
    go_to(simulator, moved(simulator, "0.97"))
    frame = await stream.wait_for(
        lambda frame: (
            frame.get("topic") == "order" and frame["data"][0]["cancelType"] == "CancelByOCOTpCanceledBySlTriggered"
        )
    )
    assert frame["data"][0]["stopOrderType"] == "PartialTakeProfit"


async def test_trading_stop_sets_changes_and_removes(simulator: Simulator) -> None:
    simulator.pin()
    body = {**BTC, "tpslMode": "Full", "positionIdx": 0}
    refused = await simulator.post(STOP, body | {"stopLoss": moved(simulator, "0.9")})
    assert (refused.code, "zero position" in refused.body["retMsg"]) == (10001, True)
    await place(simulator, market_order("plain"))
    first, second = moved(simulator, "0.9"), moved(simulator, "0.95")
    assert (await simulator.post(STOP, body | {"stopLoss": first, "takeProfit": moved(simulator, "1.1")})).code == 0
    assert (await simulator.post(STOP, body | {"stopLoss": first})).code == 34040
    assert (await simulator.post(STOP, body | {"stopLoss": second})).code == 0
    assert (await position(simulator))["stopLoss"] == second
    assert (await simulator.post(STOP, body | {"stopLoss": moved(simulator, "1.05")})).code == 10001
    assert (await simulator.post(STOP, body | {"takeProfit": "0"})).code == 0
    assert (await exits(simulator)).keys() == {"StopLoss"}
    assert (await exits(simulator))["StopLoss"]["parentOrderLinkId"] == ""


async def test_what_trading_stop_cannot_do_is_refused(simulator: Simulator) -> None:
    simulator.pin()
    await place(simulator, market_order())
    body, first = {**BTC, "tpslMode": "Full", "positionIdx": 0}, moved(simulator, "0.9")
    for wrong in (
        {},
        {"tpslMode": "Half", "stopLoss": first},
        {"stopLoss": first, "slOrderType": "Limit", "slLimitPrice": first},
        {"stopLoss": "1.05"},
        {"stopLoss": first, "positionIdx": 1},
        {"stopLoss": first, "positionIdx": 3},
        {"category": "spot", "stopLoss": first},
        {"tpslMode": "Partial", "takeProfit": "90000", "stopLoss": first, "tpSize": "0.01", "slSize": "0.02"},
        {"tpslMode": "Partial", "stopLoss": first, "slSize": "5"},
    ):
        assert (await simulator.post(STOP, body | wrong)).code == 10001, wrong


async def test_the_answer_to_trading_stop_leaves_before_its_events(simulator: Simulator) -> None:
    simulator.pin()
    await place(simulator, market_order())
    stream = await simulator.open_private("order")
    simulator.faults.hold("bybit", HoldPoint.ACK_SENT)
    body = {**BTC, "tpslMode": "Full", "positionIdx": 0, "stopLoss": moved(simulator, "0.9")}
    assert (await simulator.post(STOP, body)).code == 0
    await until(lambda: simulator.faults.held("bybit"), "the frame at ack_sent")
    await stream.ask({"op": "ping"})
    assert stream.topic("order") == []
    simulator.faults.release("bybit")
    assert await order_words(stream, "StopLoss", 1) == ["Untriggered"]


async def test_a_trailing_stop_follows_from_its_active_price_and_fires(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order")
    await place(simulator, market_order())
    body = {**BTC, "tpslMode": "Full", "positionIdx": 0, "trailingStop": "500", "activePrice": moved(simulator, "1.02")}
    assert (await simulator.post(STOP, body)).code == 0
    shown = await position(simulator)
    assert shown["trailingStop"] == "500.00"
    [stop] = (await exits(simulator)).values()
    assert (stop["stopOrderType"], stop["createType"]) == ("TrailingStop", "CreateByTrailingStop")
    top = Decimal(moved(simulator, "1.03"))
    go_to(simulator, f"{top:f}")
    await simulator.get("/v5/market/tickers", **BTC)
    go_to(simulator, f"{top - 600:f}")
    assert (await order_words(stream, "TrailingStop", 3))[-2:] == ["Triggered", "Filled"]
    assert simulator.venue.positions(ACCOUNT) == []


async def test_exits_of_an_open_order_can_be_amended_and_removed(simulator: Simulator) -> None:
    simulator.pin()
    price = simulator.passive_price()
    loss = simulator.passive_price(share="0.9")
    order_id = await place(simulator, limit_order(simulator, price=price, stopLoss=loss))
    ids = {**BTC, "orderId": order_id}
    other = simulator.passive_price(share="0.91")
    assert (await simulator.post(AMEND, ids | {"stopLoss": other, "takeProfit": moved(simulator, "1.1")})).code == 0
    [order] = await listed(simulator)
    assert (order["stopLoss"], order["takeProfit"]) == (other, moved(simulator, "1.1"))
    assert (await simulator.post(AMEND, ids | {"stopLoss": "0"})).code == 0
    [order] = await listed(simulator)
    assert (order["stopLoss"], order["takeProfit"]) == ("0.00", moved(simulator, "1.1"))


async def test_a_child_can_be_cancelled_by_its_order_id(simulator: Simulator) -> None:
    simulator.pin()
    await place(simulator, market_order(stopLoss=moved(simulator, "0.98")))
    child = (await exits(simulator))["StopLoss"]
    assert (await simulator.post(CANCEL, **BTC, orderId=child["orderId"])).code == 0
    assert (await position(simulator))["stopLoss"] == ""


async def test_a_spot_limit_order_brings_its_exits(simulator: Simulator) -> None:
    simulator.pin(SPOT)
    body = limit_order(
        simulator,
        "spot-parent",
        category="spot",
        price=simulator.crossing_price(SPOT),
        takeProfit=moved(simulator, "1.1", SPOT),
        stopLoss=moved(simulator, "0.9", SPOT),
    )
    await place(simulator, body)
    rows = await listed(simulator, category="spot", orderFilter="tpslOrder")
    assert {(row["side"], row["orderLinkId"], row["stopOrderType"]) for row in rows} == {("Sell", "", "tpslOrder")}
    assert len(rows) == 2
    market = market_order(category="spot", qty="100", takeProfit=moved(simulator, "1.1", SPOT))
    assert (await simulator.post(CREATE, market)).code == 170227


async def test_no_more_than_twenty_partial_exits_per_symbol(simulator: Simulator) -> None:
    simulator.pin()
    pair = {"tpslMode": "Partial", "takeProfit": moved(simulator, "1.1"), "stopLoss": moved(simulator, "0.9")}
    await place(simulator, market_order(qty="0.1", **pair))
    body = {**BTC, **pair, "positionIdx": 0, "tpSize": "0.001", "slSize": "0.001"}
    for _ in range(9):
        assert (await simulator.post(STOP, body)).code == 0
    assert (await simulator.post(STOP, body)).code == 110061
