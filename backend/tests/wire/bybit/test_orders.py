"""Order entry: what is accepted, how it ends, and with which code it is refused."""

from decimal import Decimal

import pytest

from edgerunner.simulators.bybit import codes
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.venue_types import RejectReason
from tests.wire.bybit.kit import ACCOUNT, Frame, Simulator, limit_order, market_order


async def create(simulator: Simulator, body: Frame) -> int:
    return (await simulator.post("/v5/order/create", body)).code


def spot_limit(simulator: Simulator, link_id: str | None = None, **changes: object) -> Frame:
    price = simulator.passive_price("spot:BTCUSDT")
    return limit_order(simulator, link_id, **({"category": "spot", "price": price} | changes))


async def last_order(simulator: Simulator, category: str = "linear") -> Frame:
    reply = await simulator.read("/v5/order/history", category=category, limit=1)
    order: Frame = reply.result["list"][0]
    return order


def test_every_reason_has_a_code_in_both_families() -> None:
    for reason in RejectReason:
        for category in (Category.LINEAR, Category.SPOT):
            assert codes.refusal_of(reason, category).code >= 10001


@pytest.mark.parametrize(
    ("changes", "linear", "spot"),
    [
        ({"symbol": "NOPEUSDT"}, 10001, 170121),
        ({"side": "buy"}, 10001, 170117),
        ({"orderType": "Stop"}, 10001, 170116),
        ({"timeInForce": "DAY"}, 10001, 170115),
        ({"timeInForce": "RPI"}, 110119, 170355),
        ({"qty": "1e-05"}, 10001, 170130),
        ({"qty": "-1"}, 10001, 170130),
        ({"qty": "0"}, 10001, 170130),
        ({"qty": "0.0000001"}, 10001, 170137),
        ({"qty": "100000"}, 10001, 170124),
        ({"price": "12345.678"}, 10001, 170134),
        ({"price": "NaN"}, 10001, 170130),
        ({"price": "999999"}, 110003, 170193),
        ({"qty": "10"}, None, 170131),
        ({"qty": "200"}, 110007, 170124),
        ({"triggerPrice": "50000", "triggerDirection": 1}, 110092, 170227),
        ({"triggerPrice": "90000", "triggerDirection": 2}, 110093, None),
        ({"triggerPrice": "50000"}, 10001, None),
        ({"takeProfit": "9000"}, 10001, 170130),
        ({"takeProfit": "90000", "reduceOnly": True}, 110057, None),
        ({"takeProfit": "90000", "tpOrderType": "Limit", "tpLimitPrice": "90000"}, 10001, None),
        ({"orderFilter": "OcoOrder"}, None, 170201),
        ({"orderFilter": "StopOrder"}, None, 170130),
        ({"slippageTolerance": "1"}, 10001, 170227),
        ({"qty": 0.01}, 10001, 10001),
        ({"reduceOnly": "yes"}, 10001, None),
        ({"positionIdx": 1}, 10001, 10001),
        ({"positionIdx": "0"}, 10001, 10001),
        ({"smpType": "CancelEverything"}, 10001, 10001),
        ({"category": "inverse"}, 10001, None),
        ({"category": "futures"}, 10001, None),
        ({"category": None}, 10001, None),
        ({"price": None}, 10001, 10001),
    ],
)
async def test_a_wrong_order_is_refused_with_the_code_of_its_category(
    simulator: Simulator, changes: Frame, linear: int | None, spot: int | None
) -> None:
    if linear is not None:
        assert await create(simulator, limit_order(simulator, "wrong", **changes)) == linear
    if spot is not None:
        assert await create(simulator, spot_limit(simulator, "wrong", **changes)) == spot
    assert simulator.venue.open_orders(ACCOUNT) == []
    [refused] = simulator.ledger("refused")
    assert refused["client_key"] == "wrong"
    assert refused["placements"] == (linear is not None) + (spot is not None)


async def test_orders_worth_too_little_are_refused(simulator: Simulator) -> None:
    assert await create(simulator, limit_order(simulator, symbol="SOLUSDT", qty="0.1", price="40")) == 110094
    assert await create(simulator, spot_limit(simulator, qty="0.000010")) == 170140


async def test_what_is_not_built_yet_says_so(simulator: Simulator) -> None:
    reply = await simulator.post("/v5/order/create", limit_order(simulator, slippageTolerance="1"))
    assert "not supported by this simulator yet" in reply.body["retMsg"]
    assert (await simulator.post("/v5/order/create", spot_limit(simulator, isLeverage=1))).code == 170036
    assert await create(simulator, limit_order(simulator, triggerPrice="", takeProfit="0", isLeverage=0)) == 0


