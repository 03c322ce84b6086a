"""What is odd about bars or ticks: reported, never mended.

Gaps are holes between bars that the trading calendar does not explain. The calendar is told from the data:

* ``always``: bars on at least half of the Saturdays. Every hole is a gap.
* ``weekdays``: around the clock but not on Saturdays (currencies). A hole that holds a whole Saturday, begins on
  Thursday or later and ends by Monday is a week-end (a holiday may stand before or after it).
* ``sessions``: fewer than 20 hours of the day. A hole of 4 hours or more is a night, week-end or holiday.
* ``business_days``: daily bars without Saturdays. A stop of up to 4 days is a week-end or holiday.

Times are UTC.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edgerunner.backtest.columns import BarColumns, Floats, Integers, Mask, TickColumns
from edgerunner.domain.market import Timeframe

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_SATURDAY = 5
_SHOWN = 20
_NIGHT_MS = 4 * _HOUR_MS
_AROUND_THE_CLOCK_HOURS = 20
_OUTLIER_FRACTION = 0.05
_OUTLIER_MULTIPLE = 25.0


class Calendar(StrEnum):
    """When an instrument trades, as far as its bars tell."""

    ALWAYS = "always"
    WEEKDAYS = "weekdays"
    SESSIONS = "sessions"
    BUSINESS_DAYS = "business_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A hole in the bars: the opening of the bar before it, of the bar after it, and how many are missing."""

    after_ms: int
    before_ms: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A bar that reaches far from the close before it; ``move`` is that distance as a fraction."""

    time_ms: int
    reached: float
    move: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was seen; lists hold the longest or largest 20.

    Attributes:
        breaks: Holes that the calendar explains (week-ends, nights).
        off_grid: Bars that do not open at a multiple of the timeframe (UTC).
        spread_unknown: Rows without a spread; None when there is no spread column.
        outliers: Bars that reach more than 5 % and 25 usual moves from the close before them.
        same_time: Ticks with the time of the one before (several in one millisecond are usual).
    """

    calendar: Calendar | None
    gaps: int
    missing_bars: int
    longest_gaps: tuple[Gap, ...]
    breaks: int
    off_grid: int
    zero_volume: int
    spread_negative: int
    spread_unknown: int | None
    outliers: int
    largest_outliers: tuple[Outlier, ...]
    same_time: int


def bar_length(time_ms: Integers) -> Timeframe | None:
    """Return the timeframe that is the most frequent step between bars, or None when it is none of ours."""
    if len(time_ms) < 2:
        return None
    steps, counts = np.unique(np.diff(time_ms), return_counts=True)
    step_ns = int(steps[np.argmax(counts)]) * 1_000_000
    return next((timeframe for timeframe in Timeframe if timeframe.length_ns == step_ns), None)


