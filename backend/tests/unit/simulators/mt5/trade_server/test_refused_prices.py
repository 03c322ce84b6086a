"""Prices, stops and life times of requests: which are refused, with which code, and what lies just inside."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import TradeRequest
from edgerunner.simulators.mt5.trade_server.words import (
    Execution,
    ExpirationFlag,
    OrderFilling,
    OrderFlag,
    OrderTime,
    OrderType,
    TradeAction,
)
from tests.unit.simulators.mt5.trade_server.desk import EURUSD, LOGIN, SECOND, START, hedging, netting

BUY_LIMIT, BUY_STOP = OrderType.BUY_LIMIT, OrderType.BUY_STOP
SELL_LIMIT, SELL_STOP = OrderType.SELL_LIMIT, OrderType.SELL_STOP
BUY_STOP_LIMIT, SELL_STOP_LIMIT = OrderType.BUY_STOP_LIMIT, OrderType.SELL_STOP_LIMIT


PENDING_PRICES = {
    "buy limit above the ask": (BUY_LIMIT, {"price": "1.10020"}),
    "buy limit at the ask": (BUY_LIMIT, {"price": "1.10010"}),
    "sell limit below the bid": (SELL_LIMIT, {"price": "1.09990"}),
    "buy stop below the ask": (BUY_STOP, {"price": "1.10000"}),
    "sell stop above the bid": (SELL_STOP, {"price": "1.10005"}),
    "no price": (BUY_LIMIT, {"price": "0"}),
    "between two ticks": (BUY_LIMIT, {"price": "1.090005"}),
    "buy stop limit below the ask": (BUY_STOP_LIMIT, {"price": "1.09", "stoplimit": "1.08"}),
    "buy stop limit without a limit": (BUY_STOP_LIMIT, {"price": "1.11"}),
    "buy stop limit with its limit above": (BUY_STOP_LIMIT, {"price": "1.11", "stoplimit": "1.12"}),
    "sell stop limit with its limit below": (SELL_STOP_LIMIT, {"price": "1.09", "stoplimit": "1.08"}),
    "limit between two ticks": (SELL_STOP_LIMIT, {"price": "1.09", "stoplimit": "1.090005"}),
}


@pytest.mark.parametrize(("type_", "prices"), PENDING_PRICES.values(), ids=PENDING_PRICES.keys())
def test_a_pending_price_on_the_wrong_side_or_off_the_ticks_is_refused(
    type_: OrderType, prices: dict[str, Any]
) -> None:
    assert hedging().send(
        TradeAction.PENDING, type_, "0.1", type_filling=OrderFilling.RETURN, **prices
    ).retcode == Retcode.INVALID_PRICE  # fmt: skip


@pytest.mark.parametrize("execution", [Execution.INSTANT, Execution.REQUEST])
def test_streamed_execution_needs_a_price_and_market_execution_ignores_it(execution: Execution) -> None:
    desk = hedging()
    assert desk.buy("0.1").retcode == Retcode.DONE
    assert desk.buy("0.1", price="1.5", deviation=0).retcode == Retcode.DONE

    desk.terms(EURUSD, execution=execution)
    assert desk.buy("0.1").retcode == Retcode.INVALID_PRICE
    assert desk.buy("0.1", price="1.100105").retcode == Retcode.INVALID_PRICE
    assert desk.buy("0.1", price="1.10010").retcode == Retcode.DONE


@pytest.mark.parametrize(
    ("execution", "retcode"), [(Execution.INSTANT, Retcode.REQUOTE), (Execution.REQUEST, Retcode.PRICE_CHANGED)]
)
def test_a_price_that_moved_further_than_the_deviation_is_answered_with_the_new_one(
    execution: Execution, retcode: Retcode
) -> None:
    desk = hedging()
    desk.terms(EURUSD, execution=execution)
    refused = desk.buy("0.1", price="1.10000", deviation=9)
    assert (refused.retcode, refused.bid, refused.ask) == (retcode, Decimal("1.10000"), Decimal("1.10010"))
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=Decimal("0.1"), price=Decimal("1.1"))
    assert desk.server.check(LOGIN, request, desk.quotes, desk.now).retcode == Retcode.CHECKED
    bought = desk.buy("0.1", price="1.10000", deviation=10)
    assert (bought.retcode, bought.price) == (Retcode.DONE, Decimal("1.10010"))


STOPS = {
    "sl of a buy above the bid": (OrderType.BUY, {"sl": "1.10005"}),
    "sl of a buy nearer than the level": (OrderType.BUY, {"sl": "1.09981"}),
    "tp of a buy nearer than the level": (OrderType.BUY, {"tp": "1.10019"}),
    "tp of a buy below": (OrderType.BUY, {"tp": "1.09000"}),
    "sl of a sell below": (OrderType.SELL, {"sl": "1.09000"}),
    "sl of a sell nearer than the level": (OrderType.SELL, {"sl": "1.10029"}),
    "tp of a sell above": (OrderType.SELL, {"tp": "1.20000"}),
    "sl between two ticks": (OrderType.BUY, {"sl": "1.0818225753"}),
}


@pytest.mark.parametrize(("type_", "stops"), STOPS.values(), ids=STOPS.keys())
def test_stops_on_the_wrong_side_too_near_or_off_the_ticks_are_refused(type_: OrderType, stops: dict[str, Any]) -> None:
    desk = hedging()
    desk.terms(EURUSD, stops_level=20)
    assert desk.deal(type_, "0.1", **stops).retcode == Retcode.INVALID_STOPS
    desk.deal(type_, "0.1")
    assert desk.send(TradeAction.SLTP, position=desk.position.ticket, **stops).retcode == Retcode.INVALID_STOPS


def test_stops_exactly_at_the_level_are_taken() -> None:
    desk = hedging()
    desk.terms(EURUSD, stops_level=20)
    assert desk.buy("0.1", sl="1.09980", tp="1.10020").retcode == Retcode.DONE
    assert desk.sell("0.1", sl="1.10030", tp="1.09990").retcode == Retcode.DONE


def test_a_pending_order_keeps_the_stops_level_from_the_market_and_its_stops_from_its_price() -> None:
    desk = hedging()
    desk.terms(EURUSD, stops_level=20)
    assert desk.pending(BUY_LIMIT, "0.1", "1.09991").retcode == Retcode.INVALID_PRICE
    assert desk.pending(BUY_LIMIT, "0.1", "1.09990", sl="1.09980").retcode == Retcode.INVALID_STOPS
    assert desk.pending(BUY_LIMIT, "0.1", "1.09990", sl="1.09970", tp="1.10010").retcode == Retcode.DONE
    stop_limit: dict[str, Any] = {"price": "1.11", "stoplimit": "1.105"}
    assert desk.send(
        TradeAction.PENDING, BUY_STOP_LIMIT, "0.1", type_filling=2, sl="1.106", **stop_limit
    ).retcode == Retcode.INVALID_STOPS  # fmt: skip


def test_a_symbol_without_stops_takes_none() -> None:
    desk = hedging()
    desk.terms(EURUSD, order_flags=OrderFlag.MARKET)
    assert desk.buy("0.1", sl="1.0").retcode == Retcode.INVALID_STOPS
    assert desk.pending(BUY_LIMIT, "0.1", "1.0").retcode == Retcode.INVALID_ORDER
    assert desk.pending(BUY_STOP, "0.1", "1.2").retcode == Retcode.INVALID_ORDER
    assert desk.buy("0.1").retcode == Retcode.DONE


def test_near_its_execution_nothing_can_be_changed_taken_away_or_closed() -> None:
    desk = hedging()
    desk.terms(EURUSD, freeze_level=30)
    mine, other = desk.buy("0.1", sl="1.09975").order, desk.sell("0.1").order
    order = desk.pending(BUY_LIMIT, "0.1", "1.09985").order
    assert desk.send(TradeAction.SLTP, position=mine, sl="1.09").retcode == Retcode.FROZEN
    assert desk.sell("0.1", position=mine).retcode == Retcode.FROZEN
    assert desk.send(TradeAction.CLOSE_BY, position=other, position_by=mine).retcode == Retcode.FROZEN
    assert desk.send(TradeAction.MODIFY, order=order, price="1.09").retcode == Retcode.FROZEN
    assert desk.send(TradeAction.REMOVE, order=order).retcode == Retcode.FROZEN

    desk.price("EURUSD", "1.10050", "1.10060")
    assert desk.send(TradeAction.REMOVE, order=order).retcode == Retcode.DONE
    assert desk.sell("0.1", position=mine).retcode == Retcode.DONE


def test_a_position_near_its_stop_can_still_be_added_to() -> None:
    desk = netting()
    desk.buy("0.1", sl="1.09975")
    desk.terms(EURUSD, freeze_level=30)
    assert desk.sell("0.1").retcode == Retcode.FROZEN
    assert desk.buy("0.1").retcode == Retcode.DONE


EXPIRATIONS = [
    (OrderTime.SPECIFIED, 0, Retcode.INVALID_EXPIRATION),
    (OrderTime.SPECIFIED, START, Retcode.INVALID_EXPIRATION),
    (OrderTime.SPECIFIED, START + SECOND, Retcode.DONE),
    (OrderTime.SPECIFIED_DAY, START - 90_000 * SECOND, Retcode.INVALID_EXPIRATION),
    (OrderTime.SPECIFIED_DAY, START - 3600 * SECOND, Retcode.DONE),
    (OrderTime.DAY, 0, Retcode.DONE),
    (OrderTime.GTC, 0, Retcode.DONE),
    (7, 0, Retcode.INVALID_EXPIRATION),
]


@pytest.mark.parametrize(("life", "end", "retcode"), EXPIRATIONS)
def test_an_expiration_lies_in_the_future(life: int, end: int, retcode: Retcode) -> None:
    assert hedging().pending(BUY_LIMIT, "0.1", "1.09", type_time=life, expiration_ns=end).retcode == retcode


def test_a_day_that_has_ended_cannot_be_specified() -> None:
    desk = hedging()
    desk.end_day()
    life: dict[str, Any] = {"type_time": OrderTime.SPECIFIED_DAY}
    yesterday, today = desk.now - 1, desk.now
    desk.now += SECOND
    refused = desk.pending(BUY_LIMIT, "0.1", "1.09", expiration_ns=yesterday, **life)
    assert refused.retcode == Retcode.INVALID_EXPIRATION
    assert desk.pending(BUY_LIMIT, "0.1", "1.09", expiration_ns=today, **life).retcode == Retcode.DONE


def test_a_symbol_takes_only_its_life_times() -> None:
    desk = hedging()
    desk.terms(EURUSD, expiration_flags=ExpirationFlag.GTC)
    assert desk.pending(BUY_LIMIT, "0.1", "1.09", type_time=OrderTime.DAY).retcode == Retcode.INVALID_EXPIRATION
    assert desk.pending(BUY_LIMIT, "0.1", "1.09").retcode == Retcode.DONE


def test_what_is_already_there_is_no_change() -> None:
    desk = hedging()
    mine = desk.buy("0.1", sl="1.09", tp="1.12").order
    order = desk.pending(BUY_LIMIT, "0.1", "1.09", sl="1.08").order
    assert desk.send(TradeAction.SLTP, position=mine, sl="1.09000", tp="1.12").retcode == Retcode.NO_CHANGES
    assert desk.send(TradeAction.MODIFY, order=order, price="1.09", sl="1.08").retcode == Retcode.NO_CHANGES
    ignored: dict[str, Any] = {"stoplimit": "1.2", "expiration_ns": START}
    assert desk.send(TradeAction.MODIFY, order=order, price="1.09", sl="1.08", **ignored).retcode == Retcode.NO_CHANGES
