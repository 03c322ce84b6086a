"""Instruments: what can be traded, in which steps, and what one unit of it means."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from edgerunner.domain.numbers import is_multiple


class Product(StrEnum):
    """Kind of instrument. Linear or inverse follows from the settlement currency."""

    SPOT = "spot"
    PERPETUAL = "perpetual"
    FUTURE = "future"
    OPTION = "option"
    STOCK = "stock"
    FOREX = "forex"
    CFD = "cfd"


class QuantityUnit(StrEnum):
    """What a quantity of an instrument counts."""

    SHARES = "shares"
    CONTRACTS = "contracts"
    LOTS = "lots"
    COINS = "coins"
    UNITS = "units"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBand:
    """Tick size from a price upward (IB market rules); an instrument with one tick has none."""

    from_price: Decimal
    tick_size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading interval of a week, minutes after Monday 00:00 in the instrument's time zone."""

    open_minute: int
    close_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerms:
    """What one unit of quantity is worth: all that positions and PnL need of an instrument."""

    product: Product
    base: str
    quote: str
    settle: str
    quantity_unit: QuantityUnit
    multiplier: Decimal = Decimal(1)

    @property
    def is_inverse(self) -> bool:
        """Tell whether profit is paid in the base currency (quantity counts quote currency)."""
        return self.product in {Product.PERPETUAL, Product.FUTURE} and self.settle == self.base

    @property
    def is_inventory(self) -> bool:
        """Tell whether a position is a holding of the base currency itself (spot coins)."""
        return self.product is Product.SPOT

    def notional(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Return the value of ``quantity`` at ``price``: settle currency (base for inverse)."""
        if self.is_inverse:
            return quantity * self.multiplier / price
        return quantity * self.multiplier * price

    def quote_value(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Return the value of ``quantity`` at ``price`` in quote currency, which inverse contracts count already."""
        return quantity * self.multiplier if self.is_inverse else quantity * self.multiplier * price


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One tradable instrument of one venue.

    Attributes:
        instrument_id: ``SYMBOL.VENUE``, the venue after the last dot.
        venue_symbol: The broker's own name for it.
        multiplier: Base units (or settlement units) per one of ``quantity_unit`` and price unit.
        min_notional: Least worth of an order in quote currency, or None.
        max_market_quantity: Largest quantity of a market order, or None when as ``max_quantity``.
        sessions: Weekly trading intervals; empty means around the clock.
        expires_at_ns: Delivery or expiry, UTC nanoseconds, or None.
    """

    instrument_id: str
    venue_symbol: str
    product: Product
    base: str
    quote: str
    settle: str
    quantity_unit: QuantityUnit
    multiplier: Decimal = Decimal(1)
    tick_size: Decimal
    price_bands: tuple[PriceBand, ...] = ()
    lot_step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal | None = None
    max_market_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    sessions: tuple[Session, ...] = ()
    timezone: str = "UTC"
    expires_at_ns: int | None = None

    @property
    def contract(self) -> ContractTerms:
        """Return what positions and PnL need of this instrument."""
        return ContractTerms(
            product=self.product,
            base=self.base,
            quote=self.quote,
            settle=self.settle,
            quantity_unit=self.quantity_unit,
            multiplier=self.multiplier,
        )

    def tick_at(self, price: Decimal) -> Decimal:
        """Return the tick size that holds at ``price``."""
        tick = self.tick_size
        for band in self.price_bands:
            if price >= band.from_price:
                tick = band.tick_size
        return tick

    def is_on_tick(self, price: Decimal) -> bool:
        """Tell whether ``price`` may be quoted."""
        return is_multiple(price, self.tick_at(price))

    def is_on_step(self, quantity: Decimal) -> bool:
        """Tell whether ``quantity`` is a whole number of lot steps."""
        return is_multiple(quantity, self.lot_step)
