"""What a closing fill earned, worked out from the fill alone."""

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.matching.position import share
from edgerunner.simulators.venue_types import ClosedPnl, VenueFill, VenueInstrument


def closed_pnl(instrument: VenueInstrument, fill: VenueFill) -> ClosedPnl:
    """Return the closed part of a fill that closed something."""
    lots = fill.closed_lots
    with exact_arithmetic():
        exit_value = share(fill.value, lots, fill.quantity_lots)
        gained_worth = (fill.side == "sell") != instrument.is_inverse
        entry_value = exit_value - fill.realized_pnl if gained_worth else exit_value + fill.realized_pnl
        close_fee = share(fill.fee, lots, fill.quantity_lots)
    return ClosedPnl(
        number=fill.number,
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        account_id=fill.account_id,
        symbol=fill.symbol,
        leg=fill.leg,
        side=fill.side,
        closed_lots=lots,
        entry_price=instrument.average_price(entry_value, lots),
        exit_price=instrument.price(fill.price_ticks),
        entry_value=entry_value,
        exit_value=exit_value,
        pnl=fill.realized_pnl,
        open_fee=fill.open_fee,
        close_fee=close_fee,
        fee_currency=fill.fee_currency,
        leverage=fill.leverage,
        kind=fill.kind,
        time_ns=fill.time_ns,
    )
