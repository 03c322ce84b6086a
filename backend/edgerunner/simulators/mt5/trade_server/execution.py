"""An order trades: the deal, what becomes of the position (netting or hedging) and of the balance.

Profit is booked by closing deals only, rounded to the currency's digits; a partial close takes its share of the swap;
commission is booked by every deal. Netting follows MetaTrader's help: an order in the same direction averages the price
and replaces both stops (0 deletes them), a smaller opposite one leaves them, a larger one turns the position round by
one INOUT deal: the identifier stays, the ticket becomes that of the order.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.domain.numbers import round_money
from edgerunner.simulators.mt5.trade_server.margin import margin_rate
from edgerunner.simulators.mt5.trade_server.market import to_money
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.values import ZERO, Deal, Order, Position
from edgerunner.simulators.mt5.trade_server.words import DealEntry, DealType, OrderState, PositionType


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """Lots of an order that meet a price."""

    order: Order
    volume: Decimal
    price: Decimal
    entry_of_close: DealEntry = DealEntry.OUT
    is_commission_free: bool = False

    @property
    def side(self) -> PositionType:
        """Return what is traded."""
        return self.order.type.direction


def execute(act: Act, trade: Trade) -> Deal:
    """Book a trade: its deal, its position, its order, which is FILLED or PARTIAL afterwards."""
    position = target_of(act, trade.order)
    deal = _booked(act, trade, position)
    left = trade.order.volume_current - trade.volume
    act.put_order(
        replace(
            trade.order,
            volume_current=left,
            position_id=deal.position_id,
            price_current=trade.price,
            state=OrderState.PARTIAL if left else OrderState.FILLED,
            time_done_ns=0 if left else act.now_ns,
        )
    )
    return deal


def target_of(act: Act, order: Order) -> Position | None:
    """Return the position that an order works on: the symbol's (netting), or the one it names or has opened."""
    if not act.account.is_hedging:
        return act.book.net_position(order.symbol)
    return act.book.positions.get(order.position_id)


def _booked(act: Act, trade: Trade, position: Position | None) -> Deal:
    if position is None:
        return _open(act, trade)
    if position.type == trade.side:
        return _increase(act, trade, position)
    if trade.volume <= position.volume:
        return _reduce(act, trade, position)
    return _turn_round(act, trade, position)


def _open(act: Act, trade: Trade) -> Deal:
    opened = _opened(act, trade, identifier=trade.order.ticket, volume=trade.volume)
    act.put_position(opened)
    return _put_deal(act, trade, DealEntry.IN, opened.identifier)


def _opened(act: Act, trade: Trade, *, identifier: int, volume: Decimal) -> Position:
    order = trade.order
    symbol = act.market.symbols[order.symbol]
    return Position(
        login=act.account.login,
        ticket=order.ticket,
        identifier=identifier,
        time_ns=act.now_ns,
        time_update_ns=act.now_ns,
        type=trade.side,
        magic=order.magic,
        reason=order.reason,
        volume=volume,
        price_open=trade.price,
        sl=order.sl,
        tp=order.tp,
        price_current=trade.price,
        symbol=order.symbol,
        comment=order.comment,
        margin_rate=margin_rate(symbol, trade.price, act.market, act.account),
        client_key=order.client_key,
    )


def _increase(act: Act, trade: Trade, position: Position) -> Deal:
    symbol = act.market.symbols[position.symbol]
    volume = position.volume + trade.volume
    rate = margin_rate(symbol, trade.price, act.market, act.account)
    increased = replace(
        position,
        volume=volume,
        price_open=round_money((position.price_open * position.volume + trade.price * trade.volume) / volume),
        margin_rate=round_money((position.margin_rate * position.volume + rate * trade.volume) / volume),
        price_current=trade.price,
        time_update_ns=act.now_ns,
    )
    if not act.account.is_hedging:
        increased = replace(increased, sl=trade.order.sl, tp=trade.order.tp)
    act.put_position(increased)
    return _put_deal(act, trade, DealEntry.IN, position.identifier)


def _reduce(act: Act, trade: Trade, position: Position) -> Deal:
    left = position.volume - trade.volume
    swap = _swap_share(act, position, trade.volume)
    profit = _profit(act, position, trade.volume, trade.price)
    if left:
        act.put_position(
            replace(
                position,
                volume=left,
                swap=position.swap - swap,
                price_current=trade.price,
                time_update_ns=act.now_ns,
            )
        )
    else:
        act.drop_position(position)
    return _put_deal(act, trade, trade.entry_of_close, position.identifier, profit=profit, swap=swap)


def _turn_round(act: Act, trade: Trade, position: Position) -> Deal:
    profit = _profit(act, position, position.volume, trade.price)
    act.drop_position(position)
    act.put_position(
        _opened(act, trade, identifier=position.identifier, volume=trade.volume - position.volume),
    )
    return _put_deal(act, trade, DealEntry.INOUT, position.identifier, profit=profit, swap=position.swap)


def _profit(act: Act, position: Position, volume: Decimal, price: Decimal) -> Decimal:
    profit = act.market.profit(
        act.market.symbols[position.symbol],
        position.type,
        volume=volume,
        price_open=position.price_open,
        price_close=price,
        into=act.account.currency,
    )
    return to_money(profit, act.account.currency_digits)


def _swap_share(act: Act, position: Position, volume: Decimal) -> Decimal:
    if volume == position.volume:
        return position.swap
    return to_money(position.swap * volume / position.volume, act.account.currency_digits)


def _put_deal(
    act: Act,
    trade: Trade,
    entry: DealEntry,
    position_id: int,
    *,
    profit: Decimal = ZERO,
    swap: Decimal = ZERO,
) -> Deal:
    order = trade.order
    rate = ZERO if trade.is_commission_free else act.market.symbols[order.symbol].commission
    return act.put_deal(
        Deal(
            login=act.account.login,
            ticket=act.tickets.take_deal(),
            order=order.ticket,
            time_ns=act.now_ns,
            type=DealType.BUY if trade.side == PositionType.BUY else DealType.SELL,
            entry=entry,
            magic=order.magic,
            position_id=position_id,
            reason=order.reason,
            volume=trade.volume,
            price=trade.price,
            commission=-to_money(rate * trade.volume, act.account.currency_digits),
            swap=swap,
            profit=profit,
            symbol=order.symbol,
            comment=order.comment,
            client_key=order.client_key,
        )
    )
