"""Prices of listed contracts: pure functions of seed, contract and time, the same that every simulator uses.

SPY and the index futures follow one path, so that they agree. Options have no prices yet.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from edgerunner.simulators.market import Market
from edgerunner.simulators.market_types import VenueBar
from edgerunner.simulators.path import STEP_NS, PathProfile
from edgerunner.simulators.sources import MarketProfile
from edgerunner.simulators.tws.contracts import standing
from edgerunner.simulators.tws.contracts.listing import Listing

_INDEX: Final = PathProfile(name="SPX", base_price=6_000, daily_volatility=0.009, factor="stocks", factor_weight=0.95)
_APPLE: Final = PathProfile(name="AAPL", base_price=270, daily_volatility=0.016, factor="stocks", factor_weight=0.7)
_MICROSOFT: Final = PathProfile(
    name="MSFT", base_price=500, daily_volatility=0.014, factor="stocks", factor_weight=0.75
)
_VODAFONE: Final = PathProfile(name="VOD", base_price=90, daily_volatility=0.012, factor="stocks", factor_weight=0.4)
_EURO: Final = PathProfile(name="EURUSD", base_price=1, daily_volatility=0.004, factor="dollar", factor_weight=0.8)
_YEN: Final = PathProfile(name="USDJPY", base_price=150, daily_volatility=0.005, factor="yen", factor_weight=0.8)
_CARRY_A_YEAR: Final = 0.02
_EPOCH_YEAR: Final = 2026


def _stock(path: PathProfile, *, daily: int, basis: float = 1) -> MarketProfile:
    return MarketProfile(
        symbol="",
        underlying=path,
        basis=basis,
        tick_size=0.01,
        lot_step=1,
        spread_ticks=1,
        level_spacing=1,
        level_lots=400,
        daily_lots=daily,
    )


_STOCKS: Final = {
    standing.AAPL.con_id: _stock(_APPLE, daily=50_000_000),
    standing.MSFT.con_id: _stock(_MICROSOFT, daily=20_000_000),
    standing.SPY.con_id: _stock(_INDEX, daily=70_000_000, basis=0.1),
    standing.VOD.con_id: _stock(_VODAFONE, daily=60_000_000),
    standing.EUR_USD.con_id: replace(
        _stock(_EURO, daily=900_000_000, basis=1.08), tick_size=0.00005, level_lots=1_000_000
    ),
    standing.USD_JPY.con_id: replace(_stock(_YEN, daily=900_000_000), tick_size=0.005, level_lots=1_000_000),
}
_FUTURE: Final = replace(_stock(_INDEX, daily=1_500_000), tick_size=0.25, level_lots=30)


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
    """The market of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._market = lru_cache(maxsize=64)(self._make_market)

    def bar(self, listing: Listing, start_ns: int, end_ns: int) -> PriceBar:
        """Return what happened from ``start_ns`` to ``end_ns`` (> start, both in the past); raises ``NoPrices``."""
        market = self._market(_profile(listing))
        symbol, tick = str(listing.con_id), listing.min_tick
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
        return _profile(listing).spread_ticks * listing.min_tick

    def _make_market(self, profile: MarketProfile) -> Market:
        return Market(self._seed, [profile])


def _typical(bar: VenueBar) -> Decimal:
    return Decimal(bar.open_ticks + bar.high_ticks + bar.low_ticks + bar.close_ticks) / 4


def _profile(listing: Listing) -> MarketProfile:
    """Return how a contract trades; a future costs a little more for every year that it has to go from 2026 on."""
    symbol = str(listing.con_id)
    if listing.con_id in _STOCKS:
        return replace(_STOCKS[listing.con_id], symbol=symbol)
    if listing.sec_type == "FUT" and listing.last_trade is not None:
        years = listing.last_trade.year - _EPOCH_YEAR + listing.last_trade.month / 12
        return replace(_FUTURE, symbol=symbol, basis=1 + _CARRY_A_YEAR * (years - 1))
    raise NoPrices(f"{listing.sec_type} {listing.symbol}")
