"""Two opposite positions of a hedging account closed by each other: one order, two OUT_BY deals, the rest stays."""

from dataclasses import replace
from decimal import Decimal

from edgerunner.simulators.mt5.trade_server.case import Case
from edgerunner.simulators.mt5.trade_server.execution import Trade, execute
from edgerunner.simulators.mt5.trade_server.market import opposite
from edgerunner.simulators.mt5.trade_server.retcodes import Retcode
from edgerunner.simulators.mt5.trade_server.state import Act
from edgerunner.simulators.mt5.trade_server.values import Deal, Order, Position, TradeResult
from edgerunner.simulators.mt5.trade_server.words import DealEntry, OrderState, OrderType, PositionType


def close_by(act: Act, case: Case, order: Order) -> TradeResult:
    """Close the smaller volume of both positions at the opening price of the second one.

    MetaTrader's help: two deals, the whole profit on one of them, the tickets in the order's comment. **Guess**: that
    price on both deals, the comment's form (a client's own stays), no commission.
    """
    first = case.known_position
    second = act.book.positions[case.request.position_by]
    volume, price = min(first.volume, second.volume), second.price_open
    comment = order.comment or f"close #{first.ticket} by #{second.ticket}"
    order = replace(order, volume_initial=volume, volume_current=volume, price_open=price, comment=comment)
    deal = _close_one(act, order, first)
    _close_one(act, order, second)
    act.put_order(
        replace(
            order,
            volume_current=Decimal(0),
            state=OrderState.FILLED,
            time_done_ns=act.now_ns,
            position_id=first.identifier,
            position_by_id=second.identifier,
            price_current=price,
        )
    )
    return TradeResult(
        retcode=Retcode.DONE,
        deal=deal.ticket,
        order=order.ticket,
        volume=volume,
        price=price,
        comment=Retcode.DONE.comment,
    )


def _close_one(act: Act, order: Order, position: Position) -> Deal:
    side = OrderType.BUY if opposite(position.type) == PositionType.BUY else OrderType.SELL
    return execute(
        act,
        Trade(
            order=replace(order, type=side, position_id=position.ticket),
            volume=order.volume_initial,
            price=order.price_open,
            entry_of_close=DealEntry.OUT_BY,
            is_commission_free=True,
        ),
    )
