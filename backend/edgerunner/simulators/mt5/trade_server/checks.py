"""Every reason for which a well-formed request is refused, in the order in which they are looked at.

The order of MetaTrader's own server is not documented: this one is a **guess** (permissions, market, volume, filling,
price, stops, limits, money, and last the price's deviation, which only the server can know).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from edgerunner.domain.numbers import is_multiple
from edgerunner.simulators.mt5.trade_server import check_prices
from edgerunner.simulators.mt5.trade_server.case import Case
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import ZERO
from edgerunner.simulators.mt5.trade_server.words import (
    Execution,
    ExpirationFlag,
    FillingFlag,
    OrderFilling,
    OrderFlag,
    OrderTime,
    OrderType,
    PositionType,
    Reason,
    SymbolTradeMode,
    TradeAction,
)

Check = Callable[[Case], Retcode | None]
DAY_NS: Final = 86_400_000_000_000
_FILLING_FLAGS: Final = MappingProxyType(
    {
        OrderFilling.FOK: FillingFlag.FOK,
        OrderFilling.IOC: FillingFlag.IOC,
        OrderFilling.BOC: FillingFlag.BOC,
    }
)
_EXPIRATION_FLAGS: Final = MappingProxyType(
    {
        OrderTime.GTC: ExpirationFlag.GTC,
        OrderTime.DAY: ExpirationFlag.DAY,
        OrderTime.SPECIFIED: ExpirationFlag.SPECIFIED,
        OrderTime.SPECIFIED_DAY: ExpirationFlag.SPECIFIED_DAY,
    }
)


def first_refusal(case: Case) -> Retcode | None:
    """Return the first reason to refuse a request, or None."""
    for check in CHECKS[TradeAction(case.request.action)]:
        refusal = check(case)
        if refusal is not None:
            return refusal
    return None


def account_may_trade(case: Case) -> Retcode | None:
    """The account's switches: an investor cannot trade, a program may be unwanted."""
    if not case.account.trade_allowed:
        return Retcode.TRADE_DISABLED
    if case.reason == Reason.EXPERT and not case.account.trade_expert:
        return Retcode.SERVER_DISABLES_AT
    return Retcode.TRADE_DISABLED if case.symbol.trade_mode == SymbolTradeMode.DISABLED else None


def market_is_open(case: Case) -> Retcode | None:
    """A session is on, and everything that the request must price has a quote.

    A check passes outside of the sessions too (sample of OrderCheck in the MQL5 reference).
    """
    quote = case.market.quotes.get(case.symbol.name)
    if quote is None:
        return Retcode.PRICE_OFF
    if not quote.is_open and not case.is_check:
        return Retcode.MARKET_CLOSED
    return None if case.market.can_price(case.symbol.name, case.account.currency) else Retcode.PRICE_OFF


def side_is_allowed(case: Case) -> Retcode | None:
    """The symbol's trade mode; what only closes is always allowed."""
    if case.is_closing and case.request.action == TradeAction.DEAL:
        return None
    match case.symbol.trade_mode:
        case SymbolTradeMode.CLOSEONLY:
            return Retcode.CLOSE_ONLY
        case SymbolTradeMode.LONGONLY if case.side == PositionType.SELL:
            return Retcode.LONG_ONLY
        case SymbolTradeMode.SHORTONLY if case.side == PositionType.BUY:
            return Retcode.SHORT_ONLY
        case _:
            return None


def type_is_served(case: Case) -> Retcode | None:
    """The symbol takes this kind of order."""
    if case.request.action == TradeAction.CLOSE_BY:
        kind = OrderFlag.CLOSEBY
    elif case.type.is_market:
        kind = OrderFlag.MARKET
    elif case.type.is_limit:
        kind = OrderFlag.LIMIT
    else:
        kind = OrderFlag.STOP_LIMIT if case.type.is_stop_limit else OrderFlag.STOP
    return None if kind in case.symbol.order_flags else Retcode.INVALID_ORDER


def volume_is_valid(case: Case) -> Retcode | None:
    """At least the minimum, at most the maximum, whole steps; a position's whole volume can always be closed."""
    volume, symbol = case.request.volume, case.symbol
    if case.is_closing and case.known_position.volume == volume:
        return None
    is_valid = symbol.volume_min <= volume <= symbol.volume_max and is_multiple(volume, symbol.volume_step)
    return None if is_valid else Retcode.INVALID_VOLUME


def close_is_possible(case: Case) -> Retcode | None:
    """A named position is closed by no more than it has; the oldest first where the account asks for it."""
    position = case.position
    if position is None or not case.account.is_hedging:
        return None
    if case.request.volume > position.volume:
        return Retcode.INVALID_CLOSE_VOLUME
    closing = [
        each.volume_current
        for each in case.book.orders.values()
        if each.position_id == position.ticket and each.ticket != position.ticket
    ]
    if sum(closing, ZERO) + case.request.volume > position.volume:
        return Retcode.CLOSE_ORDER_EXIST
    oldest = case.book.positions_in(position.symbol)[0]
    return Retcode.FIFO_CLOSE if case.account.fifo_close and oldest.ticket != position.ticket else None


