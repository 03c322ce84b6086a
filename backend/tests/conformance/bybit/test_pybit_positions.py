"""Conditional orders, take-profit and stop-loss, trailing stops and hedge mode with an unmodified pybit."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest
from pybit.exceptions import InvalidRequestError

from tests.conformance.bybit.test_pybit_session import Client, Inbox, Message, client
from tests.wire.bybit.kit import Simulator, limit_order, market_order, until
from tests.wire.bybit.test_conditional_orders import go_to, moved

__all__ = ["client"]

pytestmark = pytest.mark.conformance

BTC: Final[dict[str, Any]] = {"category": "linear", "symbol": "BTCUSDT"}


def in_status(status: str) -> Callable[[Message], bool]:
    return lambda message: bool(message["data"][0]["orderStatus"] == status)


async def test_a_conditional_order_waits_is_moved_and_fires(client: Client, simulator: Simulator) -> None:
    simulator.pin()
    private, orders = await client.stream("private"), Inbox()
    await asyncio.to_thread(private.order_stream, orders.put)
    await until(lambda: "order" in simulator.server.private_topics(), "the subscription")
    body = market_order("pybit-stop", triggerPrice=moved(simulator, "1.02"), triggerDirection=1, triggerBy="LastPrice")
    placed = await client.call("place_order", **body)
    [order] = (await client.call("get_open_orders", **BTC, orderFilter="StopOrder"))["list"]
    assert (order["orderId"], order["orderStatus"]) == (placed["orderId"], "Untriggered")
    await client.call("amend_order", **BTC, orderId=placed["orderId"], triggerPrice=moved(simulator, "1.01"))
    go_to(simulator, moved(simulator, "1.015"))
    for status in ("Untriggered", "Triggered", "Filled"):
        message = await orders.wait_for(in_status(status))
        assert message["data"][0]["orderLinkId"] == "pybit-stop"


async def test_a_bracket_is_set_moved_and_fires(client: Client, simulator: Simulator) -> None:
    simulator.pin()
    body = market_order("pybit-bracket", takeProfit=moved(simulator, "1.05"), stopLoss=moved(simulator, "0.95"))
    await client.call("place_order", **body)
    children = (await client.call("get_open_orders", **BTC))["list"]
    assert {row["stopOrderType"] for row in children} == {"TakeProfit", "StopLoss"}
    assert {(row["orderLinkId"], row["parentOrderLinkId"]) for row in children} == {("", "pybit-bracket")}
    stop = {**BTC, "tpslMode": "Full", "positionIdx": 0}
    await client.call("set_trading_stop", **stop, stopLoss=moved(simulator, "0.98"), trailingStop="900")
    [position] = (await client.call("get_positions", **BTC))["list"]
    assert (position["stopLoss"], position["trailingStop"]) == (moved(simulator, "0.98"), "900.00")
    with pytest.raises(InvalidRequestError) as unchanged:
        await client.call("set_trading_stop", **stop, trailingStop="900")
    assert unchanged.value.status_code == 34040
    go_to(simulator, moved(simulator, "0.97"))
    await until(lambda: simulator.venue.positions("1000001") == [], "the stop")
    assert (await client.call("get_open_orders", **BTC))["list"] == []
    [profit] = (await client.call("get_closed_pnl", **BTC))["list"]
    assert Decimal(profit["closedPnl"]) < 0


async def test_hedge_mode_has_two_positions(client: Client, simulator: Simulator) -> None:
    await client.call("switch_position_mode", **BTC, mode=3)
    for body in (market_order(positionIdx=1), market_order(side="Sell", positionIdx=2, qty="0.02")):
        await client.call("place_order", **body)
    held = {row["positionIdx"]: row for row in (await client.call("get_positions", **BTC))["list"]}
    assert {index: (row["side"], row["size"]) for index, row in held.items()} == {
        1: ("Buy", "0.010"),
        2: ("Sell", "0.020"),
    }
    with pytest.raises(InvalidRequestError) as refused:
        await client.call("place_order", **limit_order(simulator, positionIdx=0))
    assert refused.value.status_code == 10001
    with pytest.raises(InvalidRequestError) as refused:
        await client.call("switch_position_mode", **BTC, mode=0)
    assert refused.value.status_code == 110024


async def test_a_trailing_stop_is_activated_follows_and_closes_the_position(
    client: Client, simulator: Simulator
) -> None:
    simulator.pin()
    private, orders = await client.stream("private"), Inbox()
    await asyncio.to_thread(private.order_stream, orders.put)
    await until(lambda: "order" in simulator.server.private_topics(), "the subscription")
    await client.call("place_order", **market_order())
    stop = {**BTC, "tpslMode": "Full", "positionIdx": 0}
    await client.call("set_trading_stop", **stop, trailingStop="700", activePrice=moved(simulator, "1.01"))
    [position] = (await client.call("get_positions", **BTC))["list"]
    assert position["trailingStop"] == "700.00"
    for share in ("0.99", "1.03"):
        go_to(simulator, moved(simulator, share))
        assert simulator.venue.positions("1000001") != []
    go_to(simulator, moved(simulator, "0.98"))
    told = await orders.wait_for(
        lambda message: bool(message["data"][0]["stopOrderType"] == "TrailingStop") and in_status("Filled")(message)
    )
    assert (told["data"][0]["orderLinkId"], told["data"][0]["createType"]) == ("", "CreateByTrailingStop")
    assert simulator.venue.positions("1000001") == []


async def test_leverage_and_modes_are_set_and_not_modified_is_told(client: Client, simulator: Simulator) -> None:
    leverage = {**BTC, "buyLeverage": "7", "sellLeverage": "7"}
    await client.call("set_leverage", **leverage)
    [position] = (await client.call("get_positions", **BTC))["list"]
    assert position["leverage"] == "7"
    with pytest.raises(InvalidRequestError) as unchanged:
        await client.call("set_leverage", **leverage)
    assert unchanged.value.status_code == 110043
    await client.call("set_margin_mode", setMarginMode="ISOLATED_MARGIN")
    assert (await client.call("get_account_info"))["marginMode"] == "ISOLATED_MARGIN"
    with pytest.raises(InvalidRequestError) as portfolio:
        await client.call("set_margin_mode", setMarginMode="PORTFOLIO_MARGIN")
    assert portfolio.value.status_code == 3400045
