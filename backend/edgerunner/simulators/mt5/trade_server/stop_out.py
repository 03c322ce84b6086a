"""The stop-out: positions closed by the server while the margin level is too low."""

from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.deals import close_position
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.valuation import mark_of, value_of
from edgerunner.simulators.mt5.trade_server.values import AccountValue, Position
from edgerunner.simulators.mt5.trade_server.words import Reason


def work_stop_out(act: Act) -> None:
    """Close positions, the largest loss first, until the margin level is above the stop out.

    Pending orders reserve no margin and stay (MetaTrader's help). That the whole position is closed is a **guess**.
    """
    while act.book.positions:
        value = value_of(act.book, act.market)
        if not value.is_stop_out or not _close_worst(act, value):
            return


def liquidate(act: Act) -> None:
    """Close every position that can be closed, the largest loss first."""
    while act.book.positions and _close_worst(act, value_of(act.book, act.market)):
        pass


def _close_worst(act: Act, value: AccountValue) -> bool:
    comment = f"[so {value.margin_level:.2f}%/{value.equity:.2f}/{value.margin:.2f}]"
    for position in sorted(act.book.positions.values(), key=lambda each: (_result(act, each), each.ticket)):
        if act.market.can_trade(position.symbol, act.account.currency):
            close_position(act, position, reason=Reason.SO, comment=comment, level=Decimal(0))
            return True
    return False


def _result(act: Act, position: Position) -> Decimal:
    return mark_of(position, act.market, act.account).profit + position.swap
