"""Falls of equity from its highest value so far, on every bar and from the start capital."""

from dataclasses import dataclass

import numpy as np

from edgerunner.backtest.metrics.curve import EquityCurve, Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownPeriod:
    """One fall below a peak until that peak is reached again.

    Attributes:
        depth: Deepest fall as a fraction of the peak; above 1 when equity fell below zero.
        loss: Deepest fall in money.
        start_ms: When the peak was last held, UTC epoch milliseconds.
        trough_ms: When equity was lowest.
        recovery_ms: When the peak was reached again, or None while it was not.
        duration_ms: From start to recovery, or to the end of the run.
    """

    depth: float
    loss: float
    start_ms: int
    trough_ms: int
    recovery_ms: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdowns:
    """Every drawdown of a curve, as arrays of equal length except the two series.

    Attributes:
        series: Fall from the peak as a fraction, at the start and after every bar.
        losses: The same in money.
        start: Index of the last point at the peak, per drawdown.
        end: Index of the recovery; one past the last index while not recovered.
        depth: Deepest fall as a fraction, per drawdown.
        duration_ms: From start to recovery or the end of the run, per drawdown.
    """

    curve: EquityCurve
    series: Floats
    losses: Floats
    start: Integers
    end: Integers
    depth: Floats
    duration_ms: Integers

    @property
    def deepest(self) -> DrawdownPeriod | None:
        """Return the drawdown with the largest fraction, the first of equals; None when equity never fell."""
        return self._period(int(np.argmax(self.depth))) if len(self.depth) else None

    def largest(self, count: int) -> tuple[DrawdownPeriod, ...]:
        """Return at most ``count`` drawdowns, deepest first."""
        return tuple(self._period(int(which)) for which in np.argsort(-self.depth, kind="stable")[:count])

    def _period(self, which: int) -> DrawdownPeriod:
        start, end = int(self.start[which]), int(self.end[which])
        trough = start + int(np.argmax(self.series[start:end]))
        return DrawdownPeriod(
            depth=float(self.depth[which]),
            loss=float(self.losses[trough]),
            start_ms=self.curve.time_of(start),
            trough_ms=self.curve.time_of(trough),
            recovery_ms=self.curve.time_of(end) if end <= self.curve.bars else None,
            duration_ms=int(self.duration_ms[which]),
        )


def drawdowns(curve: EquityCurve) -> Drawdowns:
    """Return the drawdown series and every drawdown of a curve."""
    peak = np.maximum.accumulate(curve.equity)
    losses = peak - curve.equity
    series = losses / peak
    under = losses > 0
    edges = np.flatnonzero(under[1:] != under[:-1]) + 1
    end = edges[1::2] if len(edges) % 2 == 0 else np.append(edges[1::2], len(series))
    start = edges[::2] - 1
    depth = np.maximum.reduceat(series, edges)[::2] if len(edges) else np.empty(0)
    return Drawdowns(
        curve=curve,
        series=series,
        losses=losses,
        start=start,
        end=end,
        depth=depth,
        duration_ms=_times(curve, np.minimum(end, curve.bars)) - _times(curve, start),
    )


def _times(curve: EquityCurve, indices: Integers) -> Integers:
    after_bar = curve.bar_time_ms[np.maximum(indices - 1, 0)] + curve.bar_ms
    return np.where(indices == 0, curve.bar_time_ms[0], after_bar)
