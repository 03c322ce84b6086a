"""The simple moving average, exact and fast."""

from collections import deque
from collections.abc import Mapping
from math import nan

from edgerunner.strategies.indicators.decimal_window import (
    LARGEST_EXACT_SCALE,
    ROUNDING,
    SURE_DIGITS,
    DecimalWindow,
    shortest_decimal,
)
from edgerunner.strategies.indicators.indicator import Indicator, JsonValue, State, numbers

EXACT_FLOATS = 2.0**53
"""Sums and differences of whole numbers are exact in floats up to this size."""


class Sma(Indicator):
    """Simple moving average: the mean of the newest ``period`` values, correctly rounded.

    The mean is that of the values as they print in decimal (see ``decimal_window``), so two averages that are equal in
    the printed prices are equal floats, and nothing drifts however long the series is.

    It stands in the innermost loop of a backtest, so values of a common price grid take a short way: whole numbers kept
    as floats, whose running sum is exact below 2**53, and a single rounding division. A value that has more places, or
    is too large for it, is taken over by integers of any size: the same result, about ten times slower.
    """

    __slots__ = ("_divisor", "_limit", "_numerators", "_patience", "_retry_after", "_scale", "_total", "_wide")

    def __init__(self, period: int) -> None:
        """Average ``period`` (>= 1) values; raises ValueError otherwise."""
        super().__init__(period)
        self._limit = min(SURE_DIGITS, EXACT_FLOATS / (period + 1))
        self.reset()

    def update(self, value: float) -> float | None:
        """Take in the next value and return the mean of the newest ``period``."""
        scale = self._scale
        numerator = value * scale + ROUNDING - ROUNDING
        if numerator / scale != value or not -self._limit < numerator < self._limit:
            return self._update_off_grid(value)
        numerators = self._numerators
        numerators.append(numerator)
        if len(numerators) > self.period:
            self._total += numerator - numerators.popleft()
        else:
            self._total += numerator
            if len(numerators) < self.period:
                return None
        self.value = average = self._total / self._divisor
        return average

    def reset(self) -> None:
        """Forget every value."""
        self.value = None
        self._retry_after = self.period
        self._load([])

    def memory(self) -> State:
        """Return the values of the window."""
        return {"values": self._values()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the values of a window."""
        for value in numbers(memory, "values"):
            self.update(value)

    def _values(self) -> list[float]:
        if self._wide is not None:
            return self._wide.values()
        return [numerator / self._scale for numerator in self._numerators]

    def _update_off_grid(self, value: float) -> float | None:
        if self._wide is None:
            values = [*self._values(), value]
            self._load(values[-self.period :])
        else:
            self._wide.push(value)
            self._patience -= 1
            if self._patience == 0:
                self._load(self._wide.values())
        return self._settle()

    def _settle(self) -> float | None:
        if self._wide is not None:
            self.value = self._wide.mean() if self._wide.is_full else None
        else:
            self.value = self._total / self._divisor if len(self._numerators) == self.period else None
        return self.value

    def _load(self, values: list[float]) -> None:
        """Hold ``values`` as whole numbers in floats where their common decimal scale allows it, else as integers."""
        places = max([0, *(shortest_decimal(value)[1] for value in values)])
        self._scale = scale = 10.0 ** min(places, LARGEST_EXACT_SCALE)
        self._divisor = scale * self.period
        self._numerators = deque(value * scale + ROUNDING - ROUNDING for value in values)
        self._total = sum(self._numerators)
        fits = all(-self._limit < numerator < self._limit for numerator in self._numerators)
        if places <= LARGEST_EXACT_SCALE and self._divisor < EXACT_FLOATS and fits:
            self._wide: DecimalWindow | None = None
            self._retry_after = self.period
        else:
            self._widen(values)

    def _widen(self, values: list[float]) -> None:
        self._scale = nan  # equals nothing, so every update comes to `_update_off_grid`
        self._wide = DecimalWindow(self.period)
        for value in values:
            self._wide.push(value)
        # The way back is looked for after a whole window, then ever more rarely: its cost stays constant per update.
        self._patience = self._retry_after
        self._retry_after *= 2
