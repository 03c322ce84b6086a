"""Costs and profits as TWS tells them: commissions belong to both."""

from decimal import Decimal

from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.matching.position import share
from edgerunner.simulators.venue_types import VenueFill, VenueInstrument, VenuePosition


def average_cost(instrument: VenueInstrument, position: VenuePosition) -> Decimal:
    """Return what one unit of a position cost in money, multiplier and commission included; 0 when it is flat.

    Recorded: one ES contract bought at 6302.25 costs 315114.75 (times 50, plus 2.25), a share sold short costs less
    than its price. Currencies cost their price alone, because their commission is paid in the base currency (a guess).
    """
    if not position.quantity_lots:
        return Decimal(0)
    with exact_arithmetic():
        fees = position.open_fees if position.side == "buy" else -position.open_fees
        return round_money((position.cost + fees) / instrument.quantity(position.quantity_lots))


def told_profit(instrument: VenueInstrument, fill: VenueFill) -> Decimal | None:
    """Return what a closing fill earned after the commissions of both ends, in its commission's currency.

    None for a fill that closed nothing. Of currencies the commission is not counted, and what was earned in another
    currency than the commission's is converted at the price of the fill.
    """
    if not fill.closed_lots:
        return None
    with exact_arithmetic():
        if not instrument.exchanges_money:
            return fill.realized_pnl - fill.open_fee - share(fill.fee, fill.closed_lots, fill.quantity_lots)
        if instrument.instrument.quote == fill.fee_currency:
            return fill.realized_pnl
        return round_money(fill.realized_pnl / instrument.price(fill.price_ticks))


def signed(position: VenuePosition) -> int:
    """Return the lots of a position, negative when it is short."""
    return -position.quantity_lots if position.side == "sell" else position.quantity_lots
