"""The terminal's orders as ours: terms, status, and the broker's words. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from edgerunner.adapters.broker import OrderReport
from edgerunner.adapters.mt5.books import BY, Book, average_price
from edgerunner.adapters.mt5.filling import time_in_force_of
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_words import (
    ENDED,
    EXIT_REASONS,
    KINDS,
    WORKING,
    reason_word,
    side_of_trade,
    state_word,
)
from edgerunner.adapters.mt5.values import on_step, price_or_none
from edgerunner.domain.orders import (
    BrokerWords,
    OrderStatus,
    OrderTerms,
    OrderType,
    StopLoss,
    TakeProfit,
)
from edgerunner.domain.values import replace
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder


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
            client_order_id=book.keys.key_of_order(order),
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
        return replace(report, status=OrderStatus.TRIGGERED, held=None)
    return None


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
        client_order_id=None if is_second else book.keys.key_of_order(order),
        venue_order_id=f"{order.ticket}{BY}" if is_second else str(order.ticket),
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
