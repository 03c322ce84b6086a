"""What reading a record needs: the account, its mode, the clock, our keys, the instruments. And the reports made of it.

One order has one ticket; a position is named by its identifier, the ticket of the order that opened it. Two kinds of
orders of ours have no ticket of their own: stop loss and take profit, which are marks on a position (their ids are
``<position>-sl-sell`` and so on), and the second half of a close-by (``<ticket>-by``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import FillReport, OrderReport, PositionReport
from edgerunner.adapters.mt5.filling import time_in_force_of
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_words import (
    ENDED,
    EXIT_REASONS,
    KINDS,
    TRADES,
    WORKING,
    reason_word,
    side_of_trade,
    state_word,
)
from edgerunner.adapters.mt5.own_keys import OwnKeys
from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.values import decimal_of, on_step, price_or_none
from edgerunner.domain.events import OrderFilled
from edgerunner.domain.orders import (
    BrokerWords,
    ChildKind,
    Liquidity,
    Money,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
)
from edgerunner.domain.values import replace
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder, TradePosition

NET: Final = "net"
STOP, TARGET = "sl", "tp"
_EXITS: Final = {mt5.ORDER_REASON_SL: STOP, mt5.ORDER_REASON_TP: TARGET}
_BY: Final = "-by"


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
    if deal.reason in _EXITS and deal.position_id:
        return exit_id(deal.position_id, _EXITS[deal.reason], side_of_trade(deal.type))
    is_second_half = order is not None and order.type == mt5.ORDER_TYPE_CLOSE_BY
    if is_second_half and order is not None and deal.position_id == order.position_by_id:
        return f"{deal.order}{_BY}"
    return str(deal.order)


def fill_of(book: Book, deal: TradeDeal, listing: Listing, order: TradeOrder | None) -> FillReport:
    """Return one BUY or SELL deal. ``order`` is the deal's own, None where it is not at hand."""
    instrument = listing.instrument
    is_exit = deal.reason in EXIT_REASONS
    key = None if is_exit or order is None else book.keys.key_of(magic=order.magic, comment=order.comment)
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


def order_reports(book: Book, order: TradeOrder, listing: Listing, deals: Sequence[TradeDeal]) -> list[OrderReport]:
    """Return what one ticket is in our terms: nothing for the trade of a mark, two halves for a close-by.

    ``deals`` are the ticket's own, all of them for an ended order.
    """
    if order.reason in EXIT_REASONS:
        return []
    if order.type == mt5.ORDER_TYPE_CLOSE_BY:
        return [
            _half(book, order, listing, half)
            for position_id in (order.position_id, order.position_by_id)
            if (half := [deal for deal in deals if deal.position_id == position_id])
        ]
    if order.type not in KINDS:
        return []
    filled = _filled(order, listing)
    return [
        OrderReport(
            client_order_id=book.keys.key_of(magic=order.magic, comment=order.comment),
            venue_order_id=str(order.ticket),
            account_id=book.account_id,
            terms=_terms(book, order, listing),
            status=_status(order, listing, filled),
            held=_held(order),
            filled_quantity=filled,
            average_price=average_price(deals),
            broker=words_of(order),
            ts_event_ns=book.clock.utc_ns(order.time_done_msc or order.time_setup_msc),
            created_at_ns=book.clock.utc_ns(order.time_setup_msc),
        )
    ]


def triggered(report: OrderReport) -> OrderReport | None:
    """Return the news that goes before an ended order's: a stop that traded was triggered, which nothing else tells."""
    kind = report.terms.order_type
    if report.filled_quantity and kind in {OrderType.STOP_MARKET, OrderType.STOP_LIMIT} and report.status.is_closed:
        return _with_status(report, OrderStatus.TRIGGERED)
    return None


def exit_reports(book: Book, position: TradePosition, listing: Listing) -> list[OrderReport]:
    """Return stop loss and take profit of an open position as children of the order that opened it."""
    return [
        exit_report(book, position, listing, kind)
        for kind, price in ((STOP, position.sl), (TARGET, position.tp))
        if price
    ]


