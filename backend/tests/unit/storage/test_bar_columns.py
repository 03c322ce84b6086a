from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgerunner.backtest.columns import BadData, bar_columns, tick_columns

Mapping = dict[str, Any]


def good(rows: int = 5) -> Mapping:
    prices = np.linspace(100, 104, rows)
    return {
        "time": 1_704_067_200_000 + 60_000 * np.arange(rows),
        "open": prices,
        "high": prices + 1,
        "low": prices - 1,
        "close": prices + 0.5,
        "volume": np.full(rows, 3.0),
    }


def changed(column: str, row: int, value: float) -> Mapping:
    mapping = good()
    mapping[column] = np.array(mapping[column], dtype=float)
    mapping[column][row - 1] = value
    return mapping


def replaced(column: str, value: Any) -> Mapping:
    return {**good(), column: value}


def without(column: str) -> Mapping:
    return {name: values for name, values in good().items() if name != column}


def test_good_bars_become_read_only_columns() -> None:
    bars = bar_columns(good(), source="a dict")
    assert len(bars) == 5
    assert bars.time_ms.dtype == np.int64
    assert bars.close.tolist() == [100.5, 101.5, 102.5, 103.5, 104.5]
    assert bars.spread is None
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 1


def test_the_arrays_of_the_caller_stay_writable() -> None:
    mapping = good()
    bar_columns(mapping, source="a dict")
    mapping["close"][0] = 100.25


def test_datetimes_and_whole_floats_are_times_too() -> None:
    mapping = good()
    wanted = mapping["time"].tolist()
    stamps = mapping["time"].astype("datetime64[ms]").astype("datetime64[ns]")
    assert bar_columns({**mapping, "time": stamps}, source="a dict").time_ms.tolist() == wanted
    assert bar_columns({**mapping, "time": np.array(wanted, dtype=float)}, source="a dict").time_ms.tolist() == wanted


def test_an_unknown_or_negative_spread_is_kept() -> None:
    spread = np.array([0.1, np.nan, -0.1, 0.1, 0.1])
    kept = bar_columns({**good(), "spread": spread}, source="a dict").spread
    assert kept is not None
    assert np.array_equal(kept, spread, equal_nan=True)


CASES: dict[str, tuple[Callable[[], Mapping], str, str, int | None]] = {
    "NaN": (lambda: changed("close", 3, np.nan), "close", "not_finite", 3),
    "infinity": (lambda: changed("high", 2, np.inf), "high", "not_finite", 2),
    "zero price": (lambda: changed("low", 4, 0), "low", "not_positive", 4),
    "negative price": (lambda: changed("open", 1, -5), "open", "not_positive", 1),
    "high below open": (lambda: changed("high", 5, 103), "high", "range", 5),
    "low above close": (lambda: changed("low", 2, 102), "low", "range", 2),
    "negative volume": (lambda: changed("volume", 2, -1), "volume", "negative", 2),
    "infinite spread": (lambda: {**good(), "spread": [0.1, np.inf, 1, 1, 1]}, "spread", "not_finite", 2),
    "two rows of one time": (lambda: changed("time", 3, 1_704_067_260_000), "time", "duplicate", 3),
    "unsorted": (lambda: replaced("time", good()["time"][::-1]), "time", "unsorted", 2),
    "seconds": (lambda: replaced("time", good()["time"] // 1000), "time", "time_unit", 1),
    "half a millisecond": (lambda: changed("time", 2, 1_704_067_260_000.5), "time", "time", 2),
    "no time": (lambda: replaced("time", np.array(["NaT"] * 5, "M8[ms]")), "time", "missing", 1),
    "text": (lambda: replaced("open", ["a"] * 5), "open", "type", None),
    "text times": (lambda: replaced("time", ["a"] * 5), "time", "type", None),
    "unequal lengths": (lambda: replaced("volume", np.ones(4)), "volume", "length", None),
    "two dimensions": (lambda: replaced("open", np.ones((5, 1))), "open", "shape", None),
    "a missing column": (lambda: without("low"), "low", "missing_column", None),
    "no rows": (lambda: {name: values[:0] for name, values in good().items()}, "time", "empty", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_bars_are_refused_by_row_and_column(name: str) -> None:
    make, field, code, row = CASES[name]
    with pytest.raises(BadData) as caught:
        bar_columns(make(), source="my data")
    error = caught.value
    assert (error.field, error.errors[0].code, error.row) == (field, code, row)
    assert error.code == "validation_error"
    assert str(error).startswith("my data: ")
    assert error.remedy in str(error)
    assert (row is None) or f"row {row}, column {field}" in str(error)


def test_the_error_says_how_many_rows_have_the_fault() -> None:
    mapping = good()
    mapping["close"][1:4] = np.nan
    with pytest.raises(BadData, match="3 rows in all"):
        bar_columns(mapping, source="my data")


def test_ticks_may_share_a_millisecond_but_not_cross() -> None:
    times = [1_704_067_200_000, 1_704_067_200_000, 1_704_067_200_001]
    ticks = tick_columns({"time": times, "bid": [1.0, 1.1, 1.2], "ask": [1.1, 1.2, 1.3]}, source="ticks")
    assert ticks.bid_size is None
    assert ticks.price is None
    with pytest.raises(BadData, match="row 2, column bid: is above the ask"):
        tick_columns({"time": times, "bid": [1.0, 1.3, 1.2], "ask": [1.1, 1.2, 1.3]}, source="ticks")


def test_trades_have_a_price_and_a_size() -> None:
    ticks = tick_columns({"time": [1_704_067_200_000], "price": [5.0], "size": [2.0]}, source="trades")
    assert ticks.bid is None
    with pytest.raises(BadData, match="column size is missing"):
        tick_columns({"time": [1_704_067_200_000], "price": [5.0]}, source="trades")
    with pytest.raises(BadData, match="neither quotes nor trades"):
        tick_columns({"time": [1_704_067_200_000]}, source="trades")