async def test_link_ids_are_checked_and_never_used_twice(simulator: Simulator) -> None:
    assert await create(simulator, limit_order(simulator, "ä")) == 10001
    reply = await simulator.post("/v5/order/create", limit_order(simulator, "x" * 46))
    assert reply.body["retMsg"] == "OrderLinkId length is longer than 45"
    placed = (await simulator.post("/v5/order/create", limit_order(simulator, "one-time"))).result
    assert await create(simulator, limit_order(simulator, "one-time")) == 110072
    await simulator.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=placed["orderId"])
    assert await create(simulator, limit_order(simulator, "one-time")) == 110072
    assert await create(simulator, spot_limit(simulator, "one-time")) == 170141


async def test_the_order_id_wins_over_the_link_id(simulator: Simulator) -> None:
    first = (await simulator.post("/v5/order/create", limit_order(simulator, "first"))).result
    await simulator.post("/v5/order/create", limit_order(simulator, "second"))
    ids = {"category": "linear", "symbol": "BTCUSDT", "orderId": first["orderId"], "orderLinkId": "second"}
    assert (await simulator.post("/v5/order/cancel", ids)).result["orderLinkId"] == "first"
    assert (await simulator.post("/v5/order/cancel", ids)).code == 110001
    assert (await simulator.post("/v5/order/cancel", ids | {"orderId": ""})).result["orderLinkId"] == "second"
    assert (await simulator.post("/v5/order/cancel", category="linear", symbol="BTCUSDT")).code == 10001


async def test_amend_sets_the_new_total_and_refuses_what_changes_nothing(simulator: Simulator) -> None:
    placed = (await simulator.post("/v5/order/create", limit_order(simulator))).result
    ids = {"category": "linear", "symbol": "BTCUSDT", "orderId": placed["orderId"]}
    assert (await simulator.post("/v5/order/amend", ids | {"qty": "0.5"})).code == 0
    assert (await simulator.post("/v5/order/amend", ids | {"qty": "0.5"})).code == 10001
    assert (await simulator.post("/v5/order/amend", ids | {"price": "0.05"})).code == 10001
    reply = await simulator.post("/v5/order/amend", ids | {"symbol": "ETHUSDT", "qty": "1"})
    assert (reply.code, reply.body["retMsg"]) == (110001, "order not exists or too late to replace")
    order = simulator.venue.find_order(ACCOUNT, order_id=placed["orderId"])
    assert order is not None
    assert order.quantity_lots == 500
    assert (await simulator.post("/v5/order/cancel", ids)).code == 0
    late = await simulator.post("/v5/order/amend", ids | {"qty": "0.6"})
    assert (late.code, late.body["retMsg"]) == (110001, "order not exists or too late to replace")


async def test_post_only_that_would_cross_is_accepted_and_then_cancelled(simulator: Simulator) -> None:
    body = limit_order(simulator, timeInForce="PostOnly", price=simulator.crossing_price())
    assert await create(simulator, body) == 0
    order = await last_order(simulator)
    assert (order["orderStatus"], order["cancelType"]) == ("Cancelled", "UNKNOWN")
    assert (order["rejectReason"], order["timeInForce"]) == ("EC_PostOnlyWillTakeLiquidity", "PostOnly")


async def test_ioc_and_fok_end_at_once(simulator: Simulator) -> None:
    for word, reason in (("IOC", "EC_NoImmediateQtyToFill"), ("FOK", "EC_NoEnoughQtyToFill")):
        assert await create(simulator, limit_order(simulator, timeInForce=word)) == 0
        order = await last_order(simulator)
        assert (order["orderStatus"], order["rejectReason"], order["cumExecQty"]) == ("Cancelled", reason, "0.000")
    assert await create(simulator, limit_order(simulator, timeInForce="FOK", price=simulator.crossing_price())) == 0
    assert (await last_order(simulator))["orderStatus"] == "Filled"


