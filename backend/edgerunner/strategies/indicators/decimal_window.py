"""Exact rolling sums: a float is read as the decimal that it prints as, and sums are whole numbers.

Prices arrive as decimals ("50123.17") and become binary floats on the way. Running sums of such floats drift in their
last bits, and so do exact sums of the *binary* values: they tell two averages apart that are equal in the prices that
were printed, and a strategy trades on the difference. So every value is taken as its shortest decimal (what
``repr`` prints; it reads back as the same float), all values of a window become whole numbers of one decimal scale, and
sums, squares and products are integers. Python divides integers with correct rounding (``long_true_divide`` in
CPython's ``longobject.c``), so a mean or a variance is the exact one of the printed prices, rounded once. It depends on
nothing but the values in the window: there is no history that could drift.

A decimal of at most 15 significant digits survives decimal -> double -> decimal (the C standard's ``DBL_DIG``), so it
is the shortest one that its float can print as, and one multiplication, one rounding and the check
``whole / scale == value`` recover it without printing.
"""

from collections import deque
from math import inf, isfinite

ROUNDING = 2.0**52 + 2.0**51
"""Added and taken away again it rounds any float below 2**51 in size to a whole number, ties to even."""
LARGEST_EXACT_SCALE = 22
"""Powers of ten up to this one are floats without rounding (5**22 < 2**53)."""
SURE_DIGITS = 1e15
"""Whole numbers below this have at most 15 digits."""


def shortest_decimal(value: float) -> tuple[int, int]:
    """Return (digits, places) with ``value`` printing as digits * 10**-places; raises ValueError unless finite."""
    if not isfinite(value):
        raise ValueError(f"an indicator needs a finite number, not {value}")
    mantissa, _, exponent = repr(float(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    return int(whole + fraction), len(fraction) - int(exponent or 0)


class DecimalWindow:
    """The newest ``capacity`` values as whole numbers of 10**-places, with their exact sums.

    One ``push`` costs constant time whatever the capacity. The scale grows when a value has more decimal places than
    any before it (at most a few dozen times in the life of a series).

    Attributes:
        capacity: Most values that are kept.
        places: Decimal places of the scale.
        unit: 10**places.
        total: Sum of the kept whole numbers.
        squares: Sum of their squares.
        newest: The newest whole number.
        left: The whole number that the newest one pushed out (0 while the window fills).
    """

    __slots__ = ("_numerators", "_scale", "capacity", "left", "newest", "places", "squares", "total", "unit")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._numerators: deque[int] = deque()
        self._set_places(0)
        self.total = self.squares = self.newest = self.left = 0

    def __len__(self) -> int:
        return len(self._numerators)

    @property
    def is_full(self) -> bool:
        """Tell whether the window holds ``capacity`` values."""
        return len(self._numerators) == self.capacity

    def values(self) -> list[float]:
        """Return the kept values, oldest first: the very floats that were pushed."""
        return [numerator / self.unit for numerator in self._numerators]

    def push(self, value: float) -> int:
        """Take in a value and let the oldest go; return the factor by which the scale grew (nearly always 1)."""
        scale = self._scale
        rounded = value * scale + ROUNDING - ROUNDING
        growth = 1
        if rounded / scale == value and -SURE_DIGITS < rounded < SURE_DIGITS:
            newest = int(rounded)
        else:
            digits, places = shortest_decimal(value)
            if places > self.places:
                growth = self.grow(places)
            newest = digits * 10 ** (self.places - places)
        numerators = self._numerators
        numerators.append(newest)
        self.newest = newest
        self.left = left = numerators.popleft() if len(numerators) > self.capacity else 0
        self.total += newest - left
        self.squares += newest * newest - left * left
        return growth

    def mean(self) -> float:
        """Return the mean of the kept values, correctly rounded."""
        return self.total / (len(self._numerators) * self.unit)

    def scatter(self) -> int:
        """Return n * sum of squares - square of the sum, n**2 times the population variance: never negative."""
        return len(self._numerators) * self.squares - self.total * self.total

    def variance(self, ddof: int = 0) -> float:
        """Return the variance with divisor n - ``ddof``, correctly rounded: exactly 0 when all values are equal."""
        count = len(self._numerators)
        return self.scatter() / (count * (count - ddof) * self.unit * self.unit)

    def grow(self, places: int) -> int:
        """Widen the scale to at least ``places`` decimal places; return the factor by which it grew."""
        factor = int(10 ** max(0, places - self.places))
        self._numerators = deque(numerator * factor for numerator in self._numerators)
        self.total *= factor
        self.squares *= factor * factor
        self._set_places(max(places, self.places))
        return factor

    def _set_places(self, places: int) -> None:
        self.places = places
        self.unit = int(10**places)
        self._scale = 10.0**places if places <= LARGEST_EXACT_SCALE else inf
