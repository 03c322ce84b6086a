"""An equity curve and its returns at UTC day ends."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAY_MS = 86_400_000
EVERY_DAY = 365
"""Periods per year of a market that never closes; fewer mean that week-ends are no days of their own."""

_THURSDAY = 3  # 1970-01-01, with Monday as 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityCurve:
    """Equity in money, one value more than bars: index 0 is the start capital before the first bar.

    Attributes:
        bar_time_ms: Opening of each bar (or the time of each tick), UTC epoch milliseconds, never falling.
        bar_ms: Length of a bar in milliseconds; 0 for ticks.
        equity: Start capital, then the equity at the end of each bar.
    """

    bar_time_ms: Integers
    bar_ms: int
    equity: Floats

    @property
    def start_capital(self) -> float:
        """Return the money before the first bar."""
        return float(self.equity[0])

    @property
    def final_equity(self) -> float:
        """Return the money after the last bar."""
        return float(self.equity[-1])

    @property
    def bars(self) -> int:
        """Return the number of bars."""
        return len(self.bar_time_ms)

    def time_of(self, index: int) -> int:
        """Return when ``equity[index]`` held: the first bar's opening for 0, else the end of bar ``index - 1``."""
        return int(self.bar_time_ms[0]) if index == 0 else int(self.bar_time_ms[index - 1]) + self.bar_ms

    @property
    def times(self) -> Integers:
        """Return ``time_of`` every index."""
        return np.concatenate((self.bar_time_ms[:1], self.bar_time_ms + self.bar_ms))

    @property
    def duration_ms(self) -> int:
        """Return the calendar time from the first bar's opening to the last bar's end."""
        return self.time_of(self.bars) - self.time_of(0)


def equity_curve(bar_time_ms: Integers, equity: Floats, *, start_capital: float, bar_ms: int) -> EquityCurve:
    """Return the checked curve of a run.

    ``equity[i]`` is the money at the end of the bar that opened at ``bar_time_ms[i]``. Raises
    ``ValueError`` naming the point when there is none, lengths differ, a number is not finite, time
    falls, or the start capital is not positive.
    """
    if len(equity) == 0 or len(equity) != len(bar_time_ms):
        raise ValueError(
            f"{len(equity)} equity points for {len(bar_time_ms)} times: there must be one each, at least 1"
        )
    if not (np.isfinite(start_capital) and start_capital > 0):
        raise ValueError(f"start capital {start_capital} must be a positive number")
    if bar_ms < 0:
        raise ValueError(f"bar length {bar_ms} ms must not be negative")
    finite = np.isfinite(equity)
    if not finite.all():
        raise ValueError(f"equity point {int(np.argmin(finite))} is not a finite number")
    falls = bar_time_ms[1:] < bar_time_ms[:-1]
    if falls.any():
        raise ValueError(f"time falls at equity point {int(np.argmax(falls)) + 1}")
    return EquityCurve(
        bar_time_ms=np.asarray(bar_time_ms, dtype=np.int64),
        bar_ms=bar_ms,
        equity=np.concatenate(([start_capital], np.asarray(equity, dtype=np.float64))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReturns:
    """Returns from one UTC day end to the next; the first starts at the start capital.

    Attributes:
        day: Days since 1970-01-01 that have at least one bar, rising.
        equity: Equity at the end of each day.
        returns: Fraction gained in each day; empty when a day began with equity of zero or below,
            because a return on nothing means nothing.
    """

    day: Integers
    equity: Floats
    returns: Floats


def day_returns(curve: EquityCurve, *, periods_per_year: int) -> DayReturns:
    """Return the returns at UTC day ends, only of days with bars.

    With fewer than 365 periods per year, bars of a Saturday or Sunday (FX opens on Sunday evening)
    belong to the Monday after: a week has five days.
    """
    day = curve.bar_time_ms // DAY_MS
    last_of_day = np.append(np.flatnonzero(day[1:] != day[:-1]), curve.bars - 1)
    day = day[last_of_day]
    if periods_per_year < EVERY_DAY:
        weekday = (day + _THURSDAY) % 7
        day = day + np.where(weekday == 5, 2, 0) + np.where(weekday == 6, 1, 0)
        kept = np.append(day[1:] != day[:-1], True)
        day, last_of_day = day[kept], last_of_day[kept]
    equity = curve.equity[last_of_day + 1]
    before = np.concatenate((curve.equity[:1], equity[:-1]))
    returns = equity / before - 1.0 if (before > 0).all() else np.empty(0)
    return DayReturns(day=day, equity=equity, returns=returns)
