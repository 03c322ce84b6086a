"""Market orders: traded at once at the market's price, as far as somebody trades with them."""

from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.execution import Trade, execute
from edgerunner.simulators.mt5.trade_server.market import entry_price, opposite
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.valuation import priced
from edgerunner.simulators.mt5.trade_server.values import Deal, Order, Position, Quote, TradeResult
from edgerunner.simulators.mt5.trade_server.words import OrderFilling, OrderState, OrderType, PositionType, Reason


@dataclass(frozen=True, slots=True)
class Fill:
    """What an order meets: the quote, and lots at most (None = enough)."""

    quote: Quote
    limit: Decimal | None = None

    def volume_for(self, order: Order) -> Decimal:
        """Return the lots that an order trades now; FOK is all or nothing."""
        if self.limit is None or self.limit >= order.volume_current:
            return order.volume_current
        return Decimal(0) if order.type_filling == OrderFilling.FOK else max(self.limit, Decimal(0))


def send_deal(act: Act, order: Order, fill: Fill) -> TradeResult:
    """Trade a market order.

    What nobody traded with ends the order under FOK and IOC (CANCELED in the history, answered REJECT when nothing was
    traded: **guess**) and stays active under RETURN (answered PLACED when nothing was traded).
    """
    price = entry_price(fill.quote, order.type.direction)
    order = replace(order, price_open=price)
    deal = trade_now(act, order, price=price, fill=fill)
    if deal is None:
        retcode = Retcode.PLACED if order.ticket in act.book.orders else Retcode.REJECT
        return TradeResult(retcode=retcode, order=order.ticket, comment=retcode.comment)
    retcode = Retcode.DONE if deal.volume == order.volume_initial else Retcode.DONE_PARTIAL
    return TradeResult(
        retcode=retcode,
        deal=deal.ticket,
        order=order.ticket,
        volume=deal.volume,
        price=deal.price,
        bid=fill.quote.bid,
        ask=fill.quote.ask,
        comment=retcode.comment,
    )


def trade_now(act: Act, order: Order, *, price: Decimal, fill: Fill) -> Deal | None:
    """Trade what an order can of its rest at a price, and end it when its filling mode says so."""
    volume = fill.volume_for(order)
    deal = execute(act, Trade(order=order, volume=volume, price=price)) if volume else None
    if volume == order.volume_current:
        return deal
    left = act.book.orders.get(order.ticket, order)
    if order.type_filling in {OrderFilling.FOK, OrderFilling.IOC}:
        act.put_order(end(act, left, OrderState.CANCELED))
    elif left.state == OrderState.STARTED:
        act.put_order(replace(left, state=OrderState.PLACED))
    return deal


def end(act: Act, order: Order, state: OrderState) -> Order:
    """Return an order that ended now, with the market's price of now."""
    return replace(priced(order, act.market), state=state, time_done_ns=act.now_ns)


def close_position(act: Act, position: Position, *, reason: Reason, comment: str, level: Decimal) -> Deal:
    """Close a whole position at the market by the server itself: SL, TP or stop-out, with the position's magic."""
    quote = act.market.quote(position.symbol)
    side = opposite(position.type)
    order = Order(
        login=act.account.login,
        ticket=act.tickets.take_order(),
        time_setup_ns=act.now_ns,
        type=OrderType.BUY if side == PositionType.BUY else OrderType.SELL,
        state=OrderState.STARTED,
        magic=position.magic,
        position_id=position.ticket,
        reason=reason,
        volume_initial=position.volume,
        volume_current=position.volume,
        price_open=level,
        symbol=position.symbol,
        comment=comment,
    )
    return execute(act, Trade(order=order, volume=position.volume, price=entry_price(quote, side)))
