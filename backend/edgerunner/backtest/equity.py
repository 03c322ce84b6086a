"""The equity curve, computed after the run from cash and position steps instead of bar by bar within it."""

from collections.abc import Mapping, Sequence

import numpy as np

from edgerunner.backtest.columns import Floats, Integers
from edgerunner.backtest.config import BacktestConfig, TimedRate
from edgerunner.backtest.grid import MONEY_UNIT
from edgerunner.backtest.market import Market
from edgerunner.backtest.records import FillRow

MILLISECOND_NS = 1_000_000


def cash_curve(steps: Sequence[tuple[int, int]], initial: float, length: int) -> Floats:
    """Return the cash at the end of each point of the time line (base currency)."""
    at = [index for index, _ in steps]
    return _held_steps(at, [cash / MONEY_UNIT for _, cash in steps], length, initial)


def equity_curve(
    config: BacktestConfig,
    markets: Mapping[str, Market],
    *,
    cash: Floats,
    marks: Mapping[str, Floats],
    fills: Sequence[FillRow],
    time_ms: Integers,
) -> Floats:
    """Return the equity at the end of each point: cash and every position at its newest price."""
    equity = cash.copy()
    by_market: dict[str, list[FillRow]] = {}
    for fill in fills:
        by_market.setdefault(fill.market.key, []).append(fill)
    for key, rows in by_market.items():
        value = _position_values(markets[key], rows, marks[key])
        settle = markets[key].instrument.settle
        if settle != config.base_currency:
            value = value * _rates_at(config.rates[settle], time_ms)
        equity += value
    return equity


def exposure(fills: Sequence[FillRow], length: int) -> int:
    """Return at how many points of the time line a position was open."""
    open_count = np.zeros(length, dtype=np.int64)
    lots: dict[str, int] = {}
    for fill in fills:
        was_open, is_open = lots.get(fill.market.key, 0) != 0, fill.lots_after != 0
        if was_open != is_open:
            open_count[fill.index] += 1 if is_open else -1
        lots[fill.market.key] = fill.lots_after
    return int(np.count_nonzero(np.cumsum(open_count)))


def filled_forward(times: Integers, own_times: Integers, prices: Floats) -> Floats:
    """Return the newest of an instrument's prices at each point of a time line; 0 before its first."""
    if len(times) == len(own_times):
        return prices
    newest = np.searchsorted(own_times, times, side="right") - 1
    return np.where(newest >= 0, prices[np.maximum(newest, 0)], 0.0)


def _position_values(market: Market, rows: Sequence[FillRow], marks: Floats) -> Floats:
    at = [fill.index for fill in rows]
    grid = market.grid
    quantity = _held_steps(at, [grid.quantity(fill.lots_after) for fill in rows], len(marks), 0.0)
    multiplier = float(market.instrument.multiplier)
    if grid.is_inverse:
        with np.errstate(divide="ignore"):
            worth = np.where(marks > 0, quantity * multiplier / marks, 0.0)
    else:
        worth = quantity * multiplier * marks
    if not market.is_margined:
        return worth
    signed = [(fill.cost_after if fill.lots_after >= 0 else -fill.cost_after) / MONEY_UNIT for fill in rows]
    cost = _held_steps(at, signed, len(marks), 0.0)
    return cost - worth if grid.is_inverse else worth - cost


def _held_steps(at: Sequence[int], values: Sequence[float], length: int, initial: float) -> Floats:
    """Return a step function: the last value at or before each point (of several at one point the last)."""
    places = np.asarray([-1, *at], dtype=np.int64)
    steps = np.asarray([initial, *values], dtype=np.float64)
    newest = np.searchsorted(places, np.arange(length), side="right") - 1
    return steps[newest]


def _rates_at(rates: Sequence[TimedRate], time_ms: Integers) -> Floats:
    at = np.asarray([time_ns // MILLISECOND_NS for time_ns, _ in rates], dtype=np.int64)
    values = np.asarray([float(rate) for _, rate in rates], dtype=np.float64)
    return values[np.maximum(np.searchsorted(at, time_ms, side="right") - 1, 0)]
