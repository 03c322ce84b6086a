"""The trade server's words have the numbers of the vendor's package."""

from enum import IntEnum

import pytest

from edgerunner.mt5_surface import constants
from edgerunner.simulators.mt5.trade_server import words
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode

PREFIXES = [
    (words.TradeAction, "TRADE_ACTION_"),
    (words.PositionType, "POSITION_TYPE_"),
    (words.OrderType, "ORDER_TYPE_"),
    (words.OrderState, "ORDER_STATE_"),
    (words.OrderFilling, "ORDER_FILLING_"),
    (words.OrderTime, "ORDER_TIME_"),
    (words.Reason, "ORDER_REASON_"),
    (words.Reason, "DEAL_REASON_"),
    (words.DealType, "DEAL_TYPE_"),
    (words.DealEntry, "DEAL_ENTRY_"),
    (words.CalcMode, "SYMBOL_CALC_MODE_"),
    (words.SymbolTradeMode, "SYMBOL_TRADE_MODE_"),
    (words.Execution, "SYMBOL_TRADE_EXECUTION_"),
    (words.SwapMode, "SYMBOL_SWAP_MODE_"),
    (words.OrdersLifetime, "SYMBOL_ORDERS_"),
    (words.MarginMode, "ACCOUNT_MARGIN_MODE_"),
    (words.StopOutMode, "ACCOUNT_STOPOUT_MODE_"),
    (words.AccountTradeMode, "ACCOUNT_TRADE_MODE_"),
]
NOT_IN_THE_PACKAGE = {Retcode.CHECKED, Retcode.HEDGE_PROHIBITED}


@pytest.mark.parametrize(("word", "prefix"), PREFIXES)
def test_every_word_has_its_number(word: type[IntEnum], prefix: str) -> None:
    assert {each.name: int(each) for each in word} == {
        each.name: getattr(constants, prefix + each.name) for each in word
    }


def test_every_return_code_of_the_package_is_known() -> None:
    prefix = "TRADE_RETCODE_"
    package = {name.removeprefix(prefix): value for name, value in vars(constants).items() if name.startswith(prefix)}
    assert {code.name: int(code) for code in Retcode if code not in NOT_IN_THE_PACKAGE} == package
