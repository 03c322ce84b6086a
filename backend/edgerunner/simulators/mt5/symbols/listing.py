"""The symbols that the simulated MetaTrader 5 broker lists: terms of trade, market and hours of each.

They differ on purpose, so that a program meets every trap with them: filling masks (both, FOK only, IOC only, none),
executions (Market, Instant, Exchange), digits, lots, levels, ways to count margin and swap, hours. The figures are made
up after what brokers of this kind usually show.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from edgerunner.simulators.mt5.symbols.hours import AROUND_THE_CLOCK, WEEKDAYS, TradingHours
from edgerunner.simulators.mt5.trade_server.values import Symbol
from edgerunner.simulators.mt5.trade_server.words import (
    CalcMode,
    Execution,
    ExpirationFlag,
    FillingFlag,
    OrderFlag,
    SwapMode,
)
from edgerunner.simulators.path import PathProfile
from edgerunner.simulators.sources import MarketProfile
from edgerunner.simulators.underlyings import (
    BITCOIN,
    EURO,
    EURO_IN_DOLLARS,
    GERMANY,
    GOLD,
    POUND,
    POUND_IN_DOLLARS,
    YEN,
)

NO_FILLING: Final = FillingFlag(0)
_FRIDAY: Final = 5
_FOREX_HOURS: Final = TradingHours(days=WEEKDAYS, opens_minute=5, closes_minute=1435)
_GOLD_HOURS: Final = TradingHours(days=WEEKDAYS, opens_minute=61, closes_minute=1437)
_INDEX_HOURS: Final = TradingHours(days=WEEKDAYS, opens_minute=75, closes_minute=1379)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSymbol:
    """A symbol of the broker.

    Attributes:
        terms: What trading must know of it.
        market: Its market; ``symbol`` is its name, a tick is ``terms.tick_size``.
        hours: Sessions, kept only when the broker keeps hours.
        book_depth: Levels of the depth of market on each side; 0 = the broker shows none.
    """

    terms: Symbol
    market: MarketProfile
    hours: TradingHours
    description: str
    path: str
    book_depth: int = 0
    page: str = ""
    isin: str = ""

    @property
    def name(self) -> str:
        """Return the broker's name of it."""
        return self.terms.name

    @property
    def symbol(self) -> str:
        """Return its key in the market: the name."""
        return self.terms.name

    @property
    def product(self) -> str:
        """Return the folder that it is listed in, such as ``forex``."""
        return self.path.partition("\\")[0].lower()

    @property
    def is_spot(self) -> bool:
        """Tell whether trades exchange money instead of opening a position: never here."""
        return False

    @property
    def tick_points(self) -> int:
        """Return how many points a tick is."""
        return int(self.terms.tick_size / self.terms.point)

    def price(self, ticks: int) -> Decimal:
        """Return a price of the market."""
        return ticks * self.terms.tick_size


def listed_symbols(
    *, execution: Mapping[str, int], filling: Mapping[str, int], keeps_hours: bool
) -> tuple[ListedSymbol, ...]:
    """Return all symbols; ``execution`` and ``filling`` replace those of single ones, by name.

    Without ``keeps_hours`` they trade around the clock. Raises ``ValueError`` for a name that is not listed.
    """
    unknown = sorted({*execution, *filling} - {each.name for each in SYMBOLS})
    if unknown:
        raise ValueError(f"not listed: {', '.join(unknown)}")
    return tuple(
        replace(
            listed,
            terms=replace(
                listed.terms,
                execution=Execution(execution.get(listed.name, listed.terms.execution)),
                filling_flags=FillingFlag(filling.get(listed.name, listed.terms.filling_flags)),
            ),
            hours=listed.hours if keeps_hours else AROUND_THE_CLOCK,
        )
        for listed in SYMBOLS
    )