def hedge_is_allowed(case: Case) -> Retcode | None:
    """Opposite positions where the account may not have them."""
    if not (case.account.is_hedging and case.account.is_hedge_prohibited) or case.is_closing:
        return None
    held = case.book.positions_in(case.symbol.name)
    return Retcode.HEDGE_PROHIBITED if any(each.type != case.side for each in held) else None


def deal_filling(case: Case) -> Retcode | None:
    """The filling mode of a market order.

    FOK is always taken under Request and Instant execution, RETURN only under Exchange execution (MetaTrader's help on
    fill policies) or when the mask names nothing else (general knowledge); BOC never.
    """
    filling, symbol = OrderFilling(case.request.type_filling), case.symbol
    match filling:
        case OrderFilling.RETURN:
            is_taken = symbol.execution == Execution.EXCHANGE or not symbol.filling_flags
        case OrderFilling.BOC:
            is_taken = False
        case OrderFilling.FOK if symbol.execution in check_prices.STREAMED_PRICES:
            is_taken = True
        case _:
            is_taken = _FILLING_FLAGS[filling] in symbol.filling_flags
    return None if is_taken else Retcode.INVALID_FILL


def pending_filling(case: Case) -> Retcode | None:
    """The filling mode of a pending order: RETURN always, others by the mask, BOC for limits only."""
    filling = OrderFilling(case.request.type_filling)
    if filling == OrderFilling.RETURN:
        return None
    if filling == OrderFilling.BOC and not (case.type.is_limit or case.type.is_stop_limit):
        return Retcode.INVALID_FILL
    return None if _FILLING_FLAGS[filling] in case.symbol.filling_flags else Retcode.INVALID_FILL


def expiration_is_valid(case: Case) -> Retcode | None:
    """A life time that the symbol takes, ending in the future."""
    life = OrderTime(case.request.type_time)
    if _EXPIRATION_FLAGS[life] not in case.symbol.expiration_flags:
        return Retcode.INVALID_EXPIRATION
    end = case.expiration_ns
    if life == OrderTime.SPECIFIED:
        return None if end > case.now_ns else Retcode.INVALID_EXPIRATION
    if life == OrderTime.SPECIFIED_DAY:
        today = max(case.day_start_ns, case.now_ns - DAY_NS)
        return None if end >= today else Retcode.INVALID_EXPIRATION
    return None


def order_count(case: Case) -> Retcode | None:
    """The account's most pending orders."""
    pending = sum(each.type.is_pending for each in case.book.orders.values())
    return Retcode.LIMIT_ORDERS if 0 < case.account.limit_orders <= pending else None


def position_count(case: Case) -> Retcode | None:
    """The account's most open positions."""
    makes_another = case.position is None
    is_full = 0 < case.account.limit_positions <= len(case.book.positions)
    return Retcode.LIMIT_POSITIONS if makes_another and is_full else None


def volume_in_direction(case: Case) -> Retcode | None:
    """The symbol's most lots in one direction: positions, active orders and what is asked for."""
    limit = case.symbol.volume_limit
    volume = case.opening_volume
    if not limit or not volume:
        return None
    name = case.symbol.name
    held = [each.volume for each in case.book.positions_in(name) if each.type == case.side]
    waiting = [
        each.volume_current
        for each in case.book.orders.values()
        if each.symbol == name and each.type != OrderType.CLOSE_BY and each.type.direction == case.side
    ]
    return Retcode.LIMIT_VOLUME if sum(held, ZERO) + sum(waiting, ZERO) + volume > limit else None


CHECKS: Final[Mapping[TradeAction, tuple[Check, ...]]] = MappingProxyType(
    {
        TradeAction.DEAL: (
            account_may_trade,
            side_is_allowed,
            type_is_served,
            market_is_open,
            volume_is_valid,
            close_is_possible,
            check_prices.frozen_position,
            hedge_is_allowed,
            deal_filling,
            check_prices.market_price,
            check_prices.stops_of_deal,
            position_count,
            volume_in_direction,
        ),
        TradeAction.PENDING: (
            account_may_trade,
            side_is_allowed,
            type_is_served,
            market_is_open,
            volume_is_valid,
            pending_filling,
            check_prices.pending_price,
            check_prices.stops_of_pending,
            expiration_is_valid,
            order_count,
            volume_in_direction,
        ),
        TradeAction.SLTP: (
            account_may_trade,
            market_is_open,
            check_prices.unchanged_position,
            check_prices.frozen_position,
            check_prices.stops_of_position,
        ),
        TradeAction.MODIFY: (
            account_may_trade,
            market_is_open,
            check_prices.unchanged_order,
            check_prices.frozen_order,
            check_prices.pending_price,
            check_prices.stops_of_pending,
            expiration_is_valid,
        ),
        TradeAction.REMOVE: (account_may_trade, market_is_open, check_prices.frozen_order),
        TradeAction.CLOSE_BY: (account_may_trade, type_is_served, market_is_open, check_prices.frozen_position),
    }
)
"""Money (NO_MONEY) and the price's deviation are looked at afterwards, on a trial of the deal."""