def exit_report(book: Book, position: TradePosition, listing: Listing, kind: str) -> OrderReport:
    """Return one mark on an open position; it works."""
    instrument = listing.instrument
    side = side_of_trade(position.type).opposite
    marked = position.sl if kind == STOP else position.tp
    return OrderReport(
        client_order_id=None,
        venue_order_id=exit_id(position.identifier, kind, side),
        account_id=book.account_id,
        terms=exit_terms(
            book,
            listing,
            position_id=position.identifier,
            kind=kind,
            side=side,
            quantity=on_step(position.volume, instrument.lot_step),
            trigger=price_or_none(marked, instrument.tick_size),
        ),
        status=OrderStatus.ACCEPTED,
        held="untriggered",
        filled_quantity=Decimal(0),
        average_price=None,
        broker=BrokerWords(status=f"position {kind}"),
        ts_event_ns=book.clock.utc_ns(position.time_update_msc or position.time_msc),
        created_at_ns=book.clock.utc_ns(position.time_msc),
        parent_venue_order_id=str(position.identifier),
        parent_client_order_id=book.keys.key_of(magic=position.magic, comment=position.comment),
        child_kind=ChildKind.POSITION_ATTRIBUTE,
    )


def exit_terms(
    book: Book, listing: Listing, *, position_id: int, kind: str, side: Side, quantity: Decimal, trigger: Decimal | None
) -> OrderTerms:
    """Return the terms of a mark: it trades at the market once the price is there."""
    return OrderTerms(
        instrument_id=listing.instrument.instrument_id,
        side=side,
        order_type=OrderType.STOP_MARKET if kind == STOP else OrderType.MARKET_IF_TOUCHED,
        quantity=quantity,
        quantity_unit=listing.instrument.quantity_unit,
        trigger_price=trigger,
        position_id=book.leg_of(position_id) if book.is_hedged else None,
    )


def fired_exit(book: Book, order: TradeOrder, listing: Listing, deals: Sequence[TradeDeal]) -> OrderReport | None:
    """Return the mark whose trade an ended order is; None for any other order."""
    if order.reason not in _EXITS or not deals:
        return None
    kind, side = _EXITS[order.reason], side_of_trade(deals[0].type)
    filled = sum((on_step(deal.volume, listing.instrument.lot_step) for deal in deals), Decimal(0))
    position_id = deals[0].position_id
    return OrderReport(
        client_order_id=None,
        venue_order_id=exit_id(position_id, kind, side),
        account_id=book.account_id,
        terms=exit_terms(
            book,
            listing,
            position_id=position_id,
            kind=kind,
            side=side,
            quantity=filled,
            trigger=price_or_none(order.price_open, listing.instrument.tick_size),
        ),
        status=OrderStatus.FILLED,
        held=None,
        filled_quantity=filled,
        average_price=average_price(deals),
        broker=BrokerWords(
            status=state_word(order.state), code=reason_word(order.reason), text=f"order {order.ticket}"
        ),
        ts_event_ns=max(book.clock.utc_ns(deal.time_msc) for deal in deals),
        created_at_ns=book.clock.utc_ns(order.time_setup_msc),
        parent_venue_order_id=str(position_id),
        child_kind=ChildKind.POSITION_ATTRIBUTE,
    )


def ended_exit(report: OrderReport, ts_event_ns: int) -> OrderReport:
    """Return the news that a mark works no more: it was taken away, or its position was closed otherwise."""
    ended = _with_status(report, OrderStatus.CANCELED)
    return _stamped(ended, ts_event_ns)


def position_report(book: Book, position: TradePosition, listing: Listing) -> PositionReport:
    """Return an open position."""
    instrument = listing.instrument
    quantity = on_step(position.volume, instrument.lot_step) * side_of_trade(position.type).sign
    return PositionReport(
        account_id=book.account_id,
        instrument_id=instrument.instrument_id,
        leg=book.leg_of(position.identifier),
        quantity=quantity,
        average_price=_padded(position.price_open, listing.digits),
        mark_price=price_or_none(position.price_current, instrument.tick_size),
        unrealized_pnl=decimal_of(position.profit),
        leverage=None,
        take_profit=price_or_none(position.tp, instrument.tick_size),
        stop_loss=price_or_none(position.sl, instrument.tick_size),
        ts_event_ns=book.clock.utc_ns(position.time_update_msc or position.time_msc),
    )


def flat_report(report: PositionReport, ts_event_ns: int) -> PositionReport:
    """Return the news that a position is gone."""
    return PositionReport(
        account_id=report.account_id,
        instrument_id=report.instrument_id,
        leg=report.leg,
        quantity=Decimal(0),
        average_price=None,
        mark_price=report.mark_price,
        unrealized_pnl=Decimal(0),
        leverage=None,
        take_profit=None,
        stop_loss=None,
        ts_event_ns=ts_event_ns,
    )


def average_price(deals: Iterable[TradeDeal]) -> Decimal | None:
    """Return the average price of deals, or None without any."""
    pairs = [(decimal_of(deal.volume), decimal_of(deal.price)) for deal in deals if deal.type in TRADES]
    volume = sum((volume for volume, _ in pairs), Decimal(0))
    return sum((volume * price for volume, price in pairs), Decimal(0)) / volume if volume else None


