"""Wall-clock times of a named zone as UTC, with the two hours a year that need a decision.

When clocks go forward an hour does not exist; when they go back one exists twice. The first is always a
fault. The second is decided by the order of the rows when that leaves one answer: inside such an hour a
series that runs backwards once can only be the first hour followed by the second. Otherwise it is a fault.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from edgerunner.backtest.columns import Integers, Mask

_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class UtcTimes:
    """Times in UTC milliseconds and the rows whose wall-clock time has no or no single meaning."""

    time_ms: Integers
    missing: Mask
    ambiguous: Mask
    decided_rows: int
    """Rows of an hour that exists twice, placed by the order of the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A change of the zone's offset; all in seconds."""

    utc_s: int
    before_s: int
    after_s: int


def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone by its IANA name (``Europe/Athens``), or None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def to_utc(local_ms: Integers, zone: ZoneInfo, *, may_repeat: bool) -> UtcTimes:
    """Return wall-clock milliseconds as UTC; ``may_repeat`` = equal neighbours are no backward step (ticks).

    ``local_ms`` counts from 1970-01-01 00:00 of the wall clock and must lie in the years 1900 to 2200.
    """
    changes = _changes(zone, int(local_ms.min()) // 1000 - 2 * _DAY_S, int(local_ms.max()) // 1000 + 2 * _DAY_S)
    boundaries = np.array([(change.utc_s + max(change.before_s, change.after_s)) * 1000 for change in changes])
    first = _offset_s(zone, int(local_ms.min()) // 1000 - 2 * _DAY_S)
    offsets_ms = np.array([first, *(change.after_s for change in changes)], dtype=np.int64) * 1000
    time_ms = local_ms - offsets_ms[np.searchsorted(boundaries, local_ms, side="right")]
    missing, ambiguous = np.zeros(len(local_ms), dtype=np.bool_), np.zeros(len(local_ms), dtype=np.bool_)
    decided = 0
    for change in changes:
        start, end = sorted(((change.utc_s + change.before_s) * 1000, (change.utc_s + change.after_s) * 1000))
        rows = np.flatnonzero((local_ms >= start) & (local_ms < end))
        if change.after_s > change.before_s:
            missing[rows] = True
        elif (second := _second_hour(local_ms, rows, may_repeat=may_repeat)) is None:
            ambiguous[rows] = True
        else:
            time_ms[second] += (change.before_s - change.after_s) * 1000
            decided += len(rows)
    return UtcTimes(time_ms=time_ms, missing=missing, ambiguous=ambiguous, decided_rows=decided)


def _second_hour(local_ms: Integers, rows: NDArray[np.intp], *, may_repeat: bool) -> NDArray[np.intp] | None:
    """Return the rows of the second pass through an hour, or None when the order does not tell."""
    if len(rows) == 0:
        return rows
    if not np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
        return None
    steps = np.diff(local_ms[rows])
    backward = np.flatnonzero(steps < 0 if may_repeat else steps <= 0)
    return rows[backward[0] + 1 :] if len(backward) == 1 else None


def _changes(zone: ZoneInfo, start_s: int, end_s: int) -> list[_Change]:
    """Find the changes of offset between two UTC times, from day to day and then to the second."""
    found = []
    before = _offset_s(zone, start_s)
    for day in range(start_s, end_s, _DAY_S):
        after = _offset_s(zone, day + _DAY_S)
        if after != before:
            found.append(_Change(utc_s=_moment(zone, day, day + _DAY_S), before_s=before, after_s=after))
        before = after
    return found


def _moment(zone: ZoneInfo, low_s: int, high_s: int) -> int:
    before = _offset_s(zone, low_s)
    while high_s - low_s > 1:
        middle = (low_s + high_s) // 2
        if _offset_s(zone, middle) == before:
            low_s = middle
        else:
            high_s = middle
    return high_s


def _offset_s(zone: ZoneInfo, utc_s: int) -> int:
    offset = (_EPOCH + timedelta(seconds=utc_s)).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
