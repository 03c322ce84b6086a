"""What is odd is counted: each calendar once, and nothing is changed."""

import numpy as np
import pytest

from edgerunner.backtest.columns import BarColumns, Integers, bar_columns, tick_columns
from edgerunner.domain.market import Timeframe
from edgerunner.storage.inspection import Calendar, bar_length, inspect_bars, inspect_ticks

MONDAY_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def bars_at(time_ms: Integers) -> BarColumns:
    prices = np.full(len(time_ms), 100.0)
    columns = {"time": time_ms, "open": prices, "high": prices, "low": prices, "close": prices, "volume": prices}
    return bar_columns(columns, source="made bars")


def hours(weeks: int = 4) -> Integers:
    return MONDAY_MS + HOUR_MS * np.arange(24 * 7 * weeks)


def weekday(time_ms: Integers) -> Integers:
    return np.asarray((time_ms - MONDAY_MS) // DAY_MS % 7)


def hour(time_ms: Integers) -> Integers:
    return np.asarray(time_ms % DAY_MS // HOUR_MS)


def test_every_hole_is_a_gap_where_trading_never_stops() -> None:
    times = np.delete(hours(), [30, 31, 32, 200])
    seen = inspect_bars(bars_at(times), Timeframe.H1)
    assert (seen.calendar, seen.gaps, seen.missing_bars, seen.breaks) == (Calendar.ALWAYS, 2, 4, 0)
    longest = seen.longest_gaps[0]
    assert (longest.after_ms, longest.before_ms, longest.missing) == (times[29], times[30], 3)


def currency_hours() -> Integers:
    """Sunday 22:00 to Friday 22:00 UTC."""
    times = hours()
    closed = (weekday(times) == 5) | ((weekday(times) == 4) & (hour(times) >= 22))
    return np.asarray(times[~(closed | ((weekday(times) == 6) & (hour(times) < 22)))])


def test_week_ends_of_currencies_are_breaks_and_a_lost_wednesday_is_a_gap() -> None:
    times = currency_hours()
    without_a_wednesday = times[(times < MONDAY_MS + 9 * DAY_MS) | (times >= MONDAY_MS + 10 * DAY_MS)]
    seen = inspect_bars(bars_at(without_a_wednesday), Timeframe.H1)
    assert (seen.calendar, seen.gaps, seen.missing_bars, seen.breaks) == (Calendar.WEEKDAYS, 1, 24, 4)


@pytest.mark.parametrize(("first_day", "last_day", "is_break"), [(3, 7, True), (4, 8, False), (2, 7, False)])
def test_a_week_end_may_begin_on_thursday_and_end_on_monday(first_day: int, last_day: int, is_break: bool) -> None:
    """``first_day`` and ``last_day`` count from Monday: whole days from first (not traded) to last (traded)."""
    times = currency_hours()
    missing = (times >= MONDAY_MS + (7 + first_day) * DAY_MS + 12 * HOUR_MS) & (
        times < MONDAY_MS + (7 + last_day) * DAY_MS + 6 * HOUR_MS
    )
    seen = inspect_bars(bars_at(times[~missing]), Timeframe.H1)
    assert (seen.gaps, seen.breaks) == ((0, 4) if is_break else (1, 3))


def test_nights_are_breaks_and_a_lunch_without_trades_is_a_gap() -> None:
    times = hours()
    session = times[(weekday(times) < 5) & (hour(times) >= 14) & (hour(times) < 21)]
    seen = inspect_bars(bars_at(np.delete(session, [3, 4])), Timeframe.H1)
    assert (seen.calendar, seen.gaps, seen.missing_bars, seen.breaks) == (Calendar.SESSIONS, 1, 2, 19)


def test_daily_bars_may_stop_four_days() -> None:
    days = MONDAY_MS + DAY_MS * np.arange(28)
    traded = days[weekday(days) < 5]
    seen = inspect_bars(bars_at(np.delete(traded, 5)), Timeframe.D1)  # a Monday: Friday to Tuesday
    assert (seen.calendar, seen.gaps, seen.breaks) == (Calendar.BUSINESS_DAYS, 0, 3)
    seen = inspect_bars(bars_at(np.delete(traded, [5, 6])), Timeframe.D1)
    assert (seen.gaps, seen.missing_bars) == (1, 4)


def test_a_stray_saturday_bar_does_not_make_a_market_trade_always() -> None:
    times = np.sort(np.append(currency_hours(), MONDAY_MS + 5 * DAY_MS))
    assert inspect_bars(bars_at(times), Timeframe.H1).calendar is Calendar.WEEKDAYS


def test_bars_off_the_grid_and_without_volume_are_counted() -> None:
    times = hours(1)[:10] + np.where(np.arange(10) == 5, 60_000, 0)
    bars = bars_at(times)
    quiet = bar_columns(
        {"time": bars.time_ms, "open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close,
         "volume": np.where(np.arange(10) < 3, 0.0, 1.0), "spread": [np.nan, -1, *[1] * 8]},
        source="made bars",
    )  # fmt: skip
    seen = inspect_bars(quiet, Timeframe.H1)
    assert (seen.off_grid, seen.zero_volume, seen.spread_negative, seen.spread_unknown) == (1, 3, 1, 1)


def test_a_spike_is_an_outlier_by_its_farthest_price() -> None:
    times = hours(1)
    close = 100 + np.sin(np.arange(len(times)) / 10)
    low = close - 0.1
    low[50] = 60.0
    bars = bar_columns(
        {"time": times, "open": close, "high": close + 0.1, "low": low, "close": close, "volume": close},
        source="made bars",
    )
    seen = inspect_bars(bars, Timeframe.H1)
    assert seen.outliers == 1
    assert (seen.largest_outliers[0].time_ms, seen.largest_outliers[0].reached) == (times[50], 60.0)


def test_the_length_of_bars_is_their_most_frequent_step() -> None:
    assert bar_length(np.delete(hours(), range(10, 40, 2))) is Timeframe.H1
    assert bar_length(hours()[:1]) is None
    assert bar_length(MONDAY_MS + 7_000 * np.arange(5)) is None


def test_ticks_of_one_millisecond_are_counted() -> None:
    ticks = tick_columns(
        {"time": [MONDAY_MS, MONDAY_MS, MONDAY_MS + 1], "price": [1, 1, 1], "size": [0, 1, 1]}, source="t"
    )
    seen = inspect_ticks(ticks)
    assert (seen.same_time, seen.zero_volume, seen.calendar) == (1, 1, None)
