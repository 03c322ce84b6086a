"""Pending orders: what triggers them, what they become, how they end."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.words import (
    DealEntry,
    OrderFilling,
    OrdersLifetime,
    OrderState,
    OrderTime,
    OrderType,
    PositionType,
    Reason,
    TradeAction,
)
from tests.unit.simulators.mt5.trade_server.desk import (
    EURUSD,
    EXCHANGE_EURUSD,
    LOGIN,
    SECOND,
    Desk,
    hedging,
    netting,
)

TRIGGERS = [
    (OrderType.BUY_LIMIT, "1.09500", ("1.09491", "1.09501"), ("1.09485", "1.09495"), "1.09495"),
    (OrderType.SELL_LIMIT, "1.10500", ("1.10499", "1.10509"), ("1.10505", "1.10515"), "1.10505"),
    (OrderType.BUY_STOP, "1.10500", ("1.10489", "1.10499"), ("1.10495", "1.10505"), "1.10505"),
    (OrderType.SELL_STOP, "1.09500", ("1.09501", "1.09511"), ("1.09495", "1.09505"), "1.09495"),
]


@pytest.mark.parametrize(("type_", "price", "near", "reached", "traded"), TRIGGERS)
def test_buys_are_triggered_by_the_ask_and_sells_by_the_bid(
    type_: OrderType, price: str, near: tuple[str, str], reached: tuple[str, str], traded: str
) -> None:
    desk = hedging()
    placed = desk.pending(type_, "0.10", price, sl="0", magic=5, comment="wait")
    assert (placed.retcode, placed.deal, placed.volume, placed.price) == (Retcode.DONE, 0, Decimal("0.10"), Decimal(0))
    assert (placed.bid, placed.ask) == (Decimal("1.10000"), Decimal("1.10010"))
    assert desk.orders[0].state == OrderState.PLACED
    assert not desk.tick("EURUSD", *near)

    desk.tick("EURUSD", *reached)
    (deal,) = desk.last.deals
    assert (deal.order, deal.price, deal.entry, deal.reason) == (
        placed.order,
        Decimal(traded),
        DealEntry.IN,
        Reason.EXPERT,
    )
    assert (deal.magic, deal.comment, deal.client_key) == (5, "wait", "wait")
    position = desk.position
    assert (position.ticket, position.type) == (placed.order, PositionType(type_ % 2))
    done = desk.history[placed.order]
    assert (done.state, done.position_id, done.time_done_ns) == (OrderState.FILLED, placed.order, desk.now)
    assert desk.orders == ()


def test_a_stop_limit_becomes_a_limit_under_the_same_ticket() -> None:
    desk = hedging()
    ticket = desk.pending(OrderType.BUY_STOP_LIMIT, "0.10", "1.10500", stoplimit="1.10300").order
    desk.tick("EURUSD", "1.10500", "1.10510")
    (order,) = desk.orders
    assert (order.ticket, order.type, order.state) == (ticket, OrderType.BUY_LIMIT, OrderState.PLACED)
    assert (order.price_open, order.price_stoplimit) == (Decimal("1.10300"), Decimal(0))
    assert desk.positions == ()

    desk.tick("EURUSD", "1.10280", "1.10290")
    assert (desk.position.ticket, desk.position.price_open) == (ticket, Decimal("1.10290"))


def test_the_limit_of_a_stop_limit_keeps_its_rest_whatever_its_filling_was() -> None:
    desk = hedging()
    terms: dict[str, Any] = {"stoplimit": "1.10300", "type_filling": OrderFilling.FOK}
    ticket = desk.pending(OrderType.BUY_STOP_LIMIT, "0.10", "1.10500", **terms).order
    desk.tick("EURUSD", "1.10500", "1.10510")
    desk.tick("EURUSD", "1.10280", "1.10290", fill_limits={ticket: Decimal("0.04")})
    (order,) = desk.orders
    assert (order.state, order.volume_current) == (OrderState.PARTIAL, Decimal("0.06"))
    assert desk.position.volume == Decimal("0.04")


def test_an_order_waits_until_its_money_can_be_priced() -> None:
    desk = hedging()
    desk.pending(OrderType.BUY_LIMIT, "0.5", "23990.0", symbol="GER40")
    euro = desk.quotes.pop("EURUSD")
    assert not desk.tick("GER40", "23980.0", "23982.0")
    desk.quotes["EURUSD"] = euro
    desk.tick("GER40", "23980.0", "23982.0")
    assert desk.position.price_open == Decimal("23982.0")


def test_a_gap_beyond_both_prices_of_a_sell_stop_limit_leaves_the_limit_waiting() -> None:
    desk = hedging()
    desk.pending(OrderType.SELL_STOP_LIMIT, "0.10", "1.09500", stoplimit="1.09700")
    desk.tick("EURUSD", "1.09000", "1.09010")
    assert desk.orders[0].type == OrderType.SELL_LIMIT
    desk.tick("EURUSD", "1.09700", "1.09710")
    assert desk.position.type == PositionType.SELL


def test_a_modification_replaces_price_stops_and_life_time() -> None:
    desk = hedging()
    ticket = desk.pending(OrderType.BUY_LIMIT, "0.10", "1.09500", sl="1.09", tp="1.11").order
    end = desk.now + 60 * SECOND
    life: dict[str, Any] = {"type_time": OrderTime.SPECIFIED, "expiration_ns": end}
    result = desk.send(TradeAction.MODIFY, order=ticket, price="1.09400", sl="1.08", **life)
    assert (result.retcode, result.order) == (Retcode.DONE, ticket)
    (order,) = desk.orders
    assert (order.price_open, order.sl, order.tp) == (Decimal("1.09400"), Decimal("1.08"), Decimal(0))
    assert (order.type_time, order.expiration_ns) == (OrderTime.SPECIFIED, end)
    assert desk.send(TradeAction.MODIFY, order=ticket, price="1.2").retcode == Retcode.INVALID_PRICE


def test_an_order_that_is_taken_away_is_canceled() -> None:
    desk = hedging()
    ticket = desk.pending(OrderType.BUY_LIMIT, "0.10", "1.09500").order
    desk.price("EURUSD", "1.10020", "1.10030")
    assert desk.send(TradeAction.REMOVE, order=ticket).retcode == Retcode.DONE
    order = desk.history[ticket]
    assert (order.state, order.price_current) == (OrderState.CANCELED, Decimal("1.10030"))
    assert desk.orders == ()
    assert not desk.tick("EURUSD", "1.09000", "1.09010")


def test_a_specified_moment_ends_an_order_even_while_the_market_is_closed() -> None:
    desk = hedging()
    ticket = desk.pending(
        OrderType.BUY_LIMIT, "0.1", "1.09", type_time=OrderTime.SPECIFIED, expiration_ns=desk.now + 2 * SECOND
    ).order
    assert not desk.tick("EURUSD", "1.10000", "1.10010")
    desk.price("EURUSD", "1.00000", "1.00010", is_open=False)
    desk.now += SECOND
    desk.keep(desk.server.on_quotes(desk.quotes, desk.now))
    assert desk.history[ticket].state == OrderState.EXPIRED
    assert desk.history[ticket].time_done_ns == desk.now


def test_the_end_of_the_day_ends_day_orders_and_those_specified_for_it() -> None:
    desk = hedging()
    gtc = desk.pending(OrderType.BUY_LIMIT, "0.1", "1.09").order
    day = desk.pending(OrderType.BUY_LIMIT, "0.1", "1.09", type_time=OrderTime.DAY).order
    today = desk.pending(
        OrderType.BUY_LIMIT, "0.1", "1.09", type_time=OrderTime.SPECIFIED_DAY, expiration_ns=desk.now
    ).order
    tomorrow = desk.pending(
        OrderType.BUY_LIMIT, "0.1", "1.09", type_time=OrderTime.SPECIFIED_DAY, expiration_ns=desk.now + 90_000 * SECOND
    ).order
    desk.end_day()
    assert {order.ticket for order in desk.orders} == {gtc, tomorrow}
    next_day = desk.now
    desk.now += SECOND
    desk.pending(OrderType.BUY_LIMIT, "0.1", "1.09", type_time=OrderTime.DAY)
    assert desk.orders[-1].expiration_ns == next_day, "the day that it is for"
    assert {desk.history[ticket].state for ticket in (day, today)} == {OrderState.EXPIRED}


@pytest.mark.parametrize(("lifetime", "sl"), [(OrdersLifetime.DAILY, "0"), (OrdersLifetime.DAILY_NO_STOPS, "1.09")])
def test_a_symbol_may_end_all_orders_and_stops_with_the_day(lifetime: OrdersLifetime, sl: str) -> None:
    desk = hedging()
    desk.terms(EURUSD, orders_lifetime=lifetime)
    desk.buy("0.1", sl="1.09")
    desk.pending(OrderType.BUY_LIMIT, "0.1", "1.09")
    desk.end_day()
    assert desk.orders == ()
    assert desk.position.sl == Decimal(sl)


def test_an_order_that_the_account_cannot_afford_is_canceled_when_it_is_triggered() -> None:
    desk = hedging("1000")
    ticket = desk.pending(OrderType.BUY_LIMIT, "1", "1.09500").order
    assert desk.orders[0].ticket == ticket, "a pending order reserves no margin"
    desk.tick("EURUSD", "1.09400", "1.09410")
    order = desk.history[ticket]
    assert (order.state, order.volume_current) == (OrderState.CANCELED, Decimal(1))
    assert desk.positions == ()
    assert desk.balance == 1000


def test_an_order_that_only_reduces_is_traded_without_free_margin() -> None:
    desk = netting("400")
    desk.buy("0.3")
    desk.pending(OrderType.SELL_STOP, "0.1", "1.09700")
    desk.tick("EURUSD", "1.09290", "1.09300")
    assert desk.position.volume == Decimal("0.2")
    assert desk.value.margin_free < 0


def test_the_rest_of_an_opening_order_outlives_the_position_that_its_first_part_opened() -> None:
    desk = hedging()
    ticket = desk.pending(OrderType.BUY_LIMIT, "0.3", "1.09500").order
    desk.tick("EURUSD", "1.09490", "1.09500", fill_limits={ticket: Decimal("0.1")})
    assert desk.orders[0].time_done_ns == 0
    desk.sell("0.1", position=ticket)
    desk.tick("EURUSD", "1.09490", "1.09500")
    assert (desk.position.identifier, desk.position.volume) == (ticket, Decimal("0.2"))


def test_nothing_is_triggered_while_the_market_is_closed() -> None:
    desk = hedging()
    desk.pending(OrderType.BUY_LIMIT, "0.1", "1.09500")
    desk.pending(OrderType.BUY_STOP_LIMIT, "0.1", "1.12000", stoplimit="1.09500")
    for bid, ask in (("1.13000", "1.13010"), ("1.09000", "1.09010")):
        desk.price("EURUSD", bid, ask, is_open=False)
        assert not desk.server.on_quotes(desk.quotes, desk.now)
    desk.tick("EURUSD", "1.09000", "1.09010")
    assert desk.position.price_open == Decimal("1.09010")


def test_ioc_trades_what_is_there_and_cancels_the_rest() -> None:
    desk = hedging()
    result = desk.buy("0.30", type_filling=OrderFilling.IOC, fill_limit="0.10")
    assert (result.retcode, result.volume) == (Retcode.DONE_PARTIAL, Decimal("0.10"))
    order = desk.history[result.order]
    assert (order.state, order.volume_current) == (OrderState.CANCELED, Decimal("0.20"))
    assert desk.position.volume == Decimal("0.10")
    assert desk.orders == ()


def test_fok_is_all_or_nothing() -> None:
    desk = hedging()
    result = desk.buy("0.30", type_filling=OrderFilling.FOK, fill_limit="0.29")
    assert (result.retcode, result.deal) == (Retcode.REJECT, 0)
    assert desk.history[result.order].state == OrderState.CANCELED
    assert desk.positions == ()
    assert desk.buy("0.30", type_filling=OrderFilling.FOK, fill_limit="0.30").retcode == Retcode.DONE


def exchange_desk(desk: Desk) -> Desk:
    desk.server.change_symbol(EXCHANGE_EURUSD)
    return desk


@pytest.mark.parametrize("make", [hedging, netting])
def test_under_return_the_rest_stays_and_trades_with_later_quotes(make: type[Desk]) -> None:
    desk = exchange_desk(make())
    result = desk.buy("0.30", type_filling=OrderFilling.RETURN, fill_limit="0.10")
    assert result.retcode == Retcode.DONE_PARTIAL
    (order,) = desk.orders
    assert (order.state, order.volume_current) == (OrderState.PARTIAL, Decimal("0.20"))
    desk.tick("EURUSD", "1.10030", "1.10040", fill_limits={order.ticket: Decimal("0.15")})
    assert desk.orders[0].volume_current == Decimal("0.05")
    desk.tick("EURUSD", "1.10030", "1.10040")
    assert desk.orders == ()
    assert desk.history[order.ticket].state == OrderState.FILLED
    assert desk.position.volume == Decimal("0.30")
    assert desk.position.price_open == Decimal("1.10030")
    assert {deal.position_id for deal in desk.deals[1:]} == {order.ticket}


def test_a_market_order_that_meets_nobody_under_return_is_placed() -> None:
    desk = exchange_desk(hedging())
    result = desk.buy("0.30", type_filling=OrderFilling.RETURN, fill_limit="0")
    assert (result.retcode, result.deal) == (Retcode.PLACED, 0)
    assert desk.orders[0].state == OrderState.PLACED
    assert desk.send(TradeAction.MODIFY, order=result.order, price="1").retcode == Retcode.INVALID
    assert desk.send(TradeAction.REMOVE, order=result.order).retcode == Retcode.DONE


def test_the_rest_of_a_close_order_ends_with_its_position() -> None:
    desk = exchange_desk(hedging())
    mine = desk.buy("0.30", type_filling=2, sl="1.09").order
    closing = desk.sell("0.20", position=mine, type_filling=2, fill_limit="0.05").order
    del desk.quotes["EURUSD"]
    desk.price("EURUSD", "1.08000", "1.08010")
    desk.keep(desk.server.liquidate(LOGIN, desk.quotes, desk.now))
    desk.tick("EURUSD", "1.08000", "1.08010")
    assert desk.history[closing].state == OrderState.CANCELED
    assert desk.positions == ()


def test_the_operator_fills_an_order_by_hand() -> None:
    desk = hedging()
    ticket = desk.pending(OrderType.BUY_LIMIT, "0.30", "1.09500").order
    desk.keep(desk.server.fill(LOGIN, ticket, desk.quotes, desk.now, volume=Decimal("0.10")))
    assert (desk.position.volume, desk.position.price_open) == (Decimal("0.10"), Decimal("1.09500"))
    assert desk.orders[0].state == OrderState.PARTIAL
    with pytest.raises(ValueError, match=r"has 0\.20 lots"):
        desk.server.fill(LOGIN, ticket, desk.quotes, desk.now, volume=Decimal("0.21"))
    desk.keep(desk.server.fill(LOGIN, ticket, desk.quotes, desk.now, price=Decimal("1.09800")))
    assert desk.position.price_open == Decimal("1.09700")
    assert desk.orders == ()
