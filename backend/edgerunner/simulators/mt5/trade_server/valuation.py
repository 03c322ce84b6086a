"""What an account is worth at the present quotes."""

from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.domain.numbers import round_money
from edgerunner.simulators.mt5.trade_server.margin import account_margin
from edgerunner.simulators.mt5.trade_server.market import Market, NoPriceError, exit_price, to_money
from edgerunner.simulators.mt5.trade_server.state import Book
from edgerunner.simulators.mt5.trade_server.values import ZERO, Account, AccountValue, Order, Position
from edgerunner.simulators.mt5.trade_server.words import OrderType, StopOutMode


@dataclass(frozen=True, slots=True)
class Mark:
    """What a position could be closed at, and its profit there in the account's currency."""

    price: Decimal
    profit: Decimal


def mark_of(position: Position, market: Market, account: Account) -> Mark:
    """Return a position's mark; as it was last seen when something has no quote."""
    try:
        price = exit_price(market.quote(position.symbol), position.type)
        profit = market.profit(
            market.symbols[position.symbol],
            position.type,
            volume=position.volume,
            price_open=position.price_open,
            price_close=price,
            into=account.currency,
        )
    except NoPriceError:
        return Mark(position.price_current, position.profit)
    return Mark(price, to_money(profit, account.currency_digits))


def marked(position: Position, market: Market, account: Account) -> Position:
    """Return a position with its current price and profit."""
    mark = mark_of(position, market, account)
    return replace(position, price_current=mark.price, profit=mark.profit)


def priced(order: Order, market: Market) -> Order:
    """Return an active order with the market's current price: the ask for buys, the bid for sells."""
    quote = market.quotes.get(order.symbol)
    if quote is None or order.type == OrderType.CLOSE_BY:
        return order
    return replace(order, price_current=quote.bid if order.type.direction else quote.ask)


def value_of(book: Book, market: Market) -> AccountValue:
    """Return the account's figures; the floating profit counts the uncharged swaps."""
    account, held = book.account, book.positions.values()
    profit = sum((mark_of(each, market, account).profit + each.swap for each in held), ZERO)
    return account_value(account, profit=profit, margin=account_margin(held, market.symbols, account))


def account_value(account: Account, *, profit: Decimal, margin: Decimal) -> AccountValue:
    """Return the figures that follow from profit and margin: equity = balance + credit + profit."""
    equity = account.balance + account.credit + profit
    margin = to_money(margin, account.currency_digits)
    level = round_money(equity / margin * 100) if margin else ZERO
    return AccountValue(
        profit=profit,
        equity=equity,
        margin=margin,
        margin_free=equity - margin,
        margin_level=level,
        is_margin_call=bool(margin) and _is_below(account.margin_so_call, equity, level, account),
        is_stop_out=bool(margin) and _is_below(account.margin_so_so, equity, level, account),
    )


def _is_below(limit: Decimal, equity: Decimal, level: Decimal, account: Account) -> bool:
    return (level if account.margin_so_mode == StopOutMode.PERCENT else equity) <= limit
