"""Past prices of listed contracts: the simulated market itself, so that history joins what is seen live."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.simulators.market import Market
from edgerunner.simulators.market_types import VenueBar
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.venue_types import VenueReject


class NoPrices(Exception):
    """A contract whose prices are not simulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBar:
    """Traded prices of a span: ``average`` is the typical price; bid and ask are those at its ends."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    average: Decimal
    opening_quote: tuple[Decimal, Decimal]
    closing_quote: tuple[Decimal, Decimal]


class Prices:
    """A market asked by listing; ``symbol_of`` gives a listing's symbol there and sees that it is listed."""

    def __init__(self, market: Market, symbol_of: Callable[[Listing], str]) -> None:
        self._market = market
        self._symbol_of = symbol_of

    def bar(self, listing: Listing, start_ns: int, end_ns: int) -> PriceBar:
        """Return what happened from ``start_ns`` to ``end_ns`` (> start, both in the past); raises ``NoPrices``."""
        market, symbol, tick = self._market, self._symbol(listing), listing.min_tick
        first, last = start_ns // STEP_NS, -(-end_ns // STEP_NS)
        bar = market.bar(symbol, first * STEP_NS, last * STEP_NS, last)
        if bar is None:
            raise ValueError(f"no time from {start_ns} to {end_ns}")
        opening, closing = market.quote(symbol, first), market.quote(symbol, last - 1)
        return PriceBar(
            open=bar.open_ticks * tick,
            high=bar.high_ticks * tick,
            low=bar.low_ticks * tick,
            close=bar.close_ticks * tick,
            volume=Decimal(bar.volume_lots),
            average=_typical(bar) * tick,
            opening_quote=(opening[0] * tick, opening[1] * tick),
            closing_quote=(closing[0] * tick, closing[1] * tick),
        )

    def spread(self, listing: Listing) -> Decimal:
        """Return ask minus bid; raises ``NoPrices``."""
        return self._market.spread_ticks(self._symbol(listing)) * listing.min_tick

    def _symbol(self, listing: Listing) -> str:
        try:
            return self._symbol_of(listing)
        except VenueReject as reject:
            raise NoPrices(f"{listing.sec_type} {listing.symbol}") from reject


def _typical(bar: VenueBar) -> Decimal:
    return Decimal(bar.open_ticks + bar.high_ticks + bar.low_ticks + bar.close_ticks) / 4
