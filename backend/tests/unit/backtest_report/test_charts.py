"""What the charts draw and say."""

from dataclasses import replace

import numpy as np
import pytest

from edgerunner.backtest.metrics import day_returns, distribution, drawdowns, equity_curve
from edgerunner.backtest.report.charts import equity_chart, price_chart
from edgerunner.backtest.report.histogram import histogram
from tests.fakes.backtest_result import DAY_MS, MINUTE_MS, START_MS, FakeTrade, seeded_bars

INSTRUMENT = FakeTrade(pnl=0.0).instrument_id


def test_equity_and_drawdown_are_drawn_at_bar_ends_from_the_start_capital() -> None:
    curve = equity_curve(START_MS + DAY_MS * np.arange(2), np.array([110.0, 99.0]), start_capital=100.0, bar_ms=DAY_MS)
    data = equity_chart(curve, drawdowns(curve), "USD").data
    seconds = [(START_MS + DAY_MS * day) // 1000 for day in range(3)]
    assert data["equity"] == {"time": seconds, "value": [100.0, 110.0, 99.0]}
    assert data["drawdown"] == {"time": seconds, "value": pytest.approx([0.0, 0.0, -10.0])}


def test_ticks_within_one_second_are_one_point() -> None:
    curve = equity_curve(
        START_MS + np.array([0, 10, 20, 1500]), np.array([1.0, 2.0, 3.0, 4.0]), start_capital=1.0, bar_ms=0
    )
    data = equity_chart(curve, drawdowns(curve), "USD").data
    assert data["equity"] == {"time": [START_MS // 1000, START_MS // 1000 + 1], "value": [3.0, 4.0]}


def test_a_trade_is_marked_at_the_candles_that_hold_its_times() -> None:
    trade = FakeTrade(
        pnl=-1.0,
        side="sell",
        entry_time_ms=START_MS + 2 * MINUTE_MS,
        exit_time_ms=START_MS + 4 * MINUTE_MS + 30_000,
    )
    start = START_MS // 1000
    assert price_chart(seeded_bars(10), [trade], INSTRUMENT).data["trades"] == [(start + 120, start + 240, 0, 0)]


def test_trades_of_the_largest_profit_or_loss_come_first_and_those_of_others_not_at_all() -> None:
    small, large, other = FakeTrade(pnl=1.0), FakeTrade(pnl=-50.0), replace(FakeTrade(pnl=99.0), instrument_id="X.Y")
    chart = price_chart(seeded_bars(10), [small, other, large], INSTRUMENT)
    trades = chart.data["trades"]
    assert isinstance(trades, list)
    assert [trade[3] for trade in trades] == [0, 1]
    assert "It was traded 2 times." in chart.text


def test_the_histogram_leaves_days_of_zero_out_and_says_so() -> None:
    curve = equity_curve(
        START_MS + DAY_MS * np.arange(4), np.array([110.0, 110.0, 99.0, 99.0]), start_capital=100.0, bar_ms=DAY_MS
    )
    returns = day_returns(curve, periods_per_year=365)
    found = distribution(returns)
    assert found is not None
    assert (
        "4 day returns from \N{MINUS SIGN}10.00 % to 10.00 %: 1 above zero, 1 below. 2 of exactly zero are not drawn."
        in histogram(found, returns).text
    )
