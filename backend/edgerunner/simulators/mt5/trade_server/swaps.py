"""The end of the server's day: swaps, orders and stops that live a day."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner.simulators.mt5.trade_server.deals import end
from edgerunner.simulators.mt5.trade_server.market import NoPriceError, exit_price, to_money
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.values import ZERO, Position, Symbol
from edgerunner.simulators.mt5.trade_server.words import OrdersLifetime, OrderState, OrderTime, PositionType, SwapMode

WEEKEND: Final = frozenset({0, 6})
DAYS_OF_INTEREST: Final = 360
"""Days of the year in which swaps of the interest modes are given (MetaTrader's help: a bank's year)."""


def nights(symbol: Symbol, weekday: int) -> int:
    """Return how many nights the end of a weekday (Sunday = 0) counts; none at weekends, three on the symbol's day."""
    if symbol.swap_every_day:
        return 1
    if weekday in WEEKEND:
        return 0
    return 3 if weekday == symbol.swap_rollover3days else 1


def charge_swaps(act: Act, weekday: int) -> None:
    """Add the night's swap to every position; the deal that closes it books it."""
    for position in tuple(act.book.positions.values()):
        symbol = act.market.symbols[position.symbol]
        count = nights(symbol, weekday)
        try:
            amount, currency = _night(act, position, symbol)
            swap = act.market.converted(amount * count, currency, act.account.currency)
        except NoPriceError:
            continue  # a night that cannot be priced is not charged
        swap = to_money(swap, act.account.currency_digits)
        if swap:
            act.put_position(replace(position, swap=position.swap + swap, time_update_ns=act.now_ns))


def _night(act: Act, position: Position, symbol: Symbol) -> tuple[Decimal, str]:
    rate = symbol.swap_long if position.type == PositionType.BUY else symbol.swap_short
    amount = position.volume * rate
    value = position.volume * symbol.contract_size * rate / 100 / DAYS_OF_INTEREST
    match symbol.swap_mode:
        case SwapMode.DISABLED:
            return ZERO, act.account.currency
        case SwapMode.POINTS:
            return amount * symbol.point * symbol.contract_size, symbol.currency_profit
        case SwapMode.CURRENCY_SYMBOL:
            return amount, symbol.currency_base
        case SwapMode.CURRENCY_MARGIN:
            return amount, symbol.currency_margin
        case SwapMode.CURRENCY_DEPOSIT:
            return amount, act.account.currency
        case SwapMode.INTEREST_CURRENT:
            price = exit_price(act.market.quote(position.symbol), position.type)
            return value * price, symbol.currency_profit
        case SwapMode.INTEREST_OPEN:
            return value * position.price_open, symbol.currency_profit


def end_daily_terms(act: Act) -> None:
    """Take away what a symbol keeps for a day only: GTC orders, and with DAILY also the positions' stops."""
    for order in tuple(act.book.orders.values()):
        is_daily = act.market.symbols[order.symbol].orders_lifetime != OrdersLifetime.GTC
        if is_daily and order.type_time == OrderTime.GTC:
            act.put_order(end(act, order, OrderState.EXPIRED))
    for position in tuple(act.book.positions.values()):
        is_daily = act.market.symbols[position.symbol].orders_lifetime == OrdersLifetime.DAILY
        if is_daily and (position.sl or position.tp):
            act.put_position(replace(position, sl=ZERO, tp=ZERO, time_update_ns=act.now_ns))
