"""Every indicator against a table made by hand and against a plain second implementation."""

import random
from decimal import Decimal, localcontext
from itertools import pairwise

import pytest

from edgerunner.strategies.indicators import (
    Atr,
    BollingerBands,
    Crossover,
    Donchian,
    Ema,
    Macd,
    RateOfChange,
    RollingBeta,
    RollingCorrelation,
    RollingMaximum,
    Rsi,
    Sma,
    StandardDeviation,
    Stochastic,
    TrueRange,
    Vwap,
    WilderAverage,
    Wma,
    ZScore,
)

BARS = [(10.0, 8.0, 9.0), (11.0, 9.0, 10.0), (15.0, 12.0, 14.0), (13.0, 11.0, 12.0)]
HOUR_NS = 3_600_000_000_000


def walk(seed: int, length: int) -> list[float]:
    source = random.Random(seed)
    cents = 10_000
    found = []
    for _ in range(length):
        cents = max(500, cents + source.randint(-200, 200))
        found.append(cents / 100)
    return found


def bars(seed: int, length: int) -> list[tuple[float, float, float]]:
    source = random.Random(seed + 1)
    return [
        (round(close + source.randint(0, 99) / 100, 2), round(close - source.randint(0, 99) / 100, 2), close)
        for close in walk(seed, length)
    ]


def plain_recursion(values: list[float], period: int, smoothing: Decimal) -> list[Decimal | None]:
    """The textbook form, previous * (1 - smoothing) + value * smoothing, with fifty digits."""
    with localcontext(prec=50):
        seed = sum(map(Decimal, map(repr, values[:period])), Decimal()) / period
        found: list[Decimal | None] = [*[None] * (period - 1), seed]
        average = seed
        for value in values[period:]:
            average = average * (1 - smoothing) + Decimal(repr(value)) * smoothing
            found.append(average)
        return found


def assert_close(values: list[float | None], expected: list[Decimal | None], tolerance: float) -> None:
    assert [value is None for value in values] == [value is None for value in expected]
    for value, exact in zip(values, expected, strict=True):
        if value is not None and exact is not None:
            assert abs(Decimal(value) - exact) <= Decimal(tolerance)


# --- tables made by hand


def test_averages_by_hand() -> None:
    assert [Sma(3).update(1.0)] == [None]
    simple, weighted, exponential, wilder = Sma(3), Wma(3), Ema(3), WilderAverage(3)
    values = [1.0, 2.0, 6.0, 7.0, 0.0]
    assert [simple.update(value) for value in values] == [None, None, 3.0, 5.0, 13 / 3]
    assert [weighted.update(value) for value in values] == [None, None, 23 / 6, 35 / 6, 20 / 6]
    assert [exponential.update(value) for value in values] == [None, None, 3.0, 5.0, 2.5]
    assert [wilder.update(value) for value in values] == [None, None, 3.0, pytest.approx(13 / 3), pytest.approx(26 / 9)]


def test_relative_strength_by_hand() -> None:
    index = Rsi(2)
    # changes +1 -1 +2 0; gains 0.5 1.25 0.625; losses 0.5 0.25 0.125
    assert [index.update(value) for value in (10.0, 11.0, 10.0, 12.0, 12.0)] == [None, None, 50.0, 250 / 3, 250 / 3]


def test_relative_strength_without_losses_is_100_and_without_any_move_undefined() -> None:
    rising, still = Rsi(3), Rsi(3)
    assert [rising.update(value) for value in (1.0, 2.0, 3.0, 4.0)][-1] == 100.0
    assert [still.update(5.0) for _ in range(6)] == [None] * 6
    assert still.update(4.0) == 0.0


def test_true_ranges_by_hand() -> None:
    reach, average = TrueRange(), Atr(2)
    assert [reach.update(*bar) for bar in BARS] == [2.0, 2.0, 5.0, 3.0]
    assert [average.update(*bar) for bar in BARS] == [None, 2.0, 3.5, 3.25]


def test_donchian_channel_by_hand() -> None:
    channel = Donchian(2)
    found = [(channel.update(high, low), channel.upper, channel.lower) for high, low, _ in BARS]
    assert found == [(None, None, None), (9.5, 11.0, 8.0), (12.0, 15.0, 9.0), (13.0, 15.0, 11.0)]


