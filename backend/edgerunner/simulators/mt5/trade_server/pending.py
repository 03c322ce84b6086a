"""Pending orders: placed, changed, taken away, expired, triggered."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.case import Case
from edgerunner.simulators.mt5.trade_server.check_prices import distance_to_trigger
from edgerunner.simulators.mt5.trade_server.deals import Fill, end, trade_now
from edgerunner.simulators.mt5.trade_server.market import entry_price
from edgerunner.simulators.mt5.trade_server.outlook import can_afford
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.valuation import priced
from edgerunner.simulators.mt5.trade_server.values import ZERO, Order, Quote, TradeResult
from edgerunner.simulators.mt5.trade_server.words import OrderFilling, OrderState, OrderTime, OrderType


def place_pending(act: Act, order: Order, quote: Quote) -> TradeResult:
    """Place a pending order; answered DONE with volume and market and without deal and price (seen in real results)."""
    act.put_order(priced(order, act.market))
    return replace(_done(order), volume=order.volume_initial, bid=quote.bid, ask=quote.ask)


def modify_pending(act: Act, case: Case) -> TradeResult:
    """Replace prices, stops and life time of a pending order: what the request leaves out becomes 0."""
    request, order = case.request, case.known_order
    changed = replace(
        order,
        price_open=request.price,
        price_stoplimit=case.stoplimit,
        sl=request.sl,
        tp=request.tp,
        type_time=OrderTime(request.type_time),
        expiration_ns=case.expiration_ns,
    )
    act.put_order(changed)
    return _done(changed)


def remove_pending(act: Act, order: Order) -> TradeResult:
    """Take an active order away."""
    act.put_order(end(act, order, OrderState.CANCELED))
    return _done(order)


def _done(order: Order) -> TradeResult:
    return TradeResult(retcode=Retcode.DONE, order=order.ticket, comment=Retcode.DONE.comment)


def expire_moments(act: Act) -> None:
    """End the orders whose specified moment has come."""
    for order in tuple(act.book.orders.values()):
        if order.type_time == OrderTime.SPECIFIED and order.expiration_ns <= act.now_ns:
            act.put_order(end(act, order, OrderState.EXPIRED))


def expire_day(act: Act) -> None:
    """End the orders of a server's day that is over at `now_ns`."""
    for order in tuple(act.book.orders.values()):
        is_over = order.type_time == OrderTime.SPECIFIED_DAY and order.expiration_ns < act.now_ns
        if is_over or order.type_time == OrderTime.DAY:
            act.put_order(end(act, order, OrderState.EXPIRED))


def work_orders(act: Act, limits: Mapping[int, Decimal]) -> None:
    """Trigger and trade active orders that the quotes reach, oldest ticket first."""
    symbols = {order.symbol for order in act.book.orders.values()}
    traded = {symbol for symbol in symbols if act.market.can_trade(symbol, act.account.currency)}
    for ticket in sorted(act.book.orders):
        order = act.book.orders[ticket]
        if order.symbol in traded:
            _work(act, order, Fill(act.market.quote(order.symbol), limits.get(ticket)))


def _work(act: Act, order: Order, fill: Fill) -> None:
    if _has_lost_its_position(act, order):
        act.put_order(end(act, order, OrderState.CANCELED))
        return
    if order.type.is_stop_limit and is_reached(order, fill.quote):
        order = _as_limit(order)
        act.put_order(order)
    if order.type.is_stop_limit or not is_reached(order, fill.quote):
        return
    if not _is_affordable(act, order, fill.quote):
        # MetaTrader's text of REJECT_CANCEL: the activation is rejected and the order canceled.
        act.put_order(end(act, order, OrderState.CANCELED))
        return
    trade_now(act, order, price=entry_price(fill.quote, order.type.direction), fill=fill)


def is_reached(order: Order, quote: Quote) -> bool:
    """Whether a quote executes an order: buys by the ask, sells by the bid; the rest of a market order at once."""
    return order.type.is_market or distance_to_trigger(order.type, order.price_open, quote) <= 0


def _as_limit(order: Order) -> Order:
    """A stop-limit order becomes a limit order with RETURN filling under the same ticket (MetaTrader's help)."""
    return replace(
        order,
        type=OrderType.BUY_LIMIT if order.type == OrderType.BUY_STOP_LIMIT else OrderType.SELL_LIMIT,
        type_filling=OrderFilling.RETURN,
        price_open=order.price_stoplimit,
        price_stoplimit=ZERO,
    )


def _has_lost_its_position(act: Act, order: Order) -> bool:
    is_closing = act.account.is_hedging and order.position_id not in {0, order.ticket}
    return is_closing and order.position_id not in act.book.positions


def _is_affordable(act: Act, order: Order, quote: Quote) -> bool:
    trial = Act(act.book.scratch(), act.market, replace(act.tickets), act.now_ns)
    trade_now(trial, order, price=entry_price(quote, order.type.direction), fill=Fill(quote))
    return can_afford(act, trial)
