"""Bybit's instruments: mapping, ids, and the catalogue that answers from memory.

Ids: ``BTCUSDT-LINEAR.BYBIT``, ``BTCUSDT-SPOT.BYBIT``, ``BTCUSD-INVERSE.BYBIT``; dated futures carry
their expiry, ``BTC-26DEC25-LINEAR.BYBIT``, because that is how Bybit itself calls them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from edgerunner.adapters.bybit.environments import DATA_CATEGORIES
from edgerunner.adapters.bybit.market_wire import InstrumentInfo
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.values import Malformed, nanoseconds, number, required_number, required_text, text
from edgerunner.adapters.bybit.wire import decoded
from edgerunner.domain.errors import BrokerUnreachable, NotFound
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit

_log = structlog.get_logger(__name__)

_PATH: Final = "/v5/market/instruments-info"
_PAGE: Final = 1_000
_NOT_TRADING: Final = ("PreLaunch", "Delivering", "Closed")
_FAVOURED_QUOTES: Final = ("USDT", "USDC", "USD", "EUR", "BTC")
_CASH: Final = "USDT"
"""What spot coins are counted in; holding it is cash, no position."""


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument and how Bybit addresses it."""

    instrument: Instrument
    category: str
    symbol: str

    @property
    def is_spot(self) -> bool:
        """Whether spot rules apply."""
        return self.category == "spot"


def listing_of(category: str, info: InstrumentInfo) -> Listing:
    """Map one row of instruments-info; raises ``Malformed`` when a rule needed for trading is missing."""
    symbol = required_text(info.symbol, "symbol")
    return Listing(_spot(symbol, info) if category == "spot" else _contract(category, symbol, info), category, symbol)


def _spot(symbol: str, info: InstrumentInfo) -> Instrument:
    """Spot has no ``qtyStep``: the step is ``basePrecision``, the least order is by amount."""
    lot = info.lot_size_filter
    step = required_number(lot.base_precision, f"basePrecision of {symbol}")
    quote = required_text(info.quote_coin, "quoteCoin")
    return Instrument(
        instrument_id=f"{symbol}-SPOT.BYBIT",
        venue_symbol=symbol,
        product=Product.SPOT,
        base=required_text(info.base_coin, "baseCoin"),
        quote=quote,
        settle=quote,
        quantity_unit=QuantityUnit.COINS,
        tick_size=required_number(info.price_filter.tick_size, f"tickSize of {symbol}"),
        lot_step=step,
        min_quantity=step,
        max_quantity=number(lot.max_limit_order_qty) or number(lot.max_order_qty),
        max_market_quantity=number(lot.max_market_order_qty),
        min_notional=number(lot.min_order_amt),
    )


def _contract(category: str, symbol: str, info: InstrumentInfo) -> Instrument:
    """Linear contracts count coins; inverse ones count contracts of one US dollar, their least order has no value."""
    lot = info.lot_size_filter
    is_inverse = category == "inverse"
    is_future = text(info.contract_type) in {"LinearFutures", "InverseFutures"}
    return Instrument(
        instrument_id=f"{symbol}-{category.upper()}.BYBIT",
        venue_symbol=symbol,
        product=Product.FUTURE if is_future else Product.PERPETUAL,
        base=required_text(info.base_coin, "baseCoin"),
        quote=required_text(info.quote_coin, "quoteCoin"),
        settle=required_text(info.settle_coin, "settleCoin"),
        quantity_unit=QuantityUnit.CONTRACTS if is_inverse else QuantityUnit.COINS,
        tick_size=required_number(info.price_filter.tick_size, f"tickSize of {symbol}"),
        lot_step=required_number(lot.qty_step, f"qtyStep of {symbol}"),
        min_quantity=required_number(lot.min_order_qty, f"minOrderQty of {symbol}"),
        max_quantity=number(lot.max_order_qty),
        max_market_quantity=number(lot.max_mkt_order_qty),
        min_notional=None if is_inverse else number(lot.min_notional_value),
        expires_at_ns=nanoseconds(info.delivery_time) if is_future else None,
    )


