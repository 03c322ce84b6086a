"""How two series move together: RollingCorrelation, RollingBeta, SpreadScore."""

from abc import abstractmethod
from collections.abc import Mapping
from math import sqrt

from edgerunner.strategies.indicators.decimal_window import DecimalWindow
from edgerunner.strategies.indicators.indicator import Indicator, JsonValue, State, numbers


class _PairIndicator(Indicator):
    """A figure of the exact means, variances and covariance of two series over the newest ``period`` pairs."""

    __slots__ = ("_first", "_products", "_second")

    def __init__(self, period: int, *, minimum: int = 2) -> None:
        """Look back on ``period`` (>= 2) pairs; raises ValueError otherwise."""
        super().__init__(period, minimum=minimum)
        self._first = DecimalWindow(period)
        self._second = DecimalWindow(period)
        self._products = 0

    def update(self, first: float, second: float) -> float | None:
        """Take in the next pair and return the figure of the newest ``period``."""
        growth = self._first.push(first) * self._second.push(second)
        entered = self._first.newest * self._second.newest
        self._products = self._products * growth + entered - self._first.left * self._second.left
        if self._first.is_full:
            self.value = self._figure()
        return self.value

    @abstractmethod
    def _figure(self) -> float | None: ...

    def _joint_scatter(self) -> int:
        """Return n**2 times the population covariance, in units of both windows."""
        return self.period * self._products - self._first.total * self._second.total

    def reset(self) -> None:
        """Forget every pair."""
        self.value = None
        self._first = DecimalWindow(self.period)
        self._second = DecimalWindow(self.period)
        self._products = 0

    def memory(self) -> State:
        """Return the values of both windows."""
        return {"first": self._first.values(), "second": self._second.values()}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the values of both windows."""
        for first, second in zip(numbers(memory, "first"), numbers(memory, "second"), strict=True):
            self.update(first, second)


class RollingCorrelation(_PairIndicator):
    """Pearson's correlation of the newest ``period`` pairs, -1 to 1; None while one of the series does not vary.

    Covariance and variances are exact in the values as printed, so a series against itself gives exactly 1.
    """

    __slots__ = ()

    def _figure(self) -> float | None:
        joint, own = self._joint_scatter(), self._first.scatter() * self._second.scatter()
        if own == 0:
            return None
        # The exact square is at most 1 (Cauchy-Schwarz), so its rounded root is too.
        size = sqrt(joint * joint / own)
        return size if joint >= 0 else -size


class RollingBeta(_PairIndicator):
    """Slope of the least squares line of the first series on the second, over the newest ``period`` pairs.

    Covariance divided by the variance of the second series, correctly rounded; None while the second does not vary.
    """

    __slots__ = ()

    def _figure(self) -> float | None:
        scatter = self._second.scatter()
        if scatter == 0:
            return None
        return self._joint_scatter() * self._second.unit / (scatter * self._first.unit)


class SpreadScore(_PairIndicator):
    """How far the newest pair lies off the pairs' own line, in standard deviations of all of them: a spread's z-score.

    The line is the least squares line of the first series on the second over the newest ``period`` (>= 3) pairs; the
    distance is the newest residual, its unit the root of the mean squared residual of the same pairs. Taking one line
    for the whole window keeps the score free of jumps in the slope, which a stored series of spreads would carry.
    Positive: the first is dear against the second. None while the second does not vary or all pairs lie on the line.
    Everything is exact in the values as printed up to the final root (integers, see ``decimal_window``).

    Attributes:
        beta: Slope of the line (``RollingBeta``), or None.
    """

    __slots__ = ("beta",)

    def __init__(self, period: int) -> None:
        """Look back on ``period`` (>= 3) pairs; raises ValueError otherwise."""
        super().__init__(period, minimum=3)
        self.beta: float | None = None

    def _figure(self) -> float | None:
        own, other, joint = self._first.scatter(), self._second.scatter(), self._joint_scatter()
        self.beta = None if other == 0 else joint * self._second.unit / (other * self._first.unit)
        # With n times the deviations a and b of the newest pair from the means, the residual is a - b * joint / other
        # and the squared unit is own - joint**2 / other, both over the same n; multiplied out, nothing is rounded.
        unit_squared = other * (own * other - joint * joint)
        if unit_squared == 0:
            return None
        above = self.period * self._first.newest - self._first.total
        beside = self.period * self._second.newest - self._second.total
        residual = above * other - beside * joint
        size = sqrt(residual * residual / unit_squared)
        return size if residual >= 0 else -size

    def reset(self) -> None:
        """Forget every pair."""
        super().reset()
        self.beta = None
