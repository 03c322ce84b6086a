"""What the simulated Interactive Brokers lists: every contract of the TWS simulator's directory, and the accounts.

Stocks and currency pairs are listed from the start; months of futures and options as soon as somebody asks for them.
"""

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Final

from edgerunner.domain.instruments import Instrument, PriceBand, Product, QuantityUnit
from edgerunner.matching.fees import FeeSchedule, OrderCommission
from edgerunner.simulators.catalogue import VenueCatalogue
from edgerunner.simulators.catalogue_ibkr_markets import market_of
from edgerunner.simulators.instrument_types import DailyTime, VenueInstrument
from edgerunner.simulators.sources import MarketProfile
from edgerunner.simulators.tws.contracts import standing
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.contracts.names import HOME_CURRENCY, listing_named, name_of
from edgerunner.simulators.tws.orders.identity import TwsIdentifiers

PAPER_ACCOUNT: Final = "DU1000001"
START_MONEY: Final = Decimal(1_000_000)
WHOLE: Final = Decimal(1)
"""TWS takes fractions of shares from its own window only: error 10243 through the API."""
_INITIAL_RATES: Final = {"STK": Decimal("0.5"), "FUT": Decimal("0.08"), "OPT": Decimal(1), "CASH": Decimal("0.025")}
_MAINTENANCE_RATES: Final = {
    "STK": Decimal("0.25"), "FUT": Decimal("0.07"), "OPT": Decimal(1), "CASH": Decimal("0.025"),
}  # fmt: skip
"""Shares of market value: Regulation T for stocks, about what exchanges ask for index futures, options in full."""
_CHICAGO_CLOSE: Final = DailyTime(zone="America/Chicago", at=time(16))
_US_STOCKS: Final = OrderCommission(
    currency="USD", per_unit=Decimal("0.005"), minimum=Decimal(1), maximum_rate=Decimal("0.01")
)
_LONDON: Final = OrderCommission(currency="GBP", rate=Decimal("0.0005"), minimum=Decimal(3))
_OPTIONS: Final = OrderCommission(currency="USD", per_unit=Decimal("0.65"), minimum=Decimal(1))
_FUTURES: Final = {"ES": Decimal("2.25"), "MES": Decimal("0.62")}
_EXCHANGE_RATE: Final = Decimal("0.00002")
_EXCHANGE_MINIMUM: Final = Decimal(2)
_NO_FEE: Final = FeeSchedule(maker=Decimal(0), taker=Decimal(0))
_MOST_LOTS: Final = 10**12
_MOST_TICKS: Final = 10**9
_MOST_ORDERS: Final = 1_000
_MOST_SLIPPAGE: Final = Decimal(100)
"""Market orders take what there is: a cheap option's spread is many times its price."""
_PRODUCTS: Final = {
    "STK": (Product.STOCK, QuantityUnit.SHARES),
    "CASH": (Product.FOREX, QuantityUnit.UNITS),
    "FUT": (Product.FUTURE, QuantityUnit.CONTRACTS),
    "OPT": (Product.OPTION, QuantityUnit.CONTRACTS),
}


def ibkr_catalogue(accounts: Sequence[str] = (PAPER_ACCOUNT,)) -> VenueCatalogue:
    """Return the catalogue with accounts of 1,000,000 USD each."""
    listed = [instrument_of(listing) for listing in standing.STANDING]
    markets = [market_of(listing, symbol_of(listing)) for listing in standing.STANDING]
    return VenueCatalogue(
        broker="ibkr",
        instruments=tuple(listed),
        markets=tuple(market for market in markets if market is not None),
        accounts={account: {HOME_CURRENCY: START_MONEY} for account in accounts},
        index_symbols={each.symbol: each.symbol for each in listed},
        base_currency=HOME_CURRENCY,
        find=_find,
        identifiers=TwsIdentifiers(),
        has_unique_keys=False,
    )


def symbol_of(listing: Listing) -> str:
    """Return the venue's key of a listing."""
    return f"{listing.sec_type}:{name_of(listing)}"


def listing_of(symbol: str) -> Listing:
    """Return the listing of a venue's key; raises ``KeyError``."""
    listing = listing_named(symbol.partition(":")[2])
    if listing is None or symbol_of(listing) != symbol:
        raise KeyError(symbol)
    return listing


def instrument_of(listing: Listing) -> VenueInstrument:
    """Return a listing as the venue trades it."""
    product, unit = _PRODUCTS[listing.sec_type]
    name = name_of(listing)
    terms = Instrument(
        instrument_id=f"{name}.IBKR",
        venue_symbol=listing.local_symbol,
        product=product,
        base=listing.symbol,
        quote=listing.currency,
        settle=listing.currency,
        quantity_unit=unit,
        multiplier=Decimal(listing.multiplier or 1) / listing.magnifier,
        tick_size=listing.min_tick,
        price_bands=tuple(
            PriceBand(from_price=row.low_edge, tick_size=row.increment) for row in listing.rule.increments
        ),
        lot_step=WHOLE,
        min_quantity=WHOLE,
        timezone=listing.schedule.zone,
        expires_at_ns=listing.expires_ns,
    )
    return VenueInstrument(
        symbol=symbol_of(listing),
        product=listing.sec_type,
        name=name,
        instrument=terms,
        fees=_NO_FEE,
        commission=_commission(listing),
        min_lots=1,
        max_lots=_MOST_LOTS,
        max_market_lots=_MOST_LOTS,
        max_price_ticks=_MOST_TICKS,
        max_open_orders=_MOST_ORDERS,
        max_waiting_orders=_MOST_ORDERS,
        slippage_limit=_MOST_SLIPPAGE,
        default_leverage=1 / _INITIAL_RATES[listing.sec_type],
        max_leverage=1 / _INITIAL_RATES[listing.sec_type],
        maintenance_rate=_MAINTENANCE_RATES[listing.sec_type],
        daily_settlement=_CHICAGO_CLOSE if listing.sec_type == "FUT" else None,
        index_symbol=symbol_of(standing.SPY) if listing.sec_type == "OPT" else None,
        attributes={"con_id": str(listing.con_id)},
    )


def _commission(listing: Listing) -> OrderCommission:
    """Return the fixed pricing of Interactive Brokers; for futures with fees of the exchange.

    Source: its public price list (US stocks 0.005 a share, at least 1 and at most 1 % of the value; London 3 pounds
    up to a value of 6,000 and 0.05 % from there on; 0.65 an option; 0.2 basis points of a currency trade, at least
    2 USD).
    """
    match listing.sec_type:
        case "OPT":
            return _OPTIONS
        case "FUT":
            return OrderCommission(currency=HOME_CURRENCY, per_unit=_FUTURES[listing.symbol])
        case "CASH":
            is_home = listing.symbol == HOME_CURRENCY
            name = "per_unit" if is_home else "rate"
            return OrderCommission(currency=HOME_CURRENCY, minimum=_EXCHANGE_MINIMUM, **{name: _EXCHANGE_RATE})
        case _:
            return _US_STOCKS if listing.currency == HOME_CURRENCY else _LONDON


def _find(word: str) -> tuple[VenueInstrument, MarketProfile] | None:
    name = word.rpartition(":")[2].removesuffix(".IBKR")
    listing = listing_named(name)
    if listing is None:
        return None
    instrument = instrument_of(listing)
    market = market_of(listing, instrument.symbol)
    if market is None or word not in {instrument.symbol, name, instrument.instrument.instrument_id}:
        return None
    return instrument, market
