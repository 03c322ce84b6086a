"""How Bybit writes numbers and times: decimal text padded to the instrument's steps, milliseconds."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from edgerunner.domain.numbers import to_plain
from edgerunner.simulators.venue_types import VenueInstrument

NANOSECONDS_PER_MILLISECOND: Final = 1_000_000
_SEQUENCES_PER_STEP: Final = 8
_MONEY_STEP: Final = Decimal("0.00000001")
_RATE_STEP: Final = Decimal("0.000001")


def milliseconds(time_ns: int) -> int:
    """Return whole milliseconds of UTC nanoseconds."""
    return time_ns // NANOSECONDS_PER_MILLISECOND


def milliseconds_text(time_ns: int) -> str:
    """Return milliseconds as text, as in ``createdTime``."""
    return str(milliseconds(time_ns))


def nanoseconds(time_ms: int) -> int:
    """Return UTC nanoseconds of milliseconds."""
    return time_ms * NANOSECONDS_PER_MILLISECOND


def sequence(step: int) -> int:
    """Return the ``seq`` of everything at the end of a market step; the step's public trades have those before."""
    return step * _SEQUENCES_PER_STEP + _SEQUENCES_PER_STEP - 1


def price_text(instrument: VenueInstrument, ticks: int) -> str:
    """Return a price with as many decimals as the tick size has: ``16578.50``."""
    return f"{instrument.price(ticks):f}"


def quantity_text(instrument: VenueInstrument, lots: int) -> str:
    """Return a quantity with as many decimals as the step has: ``0.010``."""
    return f"{instrument.quantity(lots):f}"


def quoted_price_text(instrument: VenueInstrument, price: Decimal) -> str:
    """Return any price rounded to the tick's decimals (mark and index prices)."""
    if not price.is_finite():
        return str(price)
    return f"{price.quantize(Decimal(1).scaleb(_exponent(instrument.instrument.tick_size)), ROUND_HALF_EVEN):f}"


def money_text(amount: Decimal) -> str:
    """Return an amount rounded to 8 decimals, without trailing zeros."""
    return to_plain(amount.quantize(_MONEY_STEP, ROUND_HALF_EVEN)) if amount.is_finite() else str(amount)


def exact_text(amount: Decimal) -> str:
    """Return an amount with all its decimals."""
    return to_plain(amount)


def rate_text(rate: Decimal) -> str:
    """Return a ratio rounded to 6 decimals, without trailing zeros."""
    return to_plain(rate.quantize(_RATE_STEP, ROUND_HALF_EVEN)) if rate.is_finite() else str(rate)


def price_scale(instrument: VenueInstrument) -> int:
    """Return the number of decimals of a price."""
    return -_exponent(instrument.instrument.tick_size)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return min(exponent, 0) if isinstance(exponent, int) else 0
