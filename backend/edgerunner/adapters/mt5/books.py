"""What reading a record needs: the account, its mode, the clock, our keys, the instruments. And the reports made of it.

One order has one ticket; a position is named by its identifier, the ticket of the order that opened it. Two kinds of
orders of ours have no ticket of their own: stop loss and take profit, which are marks on a position (their ids are
``<position>-sl-sell`` and so on), and the second half of a close-by (``<ticket>-by``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import FillReport
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_words import (
    KINDS,
    TRADES,
    side_of_trade,
)
from edgerunner.adapters.mt5.own_keys import OwnKeys
from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.values import decimal_of, on_step
from edgerunner.domain.events import OrderFilled
from edgerunner.domain.orders import (
    Liquidity,
    Money,
    OrderType,
    Side,
)
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder

NET: Final = "net"
STOP, TARGET = "sl", "tp"
EXITS: Final = {mt5.ORDER_REASON_SL: STOP, mt5.ORDER_REASON_TP: TARGET}
BY: Final = "-by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One account's words for its records."""

    account_id: str
    currency: str
    is_hedged: bool
    clock: ServerClock
    keys: OwnKeys

    def leg_of(self, position_id: int) -> str:
        """Return the leg of our books that a position is."""
        return str(position_id) if self.is_hedged else NET


def exit_id(position_id: int, kind: str, side: Side) -> str:
    """Return the id of a mark on a position; ``side`` is that of the trade it makes."""
    return f"{position_id}-{kind}-{side}"


def venue_id_of_deal(deal: TradeDeal, order: TradeOrder | None) -> str:
    """Return the order that a deal belongs to, in our terms."""
    if deal.reason in EXITS and deal.position_id:
        return exit_id(deal.position_id, EXITS[deal.reason], side_of_trade(deal.type))
    is_second_half = order is not None and order.type == mt5.ORDER_TYPE_CLOSE_BY
    if is_second_half and order is not None and deal.position_id == order.position_by_id:
        return f"{deal.order}{BY}"
    return str(deal.order)


def fill_of(book: Book, deal: TradeDeal, listing: Listing, order: TradeOrder | None) -> FillReport:
    """Return one BUY or SELL deal. ``order`` is the deal's own, None where it is not at hand."""
    instrument = listing.instrument
    key = None if order is None else book.keys.key_of_order(order)
    is_limit = order is not None and KINDS.get(order.type, (None, None))[1] is OrderType.LIMIT
    cost = -(decimal_of(deal.commission) + decimal_of(deal.fee))
    return FillReport(
        client_order_id=key,
        venue_order_id=venue_id_of_deal(deal, order),
        account_id=book.account_id,
        fill=OrderFilled(
            trade_id=str(deal.ticket),
            venue_order_id=venue_id_of_deal(deal, order),
            instrument_id=instrument.instrument_id,
            side=side_of_trade(deal.type),
            quantity=on_step(deal.volume, instrument.lot_step),
            price=decimal_of(deal.price, None),
            liquidity=Liquidity.MAKER if is_limit else Liquidity.TAKER,
            fee=Money(currency=book.currency, amount=cost),
            contract=instrument.contract,
            leg=book.leg_of(deal.position_id),
            rank=deal.ticket,
        ),
        ts_event_ns=book.clock.utc_ns(deal.time_msc),
    )


def average_price(deals: Iterable[TradeDeal]) -> Decimal | None:
    """Return the average price of deals, or None without any."""
    pairs = [(decimal_of(deal.volume), decimal_of(deal.price)) for deal in deals if deal.type in TRADES]
    volume = sum((volume for volume, _ in pairs), Decimal(0))
    return sum((volume * price for volume, price in pairs), Decimal(0)) / volume if volume else None