def _market(
    terms: Symbol, path: PathProfile, *, spread: int, daily_ticks: int, basis: float = 1, level_lots: int = 400
) -> MarketProfile:
    return MarketProfile(
        symbol=terms.name,
        underlying=path,
        basis=basis,
        tick_size=float(terms.tick_size),
        lot_step=float(terms.volume_step),
        spread_ticks=spread,
        level_spacing=max(1, spread // 2),
        level_lots=level_lots,
        daily_lots=daily_ticks,
        is_dealt=True,
    )


_EURUSD: Final = Symbol(
    name="EURUSD",
    digits=5,
    point=Decimal("0.00001"),
    tick_size=Decimal("0.00001"),
    contract_size=Decimal(100_000),
    currency_base="EUR",
    currency_profit="USD",
    currency_margin="EUR",
    margin_hedged=Decimal(100_000),
    swap_mode=SwapMode.POINTS,
    swap_long=Decimal("-7.2"),
    swap_short=Decimal("2.9"),
)
_GBPUSD: Final = replace(
    _EURUSD,
    name="GBPUSD",
    currency_base="GBP",
    currency_margin="GBP",
    filling_flags=FillingFlag.FOK,
    stops_level=10,
    volume_max=Decimal(100),
    margin_hedged=Decimal(50_000),
    swap_long=Decimal("-3.1"),
    swap_short=Decimal("-2.4"),
    commission=Decimal("3.5"),
)
_USDJPY: Final = replace(
    _EURUSD,
    name="USDJPY",
    digits=3,
    point=Decimal("0.001"),
    tick_size=Decimal("0.001"),
    currency_base="USD",
    currency_profit="JPY",
    currency_margin="USD",
    execution=Execution.INSTANT,
    filling_flags=FillingFlag.FOK,
    expiration_flags=ExpirationFlag(7),
    swap_long=Decimal("8.9"),
    swap_short=Decimal("-19.4"),
)
_XAUUSD: Final = Symbol(
    name="XAUUSD",
    digits=2,
    point=Decimal("0.01"),
    tick_size=Decimal("0.01"),
    contract_size=Decimal(100),
    currency_base="XAU",
    currency_profit="USD",
    currency_margin="USD",
    calc_mode=CalcMode.CFDLEVERAGE,
    filling_flags=FillingFlag.IOC,
    stops_level=30,
    freeze_level=5,
    volume_max=Decimal(50),
    margin_hedged=Decimal(0),
    swap_mode=SwapMode.CURRENCY_DEPOSIT,
    swap_long=Decimal(-42),
    swap_short=Decimal(18),
)
_GER40: Final = Symbol(
    name="GER40",
    digits=1,
    point=Decimal("0.1"),
    tick_size=Decimal("0.5"),
    tick_value=Decimal("0.5"),
    contract_size=Decimal(1),
    currency_base="EUR",
    currency_profit="EUR",
    currency_margin="EUR",
    calc_mode=CalcMode.CFDINDEX,
    filling_flags=FillingFlag.IOC,
    order_flags=OrderFlag(127) & ~OrderFlag.CLOSEBY,
    stops_level=20,
    freeze_level=10,
    volume_min=Decimal("0.1"),
    volume_step=Decimal("0.1"),
    volume_max=Decimal(250),
    margin_hedged=Decimal(1),
    margin_hedged_use_leg=True,
    swap_mode=SwapMode.INTEREST_CURRENT,
    swap_long=Decimal("-6.4"),
    swap_short=Decimal("1.2"),
    swap_rollover3days=_FRIDAY,
)
_BTCUSD: Final = Symbol(
    name="BTCUSD",
    digits=2,
    point=Decimal("0.01"),
    tick_size=Decimal("0.01"),
    contract_size=Decimal(1),
    currency_base="BTC",
    currency_profit="USD",
    currency_margin="USD",
    calc_mode=CalcMode.CFD,
    execution=Execution.EXCHANGE,
    filling_flags=NO_FILLING,
    stops_level=100,
    volume_max=Decimal(10),
    volume_limit=Decimal(20),
    margin_hedged=Decimal("0.5"),
    swap_mode=SwapMode.INTEREST_OPEN,
    swap_long=Decimal(-18),
    swap_short=Decimal(-6),
    swap_every_day=True,
)

SYMBOLS: Final = (
    ListedSymbol(
        terms=_EURUSD,
        market=_market(_EURUSD, EURO, basis=EURO_IN_DOLLARS, spread=8, daily_ticks=210_000),
        hours=_FOREX_HOURS,
        description="Euro vs US Dollar",
        path="Forex\\Majors\\EURUSD",
    ),
    ListedSymbol(
        terms=_GBPUSD,
        market=_market(_GBPUSD, POUND, basis=POUND_IN_DOLLARS, spread=12, daily_ticks=330_000),
        hours=_FOREX_HOURS,
        description="Great Britain Pound vs US Dollar",
        path="Forex\\Majors\\GBPUSD",
    ),
    ListedSymbol(
        terms=_USDJPY,
        market=_market(_USDJPY, YEN, spread=10, daily_ticks=410_000),
        hours=_FOREX_HOURS,
        description="US Dollar vs Japanese Yen",
        path="Forex\\Majors\\USDJPY",
    ),
    ListedSymbol(
        terms=_XAUUSD,
        market=_market(_XAUUSD, GOLD, spread=20, daily_ticks=515_000),
        hours=_GOLD_HOURS,
        description="Gold vs US Dollar",
        path="Metals\\XAUUSD",
    ),
    ListedSymbol(
        terms=_GER40,
        market=_market(_GER40, GERMANY, spread=2, daily_ticks=330_000),
        hours=_INDEX_HOURS,
        description="Germany 40 Index",
        path="Indices\\GER40",
    ),
    ListedSymbol(
        terms=_BTCUSD,
        market=_market(_BTCUSD, BITCOIN, spread=1_500, daily_ticks=670_000, level_lots=60),
        hours=AROUND_THE_CLOCK,
        description="Bitcoin vs US Dollar",
        path="Crypto\\BTCUSD",
        book_depth=10,
    ),
)
