"""Our metrics agree with empyrical on days, and with plain loops on everything else."""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

import empyrical
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgerunner.backtest.metrics import DEFINITIONS, Figures, drawdowns, equity_curve, metrics
from tests.fakes.backtest_result import FakeTrade

DAY_MS = 86_400_000
START_MS = 1_704_067_200_000
START = 10_000.0
YEAR_DAYS = 365.25


def figures_of(equity: Sequence[float], trades: Sequence[FakeTrade] = (), *, bar_ms: int = DAY_MS) -> Figures:
    return metrics(
        START_MS + bar_ms * np.arange(len(equity)),
        np.array(equity, dtype=np.float64),
        trades,
        start_capital=START,
        bar_ms=bar_ms,
        periods_per_year=365,
        exposure_bars=len(equity) // 2,
        fees_paid=12.5,
        traded_notional=50_000.0,
        benchmark_prices=(100.0, 110.0),
    )


def random_returns(days: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_t(4, days) * 0.01 + 0.0005


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("days", [4, 30, 700])
def test_daily_metrics_agree_with_empyrical(seed: int, days: int) -> None:
    returns = random_returns(days, seed)
    ours = figures_of((START * np.cumprod(1 + returns)).tolist())
    theirs = {
        "total_return": empyrical.cum_returns_final(returns),
        "cagr": empyrical.cagr(returns, annualization=YEAR_DAYS),
        "annual_volatility": empyrical.annual_volatility(returns, annualization=365),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=365),
        "sortino": empyrical.sortino_ratio(returns, annualization=365),
        "calmar": empyrical.calmar_ratio(returns, annualization=YEAR_DAYS),
        "omega": empyrical.omega_ratio(returns),
        "tail_ratio": empyrical.tail_ratio(returns),
        "max_drawdown": -empyrical.max_drawdown(returns),
        "value_at_risk_95": -empyrical.value_at_risk(returns),
        "conditional_value_at_risk_95": -empyrical.conditional_value_at_risk(returns),
    }
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, rel=1e-9), f"seed {seed}"


@pytest.mark.parametrize("seed", range(3))
def test_skew_and_kurtosis_agree_with_pandas(seed: int) -> None:
    pandas = pytest.importorskip("pandas")
    returns = random_returns(200, seed)
    ours = figures_of((START * np.cumprod(1 + returns)).tolist())
    series = pandas.Series(returns)
    assert (ours["skew"], ours["kurtosis"]) == pytest.approx((series.skew(), series.kurt()), rel=1e-9)


def plain_drawdown(equity: Sequence[float]) -> dict[str, float]:
    """The textbook loop: one point after another, start capital first."""
    peak, falls, money = equity[0], [0.0], [0.0]
    for value in equity[1:]:
        peak = max(peak, value)
        falls.append((peak - value) / peak)
        money.append(peak - value)
    return {
        "max_drawdown": max(falls),
        "max_drawdown_money": max(money),
        "time_under_water": sum(fall > 0 for fall in money[1:]) / (len(equity) - 1),
        "ulcer_index": math.sqrt(statistics.fmean(fall * fall for fall in falls[1:])),
    }


def plain_periods(equity: Sequence[float]) -> list[tuple[int, int | None, float]]:
    """(index of the peak, index of the recovery or None, depth) of every drawdown."""
    found: list[tuple[int, int | None, float]] = []
    peak_index, depth = 0, 0.0
    for index, value in enumerate(equity):
        peak = equity[peak_index]
        if value >= peak:
            if depth > 0:
                found.append((peak_index, index, depth))
            peak_index, depth = index, 0.0
        else:
            depth = max(depth, (peak - value) / peak)
    return [*found, (peak_index, None, depth)] if depth > 0 else found


money = st.integers(min_value=-5_000, max_value=30_000).map(float)


