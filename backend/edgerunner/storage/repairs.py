"""What may be done to bad rows, each only when it is asked for by name, and each counted."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edgerunner.backtest.columns import (
    BadData,
    BarColumns,
    Fault,
    TickColumns,
    bar_faults,
    tick_faults,
    unchecked_bars,
    unchecked_ticks,
)
from edgerunner.storage.market_files.byte_source import ByteSource

Columns = BarColumns | TickColumns
Arrays = dict[str, NDArray[np.generic]]

_ORDER_CODES = frozenset({"duplicate", "unsorted"})


class Repair(StrEnum):
    """A repair of a file on its way in."""

    SKIP_BAD_ROWS = "skip_bad_rows"
    """Leave out rows with a cell that is unreadable or impossible."""
    SORT = "sort"
    """Put the rows in the order of their times; equal times keep theirs."""
    DROP_DUPLICATES = "drop_duplicates"
    """Of bars with the same time keep the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Columns without faults, and what was done to the rows on the way."""

    columns: Columns
    repaired: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows under repair; ``numbers`` are their places in the file from 0."""

    arrays: Arrays
    numbers: NDArray[np.intp]
    counts: Counter[str] = field(default_factory=Counter)

    def taken(self, which: NDArray[np.generic]) -> "Rows":
        """Return the rows that a mask or an order selects."""
        arrays = {name: values[which] for name, values in self.arrays.items()}
        return replace(self, arrays=arrays, numbers=self.numbers[which])


def checked(
    arrays: Arrays, found: Iterable[Fault], *, is_bars: bool, repairs: Collection[Repair], source: ByteSource
) -> Checked:
    """Return the columns of ``arrays`` after the ``repairs`` asked for; ``found`` = faults of single cells.

    Raises ``BadData`` for the first fault that is not repaired, with the row's place in the file.
    """
    rows = Rows(arrays=arrays, numbers=np.arange(len(next(iter(arrays.values())))))
    total = len(rows.numbers)
    if Repair.SKIP_BAD_ROWS in repairs:
        rows = _without_bad_rows(rows, (*found, *_faults(rows, is_bars=is_bars, source=source)), source)
    else:
        for fault in found:
            raise fault.raised(source.name)
    if Repair.SORT in repairs:
        rows = _sorted(rows)
    if Repair.DROP_DUPLICATES in repairs and is_bars:
        rows = _without_duplicates(rows)
    for fault in _faults(rows, is_bars=is_bars, source=source):
        raise _raised(fault, rows, total, source)
    return Checked(
        columns=_columns(rows, is_bars=is_bars, source=source),
        repaired={what: count for what, count in rows.counts.items() if count},
    )


def _columns(rows: Rows, *, is_bars: bool, source: ByteSource) -> Columns:
    make = unchecked_bars if is_bars else unchecked_ticks
    return make(rows.arrays, source=source.name)


def _faults(rows: Rows, *, is_bars: bool, source: ByteSource) -> Iterator[Fault]:
    columns = _columns(rows, is_bars=is_bars, source=source)
    return bar_faults(columns) if isinstance(columns, BarColumns) else tick_faults(columns)


def _without_bad_rows(rows: Rows, faults: Iterable[Fault], source: ByteSource) -> Rows:
    bad = np.zeros(len(rows.numbers), dtype=np.bool_)
    for fault in faults:
        if fault.code not in _ORDER_CODES:
            rows.counts[f"skipped: {fault.field} {fault.code}"] += int(np.count_nonzero(fault.rows & ~bad))
            bad |= fault.rows
    if bad.all():
        raise source.bad("has no good rows", remedy="look at the file, or check its format", code="empty")
    return rows.taken(~bad)


def _sorted(rows: Rows) -> Rows:
    order = np.argsort(rows.arrays["time"], kind="stable")
    rows.counts["moved by sorting"] += int(np.count_nonzero(order != np.arange(len(order))))
    return rows.taken(order)


def _without_duplicates(rows: Rows) -> Rows:
    """Drop the later of neighbours with the same time; those that differ are counted apart."""
    time = rows.arrays["time"]
    repeated = np.zeros(len(time), dtype=np.bool_)
    repeated[1:] = time[1:] == time[:-1]
    later = np.flatnonzero(repeated)
    same = np.ones(len(later), dtype=np.bool_)
    for values in rows.arrays.values():
        same &= (values[later] == values[later - 1]) | ((values[later] != values[later]) & _unknown(values[later - 1]))
    rows.counts["dropped as repeated"] += int(np.count_nonzero(same))
    rows.counts["dropped with the same time and other numbers"] += int(np.count_nonzero(~same))
    return rows.taken(~repeated)


def _unknown(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.asarray(values != values)  # noqa: PLR0124 - NaN is the one value unlike itself


def _raised(fault: Fault, rows: Rows, total: int, source: ByteSource) -> BadData:
    """Return a fault's error with the row's number in the file."""
    places = np.zeros(total, dtype=np.bool_)
    places[rows.numbers[fault.rows]] = True
    return replace(fault, rows=places).raised(source.name)