def test_deviation_bands_and_score_by_hand() -> None:
    deviation, sample = StandardDeviation(4), StandardDeviation(4, ddof=1)
    bands, score = BollingerBands(4, 2.0), ZScore(4)
    for value in (2.0, 4.0, 4.0, 6.0):  # mean 4, squares 4 0 0 4
        for indicator in (deviation, sample, bands, score):
            indicator.update(value)
    assert (deviation.variance, sample.variance) == (2.0, 8 / 3)
    assert (bands.lower, bands.value, bands.upper) == (4 - 2 * 2**0.5, 4.0, 4 + 2 * 2**0.5)
    assert score.value == 2 / 2**0.5


def test_macd_by_hand() -> None:
    macd = Macd(fast=1, slow=3, signal=2)
    lines = [macd.update(value) for value in (1.0, 2.0, 6.0, 7.0)]  # slow: 3, 5
    assert lines == [None, None, 3.0, 2.0]
    assert macd.signal == 2.5
    assert macd.histogram == -0.5


def test_stochastic_by_hand() -> None:
    oscillator = Stochastic(2, slowing=1, signal_period=2)
    # channels 8..11, 9..15, 11..15
    assert [oscillator.update(*bar) for bar in BARS] == [None, 200 / 3, 500 / 6, 25.0]
    assert oscillator.signal == pytest.approx((500 / 6 + 25.0) / 2)
    assert Stochastic(2, slowing=3).update(*BARS[0]) is None


def test_a_bar_without_any_range_leaves_the_stochastic_as_it_was() -> None:
    oscillator = Stochastic(2, slowing=1)
    for bar in [*BARS, (12.0, 12.0, 12.0)]:
        oscillator.update(*bar)
    before = oscillator.value
    assert oscillator.update(12.0, 12.0, 12.0) == before is not None


def test_rate_of_change_by_hand_and_undefined_from_zero() -> None:
    change = RateOfChange(2)
    assert [change.update(value) for value in (10.0, 0.0, 12.5, 3.0, 25.0)] == [None, None, 25.0, None, 100.0]


def test_volume_weighted_price_by_hand_and_afresh_each_session() -> None:
    vwap = Vwap(session_start_minute=60)
    assert vwap.update(10.0, 0.0, time_ns=2 * HOUR_NS) is None
    assert vwap.update(10.0, 1.0, time_ns=3 * HOUR_NS) == 10.0
    assert vwap.update(20.0, 3.0, time_ns=24 * HOUR_NS) == 17.5
    assert vwap.update(30.0, 1.0, time_ns=25 * HOUR_NS) == 30.0


def test_a_volume_or_price_with_more_places_keeps_the_session_whole() -> None:
    vwap = Vwap()
    vwap.update(10.0, 1.0, time_ns=0)
    assert vwap.update(20.0, 0.25, time_ns=1) == 12.0  # 15 / 1.25
    assert vwap.update(10.8, 1.25, time_ns=2) == 11.4  # 28.5 / 2.5


def test_beta_and_correlation_by_hand() -> None:
    beta, correlation = RollingBeta(3), RollingCorrelation(3)
    for first, second in ((5.0, 1.0), (7.0, 2.0), (9.0, 3.0)):
        beta.update(first, second)
        correlation.update(first, second)
    assert (beta.value, correlation.value) == (2.0, 1.0)
    beta.update(0.0, 4.0)  # seconds 2 3 4, firsts 7 9 0: covariance -7/3, variance 2/3
    assert beta.value == -3.5


def test_a_series_that_does_not_vary_has_no_beta_and_no_correlation() -> None:
    beta, correlation = RollingBeta(2), RollingCorrelation(2)
    for second in (1.1, 1.1, 1.1):
        assert beta.update(second * 3, second) is None
        assert correlation.update(second * 3, second) is None


def test_crossings_need_two_strict_sides() -> None:
    cross = Crossover()
    assert cross.update(None, 2.0) is None
    values = [2.0, 1.0, 2.0, 1.0, 2.0, 3.0, 3.0, 1.0]
    assert [cross.update(value, 2.0) for value in values] == [None, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0]
    assert cross.crossed_below
    assert not cross.crossed_above


# --- plain second implementations on long series