@given(st.lists(money, min_size=1, max_size=60))
def test_drawdowns_agree_with_plain_loops(equity: list[float]) -> None:
    ours = figures_of(equity)
    expected_figures = plain_drawdown([START, *equity])
    assert {name: ours[name] for name in expected_figures} == pytest.approx(expected_figures)

    falls = drawdowns(
        equity_curve(START_MS + DAY_MS * np.arange(len(equity)), np.array(equity), start_capital=START, bar_ms=DAY_MS)
    )
    expected = plain_periods([START, *equity])
    found = sorted(falls.largest(len(equity)), key=lambda fall: fall.start_ms)
    assert [fall.depth for fall in found] == pytest.approx([depth for _, _, depth in expected])
    assert [fall.start_ms for fall in found] == [START_MS + DAY_MS * start for start, _, _ in expected]
    assert [fall.recovery_ms for fall in found] == [
        None if end is None else START_MS + DAY_MS * end for _, end, _ in expected
    ]


def plain_trades(pnl: Sequence[float]) -> dict[str, float | None]:
    wins, losses = [x for x in pnl if x > 0], [x for x in pnl if x < 0]
    average_win = statistics.fmean(wins) if wins else None
    average_loss = statistics.fmean(losses) if losses else None
    payoff = -average_win / average_loss if average_win and average_loss else None
    spread = statistics.stdev(pnl) if len(pnl) > 1 else 0.0
    return {
        "trades": len(pnl),
        "win_rate": len(wins) / len(pnl) if pnl else None,
        "profit_factor": sum(wins) / -sum(losses) if losses else None,
        "expectancy": statistics.fmean(pnl) if pnl else None,
        "average_win": average_win,
        "average_loss": average_loss,
        "payoff_ratio": payoff,
        "best_trade": max(pnl, default=None),
        "worst_trade": min(pnl, default=None),
        "kelly": len(wins) / len(pnl) - len(losses) / len(pnl) / payoff if payoff else None,
        "sqn": math.sqrt(len(pnl)) * statistics.fmean(pnl) / spread if spread else None,
        "max_consecutive_wins": plain_run([x > 0 for x in pnl]),
        "max_consecutive_losses": plain_run([x < 0 for x in pnl]),
    }


def plain_run(outcomes: list[bool]) -> int | None:
    longest = run = 0
    for outcome in outcomes:
        run = run + 1 if outcome else 0
        longest = max(longest, run)
    return longest if outcomes else None


@given(st.lists(st.integers(min_value=-400, max_value=400).map(lambda cents: cents / 4), max_size=40))
def test_trade_statistics_agree_with_plain_loops(pnl: list[float]) -> None:
    ours = figures_of([START, START], [FakeTrade(pnl=x) for x in pnl])
    expected = plain_trades(pnl)
    assert {name: ours[name] for name in expected} == pytest.approx(expected)


@given(st.lists(money, min_size=1, max_size=60), st.lists(st.integers(-9, 9).map(float), max_size=9))
def test_no_metric_is_ever_infinite_or_not_a_number(equity: list[float], pnl: list[float]) -> None:
    ours = figures_of(equity, [FakeTrade(pnl=x) for x in pnl])
    assert list(ours) == list(DEFINITIONS)
    assert [name for name, value in ours.items() if value is not None and not math.isfinite(value)] == []


@given(st.lists(st.integers(1_000, 30_000).map(float), min_size=2, max_size=60), st.sampled_from([1e-6, 0.5, 1e6]))
def test_ratios_do_not_depend_on_the_size_of_the_account(equity: list[float], scale: float) -> None:
    times = START_MS + DAY_MS * np.arange(len(equity))

    def ratios(factor: float) -> dict[str, float | int | None]:
        found = metrics(
            times,
            np.array(equity) * factor,
            (),
            start_capital=START * factor,
            bar_ms=DAY_MS,
            periods_per_year=365,
            exposure_bars=0,
            fees_paid=0.0,
            traded_notional=0.0,
        )
        return {name: found[name] for name in ("total_return", "sharpe", "sortino", "max_drawdown", "calmar", "omega")}

    scaled, plain = ratios(scale), ratios(1.0)
    assert [scaled[name] is None for name in plain] == [plain[name] is None for name in plain]
    for name, value in plain.items():
        if value is not None:
            assert scaled[name] == pytest.approx(value, rel=1e-6, abs=1e-9), name


def test_total_return_is_the_product_of_the_day_returns() -> None:
    equity = (START * np.cumprod(1 + random_returns(90, 7))).tolist()
    product = math.prod(after / before for before, after in pairwise([START, *equity]))
    assert figures_of(equity)["total_return"] == pytest.approx(product - 1)
