"""The whole-number grid of one instrument: ticks, lots, and money in units of 1e-18.

Money of a run is an integer of ``MONEY_UNIT``: sums and products are exact, and a quotient is rounded half to even at
1e-18 as the ledger does.
"""

from decimal import Decimal
from fractions import Fraction
from math import inf

from edgerunner.domain.errors import Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.domain.order_rules import most_quantity
from edgerunner.matching.bar_fill import BarTicks
from edgerunner.strategies.market_data import Bar

MONEY_PLACES = 18
MONEY_UNIT: int = 10**MONEY_PLACES


def half_even(numerator: int, denominator: int) -> int:
    """Return the quotient of two integers rounded half to even (``denominator`` > 0)."""
    quotient, rest = divmod(numerator, denominator)
    if rest and (2 * rest > denominator or (2 * rest == denominator and quotient & 1)):
        return quotient + 1
    return quotient


def to_money(amount: Decimal) -> int:
    """Return an amount as money units, rounded half to even."""
    fraction = Fraction(amount) * MONEY_UNIT
    return half_even(fraction.numerator, fraction.denominator)


def from_money(units: int) -> Decimal:
    """Return money units as an exact decimal."""
    with exact_arithmetic():
        return Decimal(units).scaleb(-MONEY_PLACES).normalize() + 0


class Grid:
    """Ticks, lots and worth of one instrument.

    Attributes:
        tick: The finest tick size of the instrument, ``lot`` its lot step.
        tick_float, per_tick, per_lot: The tick, 1 / tick and 1 / lot as floats.
        unit: Worth of a lot at one tick in money units.
        least_lots, most_lots, most_market_lots: Bounds of an order (``domain.order_rules``), infinite = no bound.
        is_inverse: Whether the worth falls as the price rises (settled in the base currency).
    """

    __slots__ = (
        "_divisor",
        "_lot_ratio",
        "_multiplier",
        "_tick_ratio",
        "has_bands",
        "instrument",
        "is_inverse",
        "least_lots",
        "lot",
        "most_lots",
        "most_market_lots",
        "per_lot",
        "per_tick",
        "tick",
        "tick_float",
        "unit",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.tick: Decimal = min([instrument.tick_size, *(band.tick_size for band in instrument.price_bands)])
        self._multiplier: float = float(instrument.multiplier)
        self.has_bands = bool(instrument.price_bands)
        self.lot: Decimal = instrument.lot_step
        self._tick_ratio: tuple[int, int] = self.tick.as_integer_ratio()
        self._lot_ratio: tuple[int, int] = self.lot.as_integer_ratio()
        self.tick_float = float(self.tick)
        self.per_tick: float = float(1 / Fraction(self.tick))
        self.per_lot: float = float(1 / Fraction(self.lot))
        self.is_inverse = instrument.contract.is_inverse
        per_lot = Fraction(self.lot) * Fraction(instrument.multiplier) * MONEY_UNIT
        worth = per_lot / Fraction(self.tick) if self.is_inverse else per_lot * Fraction(self.tick)
        if not self.is_inverse and worth.denominator != 1:
            text = f"{instrument.instrument_id}: tick x lot x multiplier is finer than 1e-18 {instrument.settle}"
            raise Unsupported(f"{text}; a run counts money in steps of that")
        self.unit: int = worth.numerator
        self._divisor: int = worth.denominator
        self.least_lots = max(1, -int(-Fraction(instrument.min_quantity) // Fraction(self.lot)))
        self.most_lots = self._lots_down(most_quantity(instrument, is_market=False))
        self.most_market_lots = self._lots_down(most_quantity(instrument, is_market=True))

    def price(self, ticks: int) -> float:
        """Return a price in quote currency: the float nearest to it."""
        numerator, denominator = self._tick_ratio
        return ticks * numerator / denominator

    def mean_price(self, value: int, lots: int) -> float:
        """Return the mean price of ``lots`` with ``value`` = sum of ticks times lots: the float nearest to it."""
        numerator, denominator = self._tick_ratio
        return value * numerator / (lots * denominator)

    def exact_price(self, ticks: int) -> Decimal:
        """Return a price exactly."""
        return self.tick * ticks

    def ticks(self, price: float) -> int:
        """Return the tick nearest to a price."""
        return round(price * self.per_tick)

    def bar_ticks(self, bar: Bar) -> BarTicks:
        """Return a bar's open, high, low and close in ticks."""
        scale = self.per_tick
        return round(bar.open * scale), round(bar.high * scale), round(bar.low * scale), round(bar.close * scale)

    def quantity(self, lots: int) -> float:
        """Return a quantity: the float nearest to it."""
        numerator, denominator = self._lot_ratio
        return lots * numerator / denominator

    def exact_quantity(self, lots: int) -> Decimal:
        """Return a quantity exactly."""
        return self.lot * lots

    def lots(self, quantity: float) -> int | None:
        """Return a quantity in lots, None when it is not a whole number of them (beyond float noise)."""
        wanted = quantity * self.per_lot
        try:
            lots = round(wanted)
        except (ValueError, OverflowError):  # NaN, infinity
            return None
        noise = abs(wanted - lots)
        return lots if noise <= 1e-9 or noise <= 1e-9 * abs(wanted) else None

    def worth(self, lots: int, ticks: int) -> int:
        """Return what ``lots`` are worth at a price, in money units of the settle currency."""
        if self.is_inverse:
            return half_even(lots * self.unit, ticks * self._divisor)
        return lots * ticks * self.unit

    def average_price(self, lots: int, cost: int) -> float:
        """Return the price at which ``lots`` (> 0) are worth ``cost`` (> 0) money units: the float nearest to it."""
        numerator, denominator = self._tick_ratio
        if self.is_inverse:
            return lots * self.unit * numerator / (cost * self._divisor * denominator)
        return cost * numerator / (lots * self.unit * denominator)

    def profit(self, quantity: float, entry: float, price: float) -> float:
        """Return about what a position (negative short) has won at a price, settle currency."""
        if self.is_inverse:
            return quantity * self._multiplier * (1 / entry - 1 / price)
        return quantity * self._multiplier * (price - entry)

    def _lots_down(self, quantity: Decimal | None) -> float:
        return inf if quantity is None else int(Fraction(quantity) // Fraction(self.lot))
