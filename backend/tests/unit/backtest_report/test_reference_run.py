"""The figures that other programs gave for one public run, reproduced from ours by each one's definition."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from edgerunner.backtest.metrics import DayReturns, day_returns, equity_curve
from edgerunner.backtest.metrics.returns import sharpe, sortino
from edgerunner.backtesting import Result, run_backtest
from edgerunner.strategies.shipped.sma_cross import SmaCross

BARS = Path(__file__).resolve().parents[4].parent / "shared" / "bench" / "bars.py"


def shared_bars() -> ModuleType:
    if not BARS.exists():
        pytest.skip("the shared generator of reference bars is not beside the repository")
    spec = importlib.util.spec_from_file_location("reference_bars", BARS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def result() -> Result:
    names = ("time", "open", "high", "low", "close", "volume")
    columns = dict(zip(names, shared_bars().bars(100_000), strict=True))
    columns["time"] = columns["time"] * 1000
    return run_backtest(SmaCross, columns, cash="1000000", fees={"maker": "0.0002", "taker": "0.0002"})


def days(result: Result) -> DayReturns:
    curve = equity_curve(
        result.equity_time_ms, result.equity, start_capital=float(result.start_capital), bar_ms=result.bar_ms
    )
    return day_returns(curve, periods_per_year=365)


def test_trade_statistics_are_those_that_count_money(result: Result) -> None:
    found = result.metrics
    assert found["trades"] == 1956
    expected = {"win_rate": 0.303, "profit_factor": 0.7072, "sqn": -5.686}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-3)


def test_growth_is_by_calendar_time_and_drawdown_on_minutes(result: Result) -> None:
    expected = {"cagr": -0.181, "max_drawdown": 0.0388}
    assert {name: result.metrics[name] for name in expected} == pytest.approx(expected, rel=2e-3)


def test_day_ratios_are_the_known_ones_once_the_first_day_is_left_out(result: Result) -> None:
    """Other programs begin with the first day's end; ours also counts what the first day earned."""
    returns = days(result).returns[1:]
    known = [-13.09, -10.87, -11.36, -9.44]
    assert [sharpe(returns, 365), sharpe(returns, 252), sortino(returns, 365), sortino(returns, 252)] == pytest.approx(
        known, abs=0.006
    )
    assert np.mean(returns > 0) == pytest.approx(0.246, abs=5e-4)


def test_day_returns_make_up_the_whole_result(result: Result) -> None:
    growth = float(np.prod(1 + days(result).returns))
    assert growth - 1 == pytest.approx(result.metrics["total_return"])
