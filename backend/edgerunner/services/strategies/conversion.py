"""Values of the order path and of market data as messages to a worker. Pure."""

import math
from collections.abc import Sequence
from decimal import Decimal

from edgerunner.domain.fills import Fill
from edgerunner.domain.market import Bar, Depth, Ticker, Timeframe
from edgerunner.domain.orders import Order, OrderType, Side, StopLoss, TakeProfit, TimeInForce
from edgerunner.domain.positions import Position
from edgerunner.services.order_checks import PlaceRequest
from edgerunner.strategies.market_data import Bar as ShownBar
from edgerunner.strategies.market_data import Book, Tick
from edgerunner.strategies.market_data import Fill as ShownFill
from edgerunner.strategy_worker.messages import Market, OrderState, PositionState, Submit


def order_state(order: Order, key: str) -> OrderState:
    """Return an order as its strategy sees it."""
    return OrderState(
        order_id=order.client_order_id,
        key=key,
        side=order.terms.side.value,
        order_type=order.terms.order_type.value,
        quantity=order.terms.quantity,
        status=order.status.value,
        filled_quantity=order.filled_quantity,
        average_price=order.average_price,
        reason=order.denied.text if order.denied else order.broker.text or "",
        time_ns=order.updated_at_ns,
    )


def refused_state(wish: Submit, reason: str, now_ns: int) -> OrderState:
    """Return an order that was never made, as ``denied``."""
    return OrderState(
        order_id=wish.order_id,
        key=wish.key,
        side=wish.side,
        order_type=wish.order_type,
        quantity=wish.quantity,
        status="denied",
        filled_quantity=Decimal(0),
        average_price=None,
        reason=reason,
        time_ns=now_ns,
    )


def fill_shown(fill: Fill, order_id: str, key: str) -> ShownFill:
    """Return an execution as its strategy sees it."""
    return ShownFill(
        order_id=order_id,
        instrument_id=key,
        side=fill.side,
        quantity=float(fill.quantity),
        price=float(fill.price),
        fee=float(fill.fee.amount),
        fee_currency=fill.fee.currency,
        time_ns=fill.ts_event_ns,
        liquidity=fill.liquidity,
    )


def position_state(position: Position, key: str) -> PositionState:
    """Return a position as its strategy sees it."""
    return PositionState(key=key, quantity=position.quantity, average_price=position.average_price)


def bar_shown(bar: Bar, key: str, timeframe: Timeframe) -> ShownBar:
    """Return a bar in floats."""
    return ShownBar(
        instrument_id=key,
        timeframe=timeframe.value,
        time_ns=bar.open_ns,
        open=float(bar.open),
        high=float(bar.high),
        low=float(bar.low),
        close=float(bar.close),
        volume=float(bar.volume),
    )


def tick_shown(ticker: Ticker, key: str) -> Tick:
    """Return a quote in floats; NaN = not published."""
    return Tick(
        instrument_id=key,
        time_ns=ticker.ts_event_ns,
        bid=_float(ticker.bid),
        ask=_float(ticker.ask),
        bid_size=_float(ticker.bid_size),
        ask_size=_float(ticker.ask_size),
        last=_float(ticker.last),
        last_size=math.nan,
    )


def book_shown(depth: Depth, key: str) -> Book:
    """Return a book in floats."""
    return Book(instrument_id=key, time_ns=depth.ts_event_ns, bids=_levels(depth.bids), asks=_levels(depth.asks))


def place_request(wish: Submit, market: Market, account_id: str | None) -> PlaceRequest:
    """Return what the order service understands; raises ``ValueError`` for a word that is none."""
    return PlaceRequest(
        connection_id=market.connection_id,
        account_id=account_id,
        instrument_id=market.instrument.instrument_id,
        side=Side(wish.side),
        order_type=OrderType(wish.order_type),
        quantity=wish.quantity,
        price=wish.price,
        trigger_price=wish.trigger_price,
        trailing_offset=wish.trailing_offset,
        time_in_force=None if wish.time_in_force is None else TimeInForce(wish.time_in_force),
        expires_at_ns=wish.expires_at_ns,
        post_only=wish.post_only,
        reduce_only=wish.reduce_only,
        take_profit=None if wish.take_profit is None else TakeProfit(price=wish.take_profit),
        stop_loss=None if wish.stop_loss is None else StopLoss(trigger_price=wish.stop_loss),
        client_order_id=wish.order_id,
    )


def _float(number: Decimal | None) -> float:
    return math.nan if number is None else float(number)


def _levels(levels: Sequence[tuple[Decimal, Decimal]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(price), float(size)) for price, size in levels)
