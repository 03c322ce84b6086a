"""Every return code that a request can earn, and that a refused request changes nothing (`Desk.send` looks)."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import TradeRequest, TradeResult
from edgerunner.simulators.mt5.trade_server.words import (
    AccountTradeMode,
    Execution,
    FillingFlag,
    OrderFilling,
    OrderType,
    Reason,
    SymbolTradeMode,
    TradeAction,
)
from tests.unit.simulators.mt5.trade_server.desk import EURUSD, LOGIN, USDJPY, Desk, hedging, netting

BUY_LIMIT, BUY_STOP = OrderType.BUY_LIMIT, OrderType.BUY_STOP
SELL_LIMIT, BUY_STOP_LIMIT = OrderType.SELL_LIMIT, OrderType.BUY_STOP_LIMIT
Attempt = Callable[[Desk], TradeResult]

MALFORMED: dict[str, Attempt] = {
    "unknown action": lambda desk: desk.send(2, volume="0.1"),
    "unknown order type": lambda desk: desk.send(TradeAction.DEAL, 9, "0.1"),
    "pending type as a deal": lambda desk: desk.send(TradeAction.DEAL, BUY_LIMIT, "0.1", price="1.09"),
    "market type as a pending order": lambda desk: desk.pending(OrderType.BUY, "0.1", "1.09"),
    "close-by type as a pending order": lambda desk: desk.pending(OrderType.CLOSE_BY, "0.1", "1.09"),
    "unknown symbol": lambda desk: desk.buy("0.1", symbol="EURUSDx"),
    "negative stop": lambda desk: desk.buy("0.1", sl="-1"),
    "negative deviation": lambda desk: desk.buy("0.1", deviation=-1),
    "order that never was": lambda desk: desk.send(TradeAction.REMOVE, order=3),
    "modification of an order that never was": lambda desk: desk.send(TradeAction.MODIFY, order=3, price="1"),
    "stops without a position": lambda desk: desk.send(TradeAction.SLTP, sl="1"),
    "stops of no symbol": lambda desk: desk.send(TradeAction.SLTP, symbol="", sl="1"),
    "stops of another symbol's position": lambda desk: desk.send(
        TradeAction.SLTP, symbol="USDJPY", position=desk.buy("0.1").order, sl="1.09"
    ),
    "removal under another symbol": lambda desk: desk.send(
        TradeAction.REMOVE, symbol="USDJPY", order=desk.pending(BUY_LIMIT, "0.1", "1.09").order
    ),
    "close-by without the other": lambda desk: desk.send(TradeAction.CLOSE_BY, position=1),
}


@pytest.mark.parametrize("attempt", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_request_that_makes_no_sense_is_invalid(attempt: Attempt) -> None:
    result = attempt(hedging())
    assert (result.retcode, result.comment) == (Retcode.INVALID, "Invalid request")
    assert (result.order, result.deal) == (0, 0)
    assert result.price == result.bid == 0


VOLUMES = ["0", "-0.1", "0.005", "0.015", "500.01", str(0.1 * 3)]


@pytest.mark.parametrize("volume", VOLUMES)
def test_a_volume_off_the_symbols_rules_is_refused(volume: str) -> None:
    assert hedging().buy(volume).retcode == Retcode.INVALID_VOLUME
    assert hedging().pending(BUY_LIMIT, volume, "1.09").retcode == Retcode.INVALID_VOLUME


def test_a_position_smaller_than_the_minimum_can_be_closed_whole() -> None:
    desk = hedging()
    mine = desk.buy("0.15").order
    desk.terms(EURUSD, volume_min=Decimal("0.1"))
    assert desk.sell("0.1", position=mine).retcode == Retcode.DONE
    assert desk.sell("0.03", position=mine).retcode == Retcode.INVALID_VOLUME
    assert desk.sell("0.05", position=mine).retcode == Retcode.DONE


MODES = [
    (SymbolTradeMode.DISABLED, Retcode.TRADE_DISABLED, Retcode.TRADE_DISABLED),
    (SymbolTradeMode.LONGONLY, Retcode.DONE, Retcode.LONG_ONLY),
    (SymbolTradeMode.SHORTONLY, Retcode.SHORT_ONLY, Retcode.DONE),
    (SymbolTradeMode.CLOSEONLY, Retcode.CLOSE_ONLY, Retcode.CLOSE_ONLY),
]


@pytest.mark.parametrize(("mode", "buying", "selling"), MODES)
def test_the_symbols_trade_mode_says_which_side_may_open(
    mode: SymbolTradeMode, buying: Retcode, selling: Retcode
) -> None:
    desk = hedging()
    desk.terms(EURUSD, trade_mode=mode)
    assert desk.buy("0.1").retcode == buying
    assert desk.sell("0.1").retcode == selling
    assert desk.pending(BUY_LIMIT, "0.1", "1.09").retcode == buying
    assert desk.pending(SELL_LIMIT, "0.1", "1.2").retcode == selling


def test_what_only_closes_is_taken_in_close_only_mode() -> None:
    desk = netting()
    desk.buy("0.2")
    desk.terms(EURUSD, trade_mode=SymbolTradeMode.CLOSEONLY)
    assert desk.sell("0.3").retcode == Retcode.CLOSE_ONLY, "it would turn the position round"
    assert desk.sell("0.2").retcode == Retcode.DONE


def test_nothing_is_done_while_the_market_is_closed_or_has_no_prices() -> None:
    desk = hedging()
    mine = desk.buy("0.1").order
    order = desk.pending(BUY_LIMIT, "0.1", "1.09").order
    desk.price("EURUSD", "1.10000", "1.10010", is_open=False)
    attempts = [
        desk.buy("0.1"),
        desk.pending(BUY_LIMIT, "0.1", "1.09"),
        desk.send(TradeAction.SLTP, position=mine, sl="1.09"),
        desk.send(TradeAction.REMOVE, order=order),
    ]
    assert {result.retcode for result in attempts} == {Retcode.MARKET_CLOSED}
    del desk.quotes["EURUSD"]
    assert desk.buy("0.1").retcode == Retcode.PRICE_OFF
    assert desk.buy("0.1", symbol="EURJPY").retcode == Retcode.PRICE_OFF, "its margin in EUR cannot be priced"


def test_an_opening_needs_free_margin_and_a_closing_does_not() -> None:
    desk = netting("1000")
    assert desk.buy("1").retcode == Retcode.NO_MONEY
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=Decimal(1), type=0)
    checked = desk.server.check(LOGIN, request, desk.quotes, desk.now)
    assert (checked.retcode, checked.margin) == (Retcode.NO_MONEY, Decimal("1100.10"))
    assert checked.margin_free < 0

    assert desk.buy("0.9").retcode == Retcode.DONE
    assert desk.buy("0.01").retcode == Retcode.NO_MONEY
    desk.price("EURUSD", "1.09600", "1.09610")
    assert desk.value.margin_free < 0
    assert desk.sell("0.5").retcode == Retcode.DONE


def test_without_free_margin_a_trade_that_needs_less_of_it_is_taken() -> None:
    desk = hedging("400")
    desk.terms(EURUSD, margin_hedged=Decimal(0))
    mine = desk.buy("0.3").order
    desk.price("EURUSD", "1.09700", "1.09710")
    assert desk.value.margin_free < 0
    assert desk.buy("0.01").retcode == Retcode.NO_MONEY
    assert desk.sell("0.3").retcode == Retcode.DONE, "a hedge needs no margin here"
    assert desk.value.margin == 0
    assert desk.sell("0.3", position=mine).retcode == Retcode.DONE, "closing is always allowed"
    assert desk.value.margin_free < 0


def test_without_free_margin_a_trade_that_needs_no_more_of_it_is_taken() -> None:
    desk = hedging("400")
    desk.terms(EURUSD, margin_hedged_use_leg=True)
    desk.buy("0.3")
    desk.price("EURUSD", "1.09700", "1.09710")
    assert desk.sell("0.31").retcode == Retcode.NO_MONEY
    assert desk.sell("0.3").retcode == Retcode.DONE
    assert desk.value.margin_free < 0


def test_the_last_cent_of_free_margin_can_be_used() -> None:
    # 0.1 lots need 110.01; what they lose to the spread is lost afterwards.
    assert netting("110.00").buy("0.1").retcode == Retcode.NO_MONEY
    desk = netting("110.01")
    assert desk.buy("0.1").retcode == Retcode.DONE
    assert desk.value.margin_free == -1


FILLINGS = [
    (Execution.MARKET, FillingFlag.FOK, {OrderFilling.FOK}),
    (Execution.MARKET, FillingFlag.IOC, {OrderFilling.IOC}),
    (Execution.MARKET, FillingFlag.FOK | FillingFlag.IOC, {OrderFilling.FOK, OrderFilling.IOC}),
    (Execution.MARKET, FillingFlag(0), {OrderFilling.RETURN}),
    (Execution.INSTANT, FillingFlag.FOK, {OrderFilling.FOK}),
    (Execution.INSTANT, FillingFlag.IOC, {OrderFilling.FOK, OrderFilling.IOC}),
    (Execution.EXCHANGE, FillingFlag.FOK, {OrderFilling.FOK, OrderFilling.RETURN}),
    (Execution.EXCHANGE, FillingFlag(7), {OrderFilling.FOK, OrderFilling.IOC, OrderFilling.RETURN}),
]


@pytest.mark.parametrize(("execution", "mask", "taken"), FILLINGS)
def test_the_mask_of_filling_modes_is_not_the_enumeration(
    execution: Execution, mask: FillingFlag, taken: set[OrderFilling]
) -> None:
    desk = hedging()
    desk.terms(EURUSD, execution=execution, filling_flags=mask)
    for filling in OrderFilling:
        retcode = desk.buy("0.1", price="1.10010", type_filling=filling).retcode
        assert retcode == (Retcode.DONE if filling in taken else Retcode.INVALID_FILL), filling
    assert desk.buy("0.1", price="1.10010", type_filling=4).retcode == Retcode.INVALID_FILL


def test_pending_orders_take_return_always_and_book_or_cancel_for_limits() -> None:
    desk = hedging()
    desk.terms(EURUSD, filling_flags=FillingFlag.BOC)
    assert desk.pending(BUY_LIMIT, "0.1", "1.09", type_filling=OrderFilling.RETURN).retcode == Retcode.DONE
    assert desk.pending(BUY_LIMIT, "0.1", "1.09", type_filling=OrderFilling.FOK).retcode == Retcode.INVALID_FILL
    assert desk.pending(BUY_LIMIT, "0.1", "1.09", type_filling=OrderFilling.BOC).retcode == Retcode.DONE
    assert desk.pending(BUY_STOP, "0.1", "1.12", type_filling=OrderFilling.BOC).retcode == Retcode.INVALID_FILL
    stop_limit: dict[str, Any] = {"stoplimit": "1.11", "type_filling": OrderFilling.BOC}
    assert desk.pending(BUY_STOP_LIMIT, "0.1", "1.12", **stop_limit).retcode == Retcode.DONE


def test_the_account_limits_pending_orders_and_positions() -> None:
    desk = hedging()
    desk.account_terms(limit_orders=1, limit_positions=1)
    assert desk.pending(BUY_LIMIT, "0.1", "1.09").retcode == Retcode.DONE
    assert desk.pending(BUY_LIMIT, "0.1", "1.09").retcode == Retcode.LIMIT_ORDERS
    mine = desk.buy("0.1").order
    assert desk.buy("0.1").retcode == Retcode.LIMIT_POSITIONS
    assert desk.sell("0.1", position=mine).retcode == Retcode.DONE


def test_the_symbol_limits_the_lots_of_one_direction() -> None:
    desk = netting()
    desk.terms(EURUSD, volume_limit=Decimal(1))
    desk.buy("0.6")
    desk.pending(BUY_LIMIT, "0.3", "1.09")
    desk.pending(BUY_LIMIT, "0.9", "140", symbol="USDJPY")
    desk.pending(SELL_LIMIT, "0.1", "1.2")
    assert desk.buy("0.2").retcode == Retcode.LIMIT_VOLUME
    assert desk.pending(BUY_STOP, "0.2", "1.12").retcode == Retcode.LIMIT_VOLUME
    assert desk.buy("0.1").retcode == Retcode.DONE
    assert desk.sell("1.7").retcode == Retcode.LIMIT_VOLUME
    assert desk.sell("1.6").retcode == Retcode.DONE, "0.7 close, 0.9 open and 0.1 wait"


def test_an_order_that_is_done_has_changed_and_one_that_never_was_is_invalid() -> None:
    desk = hedging()
    order = desk.pending(BUY_LIMIT, "0.1", "1.09").order
    assert desk.send(TradeAction.REMOVE, order=order, symbol="").retcode == Retcode.DONE
    assert desk.send(TradeAction.REMOVE, order=order).retcode == Retcode.ORDER_CHANGED
    assert desk.send(TradeAction.MODIFY, order=order, price="1.08").retcode == Retcode.ORDER_CHANGED
    desk.server.forget_done_orders(LOGIN)
    assert desk.send(TradeAction.REMOVE, order=order).retcode == Retcode.INVALID


def test_some_accounts_close_the_oldest_first_and_some_may_not_hedge() -> None:
    desk = hedging()
    first, second = desk.buy("0.1").order, desk.buy("0.1").order
    desk.account_terms(fifo_close=True, is_hedge_prohibited=True)
    assert desk.sell("0.1", position=second).retcode == Retcode.FIFO_CLOSE
    assert desk.sell("0.1").retcode == Retcode.HEDGE_PROHIBITED
    added = desk.buy("0.1")
    assert added.retcode == Retcode.DONE
    third = added.order
    assert desk.sell("0.1", symbol="USDJPY").retcode == Retcode.DONE
    assert desk.sell("0.1", position=first).retcode == Retcode.DONE
    assert desk.sell("0.1", position=second).retcode == Retcode.DONE
    assert desk.sell("0.1", position=third).retcode == Retcode.DONE


def test_an_investor_cannot_trade_and_a_broker_may_want_no_programs() -> None:
    desk = hedging()
    desk.account_terms(trade_expert=False, trade_mode=AccountTradeMode.REAL)
    assert desk.buy("0.1").retcode == Retcode.SERVER_DISABLES_AT
    mine = desk.buy("0.1", reason=Reason.CLIENT).order
    desk.account_terms(trade_allowed=False)
    assert desk.buy("0.1", reason=Reason.CLIENT).retcode == Retcode.TRADE_DISABLED
    assert desk.send(TradeAction.SLTP, position=mine, sl="1.09").retcode == Retcode.TRADE_DISABLED


def test_every_retcode_has_a_comment() -> None:
    assert all(code.comment for code in Retcode)
    assert Retcode.INVALID_FILL.comment == "Unsupported filling mode"


def test_a_symbol_listed_later_is_traded() -> None:
    desk = hedging()
    desk.terms(replace(USDJPY, name="USDJPY.x"))
    desk.price("USDJPY.x", "150.000", "150.020")
    assert desk.buy("0.1", symbol="USDJPY.x").retcode == Retcode.DONE
