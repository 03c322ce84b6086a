"""Whatever valid bars are written, in whatever form, the same bars come back."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyarrow import parquet

from edgerunner.backtest.columns import BarColumns, bar_columns
from edgerunner.domain.market import Timeframe
from edgerunner.storage.bar_files import read_bars
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.dataset_parts import arrays_of
from edgerunner.storage.datasets import Dataset, Origin
from edgerunner.storage.market_files.column_names import Kind

FIRST_MS = 1_704_067_200_000


@st.composite
def bars(draw: st.DrawFn) -> BarColumns:
    """Valid bars with irregular steps, any scale of price, and maybe a spread."""
    rows = draw(st.integers(1, 40))
    steps = draw(st.lists(st.integers(1, 5_000), min_size=rows, max_size=rows))
    price = st.floats(1e-6, 1e7, allow_nan=False, allow_infinity=False)
    four = draw(st.lists(st.tuples(price, price, price, price), min_size=rows, max_size=rows))
    volume = draw(st.lists(st.floats(0, 1e9), min_size=rows, max_size=rows))
    spread = draw(st.none() | st.lists(st.floats(-1, 1) | st.just(float("nan")), min_size=rows, max_size=rows))
    columns: dict[str, list[float]] = {
        "time": (FIRST_MS + 1000 * np.cumsum(steps)).tolist(),
        "open": [prices[0] for prices in four],
        "high": [max(prices) for prices in four],
        "low": [min(prices) for prices in four],
        "close": [prices[1] for prices in four],
        "volume": volume,
    }
    return bar_columns(columns if spread is None else {**columns, "spread": spread}, source="drawn bars")


def rows_of(drawn: BarColumns) -> tuple[list[str], list[tuple[float, ...]]]:
    arrays = arrays_of(drawn)
    return list(arrays), list(zip(*(values.tolist() for values in arrays.values()), strict=True))


def as_csv(drawn: BarColumns) -> bytes:
    names, rows = rows_of(drawn)
    lines = [",".join(names), *(",".join("" if cell != cell else repr(cell) for cell in row) for row in rows)]  # noqa: PLR0124
    return ("\n".join(lines) + "\n").encode()


def as_semicolons_with_iso_times(drawn: BarColumns) -> bytes:
    names, rows = rows_of(drawn)
    stamps = np.datetime_as_string(drawn.time_ms.astype("datetime64[ms]")).tolist()
    cells = (
        ";".join([stamp, *("" if cell != cell else repr(cell) for cell in row[1:])])  # noqa: PLR0124
        for stamp, row in zip(stamps, rows, strict=True)
    )
    return ("\r\n".join([";".join(names), *cells]) + "\r\n").encode()


def as_parquet(drawn: BarColumns) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(arrays_of(drawn)), file)
    return file.getvalue()


WRITERS: dict[str, Callable[[BarColumns], bytes]] = {
    "csv": as_csv,
    "csv.gz": lambda drawn: gzip.compress(as_csv(drawn)),
    "ISO": as_semicolons_with_iso_times,
    "parquet": as_parquet,
}


def assert_equal(left: BarColumns, right: BarColumns) -> None:
    left_arrays, right_arrays = arrays_of(left), arrays_of(right)
    assert list(left_arrays) == list(right_arrays)
    for name, values in left_arrays.items():
        assert np.array_equal(values, right_arrays[name], equal_nan=values.dtype.kind == "f"), name


@pytest.mark.parametrize("form", WRITERS)
@settings(max_examples=40)
@given(drawn=bars())
def test_bars_come_back_from_files(form: str, drawn: BarColumns) -> None:
    assert_equal(drawn, read_bars(io.BytesIO(WRITERS[form](drawn))))


@settings(max_examples=30)
@given(drawn=bars(), cut=st.integers(0, 40), window=st.tuples(st.integers(-10, 300), st.integers(1, 300)))
def test_bars_come_back_from_the_catalogue_whole_and_by_range(
    drawn: BarColumns, cut: int, window: tuple[int, int]
) -> None:
    with TemporaryDirectory() as folder:
        catalogue = Catalogue(Path(folder))
        dataset = Dataset(
            dataset_id="01JD8Z4K3V7Q2M5N9R1T6W8X0Y", name="drawn", kind=Kind.BARS, instrument_id="X.TEST",
            timeframe=Timeframe.S1, origin=Origin(), created_ms=0,
        )  # fmt: skip
        cut = min(max(cut, 1), len(drawn))
        first, rest = taken(drawn, slice(0, cut)), taken(drawn, slice(cut, None))
        stored = catalogue.create(dataset, first)
        if len(rest):
            stored = catalogue.append(stored, rest)
        assert stored == catalogue.get(dataset.dataset_id)
        assert_equal(drawn, catalogue.read_bars(dataset.dataset_id))
        start, end = FIRST_MS + 1000 * window[0], FIRST_MS + 1000 * sum(window)
        inside = taken(drawn, (drawn.time_ms >= start) & (drawn.time_ms < end))
        batches = list(catalogue.batches(dataset.dataset_id, start_ms=start, end_ms=end))
        assert [time for batch in batches for time in batch.time_ms.tolist()] == inside.time_ms.tolist()


def taken(drawn: BarColumns, which: slice | NDArray[np.bool_]) -> BarColumns:
    return BarColumns(
        time_ms=drawn.time_ms[which],
        open=drawn.open[which],
        high=drawn.high[which],
        low=drawn.low[which],
        close=drawn.close[which],
        volume=drawn.volume[which],
        spread=None if drawn.spread is None else drawn.spread[which],
    )
