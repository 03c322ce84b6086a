"""Rolling figures equal exact rational arithmetic over the window, whatever came before it."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.strategies.indicators import (
    BollingerBands,
    RateOfChange,
    RollingBeta,
    RollingCorrelation,
    Sma,
    SpreadScore,
    StandardDeviation,
    Vwap,
    Wma,
    ZScore,
)

LONG = 100_000


def printed(value: float) -> Fraction:
    """The decimal that a float prints as."""
    return Fraction(repr(value))


def rounded(value: Fraction) -> float:
    return value.numerator / value.denominator


def exact_mean(window: Sequence[float]) -> float:
    return rounded(sum(map(printed, window), Fraction()) / len(window))


def exact_variance(window: Sequence[float], ddof: int) -> float:
    values = [printed(value) for value in window]
    mean = sum(values, Fraction()) / len(values)
    return rounded(sum(((value - mean) ** 2 for value in values), Fraction()) / (len(values) - ddof))


def exact_weighted_mean(window: Sequence[float]) -> float:
    weighted = sum((weight * printed(value) for weight, value in enumerate(window, 1)), Fraction())
    return rounded(weighted / (len(window) * (len(window) + 1) // 2))


def exact_covariance(first: Sequence[float], second: Sequence[float]) -> Fraction:
    xs, ys = [printed(x) for x in first], [printed(y) for y in second]
    count = len(xs)
    products = sum((x * y for x, y in zip(xs, ys, strict=True)), Fraction())
    return products / count - sum(xs, Fraction()) * sum(ys, Fraction()) / count**2


def windows(series: Sequence[float], period: int) -> Iterator[tuple[int, Sequence[float]]]:
    for end in range(period, len(series) + 1):
        yield end - 1, series[end - period : end]


# --- series that tempt a running sum to drift


def price_walk(source: random.Random, length: int) -> list[float]:
    cents = 5_000_000
    walk = []
    for _ in range(length):
        cents = max(100, cents + source.randint(-3_000, 3_000))
        walk.append(cents / 100)
    return walk


def tie_walk(source: random.Random, length: int) -> list[float]:
    """Few levels and long plateaus: averages of different lengths are equal all the time."""
    levels = [100.1, 100.2, 100.3]
    walk: list[float] = []
    while len(walk) < length:
        walk += [source.choice(levels)] * source.randint(1, 40)
    return walk[:length]


def magnitude_jumps(source: random.Random, length: int) -> list[float]:
    return [
        source.choice([-1.0, 1.0]) * round(source.random(), 3) * 10.0 ** source.randint(-12, 12) for _ in range(length)
    ]


def off_grid(source: random.Random, length: int) -> list[float]:
    return [math.log(source.uniform(20_000, 70_000)) - math.log(source.uniform(1_000, 4_000)) for _ in range(length)]


def mixed(source: random.Random, length: int) -> list[float]:
    return [each for pair in zip(price_walk(source, length), off_grid(source, length), strict=True) for each in pair][
        :length
    ]


def stretches(source: random.Random, length: int) -> list[float]:
    """Long stretches on a price grid between short ones off it."""
    found: list[float] = []
    while len(found) < length:
        found += [*price_walk(source, source.randint(1, 900)), *off_grid(source, source.randint(1, 60))]
    return found[:length]


SERIES: dict[str, Callable[[random.Random, int], list[float]]] = {
    each.__name__: each for each in (price_walk, tie_walk, magnitude_jumps, off_grid, mixed, stretches)
}


@pytest.mark.parametrize("make", SERIES.values(), ids=SERIES.keys())
def test_a_long_moving_average_is_the_exact_mean_of_its_window(
    make: Callable[[random.Random, int], list[float]],
) -> None:
    series = make(random.Random(20260), LONG)
    scale = 10**40
    numerators = [int(Decimal(repr(value)).scaleb(40)) for value in series]
    for period in (3, 30):
        average = Sma(period)
        values = [average.update(value) for value in series]
        assert values[: period - 1] == [None] * (period - 1)
        running = sum(numerators[: period - 1])
        for place in range(period - 1, LONG):
            running += numerators[place]
            assert values[place] == running / (period * scale), place
            running -= numerators[place - period + 1]


@pytest.mark.parametrize("make", SERIES.values(), ids=SERIES.keys())
def test_deviation_and_weighted_average_are_exact_at_every_place_of_a_series(
    make: Callable[[random.Random, int], list[float]],
) -> None:
    series = make(random.Random(7), 800)
    deviation, sample = StandardDeviation(8), StandardDeviation(8, ddof=1)
    weighted, bands = Wma(8), BollingerBands(8, 2.5)
    figures = [
        (deviation.update(value), deviation.variance, sample.update(value), sample.variance, weighted.update(value),
         bands.update(value), bands.upper, bands.lower)
        for value in series
    ]  # fmt: skip
    for place, window in windows(series, 8):
        root, variance, sample_root, sample_variance, weighted_mean, middle, upper, lower = figures[place]
        assert variance == exact_variance(window, 0)
        assert sample_variance == exact_variance(window, 1)
        assert root == math.sqrt(exact_variance(window, 0))
        assert sample_root == math.sqrt(exact_variance(window, 1))
        assert weighted_mean == exact_weighted_mean(window)
        assert middle == exact_mean(window)
        assert middle is not None
        assert root is not None
        assert (upper, lower) == (middle + 2.5 * root, middle - 2.5 * root)


def test_deviation_after_a_hundred_thousand_values_is_that_of_a_fresh_window() -> None:
    series = [*magnitude_jumps(random.Random(3), LONG // 2), *price_walk(random.Random(4), LONG // 2)]
    long_lived, fresh = StandardDeviation(20), StandardDeviation(20)
    for value in series:
        long_lived.update(value)
    for value in series[-20:]:
        fresh.update(value)
    assert long_lived.variance == fresh.variance == exact_variance(series[-20:], 0)


@pytest.mark.parametrize("constant", [0.1, 100.3, 1 / 3, 1e-8, 123456789.123456, 1e15 + 0.3, -7.7, 0.0])
def test_a_constant_series_has_no_variance_and_is_its_own_mean(constant: float) -> None:
    deviation, average, weighted, score, bands = StandardDeviation(7), Sma(7), Wma(7), ZScore(7), BollingerBands(7)
    for value in [1e9 + 0.7, 3.3, *[constant] * 7]:
        for indicator in (deviation, average, weighted, score, bands):
            indicator.update(value)
    assert deviation.value == deviation.variance == 0.0
    assert average.value == weighted.value == bands.upper == bands.lower == constant
    assert score.value is None


def test_averages_that_tie_in_the_printed_prices_are_equal_floats() -> None:
    series = tie_walk(random.Random(11), 20_000)
    fast, slow = Sma(10), Sma(30)
    tenths = [round(value * 10) for value in series]
    ties = binary_misses = 0
    for place, value in enumerate(series):
        quick, steady = fast.update(value), slow.update(value)
        if steady is None:
            continue
        ten, thirty = series[place - 9 : place + 1], series[place - 29 : place + 1]
        difference = 3 * sum(tenths[place - 9 : place + 1]) - sum(tenths[place - 29 : place + 1])
        assert quick is not None
        assert (quick > steady, quick == steady) == (difference > 0, difference == 0)
        ties += difference == 0
        binary_misses += difference == 0 and math.fsum(ten) / 10 != math.fsum(thirty) / 30
    assert ties > 1000
    assert binary_misses > 10  # exact sums of the binary values do not see these ties


finite = st.one_of(
    st.decimals(-10_000_000, 10_000_000, places=2).map(float),
    st.decimals(0, 1, places=8).map(float),
    st.floats(-1e30, 1e30),
    st.sampled_from([0.0, -0.0, 5e-324, 2.2e-308, 1e22, 1e23, 9007199254740993.0, 0.1 + 0.2, 1e15, 999999999999999.0]),
)

# A slope of 1e300 on 1e-320 is larger than any float.
ordinary = finite.filter(lambda value: value == 0 or abs(value) > 1e-100)


@given(st.lists(finite, min_size=1, max_size=40), st.integers(1, 9))
def test_any_values_give_the_exact_mean(series: list[float], period: int) -> None:
    average, weighted = Sma(period), Wma(period)
    values = [(average.update(value), weighted.update(value)) for value in series]
    for place, window in windows(series, period):
        assert values[place] == (exact_mean(window), exact_weighted_mean(window))


@given(st.lists(st.integers(-999, 999), min_size=7, max_size=30), st.integers(13, 25))
def test_tiny_values_give_the_exact_mean(series: list[int], places: int) -> None:
    values = [float(f"{digits}e-{places}") for digits in series]
    average = Sma(7)
    for value in values:
        average.update(value)
    assert average.value == exact_mean(values[-7:])


@given(st.lists(finite, min_size=2, max_size=40), st.integers(2, 9))
def test_any_values_give_the_exact_variance_never_negative(series: list[float], period: int) -> None:
    deviation, score = StandardDeviation(period), ZScore(period)
    for place, value in enumerate(series):
        deviation.update(value)
        score.update(value)
        if place >= period - 1:
            window = series[place - period + 1 : place + 1]
            expected = exact_variance(window, 0)
            assert deviation.variance == expected
            assert expected >= 0.0
            if expected:
                distance = rounded(printed(value) - sum(map(printed, window), Fraction()) / period)
                assert score.value == distance / math.sqrt(expected)
            else:
                assert score.value is None


@given(st.lists(st.tuples(ordinary, ordinary), min_size=2, max_size=30), st.integers(2, 6))
def test_any_pairs_give_the_exact_beta_and_a_correlation_within_one(
    pairs: list[tuple[float, float]], period: int
) -> None:
    beta, correlation = RollingBeta(period), RollingCorrelation(period)
    for first, second in pairs:
        beta.update(first, second)
        correlation.update(first, second)
    if len(pairs) < period:
        assert beta.value is None
        return
    firsts, seconds = [first for first, _ in pairs[-period:]], [second for _, second in pairs[-period:]]
    joint = exact_covariance(firsts, seconds)
    own, other = exact_covariance(firsts, firsts), exact_covariance(seconds, seconds)
    assert beta.value == (rounded(joint / other) if other else None)
    if own and other:
        assert correlation.value is not None
        assert abs(correlation.value) == math.sqrt(rounded(joint**2 / (own * other))) <= 1.0
        assert joint * Fraction(correlation.value) >= 0
    else:
        assert correlation.value is None


@given(st.lists(st.tuples(ordinary, ordinary), min_size=3, max_size=20), st.integers(3, 6))
def test_a_spread_score_is_the_last_residual_in_units_of_all_of_them(
    pairs: list[tuple[float, float]], period: int
) -> None:
    score, slope = SpreadScore(period), RollingBeta(period)
    for first, second in pairs:
        score.update(first, second)
        slope.update(first, second)
    assert score.beta == slope.value
    if len(pairs) < period:
        assert score.value is None
        return
    xs, ys = [printed(second) for _, second in pairs[-period:]], [printed(first) for first, _ in pairs[-period:]]
    x_mean, y_mean = sum(xs, Fraction()) / period, sum(ys, Fraction()) / period
    spread = sum(((x - x_mean) ** 2 for x in xs), Fraction())
    if not spread:
        assert score.value is None
        return
    beta = sum(((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)), Fraction()) / spread
    residuals = [y - y_mean - beta * (x - x_mean) for x, y in zip(xs, ys, strict=True)]
    unit = sum((each**2 for each in residuals), Fraction()) / period
    if not unit:
        assert score.value is None
        return
    assert score.value is not None
    assert abs(score.value) == math.sqrt(rounded(residuals[-1] ** 2 / unit))
    assert Fraction(score.value) * residuals[-1] >= 0


@given(st.lists(ordinary.filter(bool), min_size=1, max_size=30), st.integers(1, 6))
def test_rate_of_change_is_rounded_once(series: list[float], period: int) -> None:
    change = RateOfChange(period)
    for place, value in enumerate(series):
        change.update(value)
        if place >= period:
            then = printed(series[place - period])
            assert change.value == rounded(100 * (printed(value) - then) / then)


@given(st.lists(st.tuples(st.decimals(1, 100_000, places=2), st.decimals(0, 1_000, places=3)), min_size=1, max_size=40))
def test_the_volume_weighted_price_is_exact(trades: list[tuple[object, object]]) -> None:
    vwap = Vwap()
    money = volume = Fraction()
    for price, quantity in trades:
        vwap.update(float(str(price)), float(str(quantity)), time_ns=0)
        money += Fraction(str(price)) * Fraction(str(quantity))
        volume += Fraction(str(quantity))
    assert vwap.value == (rounded(money / volume) if volume else None)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_refused_and_changes_nothing(bad: float) -> None:
    average, deviation = Sma(3), StandardDeviation(3)
    for value in (1.5, 2.5, 3.5):
        average.update(value)
        deviation.update(value)
    for indicator in (average, deviation):
        with pytest.raises(ValueError, match="finite"):
            indicator.update(bad)
    assert average.update(4.5) == 3.5
    deviation.update(4.5)
    assert deviation.variance == exact_variance([2.5, 3.5, 4.5], 0)
