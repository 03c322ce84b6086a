"""Shapes of the answers about instruments and markets; numbers are decimal strings."""

from typing import TypedDict


class Instrument(TypedDict):
    """One instrument of one connection."""

    instrument_id: str
    connection_id: str
    venue_symbol: str
    product: str
    base: str
    quote: str
    settle: str
    quantity_unit: str
    multiplier: str
    tick_size: str
    price_bands: list[dict[str, str]]
    lot_step: str
    min_quantity: str
    max_quantity: str | None
    min_notional: str | None
    sessions: list[dict[str, int]]
    timezone: str


class Bar(TypedDict):
    """One bar; ``time`` is its open."""

    time: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    complete: bool


class Ticker(TypedDict):
    """Newest quote and marks; ``stale`` = older than it should be."""

    bid: str | None
    ask: str | None
    bid_size: str | None
    ask_size: str | None
    last: str | None
    mark: str | None
    index: str | None
    time: str
    stale: bool


class Depth(TypedDict):
    """The best levels, best first, as (price, quantity)."""

    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    sequence: int | None
    time: str


class FundingRate(TypedDict):
    """One funding rate, a fraction of the position's value."""

    time: str
    rate: str


class Funding(TypedDict):
    """Past funding rates and the next one."""

    rates: list[FundingRate]
    next: FundingRate | None
