"""Fewer points for a picture that looks the same: lowest and highest of each bucket."""

from dataclasses import dataclass

import numpy as np

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.metrics.curve import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles:
    """Bars for a chart, ``bars_each`` of the run's bars in one (the last may hold fewer)."""

    bars_each: int
    time_ms: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats


def bucket_size(count: int, most: int) -> int:
    """Return how many of ``count`` points go into one of at most ``most`` buckets."""
    return max(1, -(-count // most))


def lowest_and_highest(values: Floats, *, most_points: int) -> Integers:
    """Return the rising indices to draw: all when few, else first, last, and the extremes of equal buckets.

    No peak or trough is lost: at every bucket both its lowest and its highest value are kept.
    """
    count = len(values)
    size = bucket_size(count, max(1, (most_points - 2) // 2))
    if count <= most_points:
        return np.arange(count)
    whole = count // size * size
    buckets = values[:whole].reshape(-1, size)
    offsets = np.arange(0, whole, size)
    picked = [offsets + buckets.argmin(axis=1), offsets + buckets.argmax(axis=1), [0, count - 1]]
    if whole < count:
        picked.append([whole + int(values[whole:].argmin()), whole + int(values[whole:].argmax())])
    return np.unique(np.concatenate(picked))


def candles(bars: BarColumns, *, most: int) -> Candles:
    """Return at most ``most`` candles: open of the first bar, highest, lowest and last close of each bucket."""
    size = bucket_size(len(bars), most)
    first = np.arange(0, len(bars), size)
    last = np.minimum(first + size, len(bars)) - 1
    return Candles(
        bars_each=size,
        time_ms=bars.time_ms[first],
        open=bars.open[first],
        high=np.maximum.reduceat(bars.high, first),
        low=np.minimum.reduceat(bars.low, first),
        close=bars.close[last],
    )
