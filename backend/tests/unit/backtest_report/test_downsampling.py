"""A picture of few points keeps every extreme of the run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.backtest.metrics import MetricDefinition, Unit
from edgerunner.backtest.metrics.definitions import Group
from edgerunner.backtest.report.cells import duration, metric_text, number, percent
from edgerunner.backtest.report.downsampling import candles, lowest_and_highest
from tests.fakes.backtest_result import seeded_bars


@given(st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=300), st.integers(4, 60))
def test_a_line_keeps_its_ends_and_extremes_within_the_bound(values: list[float], most: int) -> None:
    line = np.array(values)
    picked = lowest_and_highest(line, most_points=most)
    assert len(picked) <= most
    assert (np.diff(picked) > 0).all()
    assert (picked[0], picked[-1]) == (0, len(values) - 1)
    assert (line[picked].min(), line[picked].max()) == (line.min(), line.max())


def test_a_short_line_is_drawn_whole() -> None:
    assert lowest_and_highest(np.array([1.0, 2.0, 1.5]), most_points=4).tolist() == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 7, 100, 101])
def test_candles_keep_open_close_and_extremes(count: int) -> None:
    bars = seeded_bars(count)
    drawn = candles(bars, most=10)
    assert len(drawn.time_ms) <= 10
    assert (drawn.open[0], drawn.close[-1]) == (bars.open[0], bars.close[-1])
    assert (drawn.high.max(), drawn.low.min()) == (bars.high.max(), bars.low.min())
    assert drawn.time_ms[0] == bars.time_ms[0]
    assert (np.diff(drawn.time_ms) > 0).all()


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (Unit.FRACTION, -0.12345, "\N{MINUS SIGN}12.35 %"),
        (Unit.MONEY, 1234567.891, "1,234,567.89"),
        (Unit.MONEY, -0.001, "0.00"),
        (Unit.RATIO, 1.5, "1.500"),
        (Unit.COUNT, 1956, "1,956"),
        (Unit.SECONDS, 93_600, "1 d 2 h"),
        (Unit.TIME, 1_704_067_200_000, "2024-01-01 00:00 UTC"),
        (Unit.RATIO, None, "-"),
    ],
)
def test_a_metric_reads_with_its_unit(unit: Unit, value: float | None, text: str) -> None:
    definition = MetricDefinition(name="x", title="X", group=Group.RETURN, unit=unit, definition="x")
    assert metric_text(definition, value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.250 s"),
        (45, "45 s"),
        (60, "1 min 0 s"),
        (3_725, "1 h 2 min"),
        (86_400, "1 d 0 h"),
        (200_000, "2 d 7 h"),
    ],
)
def test_a_length_of_time_reads_by_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_have_separators_and_a_true_minus() -> None:
    assert number(-1234.5, 1) == "\N{MINUS SIGN}1,234.5"
    assert percent(None) == "-"
