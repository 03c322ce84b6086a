"""Conditional orders: what they wait for, how they are told, listed, changed and cancelled."""

from decimal import Decimal

import pytest

from edgerunner.simulators.venue_types import OrderRequest, Trigger, TriggerRule
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, Socket, limit_order, market_order

CREATE, AMEND, CANCEL, CANCEL_ALL = (f"/v5/order/{name}" for name in ("create", "amend", "cancel", "cancel-all"))
LINEAR, SPOT = "linear:BTCUSDT", "spot:BTCUSDT"


def moved(simulator: Simulator, share: str, symbol: str = LINEAR) -> str:
    """Return the present price times ``share`` on the tick."""
    instrument = simulator.venue.instruments[symbol]
    ticks = int(simulator.venue.last_price(symbol) * Decimal(share) / instrument.instrument.tick_size)
    return f"{instrument.price(ticks):f}"


def go_to(simulator: Simulator, price: str, symbol: str = LINEAR) -> None:
    simulator.venue.operator.set_price(symbol, Decimal(price))


async def states(socket: Socket, link_id: str, count: int) -> list[str]:
    frames = await socket.wait_for_many(
        lambda frame: frame.get("topic") == "order" and frame["data"][0]["orderLinkId"] == link_id, count
    )
    return [frame["data"][0]["orderStatus"] for frame in frames]


async def listed(simulator: Simulator, **params: object) -> list[Frame]:
    query = {"category": "linear", "symbol": "BTCUSDT"} | params
    rows: list[Frame] = (await simulator.read("/v5/order/realtime", **query)).result["list"]
    return rows


async def test_a_stop_waits_then_is_triggered_and_fills(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order", "execution")
    trigger = moved(simulator, "1.01")
    body = market_order("stop", triggerPrice=trigger, triggerDirection=1, triggerBy="MarkPrice")
    assert (await simulator.post(CREATE, body)).code == 0
    [order] = await listed(simulator)
    assert (order["orderStatus"], order["stopOrderType"], order["createType"]) == (
        "Untriggered",
        "Stop",
        "CreateByStopOrder",
    )
    assert (order["triggerPrice"], order["triggerDirection"], order["triggerBy"]) == (trigger, 1, "MarkPrice")
    go_to(simulator, moved(simulator, "1.02"))
    assert await states(stream, "stop", 3) == ["Untriggered", "Triggered", "Filled"]
    execution = (await stream.wait_for(lambda frame: frame.get("topic") == "execution"))["data"][0]
    assert (execution["orderLinkId"], execution["stopOrderType"]) == ("stop", "Stop")


async def test_a_conditional_limit_rests_after_its_trigger_under_the_same_id(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order")
    trigger, price = moved(simulator, "0.99"), moved(simulator, "0.95")
    body = limit_order(simulator, "rest", price=price, triggerPrice=trigger, triggerDirection=2)
    placed = (await simulator.post(CREATE, body)).result
    assert [row["orderId"] for row in await listed(simulator, orderFilter="StopOrder")] == [placed["orderId"]]
    go_to(simulator, moved(simulator, "0.98"))
    assert await states(stream, "rest", 3) == ["Untriggered", "Triggered", "New"]
    assert await listed(simulator, orderFilter="StopOrder") == []
    [order] = await listed(simulator, orderId=placed["orderId"])
    assert (order["orderStatus"], order["triggerPrice"]) == ("New", trigger)


async def test_the_trigger_price_can_be_amended_to_the_right_side_only(simulator: Simulator) -> None:
    simulator.pin()
    body = market_order("move", triggerPrice=moved(simulator, "1.01"), triggerDirection=1)
    assert (await simulator.post(CREATE, body)).code == 0
    ids = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "move"}
    further = moved(simulator, "1.05")
    assert (await simulator.post(AMEND, ids | {"triggerPrice": further})).code == 0
    assert (await listed(simulator))[0]["triggerPrice"] == further
    assert (await simulator.post(AMEND, ids | {"triggerPrice": moved(simulator, "0.9")})).code == 110092
    falling = market_order("fall", triggerPrice=moved(simulator, "0.9"), triggerDirection=2)
    assert (await simulator.post(CREATE, falling)).code == 0
    wrong = {"orderLinkId": "fall", "triggerPrice": moved(simulator, "1.1")}
    assert (await simulator.post(AMEND, ids | wrong)).code == 110093
    plain = (await simulator.post(CREATE, limit_order(simulator))).result
    ids = {"category": "linear", "symbol": "BTCUSDT", "orderId": plain["orderId"]}
    assert (await simulator.post(AMEND, ids | {"triggerPrice": further})).code == 10001


async def test_a_waiting_order_ties_up_no_money_and_is_rejected_when_it_cannot_pay(simulator: Simulator) -> None:
    simulator.pin()
    stream = await simulator.open_private("order")
    body = limit_order(simulator, "huge", qty="500", triggerPrice=moved(simulator, "1.01"), triggerDirection=1)
    assert (await simulator.post(CREATE, body)).code == 0
    summary = simulator.venue.summary(ACCOUNT, "USDT")
    assert summary.order_margin == 0
    go_to(simulator, moved(simulator, "1.02"))
    assert await states(stream, "huge", 3) == ["Untriggered", "Triggered", "Rejected"]
    assert stream.topic("order")[2]["data"][0]["rejectReason"] == "EC_CannotAffordOrderCost"


async def test_no_more_than_ten_conditional_orders_wait_per_symbol(simulator: Simulator) -> None:
    simulator.pin()
    body = market_order(qty="0.001", triggerPrice=moved(simulator, "1.01"), triggerDirection=1)
    batch = [{**body, "orderLinkId": f"wait-{index}"} for index in range(11)]
    reply = await simulator.post("/v5/order/create-batch", category="linear", request=batch[:10])
    assert [row["code"] for row in reply.body["retExtInfo"]["list"]] == [0] * 10
    assert (await simulator.post(CREATE, batch[10])).code == 110009


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        ({}, []),
        ({"orderFilter": "Order"}, ["exit", "stop"]),
        ({"orderFilter": "StopOrder"}, ["plain"]),
        ({"orderFilter": "StopOrder", "stopOrderType": "Stop"}, ["exit", "plain"]),
    ],
)
async def test_cancel_all_takes_the_kinds_it_is_told(simulator: Simulator, selection: Frame, left: list[str]) -> None:
    simulator.pin()
    stop = market_order("stop", triggerPrice=moved(simulator, "1.01"), triggerDirection=1)
    entry = market_order("entry", stopLoss=moved(simulator, "0.9"))
    for body in (limit_order(simulator, "plain"), stop, entry):
        assert (await simulator.post(CREATE, body)).code == 0
    answer = await simulator.post(CANCEL_ALL, {"category": "linear", "symbol": "BTCUSDT"} | selection)
    assert len(answer.result["list"]) == 3 - len(left)
    assert sorted(row["orderLinkId"] or "exit" for row in await listed(simulator)) == left
    refused = await simulator.post(CANCEL_ALL, category="linear", symbol="BTCUSDT", orderFilter="Nonsense")
    assert refused.code == 10001


