"""How far prices reach: TrueRange, Atr, Donchian."""

from collections import deque
from collections.abc import Mapping

from edgerunner.strategies.indicators.averages import WilderAverage
from edgerunner.strategies.indicators.indicator import (
    Indicator,
    JsonValue,
    State,
    numbers,
    optional_number,
    part,
    whole_number,
)


class TrueRange(Indicator):
    """Greatest of high - low, |high - previous close| and |low - previous close|; high - low on the first bar.

    Source: Wilder, "New Concepts in Technical Trading Systems" (1978), volatility index.
    """

    __slots__ = ("_close",)

    def __init__(self) -> None:
        super().__init__(1)
        self._close: float | None = None

    def update(self, high: float, low: float, close: float) -> float:
        """Take in the next bar and return its true range in price."""
        previous = self._close
        self._close = close
        if previous is not None:
            high, low = max(high, previous), min(low, previous)
        self.value = reach = high - low
        return reach

    def reset(self) -> None:
        """Forget every bar."""
        self.value = self._close = None

    def memory(self) -> State:
        """Return the last close and range."""
        return {"close": self._close, "value": self.value}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the last close and range."""
        self._close = optional_number(memory, "close")
        self.value = optional_number(memory, "value")


class Atr(Indicator):
    """Average true range: Wilder's smoothing of the true range, begun with the mean of the first ``period`` ranges.

    The first bar's range is its high - low, as in Wilder's work sheets and StockCharts; TA-Lib leaves that bar out, so
    its figures differ at first and agree to any accuracy later.
    """

    __slots__ = ("_average", "_range")

    def __init__(self, period: int = 14) -> None:
        """Average over ``period`` (>= 1) bars; raises ValueError otherwise."""
        super().__init__(period)
        self._range = TrueRange()
        self._average = WilderAverage(period)

    def update(self, high: float, low: float, close: float) -> float | None:
        """Take in the next bar and return the average true range in price."""
        self.value = self._average.update(self._range.update(high, low, close))
        return self.value

    def reset(self) -> None:
        """Forget every bar."""
        self.value = None
        self._range.reset()
        self._average.reset()

    def memory(self) -> State:
        """Return the memories of the range and of its average."""
        return {"range": self._range.state(), "average": self._average.state()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the memories of a range and of its average."""
        self._range.restore(part(memory, "range"))
        self._average.restore(part(memory, "average"))
        self.value = self._average.value


class RollingMaximum(Indicator):
    """The greatest of the newest ``period`` values, at constant amortised cost.

    Only values that can still become the greatest are kept, in falling order (the ascending minima algorithm, turned
    round): each value enters and leaves once. The least is the maximum of the negated values.
    """

    __slots__ = ("_candidates", "_count")

    def __init__(self, period: int) -> None:
        """Look back on ``period`` (>= 1) values; raises ValueError otherwise."""
        super().__init__(period)
        self._candidates: deque[tuple[int, float]] = deque()
        self._count = 0

    def update(self, value: float) -> float | None:
        """Take in the next value and return the greatest of the newest ``period``."""
        if value != value:  # noqa: PLR0124  # NaN; comparisons with it would keep the deque out of order
            raise ValueError("an indicator needs a finite number, not nan")
        candidates = self._candidates
        while candidates and candidates[-1][1] <= value:
            candidates.pop()
        candidates.append((self._count, value))
        self._count += 1
        if candidates[0][0] < self._count - self.period:
            candidates.popleft()
        if self._count >= self.period:
            self.value = candidates[0][1]
        return self.value

    def reset(self) -> None:
        """Forget every value."""
        self.value = None
        self._candidates.clear()
        self._count = 0

    def memory(self) -> State:
        """Return the candidates with their places in the series."""
        return {
            "count": self._count,
            "places": [place for place, _ in self._candidates],
            "values": [value for _, value in self._candidates],
        }

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over candidates with their places in the series."""
        self._count = whole_number(memory, "count")
        places = [int(place) for place in numbers(memory, "places")]
        self._candidates.extend(zip(places, numbers(memory, "values"), strict=True))
        self.value = self._candidates[0][1] if self._count >= self.period else None


class Donchian(Indicator):
    """Donchian channel: the highest high and the lowest low of the newest ``period`` bars, the newest one included.

    For a breakout compare a bar with the channel *before* it was taken in: after it, no bar lies outside.

    Attributes:
        value: Middle of the channel.
        upper: Highest high, or None.
        lower: Lowest low, or None.
    """

    __slots__ = ("_highs", "_lows", "lower", "upper")

    def __init__(self, period: int = 20) -> None:
        """Look back on ``period`` (>= 1) bars; raises ValueError otherwise."""
        super().__init__(period)
        self._highs = RollingMaximum(period)
        self._lows = RollingMaximum(period)
        self.upper: float | None = None
        self.lower: float | None = None

    def update(self, high: float, low: float) -> float | None:
        """Take in the next bar and return the middle of the channel."""
        self._highs.update(high)
        self._lows.update(-low)
        return self._settle()

    def _settle(self) -> float | None:
        highest, negated_lowest = self._highs.value, self._lows.value
        if highest is None or negated_lowest is None:
            return None
        self.upper, self.lower = highest, -negated_lowest
        self.value = (self.upper + self.lower) / 2
        return self.value

    def reset(self) -> None:
        """Forget every bar."""
        self.value = self.upper = self.lower = None
        self._highs.reset()
        self._lows.reset()

    def memory(self) -> State:
        """Return the memories of both edges."""
        return {"highs": self._highs.state(), "lows": self._lows.state()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the memories of both edges."""
        self._highs.restore(part(memory, "highs"))
        self._lows.restore(part(memory, "lows"))
        self._settle()
