"""How the contracts of Interactive Brokers trade in the simulated market.

SPY, its options and the index futures follow one path, so that they agree.
"""

from dataclasses import replace
from typing import Final

from edgerunner.simulators.option_prices import OptionPricing, OptionTerms
from edgerunner.simulators.path import PathProfile
from edgerunner.simulators.sources import MarketProfile
from edgerunner.simulators.tws.contracts import standing
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.underlyings import (
    APPLE,
    EURO,
    EURO_IN_DOLLARS,
    INDEX,
    MICROSOFT,
    POUND,
    POUND_IN_DOLLARS,
    VODAFONE,
    YEN,
)

_CARRY_A_YEAR: Final = 0.02
_EPOCH_YEAR: Final = 2026
FUND_PER_INDEX: Final = 0.1


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


_STANDING: Final = {
    standing.AAPL.con_id: _stock(APPLE, daily=50_000_000),
    standing.MSFT.con_id: _stock(MICROSOFT, daily=20_000_000),
    standing.SPY.con_id: _stock(INDEX, daily=70_000_000, basis=FUND_PER_INDEX),
    standing.VOD.con_id: _stock(VODAFONE, daily=60_000_000),
    standing.EUR_USD.con_id: replace(
        _stock(EURO, daily=900_000_000, basis=EURO_IN_DOLLARS), tick_size=0.00005, level_lots=1_000_000
    ),
    standing.GBP_USD.con_id: replace(
        _stock(POUND, daily=500_000_000, basis=POUND_IN_DOLLARS), tick_size=0.00005, level_lots=1_000_000
    ),
    standing.USD_JPY.con_id: replace(_stock(YEN, daily=900_000_000), tick_size=0.005, level_lots=1_000_000),
}
_OPTION: Final = replace(_stock(INDEX, daily=3_000, basis=FUND_PER_INDEX), spread_ticks=2, level_lots=40)
_FUTURE: Final = replace(_stock(INDEX, daily=1_500_000), tick_size=0.25, level_lots=30)


def market_of(listing: Listing, symbol: str) -> MarketProfile | None:
    """Return how a contract trades, None when it has no market."""
    model = _model(listing)
    return None if model is None else replace(model, symbol=symbol)


def option_terms(listing: Listing) -> OptionTerms | None:
    """Return what prices and greeks of an option follow from; None for anything else."""
    if listing.sec_type != "OPT" or listing.strike is None:
        return None
    return OptionTerms(
        strike=float(listing.strike),
        is_call=listing.right == "C",
        expires_ns=listing.expires_ns or 0,
        usual_price=INDEX.base_price * FUND_PER_INDEX,
    )


def _model(listing: Listing) -> MarketProfile | None:
    """Return how a contract trades.

    A future costs a little more for every year that it has to go from 2026 on; an option is a function
    of what its underlying costs.
    """
    if (terms := option_terms(listing)) is not None:
        return replace(_OPTION, pricing=OptionPricing(terms))
    if listing.sec_type == "FUT" and listing.last_trade is not None:
        years = listing.last_trade.year - _EPOCH_YEAR + listing.last_trade.month / 12
        return replace(_FUTURE, basis=1 + _CARRY_A_YEAR * (years - 1))
    return _STANDING.get(listing.con_id)
