"""The terminal's positions as ours. Pure."""

from decimal import Decimal

from edgerunner.adapters.broker import PositionReport
from edgerunner.adapters.mt5.books import Book
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_words import (
    side_of_trade,
)
from edgerunner.adapters.mt5.values import decimal_of, on_step, price_or_none
from edgerunner.mt5_surface.structs import TradePosition


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


def _padded(told: float, digits: int) -> Decimal:
    """Return an average price with all the digits that the terminal told, at least the symbol's."""
    value = decimal_of(told)
    exponent = value.as_tuple().exponent
    return decimal_of(told, digits) if isinstance(exponent, int) and exponent > -digits else value
