"""How far values scatter around their mean: StandardDeviation, BollingerBands, ZScore."""

from abc import abstractmethod
from collections.abc import Mapping
from math import sqrt

from edgerunner.strategies.indicators.decimal_window import DecimalWindow
from edgerunner.strategies.indicators.indicator import Indicator, JsonValue, State, numbers


class _WindowedIndicator(Indicator):
    """A figure of the exact mean and variance of the newest values, and of nothing before them."""

    __slots__ = ("_window",)

    def __init__(self, period: int) -> None:
        """Look back on ``period`` (>= 2) values; raises ValueError otherwise."""
        super().__init__(period, minimum=2)
        self._window = DecimalWindow(period)

    def update(self, value: float) -> float | None:
        """Take in the next value and return the figure of the newest ``period``."""
        self._window.push(value)
        if self._window.is_full:
            self.value = self._figure(value)
        return self.value

    @abstractmethod
    def _figure(self, value: float) -> float | None: ...

    def reset(self) -> None:
        """Forget every value."""
        self.value = None
        self._window = DecimalWindow(self.period)

    def memory(self) -> State:
        """Return the values of the window."""
        return {"values": self._window.values()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the values of a window."""
        for value in numbers(memory, "values"):
            self.update(value)


class StandardDeviation(_WindowedIndicator):
    """Root of the mean squared distance from the mean, of the newest ``period`` values.

    The variance is exact in the values as printed and rounded once: exactly 0 for equal values, never negative.

    Attributes:
        ddof: What the divisor lacks of ``period``: 0 for the population (the default), 1 for a sample.
        variance: Square of ``value`` before the root was taken, or None.
    """

    __slots__ = ("ddof", "variance")

    def __init__(self, period: int, *, ddof: int = 0) -> None:
        """Look back on ``period`` (>= 2) values; raises ValueError otherwise."""
        super().__init__(period)
        if not 0 <= ddof < period:
            raise ValueError(f"ddof must lie between 0 and {period - 1}, not {ddof}")
        self.ddof = ddof
        self.variance: float | None = None

    def _figure(self, value: float) -> float:  # noqa: ARG002  # the window holds it
        self.variance = variance = self._window.variance(self.ddof)
        return sqrt(variance)

    def reset(self) -> None:
        """Forget every value."""
        super().reset()
        self.variance = None


class BollingerBands(_WindowedIndicator):
    """A simple average with a band of ``width`` population standard deviations on either side.

    Source: John Bollinger, "Bollinger on Bollinger Bands" (2001): 20 periods, width 2, population standard deviation of
    the same window.

    Attributes:
        value: The middle band, equal to ``Sma(period)``.
        upper: Middle + width * deviation, or None.
        lower: Middle - width * deviation, or None.
        deviation: The standard deviation, or None.
    """

    __slots__ = ("deviation", "lower", "upper", "width")

    def __init__(self, period: int = 20, width: float = 2.0) -> None:
        """Look back on ``period`` (>= 2) values with a positive ``width``; raises ValueError otherwise."""
        super().__init__(period)
        if not width > 0:
            raise ValueError(f"the width must be positive, not {width}")
        self.width = width
        self.upper: float | None = None
        self.lower: float | None = None
        self.deviation: float | None = None

    def _figure(self, value: float) -> float:  # noqa: ARG002  # the window holds it
        middle = self._window.mean()
        self.deviation = deviation = sqrt(self._window.variance())
        self.upper = middle + self.width * deviation
        self.lower = middle - self.width * deviation
        return middle

    def reset(self) -> None:
        """Forget every value."""
        super().reset()
        self.upper = self.lower = self.deviation = None


class ZScore(_WindowedIndicator):
    """Distance of the newest value from the mean of its window, in standard deviations of that window.

    None while all values of the window are equal: the distance has no unit then.

    Attributes:
        ddof: What the divisor of the variance lacks of ``period``: 0 for the population (the default), 1 for a sample.
    """

    __slots__ = ("ddof",)

    def __init__(self, period: int, *, ddof: int = 0) -> None:
        """Look back on ``period`` (>= 2) values; raises ValueError otherwise."""
        super().__init__(period)
        if not 0 <= ddof < period:
            raise ValueError(f"ddof must lie between 0 and {period - 1}, not {ddof}")
        self.ddof = ddof

    def _figure(self, value: float) -> float | None:  # noqa: ARG002  # the window holds it
        window = self._window
        variance = window.variance(self.ddof)
        if variance == 0.0:
            return None
        distance = (self.period * window.newest - window.total) / (self.period * window.unit)
        return distance / sqrt(variance)
