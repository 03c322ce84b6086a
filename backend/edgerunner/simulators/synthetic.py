"""Further made-up instruments, as many as wanted: SYN001USDT, SYN002USDT... Each is a pure function of its number."""

from dataclasses import replace
from decimal import Decimal

from edgerunner.simulators.catalogue import VenueCatalogue
from edgerunner.simulators.noise import seed_key, uniform
from edgerunner.simulators.path import PathProfile
from edgerunner.simulators.sources import MarketProfile
from edgerunner.simulators.venue_types import VenueInstrument

MOST = 999
_MODEL = "linear:SOLUSDT"
_FACTOR_WEIGHT = 0.7


def with_synthetic(catalogue: VenueCatalogue, count: int) -> VenueCatalogue:
    """Return the catalogue with ``count`` (0 to 999) more linear perpetuals in USDT.

    They have the steps and sizes of the catalogue's SOLUSDT, and prices, volatilities and paths of their own: 20 to
    400 USDT, 2 % to 6 % a day. They are their own index. Raises ``ValueError`` for another count, or a catalogue
    without that model.
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"there can be 0 to {MOST} synthetic symbols, not {count}")
    if not count:
        return catalogue
    model = next((each for each in catalogue.instruments if each.symbol == _MODEL), None)
    market = next((each for each in catalogue.markets if each.symbol == _MODEL), None)
    if model is None or market is None:
        raise ValueError(f"{catalogue.broker} has no {_MODEL} to model synthetic symbols on")
    paths = [_path(number) for number in range(1, count + 1)]
    instruments = [_instrument(model, path) for path in paths]
    return replace(
        catalogue,
        instruments=(*catalogue.instruments, *instruments),
        markets=(*catalogue.markets, *(_market(market, path) for path in paths)),
        index_symbols={**catalogue.index_symbols, **{each.symbol: each.symbol for each in instruments}},
    )


def _path(number: int) -> PathProfile:
    name = f"SYN{number:03d}"
    price = 20 * 20 ** uniform(seed_key("synthetic price", name))
    volatility = 0.02 + 0.04 * uniform(seed_key("synthetic volatility", name))
    return PathProfile(
        name=name,
        base_price=round(price, 2),
        daily_volatility=volatility,
        factor="crypto",
        factor_weight=_FACTOR_WEIGHT,
    )


def _instrument(model: VenueInstrument, path: PathProfile) -> VenueInstrument:
    name = f"{path.name}USDT"
    terms = replace(
        model.instrument,
        instrument_id=f"{name}-LINEAR.BYBIT",
        venue_symbol=name,
        base=path.name,
        min_notional=Decimal(5),
    )
    return replace(model, symbol=f"linear:{name}", name=name, instrument=terms)


def _market(model: MarketProfile, path: PathProfile) -> MarketProfile:
    return replace(model, symbol=f"linear:{path.name}USDT", underlying=path)
