"""Prices of a request against the market: sides, distances, steps (INVALID_PRICE, INVALID_STOPS, FROZEN)."""

from decimal import Decimal

from edgerunner.domain.numbers import is_multiple
from edgerunner.simulators.mt5.trade_server.case import Case
from edgerunner.simulators.mt5.trade_server.market import entry_price, exit_price
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.values import Order, Position, Quote, Symbol
from edgerunner.simulators.mt5.trade_server.words import (
    Execution,
    OrderFlag,
    OrderType,
    PositionType,
    TradeAction,
)

STREAMED_PRICES = frozenset({Execution.REQUEST, Execution.INSTANT})
"""Execution modes in which the client names the price of a market order."""


def market_price(case: Case) -> Retcode | None:
    """Instant and Request execution need a price on the symbol's steps; the other modes ignore it."""
    if case.symbol.execution not in STREAMED_PRICES:
        return None
    return None if _is_step(case.request.price, case.symbol) else Retcode.INVALID_PRICE


def moved_price(case: Case) -> Retcode | None:
    """The price went away further than `deviation` points; REQUOTE, under Request execution PRICE_CHANGED (guess)."""
    if case.symbol.execution not in STREAMED_PRICES:
        return None
    moved = abs(entry_price(case.quote, case.side) - case.request.price)
    if moved <= case.request.deviation * case.symbol.point:
        return None
    return Retcode.REQUOTE if case.symbol.execution == Execution.INSTANT else Retcode.PRICE_CHANGED


def pending_price(case: Case) -> Retcode | None:
    """A pending order lies on its side of the market, `stops_level` away from it; a stop-limit's limit behind it.

    For a pending order that is too near the code is a **guess** (INVALID_PRICE, as on the wrong side).
    """
    request, symbol = case.request, case.symbol
    if not _is_step(request.price, symbol):
        return Retcode.INVALID_PRICE
    if distance_to_trigger(case.type, request.price, case.quote) < _least_distance(symbol):
        return Retcode.INVALID_PRICE
    if not case.type.is_stop_limit:
        return None
    behind = request.price - request.stoplimit
    is_behind = behind > 0 if case.side == PositionType.BUY else behind < 0
    return None if is_behind and _is_step(request.stoplimit, symbol) else Retcode.INVALID_PRICE


def stops_of_deal(case: Case) -> Retcode | None:
    """SL and TP of a market order lie on their sides of the price at which it would be closed."""
    if case.is_closing:
        return None
    return _stops(case, exit_price(case.quote, case.side), case.side)


def stops_of_pending(case: Case) -> Retcode | None:
    """SL and TP of a pending order lie on their sides of the price at which it would open."""
    price = case.request.stoplimit if case.type.is_stop_limit else case.request.price
    return _stops(case, price, case.side)


def stops_of_position(case: Case) -> Retcode | None:
    """New SL and TP of a position lie on their sides of the market; one that stays as it is may lie nearer."""
    position = case.known_position
    return _stops(case, exit_price(case.quote, position.type), position.type, held=position)


def _stops(case: Case, price: Decimal, side: PositionType, *, held: Position | None = None) -> Retcode | None:
    request, symbol = case.request, case.symbol
    up = 1 if side == PositionType.BUY else -1
    stops = (
        (request.sl, -up, OrderFlag.SL, held.sl if held else None),
        (request.tp, up, OrderFlag.TP, held.tp if held else None),
    )
    for level, direction, flag, present in stops:
        if not level or level == present:
            continue
        is_far = (level - price) * direction >= _least_distance(symbol)
        if not is_far or not is_multiple(level, symbol.tick_size) or flag not in symbol.order_flags:
            return Retcode.INVALID_STOPS
    return None


def frozen_order(case: Case) -> Retcode | None:
    """An order whose price the market has come near to cannot be changed or taken away."""
    order = case.order
    if order is None or not case.symbol.freeze_level or not order.type.is_pending:
        return None
    distance = distance_to_trigger(order.type, order.price_open, case.quote)
    return Retcode.FROZEN if distance < case.symbol.freeze_level * case.symbol.point else None


def frozen_position(case: Case) -> Retcode | None:
    """A position whose SL or TP the market has come near to cannot be changed or closed by a request."""
    for position in (case.position, case.opposite):
        if position is None or not case.symbol.freeze_level or case.request.action == TradeAction.PENDING:
            continue
        price = exit_price(case.quote, position.type)
        levels = [abs(level - price) for level in (position.sl, position.tp) if level]
        is_opening = case.request.action == TradeAction.DEAL and not case.is_closing
        if not is_opening and levels and min(levels) < case.symbol.freeze_level * case.symbol.point:
            return Retcode.FROZEN
    return None


def distance_to_trigger(type_: OrderType, price: Decimal, quote: Quote) -> Decimal:
    """Return how far the market is from executing a pending order; 0 or less = reached."""
    market = entry_price(quote, type_.direction)
    is_below = type_.is_limit == (type_.direction == PositionType.BUY)
    return market - price if is_below else price - market


def unchanged_order(case: Case) -> Retcode | None:
    """A modification that changes nothing."""
    order, request = case.known_order, case.request
    asked = (request.price, case.stoplimit, request.sl, request.tp, request.type_time, case.expiration_ns)
    return Retcode.NO_CHANGES if asked == _terms(order) else None


def unchanged_position(case: Case) -> Retcode | None:
    """Stops that are already there."""
    position = case.known_position
    return Retcode.NO_CHANGES if (case.request.sl, case.request.tp) == (position.sl, position.tp) else None


def _terms(order: Order) -> tuple[Decimal, Decimal, Decimal, Decimal, int, int]:
    return (order.price_open, order.price_stoplimit, order.sl, order.tp, order.type_time, order.expiration_ns)


def _least_distance(symbol: Symbol) -> Decimal:
    # Even without a stops level a price that is already reached makes no pending order and no stop.
    return max(symbol.stops_level * symbol.point, symbol.tick_size)


def _is_step(price: Decimal, symbol: Symbol) -> bool:
    return price > 0 and is_multiple(price, symbol.tick_size)
