"""What each simulated broker lists: instruments, market profiles, accounts and start balances."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.matching.fees import FeeSchedule
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.identifiers import Identifiers, UuidIdentifiers
from edgerunner.simulators.path import PathProfile
from edgerunner.simulators.sources import MarketProfile
from edgerunner.simulators.underlyings import BITCOIN, ETHER, SOLANA
from edgerunner.simulators.venue_types import VenueInstrument


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCatalogue:
    """One broker: instruments with their markets, and accounts with what they start with.

    ``index_symbols`` names for each symbol the one whose price is its index. ``find`` returns what is listed only once
    somebody asks for it, by symbol, name or instrument id: months and strikes without end. All money of an account
    backs all it holds, counted in ``base_currency``; without one every settle currency stands for itself. With
    ``has_unique_keys`` a client key is taken once per account.
    """

    broker: str
    instruments: tuple[VenueInstrument, ...]
    markets: tuple[MarketProfile, ...]
    accounts: Mapping[str, Mapping[str, Decimal]]
    index_symbols: Mapping[str, str]
    base_currency: str | None = None
    find: Callable[[str], tuple[VenueInstrument, MarketProfile] | None] = lambda _: None
    identifiers: Identifiers = field(default_factory=UuidIdentifiers)
    has_unique_keys: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coin:
    """Steps and sizes of one coin's linear perpetual and spot pair; sizes in coins."""

    underlying: PathProfile
    linear_tick: str
    linear_step: str
    linear_max: str
    linear_max_market: str
    linear_max_leverage: str
    spot_tick: str
    spot_step: str
    spot_max: str
    spot_max_market: str
    level_size: float
    daily_size: float


