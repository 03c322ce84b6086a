"""Metrics of small runs worked out by hand, and the edges where a figure is undefined."""

from collections.abc import Sequence

import numpy as np
import pytest

from edgerunner.backtest.metrics import (
    DEFINITIONS,
    Figures,
    Group,
    day_returns,
    equity_curve,
    metric_assumptions,
    metrics,
)
from tests.fakes.backtest_result import FakeTrade

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MONDAY_MS = 1_704_067_200_000  # 2024-01-01T00:00Z


def figures(
    equity: Sequence[float],
    *,
    times: Sequence[int] | None = None,
    trades: Sequence[FakeTrade] = (),
    bar_ms: int = DAY_MS,
    start: float = 100.0,
    periods_per_year: int = 365,
) -> Figures:
    return metrics(
        np.array(times if times is not None else MONDAY_MS + bar_ms * np.arange(len(equity)), dtype=np.int64),
        np.array(equity, dtype=np.float64),
        trades,
        start_capital=start,
        bar_ms=bar_ms,
        periods_per_year=periods_per_year,
        exposure_bars=1,
        fees_paid=3.0,
        traded_notional=400.0,
        benchmark_prices=(50.0, 60.0),
    )


def test_a_fall_and_its_recovery_are_told_with_depth_money_times_and_length() -> None:
    found = figures([110.0, 99.0, 88.0, 110.0, 104.5])
    assert found["max_drawdown"] == pytest.approx(0.2)
    assert found["max_drawdown_money"] == pytest.approx(22.0)
    assert found["max_drawdown_start"] == MONDAY_MS + DAY_MS
    assert found["max_drawdown_trough"] == MONDAY_MS + 3 * DAY_MS
    assert found["max_drawdown_recovery"] == MONDAY_MS + 4 * DAY_MS
    assert found["max_drawdown_duration"] == 3 * 86_400
    assert found["average_drawdown"] == pytest.approx((0.2 + 0.05) / 2)
    assert found["average_drawdown_duration"] == 2 * 86_400
    assert found["time_under_water"] == pytest.approx(3 / 5)
    assert found["ulcer_index"] == pytest.approx(((0.1**2 + 0.2**2 + 0.05**2) / 5) ** 0.5)


def test_the_start_capital_is_the_first_peak() -> None:
    found = figures([90.0, 95.0])
    assert found["max_drawdown"] == pytest.approx(0.1)
    assert found["max_drawdown_start"] == MONDAY_MS
    assert found["max_drawdown_recovery"] is None


def test_a_peak_reached_again_on_the_last_bar_is_a_recovery() -> None:
    found = figures([110.0, 99.0, 110.0])
    assert found["max_drawdown_recovery"] == MONDAY_MS + 3 * DAY_MS


def test_drawdown_is_taken_on_bars_and_returns_at_day_ends() -> None:
    equity = [100.0] * 48
    equity[12] = 50.0
    equity[24:] = [110.0] * 24
    found = figures(equity, bar_ms=HOUR_MS)
    assert found["max_drawdown"] == pytest.approx(0.5)
    assert found["value_at_risk_95"] == pytest.approx(-0.005)


def test_growth_counts_calendar_time() -> None:
    found = figures([100.0, 121.0], times=[MONDAY_MS, MONDAY_MS + int(2 * 365.25 * DAY_MS) - DAY_MS])
    assert found["cagr"] == pytest.approx(0.1)
    assert found["total_return"] == pytest.approx(0.21)
    assert found["net_profit"] == pytest.approx(21.0)


