"""Monthly table, distribution, rolling Sharpe and calendars."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.backtest.metrics import (
    EquityCurve,
    day_returns,
    distribution,
    equity_curve,
    metrics,
    monthly_returns,
    periods_per_year,
    rolling_sharpe,
)
from edgerunner.domain.instruments import Product, Session
from tests.fakes.instruments import LINEAR

DAY_MS = 86_400_000


def millis(year: int, month: int, day: int) -> int:
    return round(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def daily(equity: list[float], start_ms: int = 0) -> EquityCurve:
    return equity_curve(
        start_ms + DAY_MS * np.arange(len(equity)), np.array(equity), start_capital=100.0, bar_ms=DAY_MS
    )


def test_months_run_from_month_end_to_month_end_and_the_first_from_the_start_capital() -> None:
    times = [millis(2023, 12, 30), millis(2023, 12, 31), millis(2024, 1, 31), millis(2024, 3, 15)]
    curve = equity_curve(np.array(times), np.array([105.0, 110.0, 99.0, 198.0]), start_capital=100.0, bar_ms=DAY_MS)
    first, second = monthly_returns(curve, day_returns(curve, periods_per_year=365))
    assert (first.year, second.year) == (2023, 2024)
    assert [first.months[11], first.total] == pytest.approx([0.1, 0.1])
    assert first.months[:11] == (None,) * 11
    assert [second.months[0], second.months[2], second.total] == pytest.approx([-0.1, 1.0, 0.8])
    assert second.months[1] is None


def test_months_after_bankruptcy_are_undefined() -> None:
    curve = equity_curve(
        np.array([millis(2024, 1, 31), millis(2024, 2, 29)]), np.array([0.0, 5.0]), start_capital=100.0, bar_ms=DAY_MS
    )
    (year,) = monthly_returns(curve, day_returns(curve, periods_per_year=365))
    assert (year.months[0], year.months[1]) == (-1.0, None)


@given(st.lists(st.integers(1, 10_000).map(float), min_size=2, max_size=400))
def test_every_gain_and_loss_is_in_one_bin_and_no_bin_holds_gains_and_losses(equity: list[float]) -> None:
    returns = day_returns(daily(equity), periods_per_year=365)
    found = distribution(returns)
    gains_and_losses = int((returns.returns != 0).sum())
    if found is None:
        assert gains_and_losses < 2
        return
    assert found.counts.sum() == gains_and_losses
    assert len(found.edges) == len(found.counts) + 1
    losses = found.counts[found.edges[1:] <= found.edges[-1] * 0].sum()
    assert losses == (returns.returns < 0).sum()


def test_a_single_return_has_no_distribution() -> None:
    assert distribution(day_returns(daily([101.0]), periods_per_year=365)) is None


def test_the_last_rolling_sharpe_is_the_sharpe_of_its_window() -> None:
    random = np.random.default_rng(3)
    equity = (100 * np.cumprod(1 + random.normal(0.001, 0.01, 50))).tolist()
    rolling = rolling_sharpe(day_returns(daily(equity), periods_per_year=365), days=30, periods_per_year=365)
    window = metrics(
        DAY_MS * np.arange(30),
        np.array(equity[-30:]),
        (),
        start_capital=equity[-31],
        bar_ms=DAY_MS,
        periods_per_year=365,
        exposure_bars=0,
        fees_paid=0.0,
        traded_notional=0.0,
    )
    assert len(rolling.values) == 21
    assert rolling.values[-1] == pytest.approx(window["sharpe"])
    assert rolling.time_ms[-1] == 50 * DAY_MS


def test_windows_of_equal_returns_have_no_rolling_sharpe() -> None:
    rolling = rolling_sharpe(day_returns(daily([100.0] * 40), periods_per_year=365), days=30, periods_per_year=365)
    assert len(rolling.values) == len(rolling.time_ms) == 0


def test_a_window_of_one_day_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        rolling_sharpe(day_returns(daily([1.0]), periods_per_year=365), days=1, periods_per_year=365)


DAY_MINUTES = 24 * 60
ROUND_THE_CLOCK = tuple(
    Session(open_minute=day * DAY_MINUTES, close_minute=(day + 1) * DAY_MINUTES) for day in range(7)
)
OFFICE_HOURS = tuple(
    Session(open_minute=day * DAY_MINUTES + 480, close_minute=day * DAY_MINUTES + 990) for day in range(5)
)


@pytest.mark.parametrize(
    ("product", "sessions", "expected"),
    [
        (Product.PERPETUAL, (), 365),
        (Product.SPOT, (), 365),
        (Product.FOREX, (), 260),
        (Product.FOREX, ROUND_THE_CLOCK[:5], 260),
        (Product.STOCK, (), 252),
        (Product.STOCK, OFFICE_HOURS, 252),
        (Product.OPTION, OFFICE_HOURS, 252),
        (Product.CFD, ROUND_THE_CLOCK, 365),
        (Product.CFD, ROUND_THE_CLOCK[:5], 260),
        (Product.CFD, OFFICE_HOURS, 252),
        (Product.FUTURE, ROUND_THE_CLOCK[:5], 260),
    ],
)
def test_periods_per_year_follow_the_calendar(product: Product, sessions: tuple[Session, ...], expected: int) -> None:
    assert periods_per_year([replace(LINEAR, product=product, sessions=sessions)]) == expected


def test_the_most_open_calendar_of_several_instruments_counts() -> None:
    assert periods_per_year([replace(LINEAR, product=Product.STOCK), LINEAR]) == 365
