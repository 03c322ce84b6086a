"""CPU time of all metrics over a million bars."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
from measurement import Measurement

from edgerunner.backtest.metrics import metrics

POINTS = 1_000_000
TRADES = 20_000
MINUTE_MS = 60_000
REPEATS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    pnl: float
    entry_time_ms: int
    exit_time_ms: int
    mae: float
    mfe: float


def run() -> list[Measurement]:
    """Measure once to warm up, then take the median."""
    random = np.random.default_rng(20260)
    times = 1_704_067_200_000 + MINUTE_MS * np.arange(POINTS)
    equity = 1_000_000 + np.cumsum(random.standard_normal(POINTS))
    trades = [
        RoundTrip(pnl=pnl, entry_time_ms=index * MINUTE_MS, exit_time_ms=(index + 5) * MINUTE_MS, mae=-1.0, mfe=1.0)
        for index, pnl in enumerate(random.standard_normal(TRADES).tolist())
    ]

    def all_metrics(round_trips: list[RoundTrip]) -> None:
        metrics(
            times,
            equity,
            round_trips,
            start_capital=1_000_000.0,
            bar_ms=MINUTE_MS,
            periods_per_year=365,
            exposure_bars=POINTS // 2,
            fees_paid=1.0,
            traded_notional=1.0,
        )

    return [
        Measurement(name="metrics of 1M equity points", value=_cpu_ms(lambda: all_metrics([])), unit="CPU ms", goal=50),
        Measurement(name="the same with 20k trades", value=_cpu_ms(lambda: all_metrics(trades)), unit="CPU ms"),
    ]


def _cpu_ms(work: Callable[[], None]) -> float:
    work()
    return median(_once(work) for _ in range(REPEATS)) * 1000


def _once(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