def words_of(order: TradeOrder) -> BrokerWords:
    """Return the broker's words: the state, who made the order unless a program did, and its comment."""
    made_by = None if order.reason == mt5.ORDER_REASON_EXPERT else reason_word(order.reason)
    return BrokerWords(status=state_word(order.state), code=made_by, text=order.comment or None)


def _terms(book: Book, order: TradeOrder, listing: Listing) -> OrderTerms:
    instrument, tick = listing.instrument, listing.instrument.tick_size
    side, kind = KINDS[order.type]
    trigger = price_or_none(order.price_open, tick) if kind.has_trigger else None
    limit = order.price_stoplimit if kind is OrderType.STOP_LIMIT else order.price_open
    target, stop = price_or_none(order.tp, tick), price_or_none(order.sl, tick)
    closes = order.position_id if order.position_id != order.ticket else 0
    return OrderTerms(
        instrument_id=instrument.instrument_id,
        side=side,
        order_type=kind,
        quantity=on_step(order.volume_initial, instrument.lot_step),
        quantity_unit=instrument.quantity_unit,
        price=price_or_none(limit, tick) if kind.has_price else None,
        trigger_price=trigger,
        time_in_force=time_in_force_of(
            type_time=order.type_time, type_filling=order.type_filling, is_market=kind is OrderType.MARKET
        ),
        expires_at_ns=book.clock.utc_ns(order.time_expiration * 1000) if order.time_expiration else None,
        position_id=book.leg_of(closes) if book.is_hedged and closes and kind is OrderType.MARKET else None,
        take_profit=None if target is None else TakeProfit(price=target),
        stop_loss=None if stop is None else StopLoss(trigger_price=stop),
    )


def _filled(order: TradeOrder, listing: Listing) -> Decimal:
    step = listing.instrument.lot_step
    return on_step(order.volume_initial, step) - on_step(order.volume_current, step)


def _status(order: TradeOrder, listing: Listing, filled: Decimal) -> OrderStatus:
    """Return where an order stands. One that ended with a part unfilled was cut short, whatever its state is called."""
    if order.state in WORKING:
        return WORKING[order.state]
    if filled >= on_step(order.volume_initial, listing.instrument.lot_step):
        return OrderStatus.FILLED
    ended = ENDED.get(order.state, OrderStatus.CANCELED)
    return OrderStatus.CANCELED if filled and ended is OrderStatus.REJECTED else ended


def _held(order: TradeOrder) -> str | None:
    is_waiting = order.state in WORKING and KINDS[order.type][1] in {OrderType.STOP_MARKET, OrderType.STOP_LIMIT}
    return "untriggered" if is_waiting else None


def _half(book: Book, order: TradeOrder, listing: Listing, deals: Sequence[TradeDeal]) -> OrderReport:
    """Return what a close-by did to one of its two positions, as an order of its own."""
    first, instrument = deals[0], listing.instrument
    filled = sum((on_step(deal.volume, instrument.lot_step) for deal in deals), Decimal(0))
    is_second = first.position_id == order.position_by_id
    return OrderReport(
        client_order_id=None if is_second else book.keys.key_of(magic=order.magic, comment=order.comment),
        venue_order_id=f"{order.ticket}{_BY}" if is_second else str(order.ticket),
        account_id=book.account_id,
        terms=OrderTerms(
            instrument_id=instrument.instrument_id,
            side=side_of_trade(first.type),
            order_type=OrderType.MARKET,
            quantity=filled,
            quantity_unit=instrument.quantity_unit,
            position_id=book.leg_of(first.position_id) if book.is_hedged else None,
        ),
        status=OrderStatus.FILLED,
        held=None,
        filled_quantity=filled,
        average_price=average_price(deals),
        broker=BrokerWords(status=state_word(order.state), code="close_by", text=order.comment or None),
        ts_event_ns=max(book.clock.utc_ns(deal.time_msc) for deal in deals),
        created_at_ns=book.clock.utc_ns(order.time_setup_msc),
    )


def _padded(price: float, digits: int) -> Decimal:
    """Return an average price with all the digits that the terminal told, at least the symbol's."""
    value = decimal_of(price)
    exponent = value.as_tuple().exponent
    return decimal_of(price, digits) if isinstance(exponent, int) and exponent > -digits else value


def _with_status(report: OrderReport, status: OrderStatus) -> OrderReport:
    return replace(report, status=status, held=None)


def _stamped(report: OrderReport, ts_event_ns: int) -> OrderReport:
    return replace(report, ts_event_ns=max(report.ts_event_ns, ts_event_ns))