_COINS = (
    _Coin(
        underlying=BITCOIN,
        linear_tick="0.10",
        linear_step="0.001",
        linear_max="1190",
        linear_max_market="500",
        linear_max_leverage="100",
        spot_tick="0.01",
        spot_step="0.000001",
        spot_max="83",
        spot_max_market="41",
        level_size=0.9,
        daily_size=95_000,
    ),
    _Coin(
        underlying=ETHER,
        linear_tick="0.01",
        linear_step="0.01",
        linear_max="7240",
        linear_max_market="1900",
        linear_max_leverage="100",
        spot_tick="0.01",
        spot_step="0.00001",
        spot_max="1540",
        spot_max_market="770",
        level_size=12,
        daily_size=1_100_000,
    ),
    _Coin(
        underlying=SOLANA,
        linear_tick="0.01",
        linear_step="0.1",
        linear_max="79770",
        linear_max_market="9590",
        linear_max_leverage="75",
        spot_tick="0.01",
        spot_step="0.001",
        spot_max="31000",
        spot_max_market="15500",
        level_size=160,
        daily_size=12_000_000,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Future:
    """A dated future: its name, when it delivers (UTC), its price as a factor on the underlying's."""

    name: str
    delivery: datetime
    basis: float


_FUTURES = (
    _Future(name="BTCUSDT-25DEC26", delivery=datetime(2026, 12, 25, 8, tzinfo=UTC), basis=1.004),
    _Future(name="BTCUSDT-24DEC27", delivery=datetime(2027, 12, 24, 8, tzinfo=UTC), basis=1.04),
)


def bybit_catalogue() -> VenueCatalogue:
    """Return BTC, ETH and SOL as linear perpetuals and spot pairs, and one account with 100,000 USDT and 1 BTC.

    BTC is also there as the inverse perpetual BTCUSD and as two dated futures that deliver at 08:00 UTC. Steps and
    limits are like those of Bybit's instruments-info (its sample for BTCUSDT linear is used as it is).
    """
    bitcoin = _COINS[0]
    instruments = [maker(coin) for coin in _COINS for maker in (_linear, _spot)]
    instruments += [_inverse(), *(_dated(bitcoin, future) for future in _FUTURES)]
    markets = [maker(coin) for coin in _COINS for maker in (_linear_market, _spot_market)]
    markets += [_inverse_market(), *(_dated_market(bitcoin, future) for future in _FUTURES)]
    index = {each.symbol: f"spot:{each.instrument.base}USDT" for each in instruments}
    return VenueCatalogue(
        broker="bybit",
        instruments=tuple(instruments),
        markets=tuple(markets),
        accounts={"1000001": {"USDT": Decimal(100_000), "BTC": Decimal(1)}},
        index_symbols=index,
    )


def _linear(coin: _Coin) -> VenueInstrument:
    name, tick, step = f"{coin.underlying.name}USDT", Decimal(coin.linear_tick), Decimal(coin.linear_step)
    return VenueInstrument(
        symbol=f"linear:{name}",
        product="linear",
        name=name,
        instrument=Instrument(
            instrument_id=f"{name}-LINEAR.BYBIT",
            venue_symbol=name,
            product=Product.PERPETUAL,
            base=coin.underlying.name,
            quote="USDT",
            settle="USDT",
            quantity_unit=QuantityUnit.COINS,
            tick_size=tick,
            lot_step=step,
            min_quantity=step,
            max_quantity=Decimal(coin.linear_max),
            max_market_quantity=Decimal(coin.linear_max_market),
            min_notional=Decimal(5),
        ),
        fees=FeeSchedule(maker=Decimal("0.0002"), taker=Decimal("0.00055")),
        min_lots=1,
        max_lots=int(Decimal(coin.linear_max) / step),
        max_market_lots=int(Decimal(coin.linear_max_market) / step),
        max_price_ticks=19_999_998,
        price_limit=Decimal("0.1"),
        default_leverage=Decimal(10),
        max_leverage=Decimal(coin.linear_max_leverage),
        is_hedgeable=True,
        attributes={"funding_interval_minutes": "480"},
    )


def _spot(coin: _Coin) -> VenueInstrument:
    name, tick, step = f"{coin.underlying.name}USDT", Decimal(coin.spot_tick), Decimal(coin.spot_step)
    return VenueInstrument(
        symbol=f"spot:{name}",
        product="spot",
        name=name,
        instrument=Instrument(
            instrument_id=f"{name}-SPOT.BYBIT",
            venue_symbol=name,
            product=Product.SPOT,
            base=coin.underlying.name,
            quote="USDT",
            settle="USDT",
            quantity_unit=QuantityUnit.COINS,
            tick_size=tick,
            lot_step=step,
            min_quantity=step,
            max_quantity=Decimal(coin.spot_max),
            max_market_quantity=Decimal(coin.spot_max_market),
            min_notional=Decimal(5),
        ),
        fees=FeeSchedule(maker=Decimal("0.001"), taker=Decimal("0.001")),
        min_lots=1,
        max_lots=int(Decimal(coin.spot_max) / step),
        max_market_lots=int(Decimal(coin.spot_max_market) / step),
        max_price_ticks=10**9,
        price_limit=Decimal("0.1"),
        max_waiting_orders=60,
    )


def _inverse() -> VenueInstrument:
    """Contracts of 1 USD that settle in BTC."""
    return VenueInstrument(
        symbol="inverse:BTCUSD",
        product="inverse",
        name="BTCUSD",
        instrument=Instrument(
            instrument_id="BTCUSD-INVERSE.BYBIT",
            venue_symbol="BTCUSD",
            product=Product.PERPETUAL,
            base="BTC",
            quote="USD",
            settle="BTC",
            quantity_unit=QuantityUnit.CONTRACTS,
            tick_size=Decimal("0.10"),
            lot_step=Decimal(1),
            min_quantity=Decimal(1),
            max_quantity=Decimal(25_000_000),
            max_market_quantity=Decimal(5_000_000),
            min_notional=Decimal(1),
        ),
        fees=FeeSchedule(maker=Decimal("0.0002"), taker=Decimal("0.00055")),
        min_lots=1,
        max_lots=25_000_000,
        max_market_lots=5_000_000,
        max_price_ticks=19_999_998,
        price_limit=Decimal("0.1"),
        default_leverage=Decimal(10),
        max_leverage=Decimal(100),
        attributes={"contractType": "InversePerpetual", "funding_interval_minutes": "480"},
    )


def _dated(coin: _Coin, future: _Future) -> VenueInstrument:
    perpetual = _linear(coin)
    terms = replace(
        perpetual.instrument,
        instrument_id=f"{future.name}-LINEAR.BYBIT",
        venue_symbol=future.name,
        product=Product.FUTURE,
        expires_at_ns=int(future.delivery.timestamp()) * NANOSECONDS,
    )
    return replace(
        perpetual,
        symbol=f"linear:{future.name}",
        name=future.name,
        instrument=terms,
        is_hedgeable=False,
        attributes={"contractType": "LinearFutures", "funding_interval_minutes": "0"},
    )


def _inverse_market() -> MarketProfile:
    return MarketProfile(
        symbol="inverse:BTCUSD",
        underlying=BITCOIN,
        basis=1.0001,
        tick_size=0.1,
        lot_step=1,
        spread_ticks=1,
        level_spacing=2,
        level_lots=40_000,
        daily_lots=800_000_000,
        is_inverse=True,
    )


def _dated_market(coin: _Coin, future: _Future) -> MarketProfile:
    perpetual = _linear_market(coin)
    thin = replace(perpetual, level_lots=perpetual.level_lots // 10, daily_lots=perpetual.daily_lots // 100)
    return replace(thin, symbol=f"linear:{future.name}", basis=future.basis, spread_ticks=5)


def _linear_market(coin: _Coin) -> MarketProfile:
    tick, step = float(coin.linear_tick), float(coin.linear_step)
    return MarketProfile(
        symbol=f"linear:{coin.underlying.name}USDT",
        underlying=coin.underlying,
        basis=1.00015,
        tick_size=tick,
        lot_step=step,
        spread_ticks=1,
        level_spacing=2 if coin.underlying is BITCOIN else 1,
        level_lots=round(coin.level_size / step),
        daily_lots=round(coin.daily_size / step),
    )


def _spot_market(coin: _Coin) -> MarketProfile:
    tick, step = float(coin.spot_tick), float(coin.spot_step)
    return MarketProfile(
        symbol=f"spot:{coin.underlying.name}USDT",
        underlying=coin.underlying,
        basis=1,
        tick_size=tick,
        lot_step=step,
        spread_ticks=1,
        level_spacing=10 if coin.underlying is BITCOIN else 1,
        level_lots=round(coin.level_size / 4 / step),
        daily_lots=round(coin.daily_size / 5 / step),
    )
