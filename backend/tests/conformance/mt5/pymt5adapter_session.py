"""A session of pymt5adapter with a terminal: ``python pymt5adapter_session.py '{"login": ..., "password": ...}'``.

It runs in an environment that has nothing of ours, prints its last line as JSON, and fails where a real terminal would
have answered otherwise. The adapter wraps every function of the package by name and raises on every error.
"""

import json
import sys
from typing import Any

import pymt5adapter as mt5
from pymt5adapter.symbol import Symbol

NAME = "EURUSD"
COMMENT = "pymt5adapter"


def trade() -> tuple[list[int], int]:
    """Buy, place and remove a pending order, close; return the order tickets and the position."""
    symbol = Symbol(NAME)
    symbol.refresh_rates()
    assert 0 < symbol.bid < symbol.ask
    bought = mt5.Buy(NAME, 0.1, comment=COMMENT)
    assert bought.retcode == mt5.TRADE_RETCODE.DONE, bought
    (position,) = mt5.positions_get(symbol=NAME)
    assert position.price_open == bought.price, (position, bought)
    placed = mt5.order_send(
        action=mt5.TRADE_ACTION.PENDING,
        symbol=NAME,
        volume=0.2,
        type=mt5.ORDER_TYPE.BUY_LIMIT,
        price=round(symbol.ask - 0.01, 5),
        type_filling=mt5.ORDER_FILLING.RETURN,
        comment=COMMENT,
    )
    assert placed.retcode in {mt5.TRADE_RETCODE.DONE, mt5.TRADE_RETCODE.PLACED}, placed
    assert [order.ticket for order in mt5.orders_get(ticket=placed.order)] == [placed.order]
    removed = mt5.order_send(action=mt5.TRADE_ACTION.REMOVE, order=placed.order)
    assert removed.retcode == mt5.TRADE_RETCODE.DONE, removed
    assert mt5.orders_total() == 0
    assert mt5.Close(NAME) is True
    assert mt5.positions_get() == ()
    closing = mt5.history_deals_get(position=position.ticket)[-1]
    return [bought.order, placed.order, closing.order], position.ticket


def session(login: int) -> dict[str, Any]:
    """Trade once and find the money where the history says it went."""
    before = mt5.account_info()
    assert before.login == login
    bars = mt5.copy_rates_from_pos(NAME, mt5.TIMEFRAME.M5, 0, 10)
    assert (len(bars), bars["tick_volume"].dtype) == (10, "uint64")
    tickets, position = trade()
    deals = mt5.history_deals_get(position=position)
    profit = sum(deal.profit + deal.commission + deal.swap + deal.fee for deal in deals)
    after = mt5.account_info()
    assert round(after.balance - before.balance, 2) == round(profit, 2), (before, after, deals)
    return {"login": login, "balance": after.balance, "orders": tickets}


def main() -> None:
    credentials = json.loads(sys.argv[1])
    with mt5.connected(raise_on_errors=True, **credentials):
        sys.stdout.write(json.dumps(session(credentials["login"])) + "\n")


main()