async def test_a_spot_market_buy_counts_quote_coin_unless_told_otherwise(simulator: Simulator) -> None:
    body = market_order(category="spot", qty="1000")
    assert await create(simulator, body) == 0
    order = await last_order(simulator, "spot")
    assert (order["orderStatus"], order["qty"]) == ("PartiallyFilledCanceled", "1000")
    assert Decimal(990) < Decimal(order["cumExecValue"]) <= Decimal(1000)
    assert Decimal(order["leavesValue"]) == Decimal(1000) - Decimal(order["cumExecValue"])
    assert list(order["cumFeeDetail"]) == ["BTC"]
    assert await create(simulator, body | {"qty": "0.002", "marketUnit": "baseCoin"}) == 0
    order = await last_order(simulator, "spot")
    assert (order["orderStatus"], order["cumExecQty"], order["marketUnit"]) == ("Filled", "0.002000", "baseCoin")
    assert await create(simulator, body | {"side": "Sell", "qty": "0.002"}) == 0
    assert list((await last_order(simulator, "spot"))["cumFeeDetail"]) == ["USDT"]
    assert await create(simulator, body | {"side": "Sell", "marketUnit": "quoteCoin"}) == 170227
    assert await create(simulator, body | {"marketUnit": "coins"}) == 170130
    assert await create(simulator, body | {"qty": "0.0020001", "marketUnit": "baseCoin"}) == 170148


async def test_reduce_only_never_opens_and_quantity_0_closes(simulator: Simulator) -> None:
    assert await create(simulator, market_order(side="Sell", reduceOnly=True)) == 110017
    closing = market_order(side="Sell", qty="0", reduceOnly=True, closeOnTrigger=True)
    assert await create(simulator, closing) == 110017
    assert await create(simulator, market_order(qty="0.025")) == 0
    assert await create(simulator, market_order(side="Sell", qty="0", reduceOnly=True)) == 10001
    assert await create(simulator, closing) == 0
    assert simulator.venue.positions(ACCOUNT) == []
    order = await last_order(simulator)
    assert (order["cumExecQty"], order["reduceOnly"], order["closeOnTrigger"]) == ("0.025", True, True)


async def test_cancel_all_by_symbol_coin_or_category(simulator: Simulator) -> None:
    for body in (limit_order(simulator, "a"), spot_limit(simulator, "b")):
        assert await create(simulator, body) == 0
    path = "/v5/order/cancel-all"
    assert (await simulator.post(path, category="linear")).code == 10001
    assert (await simulator.post(path, category="linear", baseCoin="ETH")).result["list"] == []
    assert (await simulator.post(path, category="linear", settleCoin="USDT", orderFilter="StopOrder")).result[
        "list"
    ] == []
    canceled = (await simulator.post(path, category="linear", baseCoin="BTC")).result["list"]
    assert [row["orderLinkId"] for row in canceled] == ["a"]
    canceled = (await simulator.post(path, category="spot")).result["list"]
    assert [row["orderLinkId"] for row in canceled] == ["b"]


async def test_batches_have_their_own_size_limits(simulator: Simulator) -> None:
    path = "/v5/order/create-batch"
    for request in ([], "x", [1], [limit_order(simulator)] * 21):
        assert (await simulator.post(path, category="linear", request=request)).code == 10001
    assert (await simulator.post(path, category="spot", request=[spot_limit(simulator)] * 11)).code == 10001
    reply = await simulator.post(
        path, category="spot", request=[spot_limit(simulator, qty="0"), spot_limit(simulator, "good")]
    )
    assert reply.body["retExtInfo"]["list"][0]["code"] == 170130
    rows = reply.result["list"]
    assert (rows[0]["orderId"], rows[0]["createAt"], rows[1]["orderLinkId"]) == ("", "", "good")
    assert int(rows[1]["createAt"]) > 0


async def test_a_forced_refusal_uses_the_given_words_and_counts_the_placement(simulator: Simulator) -> None:
    simulator.faults.add("bybit", "reject", params={"code": 110007, "text": "no money today"})
    reply = await simulator.post("/v5/order/create", limit_order(simulator, "forced"))
    assert (reply.code, reply.body["retMsg"]) == (110007, "no money today")
    assert [row["client_key"] for row in simulator.ledger("refused")] == ["forced"]
    assert await create(simulator, limit_order(simulator, "forced")) == 0
    assert simulator.ledger("orders")[0]["placements"] == 2


async def test_position_settings_follow_bybits_not_modified_habit(simulator: Simulator) -> None:
    leverage = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "25", "sellLeverage": "25"}
    path = "/v5/position/set-leverage"
    assert (await simulator.post(path, leverage)).code == 0
    assert (await simulator.post(path, leverage)).code == 110043
    assert (await simulator.post(path, leverage | {"sellLeverage": "20"})).code == 10001
    assert (await simulator.post(path, leverage | {"buyLeverage": "500", "sellLeverage": "500"})).code == 110013
    assert (await simulator.post(path, leverage | {"category": "spot"})).code == 10001
    mode = {"category": "linear", "symbol": "BTCUSDT", "mode": 0}
    assert (await simulator.post("/v5/position/switch-mode", mode)).code == 110025
