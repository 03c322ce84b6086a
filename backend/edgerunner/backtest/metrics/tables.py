"""Series and tables of a run for the report and the screen; pure functions of its equity."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgerunner.backtest.metrics.curve import DAY_MS, DayReturns, EquityCurve, Floats, Integers
from edgerunner.backtest.metrics.returns import standard_deviation

MAXIMUM_BINS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class YearReturns:
    """One row of the monthly table: fractions, None for a month without bars or after equity reached zero."""

    year: int
    months: tuple[float | None, ...]
    total: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How often day returns other than zero fell between neighbouring edges; one edge more than counts."""

    edges: Floats
    counts: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingSharpe:
    """Sharpe ratio of the last ``days`` day returns at the end of each day that has so many."""

    days: int
    time_ms: Integers
    values: Floats


def monthly_returns(curve: EquityCurve, returns: DayReturns) -> tuple[YearReturns, ...]:
    """Return one row per UTC calendar year, from equity at month ends; the first month starts at the start capital."""
    month = returns.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    last = np.append(np.flatnonzero(month[1:] != month[:-1]), len(month) - 1)
    ends = pairwise([curve.start_capital, *returns.equity[last].tolist()])
    months = dict(zip(month[last].tolist(), ends, strict=True))
    return tuple(
        _year_returns(year, {key % 12: held for key, held in months.items() if key // 12 == year})
        for year in dict.fromkeys(key // 12 for key in months)
    )


def _year_returns(year: int, months: dict[int, tuple[float, float]]) -> YearReturns:
    (first, _), (_, last) = months[min(months)], months[max(months)]
    return YearReturns(
        year=1970 + year,
        months=tuple(_gain(*months[index]) if index in months else None for index in range(12)),
        total=_gain(first, last),
    )


def _gain(before: float, after: float) -> float | None:
    return after / before - 1.0 if before > 0 else None


def distribution(returns: DayReturns) -> Distribution | None:
    """Return the histogram of day returns in equal bins with an edge at zero, or None below two of them.

    Days of exactly zero, mostly out of the market, are left out: they would dwarf the rest. About as many bins as
    the root of the count, 5 to 40: enough to see a tail without a comb of empty bins. No bin holds gains and losses.
    """
    values = returns.returns[returns.returns != 0]
    if len(values) < 2:
        return None
    low, high = float(values.min()), float(values.max())
    bins = min(MAXIMUM_BINS, max(5, round(len(values) ** 0.5)))
    width = (high - low) / bins or abs(low) or 1e-4
    edges = np.arange(np.floor(low / width), np.floor(high / width) + 2) * width
    which = np.searchsorted(edges[1:-1], values, side="right")
    return Distribution(edges=edges, counts=np.bincount(which, minlength=len(edges) - 1).astype(np.int64))


def rolling_sharpe(returns: DayReturns, *, days: int, periods_per_year: int) -> RollingSharpe:
    """Return the Sharpe ratio over a moving window of ``days`` returns; windows of equal returns have none.

    Raises ``ValueError`` for a window below two days.
    """
    if days < 2:
        raise ValueError(f"a window of {days} days has no deviation: it needs at least 2")
    if len(returns.returns) < days:
        return RollingSharpe(days=days, time_ms=np.empty(0, dtype=np.int64), values=np.empty(0))
    windows = np.lib.stride_tricks.sliding_window_view(returns.returns, days)
    spread = np.array([standard_deviation(window) for window in windows], dtype=np.float64)
    known = spread > 0
    values = windows.mean(axis=1)[known] / spread[known] * np.sqrt(periods_per_year)
    day_end = (returns.day[days - 1 :] + 1) * DAY_MS
    return RollingSharpe(days=days, time_ms=day_end[known], values=values)
