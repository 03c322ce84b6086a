"""Moving averages with a memory or with weights: Ema, WilderAverage, Wma."""

from collections.abc import Mapping
from math import isfinite

from edgerunner.strategies.indicators.decimal_window import DecimalWindow
from edgerunner.strategies.indicators.indicator import Indicator, JsonValue, State, numbers, optional_number, part
from edgerunner.strategies.indicators.sma import Sma


class _RecursiveAverage(Indicator):
    """``average += smoothing * (value - average)``, seeded by the simple average of the first ``period`` values.

    Written so, a constant series gives exactly that constant, and rounding errors are forgotten at the same rate as
    the values are: they stay below ulp / smoothing however long the series is.
    """

    __slots__ = ("_seed", "smoothing")

    def __init__(self, period: int, smoothing: float) -> None:
        super().__init__(period)
        self.smoothing = smoothing
        self._seed = Sma(period)

    def update(self, value: float) -> float | None:
        """Take in the next value and return the average."""
        average = self.value
        if average is None:
            self.value = self._seed.update(value)
            return self.value
        average += self.smoothing * (value - average)
        if not isfinite(average):
            raise ValueError(f"an indicator needs finite numbers, not {value} after {self.value}")
        self.value = average
        return average

    def reset(self) -> None:
        """Forget every value."""
        self.value = None
        self._seed.reset()

    def memory(self) -> State:
        """Return the average, or the values of its seed while there is none."""
        return {"value": self.value, "seed": self._seed.state() if self.value is None else None}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over an average or the values of its seed."""
        self.value = optional_number(memory, "value")
        if self.value is None:
            self._seed.restore(part(memory, "seed"))


class Ema(_RecursiveAverage):
    """Exponential moving average with smoothing 2 / (period + 1).

    The first value is the simple average of the first ``period`` values, as TA-Lib (``ta_EMA.c``, its default
    compatibility mode) and StockCharts' ChartSchool ("Moving Averages") do.
    """

    __slots__ = ()

    def __init__(self, period: int) -> None:
        """Average over ``period`` (>= 1) values; raises ValueError otherwise."""
        super().__init__(period, 2.0 / (period + 1) if period > 0 else 1.0)


class WilderAverage(_RecursiveAverage):
    """Wilder's smoothing, (previous * (period - 1) + value) / period, begun with the mean of the first ``period``.

    Source: J. Welles Wilder, "New Concepts in Technical Trading Systems" (1978), chapters on volatility and on the
    relative strength index.
    """

    __slots__ = ()

    def __init__(self, period: int) -> None:
        """Average over ``period`` (>= 1) values; raises ValueError otherwise."""
        super().__init__(period, 1.0 / period if period > 0 else 1.0)


class Wma(Indicator):
    """Linearly weighted moving average: weights 1 (oldest) to ``period`` (newest), correctly rounded.

    Exact in the values as printed (see ``decimal_window``): each step lowers every weight by one, which is one
    subtraction of the window's exact sum.
    """

    __slots__ = ("_weighted", "_window")

    def __init__(self, period: int) -> None:
        """Average ``period`` (>= 1) values; raises ValueError otherwise."""
        super().__init__(period)
        self._window = DecimalWindow(period)
        self._weighted = 0

    def update(self, value: float) -> float | None:
        """Take in the next value and return the weighted mean of the newest ``period``."""
        window = self._window
        was_full, total_before = window.is_full, window.total
        growth = window.push(value)
        weighted = self._weighted - total_before if was_full else self._weighted
        self._weighted = weighted * growth + len(window) * window.newest
        if window.is_full:
            weights = self.period * (self.period + 1) // 2
            self.value = self._weighted / (weights * window.unit)
        return self.value

    def reset(self) -> None:
        """Forget every value."""
        self.value = None
        self._window = DecimalWindow(self.period)
        self._weighted = 0

    def memory(self) -> State:
        """Return the values of the window."""
        return {"values": self._window.values()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the values of a window."""
        for value in numbers(memory, "values"):
            self.update(value)
