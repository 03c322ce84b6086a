"""Conditional orders, take-profit and stop-loss, and hedge mode with an unmodified ccxt.pro."""

from typing import Any

import ccxt
import pytest

from tests.conformance.bybit.test_ccxt_session import LINEAR, Exchange, exchange, watched
from tests.wire.bybit.kit import ACCOUNT, Simulator, until
from tests.wire.bybit.test_conditional_orders import go_to, moved

__all__ = ["exchange"]

pytestmark = pytest.mark.conformance


def at(simulator: Simulator, share: str) -> float:
    return float(moved(simulator, share))


async def test_a_stop_order_waits_and_fires(exchange: Exchange, simulator: Simulator) -> None:
    simulator.pin()
    trigger = at(simulator, "1.01")
    params = {"triggerPrice": trigger, "triggerDirection": "ascending"}
    placed = await exchange.create_order(LINEAR, "market", "buy", 0.01, None, params)
    [waiting] = await exchange.fetch_open_orders(LINEAR, params={"trigger": True})
    assert (waiting["id"], waiting["triggerPrice"], waiting["status"]) == (placed["id"], trigger, "open")
    go_to(simulator, moved(simulator, "1.02"))
    await until(lambda: simulator.venue.positions(ACCOUNT), "the trigger")
    [done] = await exchange.fetch_closed_orders(LINEAR)
    assert (done["id"], done["status"], done["filled"]) == (placed["id"], "closed", 0.01)


async def test_a_stop_order_on_the_wrong_side_is_refused(exchange: Exchange, simulator: Simulator) -> None:
    params = {"triggerPrice": at(simulator, "0.9"), "triggerDirection": "ascending"}
    with pytest.raises(ccxt.InvalidOrder):
        await exchange.create_order(LINEAR, "market", "buy", 0.01, None, params)


async def test_a_bracket_makes_children_that_protect_the_position(exchange: Exchange, simulator: Simulator) -> None:
    simulator.pin()
    profit, loss = at(simulator, "1.05"), at(simulator, "0.95")
    params = {"takeProfit": {"triggerPrice": profit}, "stopLoss": {"triggerPrice": loss}}
    await exchange.create_order(LINEAR, "market", "buy", 0.01, None, params)
    children = await exchange.fetch_open_orders(LINEAR)
    assert {(child["side"], child["reduceOnly"], child["clientOrderId"]) for child in children} == {
        ("sell", True, None)
    }
    assert {child["triggerPrice"] for child in children} == {profit, loss}
    position = await exchange.fetch_position(LINEAR)
    assert (position["takeProfitPrice"], position["stopLossPrice"]) == (profit, loss)

    async def fall() -> None:
        go_to(simulator, moved(simulator, "0.94"))

    def is_canceled(found: list[Any]) -> bool:
        return bool(found[-1]["status"] == "canceled")

    found = await watched("order", exchange.watch_orders, is_canceled, simulator=simulator, act=fall)
    assert found[-1]["info"]["cancelType"] == "CancelByTpSlTsClear"
    assert await exchange.fetch_open_orders(LINEAR) == []


async def test_hedge_mode_has_two_positions(exchange: Exchange, simulator: Simulator) -> None:
    await exchange.set_position_mode(True, LINEAR)
    await exchange.create_order(LINEAR, "market", "buy", 0.01, None, {"positionIdx": 1})
    await exchange.create_order(LINEAR, "market", "sell", 0.02, None, {"positionIdx": 2})
    held = {position["side"]: position for position in await exchange.fetch_positions([LINEAR])}
    assert {side: position["contracts"] for side, position in held.items()} == {"long": 0.01, "short": 0.02}
    assert all(position["hedged"] for position in held.values())
    with pytest.raises(ccxt.BadRequest):
        await exchange.create_order(LINEAR, "market", "buy", 0.01)


async def test_leverage_and_margin_mode_are_set(exchange: Exchange, simulator: Simulator) -> None:
    await exchange.set_leverage(7, LINEAR)
    await exchange.create_order(LINEAR, "market", "buy", 0.01)
    position = await exchange.fetch_position(LINEAR)
    assert position["leverage"] == 7
    assert simulator.venue.position(ACCOUNT, "linear:BTCUSDT").leverage == 7
    with pytest.raises(ccxt.BadRequest):  # ccxt has no milder class for 110043: not modified
        await exchange.set_leverage(7, LINEAR)
    await exchange.set_margin_mode("isolated")
    assert simulator.venue.margin_mode(ACCOUNT) == "isolated"


async def test_a_trailing_stop_follows_the_price_and_closes_the_position(
    exchange: Exchange, simulator: Simulator
) -> None:
    simulator.pin()
    await exchange.create_order(LINEAR, "market", "buy", 0.01)
    distance = at(simulator, "0.01")
    params = {"trailingAmount": distance, "trailingTriggerPrice": at(simulator, "1.01"), "reduceOnly": True}
    await exchange.create_order(LINEAR, "market", "sell", 0.01, None, params)
    [waiting] = await exchange.fetch_open_orders(LINEAR, params={"trigger": True})
    assert waiting["info"]["stopOrderType"] == "TrailingStop"
    assert (waiting["side"], waiting["clientOrderId"]) == ("sell", None)
    for share in ("1.03", "0.98"):
        go_to(simulator, moved(simulator, share))
    await until(lambda: simulator.venue.positions(ACCOUNT) == [], "the trailing stop")
    [_, done] = await exchange.fetch_closed_orders(LINEAR)
    assert (done["id"], done["filled"]) == (waiting["id"], 0.01)
