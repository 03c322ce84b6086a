"""Prices of orders in ticks, as the contract's market rule allows them."""

from decimal import Decimal

from edgerunner.simulators.tws.orders import refusal
from edgerunner.simulators.tws.orders.refusal import OrderRefused, invalid
from edgerunner.simulators.venue_types import VenueInstrument, VenueReject

_VARIATION = "The price does not conform to the minimum price variation for this contract."


def to_ticks(instrument: VenueInstrument, price: Decimal) -> int:
    """Return a price in ticks; raises ``OrderRefused`` (110 off its step, 321 not above 0)."""
    if not price.is_finite() or price <= 0:
        raise invalid("The price must be above 0.")
    bands = [band for band in instrument.instrument.price_bands if band.from_price <= price]
    step = bands[-1].tick_size if bands else instrument.instrument.tick_size
    if price % step:
        raise OrderRefused(refusal.PRICE_VARIATION, _VARIATION)
    try:
        return instrument.to_ticks(price)
    except VenueReject:
        raise OrderRefused(refusal.PRICE_VARIATION, _VARIATION) from None
