"""Stop loss and take profit of positions: changed by request, triggered by quotes."""

from dataclasses import replace
from decimal import Decimal

from edgerunner.domain.numbers import to_plain
from edgerunner.simulators.mt5.trade_server.case import Case
from edgerunner.simulators.mt5.trade_server.deals import close_position
from edgerunner.simulators.mt5.trade_server.market import exit_price
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.values import Position, Quote, TradeResult
from edgerunner.simulators.mt5.trade_server.words import PositionType, Reason


def change_stops(act: Act, case: Case) -> TradeResult:
    """Replace both stops of a position: an omitted one is removed. No order comes of it, so the answer names none."""
    position = replace(case.known_position, sl=case.request.sl, tp=case.request.tp, time_update_ns=act.now_ns)
    act.put_position(position)
    return TradeResult(retcode=Retcode.DONE, comment=Retcode.DONE.comment)


def work_stops(act: Act) -> None:
    """Close the positions whose SL or TP the quotes reach, at the market's price (**guess**: also a TP's)."""
    for position in sorted(act.book.positions.values(), key=lambda each: each.ticket):
        quote = act.market.quotes.get(position.symbol)
        reason = _reached(position, quote) if quote is not None else None
        if reason is not None and act.market.can_trade(position.symbol, act.account.currency):
            _close(act, position, reason)


def _close(act: Act, position: Position, reason: Reason) -> None:
    level = position.sl if reason == Reason.SL else position.tp
    comment = f"[{'sl' if reason == Reason.SL else 'tp'} {_digits(level, act.market.symbols[position.symbol].digits)}]"
    close_position(act, position, reason=reason, comment=comment, level=level)


def _reached(position: Position, quote: Quote) -> Reason | None:
    price = exit_price(quote, position.type)
    up = 1 if position.type == PositionType.BUY else -1
    if position.sl and (price - position.sl) * up <= 0:
        return Reason.SL
    if position.tp and (price - position.tp) * up >= 0:
        return Reason.TP
    return None


def _digits(price: Decimal, digits: int) -> str:
    return f"{price:.{digits}f}" if digits else to_plain(price)
