"""Open interest: simulated, since no other trader exists here."""

from decimal import Decimal
from zlib import crc32

from edgerunner.simulators.venue_types import VenueInstrument


def open_interest_at(instrument: VenueInstrument, time_ms: int) -> Decimal:
    """Return a figure of the symbol (20,000 to 50,000 units), moved by up to 5 % from hour to hour."""
    base = 20_000 + crc32(instrument.symbol.encode()) % 30_000
    drift = crc32(f"{instrument.symbol}:{time_ms // 3_600_000}".encode()) % 1000
    return Decimal(base * (9_500 + drift)) / 10_000
