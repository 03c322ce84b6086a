"""Backtester: works A, B, D and E against what plain Python classes cost for the same; import time.

Ratios are of CPU seconds, the least of several interleaved repeats, both sides fed from NumPy columns. A figure counts
only when fills and final equity agree with the floor's.
"""

import math
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal

import backtest_bars
import backtest_floor
from measurement import Measurement

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.result import Result
from edgerunner.backtesting import run as run_config
from edgerunner.backtesting import run_backtest
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.matching.fees import FeeSchedule
from edgerunner.strategies.market_data import Tick
from edgerunner.strategies.shipped.bracket_entry import BracketEntry
from edgerunner.strategies.shipped.sma_cross import SmaCross
from edgerunner.strategies.shipped.weekly_rebalance import WeeklyRebalance
from edgerunner.strategies.strategy import Strategy

SEED = 20_260
FEES = {"maker": "0.0002", "taker": "0.0002"}
CASH = "1000000"
SHORT, LONG = 100_000, 1_000_000
MOST_TIMES_THE_FLOOR = 3.0
INSTRUMENTS = 50
TICKS = 2_000_000


class CountTicks(Strategy):
    def on_start(self) -> None:
        self.seen = 0

    def on_tick(self, tick: Tick) -> None:  # noqa: ARG002 - the signature is the work
        self.seen += 1


def run(seed: int = SEED) -> list[Measurement]:
    """Measure everything; raises when an answer differs from the floor's."""
    short, long = backtest_bars.bars(SHORT, seed), backtest_bars.bars(LONG, seed)
    crossing, crossing_rate = event_path("A", short, SmaCross, backtest_floor.SmaCross, repeats=5)
    longer, longer_rate = event_path("A, 1M bars", long, SmaCross, backtest_floor.SmaCross, repeats=2)
    bracket, _ = event_path("B", short, BracketEntry, backtest_floor.BracketEntry, repeats=5)
    steady = Measurement(
        name="backtest A: rate at 1M bars of that at 100k",
        value=100 * longer_rate / crossing_rate,
        unit="%",
        goal=85,
        higher_is_better=True,
    )
    return [*crossing, *longer, steady, *bracket, *portfolio(seed), *tick_callback(seed), *imports()]


