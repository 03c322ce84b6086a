"""Market data values. Prices and sizes are Decimal; times are UTC nanoseconds."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from edgerunner.domain.orders import Side


class Timeframe(StrEnum):
    """Bar lengths."""

    S1 = "1s"
    S5 = "5s"
    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def length_ns(self) -> int:
        """Return the length of one bar in nanoseconds."""
        unit = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[self.value[-1]]
        return int(self.value[:-1]) * unit * 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """Newest quote and marks of one instrument; None = not published by the venue."""

    instrument_id: str
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal | None
    ask_size: Decimal | None
    last: Decimal | None
    mark: Decimal | None
    index: Decimal | None
    ts_event_ns: int
    ts_arrival_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The best levels of a book, best first: ((price, quantity), ...)."""

    instrument_id: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    sequence: int | None
    ts_event_ns: int
    ts_arrival_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTrade:
    """One public trade; ``side`` is the taker's."""

    instrument_id: str
    trade_id: str
    price: Decimal
    quantity: Decimal
    side: Side
    ts_event_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; ``open_ns`` is its start. ``is_complete`` False = it is still growing."""

    open_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRate:
    """A funding rate as a fraction per interval, at its settlement time."""

    ts_ns: int
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """Past funding rates, oldest first, and the next one when the venue tells."""

    rates: tuple[FundingRate, ...]
    next: FundingRate | None
