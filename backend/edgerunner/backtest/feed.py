"""Columns of market data as the objects that a strategy sees, a chunk at a time."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, repeat

import numpy as np

from edgerunner.backtest.columns import BarColumns, Integers
from edgerunner.strategies.market_data import Bar

MILLISECOND_NS = 1_000_000


def bars_of(key: str, timeframe: str, columns: BarColumns, rows: slice) -> Iterator[Bar]:
    """Return the bars of some rows, made one by one as they are taken."""
    return map(
        Bar,
        repeat(key),
        repeat(timeframe),
        (columns.time_ms[rows] * MILLISECOND_NS).tolist(),
        columns.open[rows].tolist(),
        columns.high[rows].tolist(),
        columns.low[rows].tolist(),
        columns.close[rows].tolist(),
        columns.volume[rows].tolist(),
    )


def chunks(start: int, stop: int, size: int) -> Iterator[slice]:
    """Yield the rows from ``start`` to ``stop`` in slices of at most ``size``."""
    return (slice(first, min(first + size, stop)) for first in range(start, stop, size))


TimeGroup = tuple[Sequence[int], Sequence[Bar]]
"""Bars of one time and the numbers of their instruments, in the order of the instruments."""


def time_line(data: Mapping[str, BarColumns]) -> Integers:
    """Return the distinct times (milliseconds) of all instruments, oldest first."""
    columns = list(data.values())
    first = columns[0].time_ms
    if all(np.array_equal(first, other.time_ms) for other in columns[1:]):
        return first
    return np.unique(np.concatenate([each.time_ms for each in columns]))


def grouped_bars(data: Mapping[str, BarColumns], timeframe: str, times: Integers, span: slice) -> Iterator[TimeGroup]:
    """Return the bars of a span of the time line, a group per time."""
    if all(columns.time_ms is times or len(columns) == len(times) for columns in data.values()):
        every = tuple(range(len(data)))
        return zip(
            repeat(every), zip(*(bars_of(key, timeframe, columns, span) for key, columns in data.items()), strict=True)
        )
    return _merged(data, timeframe, times[span])


def _merged(data: Mapping[str, BarColumns], timeframe: str, times: Integers) -> Iterator[TimeGroup]:
    bars: list[Bar] = []
    places: list[Integers] = []
    for key, columns in data.items():
        first = int(np.searchsorted(columns.time_ms, times[0]))
        last = int(np.searchsorted(columns.time_ms, times[-1], side="right"))
        bars.extend(bars_of(key, timeframe, columns, slice(first, last)))
        places.append(np.searchsorted(times, columns.time_ms[first:last]))
    place = np.concatenate(places)
    order = np.argsort(place, kind="stable")
    which = np.repeat(np.arange(len(places)), [len(each) for each in places])[order].tolist()
    ordered = [bars[number] for number in order.tolist()]
    bounds = np.searchsorted(place[order], np.arange(len(times) + 1)).tolist()
    return ((which[start:stop], ordered[start:stop]) for start, stop in pairwise(bounds))
