"""Hedge mode: switching to it, its position indexes, and its two position objects."""

from typing import Final

from tests.wire.bybit.kit import Frame, Simulator, limit_order, market_order

CREATE, SWITCH = "/v5/order/create", "/v5/position/switch-mode"
BTC: Final[Frame] = {"category": "linear", "symbol": "BTCUSDT"}


async def hedge(simulator: Simulator) -> None:
    assert (await simulator.post(SWITCH, **BTC, mode=3)).code == 0


async def legs(simulator: Simulator) -> dict[int, Frame]:
    rows = (await simulator.read("/v5/position/list", **BTC)).result["list"]
    return {row["positionIdx"]: row for row in rows}


async def test_the_mode_is_switched_per_symbol_or_coin_and_only_when_idle(simulator: Simulator) -> None:
    assert (await simulator.post(SWITCH, **BTC, mode=0)).code == 110025
    await hedge(simulator)
    assert (await simulator.post(SWITCH, **BTC, mode=3)).code == 110025
    assert (await simulator.post(SWITCH, category="linear", coin="USDT", mode=0)).code == 0
    order = (await simulator.post(CREATE, limit_order(simulator))).result
    assert (await simulator.post(SWITCH, **BTC, mode=3)).code == 110028
    await simulator.post("/v5/order/cancel", **BTC, orderId=order["orderId"])
    assert (await simulator.post(CREATE, market_order())).code == 0
    assert (await simulator.post(SWITCH, **BTC, mode=3)).code == 110024
    for wrong in ({**BTC, "mode": 1}, {"category": "linear", "mode": 3}, {**BTC, "symbol": "NOPE", "mode": 3}):
        assert (await simulator.post(SWITCH, wrong)).code == 10001


async def test_the_position_index_must_match_the_mode(simulator: Simulator) -> None:
    reply = await simulator.post(CREATE, market_order(positionIdx=1))
    assert (reply.code, reply.body["retMsg"]) == (10001, "position idx not match position mode")
    await hedge(simulator)
    reply = await simulator.post(CREATE, market_order())
    assert (reply.code, reply.body["retMsg"]) == (10001, "position idx not match position mode")
    assert (await simulator.post(CREATE, market_order(positionIdx=1))).code == 0


async def test_long_and_short_live_side_by_side(simulator: Simulator) -> None:
    await hedge(simulator)
    stream = await simulator.open_private("position", "order", "execution")
    assert (await simulator.post(CREATE, market_order("long", positionIdx=1, qty="0.03"))).code == 0
    assert (await simulator.post(CREATE, market_order("short", side="Sell", positionIdx=2, qty="0.02"))).code == 0
    held = await legs(simulator)
    assert {index: (row["side"], row["size"]) for index, row in held.items()} == {
        1: ("Buy", "0.030"),
        2: ("Sell", "0.020"),
    }
    frame = await stream.wait_for(
        lambda frame: frame.get("topic") == "position" and frame["data"][0]["positionIdx"] == 2
    )
    assert frame["data"][0]["side"] == "Sell"
    assert {frame["data"][0]["positionIdx"] for frame in stream.topic("order")} == {1, 2}
    closing = market_order("close", side="Sell", positionIdx=1, qty="0", reduceOnly=True, closeOnTrigger=True)
    assert (await simulator.post(CREATE, closing)).code == 0
    held = await legs(simulator)
    assert (held[1]["side"], held[1]["size"], held[2]["size"]) == ("", "0", "0.020")
    [only] = (await simulator.read("/v5/position/list", category="linear", settleCoin="USDT")).result["list"]
    assert only["positionIdx"] == 2


async def test_a_leg_cannot_be_closed_beyond_its_size(simulator: Simulator) -> None:
    await hedge(simulator)
    assert (await simulator.post(CREATE, market_order(positionIdx=1))).code == 0
    assert (await simulator.post(CREATE, market_order(side="Sell", positionIdx=1, qty="0.02"))).code == 110017
    assert (await simulator.post(CREATE, market_order(side="Buy", positionIdx=2, reduceOnly=True))).code == 110017


async def test_each_leg_has_its_own_exits_and_leverage(simulator: Simulator) -> None:
    simulator.pin()
    await hedge(simulator)
    stream = await simulator.open_private("order")
    for body in (market_order(positionIdx=1), market_order(side="Sell", positionIdx=2)):
        assert (await simulator.post(CREATE, body)).code == 0
    instrument = simulator.venue.instruments["linear:BTCUSDT"]
    low, high = (f"{instrument.price(int(simulator.bid() * share)):f}" for share in (0.98, 1.02))
    stop = {**BTC, "tpslMode": "Full"}
    path = "/v5/position/trading-stop"
    assert (await simulator.post(path, stop | {"positionIdx": 1, "stopLoss": low})).code == 0
    assert (await simulator.post(path, stop | {"positionIdx": 2, "stopLoss": high})).code == 0
    assert (await simulator.post(path, stop | {"positionIdx": 0, "stopLoss": low})).code == 10001
    held = await legs(simulator)
    assert (held[1]["stopLoss"], held[2]["stopLoss"]) == (low, high)
    leverage = {**BTC, "buyLeverage": "5", "sellLeverage": "7"}
    assert (await simulator.post("/v5/position/set-leverage", leverage)).code == 0
    held = await legs(simulator)
    assert (held[1]["leverage"], held[2]["leverage"]) == ("5", "7")
    simulator.venue.operator.set_price("linear:BTCUSDT", instrument.price(int(simulator.bid() * 0.97)))
    frame = await stream.wait_for(
        lambda frame: (
            frame.get("topic") == "order"
            and frame["data"][0]["stopOrderType"] == "StopLoss"
            and frame["data"][0]["orderStatus"] == "Filled"
        )
    )
    assert frame["data"][0]["positionIdx"] == 1
    held = await legs(simulator)
    assert (held[1]["size"], held[2]["size"]) == ("0", "0.010")
