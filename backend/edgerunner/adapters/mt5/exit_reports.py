"""Stop loss and take profit: marks on a position, reported as children of the order that opened it. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from edgerunner.adapters.broker import OrderReport
from edgerunner.adapters.mt5.books import EXITS, STOP, TARGET, Book, average_price, exit_id
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_words import (
    reason_word,
    side_of_trade,
    state_word,
)
from edgerunner.adapters.mt5.values import on_step, price_or_none
from edgerunner.domain.orders import (
    BrokerWords,
    ChildKind,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from edgerunner.domain.values import replace
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder, TradePosition


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
    if order.reason not in EXITS or not deals:
        return None
    kind, side = EXITS[order.reason], side_of_trade(deals[0].type)
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
    stamp = max(report.ts_event_ns, ts_event_ns)
    return replace(report, status=OrderStatus.CANCELED, held=None, ts_event_ns=stamp)
