"""Seeded bars and ticks for the backtest benchmark."""

import numpy as np

from edgerunner.backtest.columns import BarColumns, TickColumns, bar_columns, tick_columns

START_MS = 1_704_067_200_000  # a Monday, 00:00 UTC
MINUTE_MS = 60_000


def bars(count: int, seed: int, *, price: float = 50_000.0, volatility: float = 0.0006) -> BarColumns:
    """One-minute bars of a slowly mean-reverting price on a grid of cents; opens gap a little from the close before.

    Closes are even numbers of cents but for one in twenty, so that the averages of 10 and of 30 closes are never
    equal and no rounding can decide a signal.
    """
    random = np.random.default_rng(seed)
    decay = 0.9999
    shocks = random.normal(0.0, volatility, count)
    level, levels = 0.0, np.empty(count)
    for row, shock in enumerate(shocks.tolist()):
        level = level * decay + shock
        levels[row] = level
    cents = np.rint(price * np.exp(levels) * 50).astype(np.int64) * 2
    cents[::20] += 1
    close = cents / 100.0
    before = np.concatenate(([price], close[:-1]))
    open_ = np.round(before * (1 + random.normal(0.0, volatility / 7, count)), 2)
    reach = np.abs(random.normal(0.0, volatility / 2.5, (2, count)))
    arrays = {
        "time": START_MS + MINUTE_MS * np.arange(count, dtype=np.int64),
        "open": open_,
        "high": np.round(np.maximum(open_, close) * (1 + reach[0]), 2),
        "low": np.round(np.minimum(open_, close) * (1 - reach[1]), 2),
        "close": close,
        "volume": np.round(random.uniform(10, 1000, count)),
    }
    return bar_columns(arrays, source=f"seed {seed}")


def ticks(count: int, seed: int) -> TickColumns:
    """Quotes of a random walk, one tick wide, a hundred a second."""
    random = np.random.default_rng(seed)
    steps = np.cumsum(random.integers(-1, 2, count)) + 110_000
    time = START_MS + 10 * np.arange(count, dtype=np.int64)
    return tick_columns({"time": time, "bid": steps / 100_000, "ask": (steps + 1) / 100_000}, source=f"seed {seed}")