def test_trades_are_counted_in_money_after_fees() -> None:
    trades = [
        FakeTrade(pnl=pnl, entry_time_ms=MONDAY_MS, exit_time_ms=MONDAY_MS + seconds * 1000, mae=mae, mfe=mfe)
        for pnl, seconds, mae, mfe in [
            (30.0, 60, -2.0, 40.0),
            (-10.0, 30, -12.0, None),
            (0.0, 90, None, 5.0),
            (10.0, 20, -4.0, 9.0),
        ]
    ]
    found = figures([100.0, 130.0], trades=trades)
    expected = {
        "trades": 4,
        "win_rate": 0.5,
        "profit_factor": 4.0,
        "expectancy": 7.5,
        "average_win": 20.0,
        "average_loss": -10.0,
        "payoff_ratio": 2.0,
        "best_trade": 30.0,
        "worst_trade": -10.0,
        "kelly": 0.5 - 0.25 / 2.0,
        "sqn": 2 * 7.5 / ((22.5**2 + 17.5**2 + 7.5**2 + 2.5**2) / 3) ** 0.5,
        "max_consecutive_wins": 1,
        "max_consecutive_losses": 1,
        "average_holding_time": 50.0,
        "max_holding_time": 90.0,
        "average_mae": -6.0,
        "average_mfe": 18.0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_activity_is_told_by_bars_fees_and_notional() -> None:
    found = figures([100.0, 100.0])
    assert (found["exposure"], found["fees_paid"], found["turnover"]) == (0.5, 3.0, 4.0)
    assert found["buy_and_hold_return"] == pytest.approx(0.2)


def test_without_trades_their_figures_are_undefined_and_their_count_is_zero() -> None:
    found = figures([100.0, 101.0])
    of_trades = [name for name, definition in DEFINITIONS.items() if definition.group is Group.TRADES]
    assert {name: found[name] for name in of_trades} == dict.fromkeys(of_trades, None) | {"trades": 0}


def test_winners_alone_have_no_profit_factor_payoff_or_kelly() -> None:
    found = figures([100.0, 101.0], trades=[FakeTrade(pnl=1.0), FakeTrade(pnl=1.0)])
    assert [found[name] for name in ("profit_factor", "payoff_ratio", "kelly", "average_loss", "sqn")] == [None] * 5
    assert (found["max_consecutive_wins"], found["max_consecutive_losses"]) == (2, 0)


def test_one_point_has_a_return_and_no_risk() -> None:
    found = figures([101.0])
    assert found["total_return"] == pytest.approx(0.01)
    risk = [name for name, definition in DEFINITIONS.items() if definition.group is Group.RISK]
    assert {name: found[name] for name in risk} == dict.fromkeys(risk, None)


def test_minutes_of_one_day_have_no_sharpe_but_a_drawdown() -> None:
    found = figures([100.0, 90.0, 101.0], bar_ms=60_000)
    assert (found["sharpe"], found["annual_volatility"]) == (None, None)
    assert found["max_drawdown"] == pytest.approx(0.1)


def test_constant_equity_has_zero_volatility_and_no_ratios() -> None:
    found = figures([100.0] * 10)
    assert (found["annual_volatility"], found["max_drawdown"], found["cagr"]) == (0.0, 0.0, 0.0)
    undefined = ("sharpe", "sortino", "calmar", "omega", "skew", "kurtosis", "tail_ratio", "max_drawdown_start")
    assert {name: found[name] for name in undefined} == dict.fromkeys(undefined, None)


def test_equal_gains_have_no_sharpe_although_rounding_spreads_them() -> None:
    found = figures([100.0 * 1.01**day for day in range(1, 50)])
    assert (found["sharpe"], found["annual_volatility"]) == (None, 0.0)


def test_a_bankrupt_account_keeps_its_drawdown_and_loses_its_return_figures() -> None:
    found = figures([50.0, -25.0, -10.0, -30.0])
    assert found["max_drawdown"] == pytest.approx(1.3)
    assert found["total_return"] == pytest.approx(-1.3)
    undefined = ("cagr", "calmar", "sharpe", "sortino", "omega", "turnover", "value_at_risk_95", "annual_volatility")
    assert {name: found[name] for name in undefined} == dict.fromkeys(undefined, None)


def test_losing_everything_on_the_last_day_is_a_return_of_minus_one() -> None:
    found = figures([110.0, 0.0])
    assert (found["cagr"], found["total_return"], found["max_drawdown"]) == (-1.0, -1.0, 1.0)
    assert found["sharpe"] is not None


def test_growth_too_large_for_a_number_is_undefined() -> None:
    assert figures([1e9], bar_ms=60_000)["cagr"] is None


def test_days_without_bars_are_no_returns() -> None:
    times = MONDAY_MS + DAY_MS * np.array([0, 1, 4, 5])
    curve = equity_curve(times, np.array([101.0, 102.0, 103.0, 104.0]), start_capital=100.0, bar_ms=DAY_MS)
    assert day_returns(curve, periods_per_year=365).returns == pytest.approx([1 / 100, 1 / 101, 1 / 102, 1 / 103])


def test_bars_of_a_sunday_evening_belong_to_monday_where_a_week_has_five_days() -> None:
    friday, sunday, monday = (MONDAY_MS + DAY_MS * 4, MONDAY_MS + DAY_MS * 6 + 22 * HOUR_MS, MONDAY_MS + DAY_MS * 7)
    curve = equity_curve(
        np.array([friday, sunday, monday]), np.array([110.0, 121.0, 99.0]), start_capital=100.0, bar_ms=HOUR_MS
    )
    assert day_returns(curve, periods_per_year=260).returns == pytest.approx([0.1, -0.1])
    assert day_returns(curve, periods_per_year=365).returns == pytest.approx([0.1, 0.1, 99 / 121 - 1])
    assert "Monday" in metric_assumptions(260)["returns"]


def test_ticks_of_the_same_instant_are_one_time() -> None:
    found = figures([101.0, 99.0], times=[MONDAY_MS, MONDAY_MS], bar_ms=0)
    assert found["cagr"] is None
    assert found["max_drawdown"] == pytest.approx(2 / 101)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_equity_that_is_no_number_is_refused_with_its_place(bad: float) -> None:
    with pytest.raises(ValueError, match="equity point 1"):
        figures([100.0, bad])


def test_time_that_falls_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match="time falls at equity point 2"):
        figures([1.0, 1.0, 1.0], times=[0, 2, 1])


@pytest.mark.parametrize("start", [0.0, -1.0, float("nan")])
def test_a_start_capital_that_is_not_positive_is_refused(start: float) -> None:
    with pytest.raises(ValueError, match="start capital"):
        figures([1.0], start=start)


def test_no_equity_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        figures([])
