"""Requests that make no sense whatever the market does: INVALID (10013) and what cannot be found."""

from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.state import Book
from edgerunner.simulators.mt5.trade_server.values import TradeRequest
from edgerunner.simulators.mt5.trade_server.words import OrderFilling, OrderTime, OrderType, TradeAction


def malformed(request: TradeRequest, book: Book) -> Retcode | None:
    """Return why a request cannot be understood, or None."""
    if request.action not in set(TradeAction) or request.type not in set(OrderType):
        return Retcode.INVALID
    if request.type_filling not in set(OrderFilling):
        return Retcode.INVALID_FILL
    if request.type_time not in set(OrderTime):
        return Retcode.INVALID_EXPIRATION
    if min(request.price, request.stoplimit, request.sl, request.tp) < 0 or request.deviation < 0:
        return Retcode.INVALID
    match TradeAction(request.action):
        case TradeAction.DEAL:
            return _malformed_deal(request, book)
        case TradeAction.PENDING:
            return None if OrderType(request.type).is_pending else Retcode.INVALID
        case TradeAction.SLTP:
            return _malformed_stops(request, book)
        case TradeAction.MODIFY | TradeAction.REMOVE:
            return _missing_order(request, book)
        case TradeAction.CLOSE_BY:
            return _malformed_close_by(request, book)


def _malformed_deal(request: TradeRequest, book: Book) -> Retcode | None:
    if not OrderType(request.type).is_market:
        return Retcode.INVALID
    if not request.position:
        return None
    position = book.positions.get(request.position)
    if position is None:
        return Retcode.POSITION_CLOSED
    if position.symbol != request.symbol:
        return Retcode.INVALID
    is_same_side = position.type == OrderType(request.type).direction
    return Retcode.INVALID if book.account.is_hedging and is_same_side else None


def _malformed_stops(request: TradeRequest, book: Book) -> Retcode | None:
    if not request.position and (book.account.is_hedging or not request.symbol):
        return Retcode.INVALID
    position = book.positions.get(request.position) if request.position else book.net_position(request.symbol)
    if position is None:
        return Retcode.POSITION_CLOSED
    return Retcode.INVALID if request.symbol not in {"", position.symbol} else None


def _missing_order(request: TradeRequest, book: Book) -> Retcode | None:
    if request.order in book.done_orders:
        return Retcode.ORDER_CHANGED
    order = book.orders.get(request.order)
    if order is None or request.symbol not in {"", order.symbol}:
        return Retcode.INVALID
    return Retcode.INVALID if request.action == TradeAction.MODIFY and not order.type.is_pending else None


def _malformed_close_by(request: TradeRequest, book: Book) -> Retcode | None:
    if not book.account.is_hedging or not request.position or not request.position_by:
        return Retcode.INVALID
    one, other = book.positions.get(request.position), book.positions.get(request.position_by)
    if one is None or other is None:
        return Retcode.POSITION_CLOSED
    return Retcode.INVALID if one.symbol != other.symbol or one.type == other.type else None
