"""Values of public market data; prices are ticks and quantities lots unless they say otherwise."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.matching.words import Side

Level = tuple[int, int]
"""(price in ticks, lots)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePrinted:
    """One trade on the public tape. ``sequence`` never falls within a symbol; several trades may share one."""

    symbol: str
    price_ticks: int
    quantity_lots: int
    taker_side: Side
    trade_id: str
    time_ns: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueBar:
    """One bar in ticks and lots; ``complete`` = its end lies in the past.

    ``turnover`` = what was traded (typical price * volume) in quote currency, of an inverse contract in coins.
    """

    start_ns: int
    end_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    turnover: Decimal
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics24h:
    """The day until now; prices are plain numbers (a bad tick may make ``last`` absurd)."""

    symbol: str
    last: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    open_1h: Decimal
    volume: Decimal
    turnover: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BookView:
    """Bids and asks, best first, with the market step and the version of the book that they are of."""

    bids: list[Level]
    asks: list[Level]
    step: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Best prices as shown to clients; decimals, because a bad tick may be 0, NaN or off the grid."""

    symbol: str
    bid: Decimal
    ask: Decimal
    bid_quantity: Decimal
    ask_quantity: Decimal
    last: Decimal
    time_ns: int