def inspect_bars(bars: BarColumns, timeframe: Timeframe) -> Inspection:
    """Return what is odd about checked bars of a length."""
    length_ms = timeframe.length_ns // 1_000_000
    calendar = _calendar(bars.time_ms, length_ms)
    holes = np.flatnonzero(np.diff(bars.time_ms) > length_ms)
    gaps = holes[~_is_break(bars.time_ms, holes, length_ms, calendar)]
    missing = np.maximum((bars.time_ms[gaps + 1] - bars.time_ms[gaps]) // length_ms - 1, 1)
    moves = _moves(bars)
    outliers = np.flatnonzero(_are_outliers(moves))
    return Inspection(
        calendar=calendar,
        gaps=len(gaps),
        missing_bars=int(missing.sum()),
        longest_gaps=_longest(bars.time_ms, gaps, missing),
        breaks=len(holes) - len(gaps),
        off_grid=int(np.count_nonzero(bars.time_ms % length_ms)),
        zero_volume=int(np.count_nonzero(bars.volume == 0)),
        spread_negative=0 if bars.spread is None else int(np.count_nonzero(bars.spread < 0)),
        spread_unknown=None if bars.spread is None else int(np.count_nonzero(np.isnan(bars.spread))),
        outliers=len(outliers),
        largest_outliers=_largest(bars, outliers, moves),
        same_time=0,
    )


def inspect_ticks(ticks: TickColumns) -> Inspection:
    """Return what is odd about checked ticks; they have no length, so no gaps."""
    sizes = [values for values in (ticks.size, ticks.bid_size, ticks.ask_size) if values is not None]
    return Inspection(
        calendar=None,
        gaps=0,
        missing_bars=0,
        longest_gaps=(),
        breaks=0,
        off_grid=0,
        zero_volume=int(sum(np.count_nonzero(values == 0) for values in sizes)),
        spread_negative=0,
        spread_unknown=None,
        outliers=0,
        largest_outliers=(),
        same_time=int(np.count_nonzero(np.diff(ticks.time_ms) == 0)),
    )


def _calendar(time_ms: Integers, length_ms: int) -> Calendar:
    days = np.unique(time_ms // _DAY_MS)
    saturdays = np.count_nonzero(_weekday(np.arange(days[0], days[-1] + 1)) == _SATURDAY)
    if 2 * np.count_nonzero(_weekday(days) == _SATURDAY) >= saturdays:
        return Calendar.ALWAYS
    if length_ms >= _DAY_MS:
        return Calendar.BUSINESS_DAYS
    # Bars of some hours open at few hours of the day; all hours that they cover count.
    covered = {
        (int(hour) + further) % 24
        for hour in np.unique(time_ms % _DAY_MS // _HOUR_MS)
        for further in range(max(length_ms // _HOUR_MS, 1))
    }
    return Calendar.WEEKDAYS if len(covered) >= _AROUND_THE_CLOCK_HOURS else Calendar.SESSIONS


def _weekday(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0 for Monday of days since 1970-01-01, a Thursday."""
    return (days + 3) % 7


def _is_break(time_ms: Integers, holes: NDArray[np.intp], length_ms: int, calendar: Calendar) -> Mask:
    last, following = time_ms[holes], time_ms[holes + 1]
    match calendar:
        case Calendar.ALWAYS:
            return np.zeros(len(holes), dtype=np.bool_)
        case Calendar.BUSINESS_DAYS:
            return np.asarray(following - last <= 4 * _DAY_MS)
        case Calendar.SESSIONS:
            return np.asarray(following - last - length_ms >= _NIGHT_MS)
        case Calendar.WEEKDAYS:
            return _is_weekend(last, last + length_ms, following)


def _is_weekend(last: Integers, start: Integers, end: Integers) -> Mask:
    """Tell which holes from ``start`` to ``end`` are a week-end; ``last`` is the opening of the bar before."""
    first_whole_day = -(-start // _DAY_MS)
    saturday = first_whole_day + (_SATURDAY - _weekday(first_whole_day)) % 7
    holds_saturday = (saturday + 1) * _DAY_MS <= end
    begins_late = last >= (saturday - 2) * _DAY_MS
    ends_early = end < (saturday + 3) * _DAY_MS
    return np.asarray(holds_saturday & begins_late & ends_early)


def _longest(time_ms: Integers, gaps: NDArray[np.intp], missing: Integers) -> tuple[Gap, ...]:
    order = np.argsort(-missing, kind="stable")[:_SHOWN]
    return tuple(
        Gap(after_ms=int(time_ms[gaps[place]]), before_ms=int(time_ms[gaps[place] + 1]), missing=int(missing[place]))
        for place in order
    )


def _moves(bars: BarColumns) -> Floats:
    """Return how far each bar reaches from the close before it, as a fraction; 0 for the first."""
    moves = np.zeros(len(bars))
    before = bars.close[:-1]
    moves[1:] = np.maximum(np.abs(bars.high[1:] / before - 1), np.abs(bars.low[1:] / before - 1))
    return moves


def _are_outliers(moves: Floats) -> Mask:
    usual = moves[moves > 0]
    if len(usual) == 0:
        return np.zeros(len(moves), dtype=np.bool_)
    return np.asarray(moves > max(_OUTLIER_FRACTION, _OUTLIER_MULTIPLE * float(np.median(usual))))


def _largest(bars: BarColumns, outliers: NDArray[np.intp], moves: Floats) -> tuple[Outlier, ...]:
    largest = outliers[np.argsort(-moves[outliers], kind="stable")][:_SHOWN]
    return tuple(
        Outlier(time_ms=int(bars.time_ms[row]), reached=_extreme(bars, int(row)), move=float(moves[row]))
        for row in largest
    )


def _extreme(bars: BarColumns, row: int) -> float:
    """Return the bar's price that lies farthest from the close before."""
    before, high, low = float(bars.close[row - 1]), float(bars.high[row]), float(bars.low[row])
    return high if abs(high - before) >= abs(low - before) else low