def event_path(
    name: str, bars: BarColumns, strategy: type[Strategy], floor: type[backtest_floor.Strategy], *, repeats: int
) -> tuple[list[Measurement], float]:
    """Works A and B: times the floor, and bars a second."""
    engines: list[backtest_floor.Engine] = []
    results: list[Result] = []

    def plain() -> None:
        engine = backtest_floor.Engine(floor)
        values = [column.tolist() for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
        engine.run(bars.time_ms.tolist(), values)
        engines[:] = [engine]

    def ours() -> None:
        results[:] = [run_backtest(strategy, bars, cash=CASH, fees=FEES)]

    floor_s, ours_s = least_cpu_seconds(repeats, plain, ours)
    require_same(len(results[0].fills), len(engines[0].fills), engines[0].equity[-1], results[0].final_equity)
    rate = len(bars) / ours_s
    return [
        Measurement(name=f"backtest {name}: bars per second", value=rate, unit="/s"),
        Measurement(
            name=f"backtest {name}: times the class floor", value=ours_s / floor_s, unit="x", goal=MOST_TIMES_THE_FLOOR
        ),
    ], rate


def portfolio(seed: int) -> list[Measurement]:
    """Work D: 50 instruments, equal weights every Monday."""
    bars = [backtest_bars.bars(SHORT, seed + number) for number in range(INSTRUMENTS)]
    coins = [coin(number) for number in range(INSTRUMENTS)]
    config = BacktestConfig(
        strategy_class=WeeklyRebalance,
        instruments={each.instrument_id: each for each in coins},
        timeframe="1m",
        initial_cash=Decimal(CASH),
        base_currency="USD",
        fees=FeeSchedule(maker=Decimal("0.0002"), taker=Decimal("0.0002")),
    )
    data = {each.instrument_id: columns for each, columns in zip(coins, bars, strict=True)}
    times = (bars[0].time_ms // 1000).tolist()
    expected = backtest_floor.weekly(
        times, [each.open.tolist() for each in bars], [each.close.tolist() for each in bars]
    )
    results: list[Result] = []
    (seconds,) = least_cpu_seconds(1, lambda: results.append(run_config(config, data)))
    require_same(len(results[0].fills), 10 * INSTRUMENTS, expected, results[0].final_equity)
    rate = INSTRUMENTS * SHORT / seconds
    return [
        Measurement(
            name="backtest D: instrument bars per second", value=rate, unit="/s", goal=1e6, higher_is_better=True
        )
    ]


def tick_callback(seed: int) -> list[Measurement]:
    """Work E: a callback that counts, fresh tick objects from NumPy chunks against one reused object from lists."""
    columns = backtest_bars.ticks(TICKS, seed)
    if columns.bid is None or columns.ask is None:
        raise AssertionError("the benchmark's ticks are quotes")
    lists = columns.time_ms.tolist(), columns.bid.tolist(), columns.ask.tolist()
    euro = Instrument(
        instrument_id="EURUSD.MT5",
        venue_symbol="EURUSD",
        product=Product.FOREX,
        base="EUR",
        quote="USD",
        settle="USD",
        quantity_unit=QuantityUnit.LOTS,
        multiplier=Decimal(100_000),
        tick_size=Decimal("0.00001"),
        lot_step=Decimal("0.01"),
        min_quantity=Decimal("0.01"),
    )
    config = BacktestConfig(
        strategy_class=CountTicks,
        instruments={euro.instrument_id: euro},
        timeframe="tick",
        initial_cash=Decimal(CASH),
        base_currency="USD",
    )
    floor_s, ours_s = least_cpu_seconds(
        3, lambda: backtest_floor.ticks(*lists), lambda: run_config(config, {euro.instrument_id: columns})
    )
    return [
        Measurement(name="backtest E: ticks per second", value=TICKS / ours_s, unit="/s"),
        Measurement(name="backtest E: times the tick floor", value=ours_s / floor_s, unit="x", goal=8),
    ]


def imports() -> list[Measurement]:
    """CPU seconds of importing what a backtest needs, beyond starting Python."""
    bare = import_cpu_seconds("pass")
    needed = {"Strategy": "from edgerunner import Strategy", "run_backtest": "from edgerunner import run_backtest"}
    return [
        Measurement(name=f"backtest: import of {name}", value=import_cpu_seconds(line) - bare, unit="s", goal=0.3)
        for name, line in needed.items()
    ]


def import_cpu_seconds(line: str) -> float:
    """The least CPU time of a fresh interpreter that runs one line."""
    code = f"import time; {line}; print(time.process_time())"
    return min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(5)
    )


def least_cpu_seconds(repeats: int, *works: Callable[[], object]) -> list[float]:
    """The least CPU time of each work over interleaved repeats."""
    seconds = [math.inf] * len(works)
    for _ in range(repeats):
        for number, work in enumerate(works):
            started = time.process_time()
            work()
            seconds[number] = min(seconds[number], time.process_time() - started)
    return seconds


def require_same(fills: int, floor_fills: int, floor_equity: float, equity: Decimal) -> None:
    """Raise unless fills are as many and equity differs by less than a millionth."""
    if fills != floor_fills or not math.isclose(float(equity), floor_equity, rel_tol=1e-6):
        raise RuntimeError(f"{fills} fills and {equity}, but the floor has {floor_fills} and {floor_equity}")


def coin(number: int) -> Instrument:
    """A spot coin of cents and 8 decimals."""
    return Instrument(
        instrument_id=f"COIN{number}-SPOT.BENCH",
        venue_symbol=f"COIN{number}",
        product=Product.SPOT,
        base=f"COIN{number}",
        quote="USD",
        settle="USD",
        quantity_unit=QuantityUnit.COINS,
        tick_size=Decimal("0.01"),
        lot_step=Decimal("0.00000001"),
        min_quantity=Decimal("0.00000001"),
    )