async def test_a_spot_conditional_is_found_under_its_own_filter_and_deactivated(simulator: Simulator) -> None:
    simulator.pin(SPOT)
    stream = await simulator.open_private("order")
    body = limit_order(
        simulator,
        "spot-stop",
        category="spot",
        price=moved(simulator, "0.95", SPOT),
        orderFilter="StopOrder",
        triggerPrice=moved(simulator, "1.01", SPOT),
    )
    assert (await simulator.post(CREATE, body)).code == 0
    [order] = await listed(simulator, category="spot", orderFilter="StopOrder")
    assert (order["orderStatus"], order["triggerDirection"], order["triggerBy"]) == ("Untriggered", 0, "")
    assert await listed(simulator, category="spot", orderFilter="tpslOrder") == []
    ids = {"category": "spot", "symbol": "BTCUSDT", "orderLinkId": "spot-stop"}
    assert (await simulator.post(CANCEL, ids)).code == 170213
    assert (await simulator.post(CANCEL_ALL, category="spot")).result["list"] == []
    assert (await simulator.post(CANCEL, ids | {"orderFilter": "StopOrder"})).code == 0
    assert await states(stream, "spot-stop", 2) == ["Untriggered", "Deactivated"]


async def test_a_spot_tpsl_order_sells_when_its_trigger_is_reached(simulator: Simulator) -> None:
    simulator.pin(SPOT)
    stream = await simulator.open_private("order")
    body = market_order("protect", category="spot", side="Sell", qty="0.1", orderFilter="tpslOrder")
    assert (await simulator.post(CREATE, body | {"triggerPrice": moved(simulator, "0.99", SPOT)})).code == 0
    [order] = await listed(simulator, category="spot", orderFilter="tpslOrder")
    assert order["stopOrderType"] == "tpslOrder"
    go_to(simulator, moved(simulator, "0.98", SPOT), SPOT)
    assert await states(stream, "protect", 3) == ["Untriggered", "Triggered", "Filled"]


async def test_thirty_spot_conditionals_of_each_kind_may_wait(simulator: Simulator) -> None:
    simulator.pin(SPOT)
    instrument = simulator.venue.instruments[SPOT]
    trigger = Trigger(price_ticks=instrument.to_ticks(Decimal(moved(simulator, "1.01", SPOT))), rule=TriggerRule.RISE)
    for _ in range(30):
        simulator.venue.place(
            OrderRequest(
                account_id=ACCOUNT,
                symbol=SPOT,
                side="buy",
                order_type="market",
                quantity_lots=instrument.to_lots(Decimal("0.001")),
                trigger=trigger,
                attributes={"orderFilter": "StopOrder"},
            )
        )
    body = market_order(category="spot", qty="0.001", marketUnit="baseCoin")
    body |= {"triggerPrice": moved(simulator, "1.01", SPOT)}
    assert (await simulator.post(CREATE, body | {"orderFilter": "StopOrder"})).code == 170810
    assert (await simulator.post(CREATE, body | {"orderFilter": "tpslOrder"})).code == 0
    assert (await simulator.post(CREATE, body | {"orderFilter": "StopOrder", "symbol": "ETHUSDT"})).code != 170810
