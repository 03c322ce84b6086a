"""How fast prices move: Rsi, RateOfChange, Macd, Stochastic."""

from collections.abc import Mapping

from edgerunner.strategies.indicators.averages import Ema, WilderAverage
from edgerunner.strategies.indicators.decimal_window import DecimalWindow
from edgerunner.strategies.indicators.indicator import Indicator, JsonValue, State, numbers, optional_number, part
from edgerunner.strategies.indicators.ranges import Donchian
from edgerunner.strategies.indicators.sma import Sma


class Rsi(Indicator):
    """Relative strength index: 100 * average gain / (average gain + average loss), between 0 and 100.

    Gains and losses are averaged by Wilder's smoothing, begun with the mean of the first ``period`` changes, so the
    first value comes with value number ``period + 1``. None while nothing has moved at all.
    Source: Wilder, "New Concepts in Technical Trading Systems" (1978), in the equal form 100 - 100 / (1 + gain / loss).
    """

    __slots__ = ("_gains", "_losses", "_previous")

    def __init__(self, period: int = 14) -> None:
        """Average over ``period`` (>= 1) changes; raises ValueError otherwise."""
        super().__init__(period)
        self._gains = WilderAverage(period)
        self._losses = WilderAverage(period)
        self._previous: float | None = None

    def update(self, value: float) -> float | None:
        """Take in the next value and return the index."""
        previous, self._previous = self._previous, value
        if previous is None:
            return None
        change = value - previous
        self._gains.update(max(change, 0.0))
        self._losses.update(max(-change, 0.0))
        return self._settle()

    def _settle(self) -> float | None:
        gain, loss = self._gains.value, self._losses.value
        moved = gain is not None and loss is not None and gain + loss > 0
        self.value = 100.0 * gain / (gain + loss) if moved and gain is not None and loss is not None else None
        return self.value

    def reset(self) -> None:
        """Forget every value."""
        self.value = self._previous = None
        self._gains.reset()
        self._losses.reset()

    def memory(self) -> State:
        """Return the last value and both averages."""
        return {"previous": self._previous, "gains": self._gains.state(), "losses": self._losses.state()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over a last value and both averages."""
        self._previous = optional_number(memory, "previous")
        self._gains.restore(part(memory, "gains"))
        self._losses.restore(part(memory, "losses"))
        self._settle()


class RateOfChange(Indicator):
    """Change over ``period`` values in percent of the value then: 100 * (newest - then) / then, correctly rounded.

    None while the value then is zero.
    """

    __slots__ = ("_window",)

    def __init__(self, period: int) -> None:
        """Look back by ``period`` (>= 1) values; raises ValueError otherwise."""
        super().__init__(period)
        self._window = DecimalWindow(period)

    def update(self, value: float) -> float | None:
        """Take in the next value and return the change in percent."""
        window = self._window
        was_full = window.is_full
        window.push(value)
        if was_full:
            self.value = 100 * (window.newest - window.left) / window.left if window.left else None
        return self.value

    def reset(self) -> None:
        """Forget every value."""
        self.value = None
        self._window = DecimalWindow(self.period)

    def memory(self) -> State:
        """Return the values of the window and the last change."""
        return {"values": self._window.values(), "value": self.value}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the values of a window and the last change."""
        for value in numbers(memory, "values"):
            self._window.push(value)
        self.value = optional_number(memory, "value")


class Macd(Indicator):
    """Moving average convergence/divergence: fast less slow exponential average, and the average of that as signal.

    Every average is seeded with the simple average of its own first values. Source: Gerald Appel, "The Moving Average
    Convergence-Divergence Trading Method" (1979), with his 12, 26 and 9.

    Attributes:
        period: Period of the slow average.
        value: The MACD line, fast less slow.
        signal: Exponential average of the line, or None.
    """

    __slots__ = ("_fast", "_signal", "_slow")

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        """Use periods with ``fast`` < ``slow``; raises ValueError otherwise."""
        super().__init__(slow)
        if fast >= slow:
            raise ValueError(f"the fast period ({fast}) must be shorter than the slow one ({slow})")
        self._fast, self._slow, self._signal = Ema(fast), Ema(slow), Ema(signal)

    @property
    def signal(self) -> float | None:
        """Return the exponential average of the line."""
        return self._signal.value

    @property
    def histogram(self) -> float | None:
        """Return the line less its signal."""
        line, signal = self.value, self._signal.value
        return None if line is None or signal is None else line - signal

    def update(self, value: float) -> float | None:
        """Take in the next value and return the MACD line."""
        fast, slow = self._fast.update(value), self._slow.update(value)
        if fast is not None and slow is not None:
            self.value = fast - slow
            self._signal.update(self.value)
        return self.value

    def reset(self) -> None:
        """Forget every value."""
        self.value = None
        for average in (self._fast, self._slow, self._signal):
            average.reset()

    def memory(self) -> State:
        """Return the three averages."""
        return {"fast": self._fast.state(), "slow": self._slow.state(), "signal": self._signal.state()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the three averages."""
        self._fast.restore(part(memory, "fast"))
        self._slow.restore(part(memory, "slow"))
        self._signal.restore(part(memory, "signal"))
        fast, slow = self._fast.value, self._slow.value
        self.value = None if fast is None or slow is None else fast - slow


class Stochastic(Indicator):
    """George Lane's stochastic oscillator: where the close lies between the lowest low and the highest high, 0 to 100.

    A bar at which the range of the window is zero says nothing about that place and is passed over.

    Attributes:
        value: %K, averaged over ``slowing`` bars (1 = the fast stochastic).
        signal: %D, the simple average of the newest ``signal_period`` values of %K, or None.
    """

    __slots__ = ("_channel", "_percent", "_signal")

    def __init__(self, period: int = 14, slowing: int = 3, signal_period: int = 3) -> None:
        """Look back on ``period`` bars; every period is >= 1, ValueError otherwise."""
        super().__init__(period)
        self._channel = Donchian(period)
        self._percent = Sma(slowing)
        self._signal = Sma(signal_period)

    @property
    def signal(self) -> float | None:
        """Return %D."""
        return self._signal.value

    def update(self, high: float, low: float, close: float) -> float | None:
        """Take in the next bar and return %K."""
        channel = self._channel
        channel.update(high, low)
        highest, lowest = channel.upper, channel.lower
        if highest is None or lowest is None or highest == lowest:
            return self.value
        self.value = self._percent.update(100.0 * (close - lowest) / (highest - lowest))
        if self.value is not None:
            self._signal.update(self.value)
        return self.value

    def reset(self) -> None:
        """Forget every bar."""
        self.value = None
        self._channel.reset()
        self._percent.reset()
        self._signal.reset()

    def memory(self) -> State:
        """Return the channel and both averages."""
        return {"channel": self._channel.state(), "percent": self._percent.state(), "signal": self._signal.state()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over a channel and both averages."""
        self._channel.restore(part(memory, "channel"))
        self._percent.restore(part(memory, "percent"))
        self._signal.restore(part(memory, "signal"))
        self.value = self._percent.value
