"""Prices of orders in ticks, as the contract's market rule allows them."""

from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.orders import refusal
from edgerunner.simulators.tws.orders.refusal import OrderRefused, invalid
from edgerunner.simulators.venue_types import RejectReason, VenueInstrument, VenueReject

_VARIATION: Final = "The price does not conform to the minimum price variation for this contract."


def to_ticks(instrument: VenueInstrument, price: Decimal) -> int:
    """Return a price in ticks; raises ``OrderRefused`` (110 off the step that holds there, 321 not above 0)."""
    try:
        return instrument.to_ticks(price)
    except VenueReject as reject:
        if reject.reason is RejectReason.PRICE_OFF_TICK:
            raise OrderRefused(refusal.PRICE_VARIATION, _VARIATION) from None
        raise invalid("The price must be above 0.") from None


def to_distance(instrument: VenueInstrument, amount: Decimal) -> int:
    """Return a distance between prices in the smallest ticks; raises ``OrderRefused`` as for a price."""
    if not amount.is_finite() or amount <= 0:
        raise invalid("The trailing amount must be above 0.")
    if amount % instrument.instrument.tick_size:
        raise OrderRefused(refusal.PRICE_VARIATION, _VARIATION)
    return int(amount / instrument.instrument.tick_size)
