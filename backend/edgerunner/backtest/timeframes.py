"""Lengths of bars, and longer bars made of shorter ones."""

import re

import numpy as np

from edgerunner.backtest.columns import Integers
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.market_data import Bar

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SECOND_NS = 1_000_000_000
SAMPLED_BARS = 20_000
"""About how many bars, evenly spread, tell the time frame of a series."""


def timeframe_ns(timeframe: str) -> int:
    """Return the length of a bar such as ``15m`` in nanoseconds; raises ``StrategyMisuse`` for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([smhd])", timeframe)
    if found is None:
        raise StrategyMisuse(f"{timeframe!r} is no time frame; write a number and one of s m h d, such as 15m")
    return int(found[1]) * _UNITS_S[found[2]] * SECOND_NS


def timeframe_of(time_ms: Integers) -> str:
    """Return the time frame of bars by the most common distance of their times; ``1d`` for a single bar."""
    if len(time_ms) < 2:
        return "1d"
    sample = np.diff(time_ms)[:: 1 + len(time_ms) // SAMPLED_BARS]
    distances, counts = np.unique(sample, return_counts=True)
    seconds = max(1, int(distances[np.argmax(counts)]) // 1000)
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _UNITS_S[unit] == 0)
    return f"{seconds // _UNITS_S[unit]}{unit}"


def are_closer_than(time_ms: Integers, timeframe: str) -> bool:
    """Tell whether most bars follow the one before sooner than a bar of ``timeframe`` can end."""
    distances = np.diff(time_ms)
    return 2 * int(np.count_nonzero(distances < timeframe_ns(timeframe) // 1_000_000)) > len(distances)


class BarAggregator:
    """Makes longer bars of one instrument out of its closed shorter ones; they start at multiples of their length."""

    __slots__ = ("_growing", "_length_ns", "_source_ns", "timeframe")

    def __init__(self, timeframe: str, source_ns: int) -> None:
        self.timeframe = timeframe
        self._length_ns = timeframe_ns(timeframe)
        self._source_ns = source_ns
        self._growing: Bar | None = None
        if self._length_ns <= source_ns or self._length_ns % source_ns:
            raise StrategyMisuse(f"{timeframe} bars cannot be made of the run's bars: take a multiple of their length")

    def add(self, bar: Bar) -> list[Bar]:
        """Take in a closed bar and return the longer bars that have ended by its close: none, one or (after a gap) two.

        A longer bar ends with the source bar that reaches its end, or, when that is missing, with the next one.
        """
        start_ns = bar.time_ns - bar.time_ns % self._length_ns
        closed: list[Bar] = []
        growing = self._growing
        if growing is not None and growing.time_ns != start_ns:
            closed.append(growing)
            growing = None
        self._growing = growing = self._joined(growing, bar, start_ns)
        if bar.time_ns + self._source_ns >= start_ns + self._length_ns:
            closed.append(growing)
            self._growing = None
        return closed

    def _joined(self, growing: Bar | None, bar: Bar, start_ns: int) -> Bar:
        if growing is None:
            return Bar(bar.instrument_id, self.timeframe, start_ns, bar.open, bar.high, bar.low, bar.close, bar.volume)
        return Bar(
            bar.instrument_id,
            self.timeframe,
            start_ns,
            growing.open,
            max(growing.high, bar.high),
            min(growing.low, bar.low),
            bar.close,
            growing.volume + bar.volume,
        )
