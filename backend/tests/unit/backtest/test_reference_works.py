"""Works A, B and D of the benchmark: known answers, and independent plain loops for other seeds."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from edgerunner import run_backtest
from edgerunner.backtest.columns import BarColumns, bar_columns
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.result import Result
from edgerunner.backtesting import run
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.strategies.shipped.bracket_entry import BracketEntry
from edgerunner.strategies.shipped.sma_cross import SmaCross
from edgerunner.strategies.shipped.weekly_rebalance import WeeklyRebalance
from tests.unit.backtest.runs import fees, reference_bars

RATE = 0.0002
START = 1_000_000.0
RUN: dict[str, Any] = {"cash": "1000000", "fees": {"maker": "0.0002", "taker": "0.0002"}}
OTHER_SEED = 777


def arrays(count: int, **words: Any) -> dict[str, np.ndarray[Any, Any]]:
    time, open_, high, low, close, volume = reference_bars().bars(count, **words)
    return {"time": time * 1000, "open": open_, "high": high, "low": low, "close": close, "volume": volume}


def crossing(bars: dict[str, Any], *, same_close: bool) -> tuple[int, float]:
    """Work A as a plain loop over exact cents."""
    opens, closes = bars["open"].tolist(), bars["close"].tolist()
    cents = [round(close * 100) for close in closes]
    cash, held, wanted, round_trips, was_above = START, 0, 0, 0, None
    for row in range(len(cents)):
        prices = [closes[row]] if same_close else [opens[row]]
        if not same_close and wanted != held:
            cash, held, round_trips = traded(cash, held, round_trips, prices[0])
        if row < 29:
            continue
        is_above = 3 * sum(cents[row - 9 : row + 1]) > sum(cents[row - 29 : row + 1])
        if was_above is not None and is_above != was_above:
            wanted = int(is_above)
        was_above = is_above
        if same_close and wanted != held:
            cash, held, round_trips = traded(cash, held, round_trips, prices[0])
    return round_trips, cash + held * closes[-1]


def traded(cash: float, held: int, round_trips: int, price: float) -> tuple[float, int, int]:
    if held:
        return cash + price * (1 - RATE), 0, round_trips + 1
    return cash - price * (1 + RATE), 1, round_trips


def bracketed(bars: dict[str, Any]) -> tuple[int, float]:
    """Work B as a plain loop."""
    opens, highs, lows, closes = (bars[name].tolist() for name in ("open", "high", "low", "close"))
    cash, held, round_trips = START, 0, 0
    limit: float | None = None
    target = stop = 0.0
    age = 0
    for row, close in enumerate(closes):
        if held:
            price = min(opens[row], stop) if lows[row] <= stop else None
            if price is None and highs[row] >= target:
                price = max(opens[row], target)
            if price is not None:
                cash, held, round_trips = traded(cash, held, round_trips, price)
        elif limit is not None:
            age += 1
            if lows[row] <= limit:
                cash, held, round_trips = traded(cash, held, round_trips, min(opens[row], limit))
                target, stop, limit = round(limit * 1.003, 2), round(limit * 0.998, 2), None
            elif age == 10:
                limit = None
        if not held and limit is None:
            limit, age = round(close * 0.9995, 2), 0
    return round_trips, cash + held * closes[-1]


def check(result: Result, round_trips: int, equity: float) -> None:
    assert len(result.trades) == round_trips
    assert math.isclose(float(result.final_equity), equity, rel_tol=1e-6)
    assert math.isclose(float(result.equity[-1]), equity, rel_tol=1e-6)


@pytest.mark.parametrize(("fill", "equity"), [("next_open", 962757.7995), ("same_close", 962571.7684)])
def test_work_a_gives_the_reference_answer(fill: str, equity: float) -> None:
    check(run_backtest(SmaCross, arrays(100_000), fill=fill, **RUN), 1956, equity)


def test_work_b_gives_the_reference_answer() -> None:
    check(run_backtest(BracketEntry, arrays(100_000), **RUN), 4528, 899891.7422)


@pytest.mark.parametrize("fill", ["next_open", "same_close"])
def test_work_a_of_another_seed_agrees_with_a_plain_loop(fill: str) -> None:
    bars = arrays(20_000, seed=OTHER_SEED)
    check(run_backtest(SmaCross, bars, fill=fill, **RUN), *crossing(bars, same_close=fill == "same_close"))


def test_work_b_of_another_seed_agrees_with_a_plain_loop() -> None:
    bars = arrays(20_000, seed=OTHER_SEED)
    check(run_backtest(BracketEntry, bars, **RUN), *bracketed(bars))


def coin(number: int) -> Instrument:
    return Instrument(
        instrument_id=f"COIN{number}-SPOT.TEST",
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


def rebalanced(bars: list[BarColumns]) -> float:
    """Work D as a plain loop: targets at the first close of a Monday, filled at the next open."""
    held, cash = [0.0] * len(bars), START
    for row in range(0, len(bars[0]) - 1, 7 * 1440):
        equity = cash + sum(quantity * each.close[row] for quantity, each in zip(held, bars, strict=True))
        for number, each in enumerate(bars):
            target = equity * 0.98 / len(bars) / each.close[row]
            worth = (target - held[number]) * each.open[row + 1]
            cash -= worth + RATE * abs(worth)
            held[number] = target
    return float(cash + sum(quantity * each.close[-1] for quantity, each in zip(held, bars, strict=True)))


def test_work_d_agrees_with_a_plain_loop_over_ten_instruments() -> None:
    seeds = range(OTHER_SEED, OTHER_SEED + 10)
    bars = [bar_columns(arrays(15_000, seed=seed), source=str(seed)) for seed in seeds]
    coins = [coin(number) for number in range(len(bars))]
    config = BacktestConfig(
        strategy_class=WeeklyRebalance,
        instruments={each.instrument_id: each for each in coins},
        timeframe="1m",
        initial_cash=Decimal(1_000_000),
        base_currency="USD",
        fees=fees("0.0002"),
    )
    result = run(config, {each.instrument_id: columns for each, columns in zip(coins, bars, strict=True)})
    assert len(result.orders) == len(result.fills) == 20
    assert math.isclose(float(result.final_equity), rebalanced(bars), rel_tol=1e-6)
    assert math.isclose(float(result.equity[-1]), float(result.final_equity), rel_tol=1e-12)


def test_signals_of_long_series_with_ties_are_those_of_exact_arithmetic() -> None:
    # Prices of few distinct cents: the two averages are equal again and again, and nothing may drift.
    random = np.random.default_rng(5)
    cents = 1_000_000 + np.cumsum(random.integers(-1, 2, 120_000)) % 7
    close = cents / 100.0
    bars = {"time": 60_000 * np.arange(len(close)) + 1_704_067_200_000, "volume": np.ones(len(close))}
    bars |= dict.fromkeys(("open", "high", "low", "close"), close)
    sums = np.concatenate([[0], np.cumsum(cents)])
    difference = 3 * (sums[30:] - sums[20:-10]) - (sums[30:] - sums[:-30])
    assert np.count_nonzero(difference == 0) > 1000
    is_above = difference > 0
    changes = np.flatnonzero(is_above[1:] != is_above[:-1]) + 30
    first_buy = int(np.argmax(is_above[changes - 29]))
    decided = changes[first_buy:]
    result = run_backtest(SmaCross, bars, **RUN)
    placed = [(order.placed_time_ms - 1_704_067_200_000) // 60_000 - 1 for order in result.orders]
    assert placed == decided.tolist()