class Catalogue:
    """All instruments of a connection, by id and by Bybit's own address."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._by_id: dict[str, Listing] = {}
        self._by_symbol: dict[tuple[str, str], Listing] = {}
        self._markets: Mapping[str, Listing] = {}

    async def load(self) -> None:
        """Read every instrument that trades, all pages; raises a ``BrokerError``."""
        for category in DATA_CATEGORIES:
            parameters: dict[str, str | int] = {"category": category}
            if category != "spot":  # spot has no paging and refuses none
                parameters["limit"] = _PAGE
            async for row, _ in self._rest.pages(_PATH, parameters, signed=False):
                self._take(category, row)
        if not self._by_id:
            raise BrokerUnreachable("Bybit listed no instrument")
        self._markets = _main_markets(self._by_id.values())

    def _take(self, category: str, row: msgspec.Raw) -> None:
        """Add an instrument that trades; one whose rules cannot be read is left out and reported."""
        try:
            info = decoded(row, InstrumentInfo)
            if info.status in {None, "Trading"}:
                self._add(listing_of(category, info))
        except Malformed as error:
            _log.warning("bybit_instrument_left_out", category=category, reason=str(error))

    def _add(self, listing: Listing) -> Listing:
        self._by_id[listing.instrument.instrument_id] = listing
        self._by_symbol[listing.category, listing.symbol] = listing
        return listing

    def get(self, instrument_id: str) -> Listing:
        """Return an instrument by id; raises ``NotFound``."""
        listing = self._by_id.get(instrument_id)
        if listing is None:
            raise NotFound(f"Bybit does not list {instrument_id}")
        return listing

    def search(self, query: str) -> list[Instrument]:
        """Return instruments whose id, symbol or base contains ``query``, whatever the case."""
        wanted = query.upper()
        return [
            listing.instrument
            for listing in self._by_id.values()
            if wanted in listing.instrument.instrument_id.upper() or wanted in listing.instrument.base.upper()
        ]

    def known(self, category: str, symbol: str) -> Listing | None:
        """Return an instrument by Bybit's address when it is in memory."""
        return self._by_symbol.get((category, symbol))

    async def find(self, category: str, symbol: str) -> Listing:
        """Return an instrument by Bybit's address, asking Bybit for those that do not trade (any more).

        Raises ``NotFound`` when Bybit does not know it either.
        """
        known = self.known(category, symbol)
        if known is not None:
            return known
        for status in ("Trading", *_NOT_TRADING):
            parameters = {"category": category, "symbol": symbol, "status": status}
            async for row, _ in self._rest.pages(_PATH, parameters, signed=False):
                return self._add(_understood(category, row))
        raise NotFound(f"Bybit does not describe {category} {symbol}")

    def main_market(self, coin: str) -> Listing | None:
        """Return the spot market a coin's inventory is shown on; None for cash and coins without market."""
        return self._markets.get(coin)

    def settle_coins(self) -> list[str]:
        """Return the settlement coins of the linear contracts."""
        coins = {listing.instrument.settle for listing in self._by_id.values() if listing.category == "linear"}
        return sorted(coins, key=_favour)

    def categories(self) -> list[str]:
        """Return the product categories in which something is listed."""
        return [category for category in DATA_CATEGORIES if any(key[0] == category for key in self._by_symbol)]

    def contract_queries(self) -> list[dict[str, str | int]]:
        """Return the queries that together cover all contracts: Bybit wants a coin for linear ones."""
        linear: list[dict[str, str | int]] = [
            {"category": "linear", "settleCoin": coin} for coin in self.settle_coins()
        ]
        return [*linear, {"category": "inverse"}] if "inverse" in self.categories() else linear

    def probe(self) -> Listing | None:
        """Return a perpetual contract in USDT to ask the position mode of."""
        perpetuals = [
            listing
            for listing in self._by_id.values()
            if listing.instrument.product is Product.PERPETUAL and listing.instrument.settle == "USDT"
        ]
        return min(perpetuals, key=lambda listing: (listing.symbol != "BTCUSDT", listing.symbol), default=None)


def _understood(category: str, row: msgspec.Raw) -> Listing:
    try:
        return listing_of(category, decoded(row, InstrumentInfo))
    except Malformed as error:
        raise BrokerUnreachable(f"unreadable instrument: {error}") from error


def _favour(quote: str) -> tuple[int, str]:
    rank = _FAVOURED_QUOTES.index(quote) if quote in _FAVOURED_QUOTES else len(_FAVOURED_QUOTES)
    return rank, quote


def _main_markets(listings: Iterable[Listing]) -> Mapping[str, Listing]:
    """Choose each coin's main spot market, quoted in USDT where there is one."""
    markets: dict[str, Listing] = {}
    for listing in sorted(listings, key=lambda listing: _favour(listing.instrument.quote)):
        if listing.is_spot and listing.instrument.base != _CASH:
            markets.setdefault(listing.instrument.base, listing)
    return markets