@pytest.mark.parametrize("period", [2, 14, 200])
def test_recursions_do_not_drift_in_a_hundred_thousand_steps(period: int) -> None:
    values = walk(5, 100_000)
    with localcontext(prec=50):
        smoothing = Decimal(2) / (period + 1)
        wilder_smoothing = Decimal(1) / period
    exponential, wilder = Ema(period), WilderAverage(period)
    largest = max(values)
    assert_close(
        [exponential.update(value) for value in values],
        plain_recursion(values, period, smoothing),
        largest * 2**-52 * 2 * period,
    )
    assert_close(
        [wilder.update(value) for value in values],
        plain_recursion(values, period, wilder_smoothing),
        largest * 2**-52 * 2 * period,
    )


def test_a_constant_leaves_the_recursions_exactly_at_that_constant() -> None:
    exponential, wilder = Ema(9), WilderAverage(9)
    for _ in range(1000):
        exponential.update(0.1)
        wilder.update(0.1)
    assert exponential.value == wilder.value == 0.1


def test_relative_strength_equals_the_textbook_form() -> None:
    values, period = walk(6, 5_000), 14
    changes = [Decimal(repr(after)) - Decimal(repr(before)) for before, after in pairwise(values)]
    gain = sum((max(change, Decimal()) for change in changes[:period]), Decimal()) / period
    loss = sum((max(-change, Decimal()) for change in changes[:period]), Decimal()) / period
    expected: list[Decimal | None] = [None] * period
    expected.append(100 - 100 / (1 + gain / loss))
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, Decimal())) / period
        loss = (loss * (period - 1) + max(-change, Decimal())) / period
        expected.append(100 - 100 / (1 + gain / loss))
    index = Rsi(period)
    assert_close([index.update(value) for value in values], expected, 1e-9)


def test_average_true_range_equals_the_textbook_form() -> None:
    series, period = bars(8, 5_000), 14
    ranges = [series[0][0] - series[0][1]]
    for (_, _, close), (high, low, _) in pairwise(series):
        ranges.append(max(high - low, abs(high - close), abs(low - close)))
    average = Atr(period)
    found = [average.update(*bar) for bar in series]
    expected = sum(ranges[:period]) / period
    assert found[: period - 1] == [None] * (period - 1)
    for place in range(period, len(series)):
        expected = (expected * (period - 1) + ranges[place]) / period
        assert found[place] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("period", [1, 2, 20, 300])
def test_channel_equals_the_extremes_of_the_window(period: int) -> None:
    series = bars(9, 3_000)
    channel = Donchian(period)
    for place, (high, low, _) in enumerate(series):
        channel.update(high, low)
        if place >= period - 1:
            window = series[place - period + 1 : place + 1]
            assert channel.upper == max(high for high, _, _ in window)
            assert channel.lower == min(low for _, low, _ in window)
        else:
            assert channel.value is None


def test_a_rolling_maximum_keeps_no_more_than_its_window() -> None:
    falling = RollingMaximum(50)
    for value in range(10_000, 0, -1):
        falling.update(float(value))
    assert len(falling.state()["values"]) == 50  # type: ignore[arg-type]


def test_a_maximum_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="finite"):
        RollingMaximum(3).update(float("nan"))
    average = Ema(1)
    average.update(1.0)
    with pytest.raises(ValueError, match="finite"):
        average.update(float("inf"))
    assert average.value == 1.0


@pytest.mark.parametrize("period", [0, -1, True, 2.5])
def test_a_period_is_a_positive_whole_number(period: int) -> None:
    for kind in (Sma, Ema, Wma, Rsi, Atr, Donchian, StandardDeviation, RateOfChange):
        with pytest.raises(ValueError, match="whole number"):
            kind(period)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Macd(fast=26, slow=12)
    with pytest.raises(ValueError, match="positive"):
        BollingerBands(20, 0.0)
    with pytest.raises(ValueError, match="ddof"):
        StandardDeviation(2, ddof=2)
    with pytest.raises(ValueError, match="ddof"):
        ZScore(2, ddof=2)
    with pytest.raises(ValueError, match="1439"):
        Vwap(session_start_minute=1440)
    with pytest.raises(ValueError, match="not negative"):
        Vwap().update(1.0, -1.0, time_ns=0)
