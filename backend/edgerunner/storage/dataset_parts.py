"""Parquet files of one dataset: written whole, read by the row groups that a time range touches."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from edgerunner.backtest.columns import BarColumns, TickColumns, unchecked_bars, unchecked_ticks
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.storage.datasets import Part
from edgerunner.storage.market_files.column_names import Kind

ROWS_PER_GROUP = 65_536

Columns = BarColumns | TickColumns
Arrays = dict[str, NDArray[np.generic]]


class DatasetUnreadable(EdgerunnerError):
    """Files of a dataset are damaged or gone."""

    code = "dataset_unreadable"


def arrays_of(columns: Columns) -> Arrays:
    """Return the columns that are there, by name."""
    named = {column.name: getattr(columns, column.name) for column in fields(columns)}
    return {name: values for name, values in named.items() if values is not None}


def columns_of(kind: Kind, arrays: Arrays) -> Columns:
    """Return the columns of a kind; they were checked before they were stored."""
    make = unchecked_bars if kind is Kind.BARS else unchecked_ticks
    return make(arrays, source="the dataset")


def write_part(folder: Path, file: str, columns: Columns) -> Part:
    """Write one part, on disk for good when this returns; its first appearance under its name is whole."""
    draft = folder / f".{file}.draft"
    parquet.write_table(
        pa.table(arrays_of(columns)),
        draft,
        compression="zstd",
        use_dictionary=False,
        write_statistics=True,
        row_group_size=ROWS_PER_GROUP,
    )
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    sync(draft)
    draft.replace(folder / file)
    time_ms = columns.time_ms
    return Part(file=file, rows=len(time_ms), start_ms=int(time_ms[0]), end_ms=int(time_ms[-1]), sha256=digest)


def read_part(path: Path, kind: Kind, *, start_ms: int, end_ms: int) -> Iterator[Columns]:
    """Yield the rows with a time in [start, end), a row group at a time; others are not read.

    Raises ``DatasetUnreadable``.
    """
    try:
        with parquet.ParquetFile(path) as file:
            for group in _touched(file.metadata, start_ms, end_ms):
                arrays = {name: column.to_numpy() for name, column in _named(file.read_row_group(group))}
                low, high = np.searchsorted(arrays["time_ms"], (start_ms, end_ms))
                if low < high:
                    yield columns_of(kind, {name: values[low:high] for name, values in arrays.items()})
    except (pa.ArrowException, OSError) as error:
        raise DatasetUnreadable(f"the stored file {path.name} cannot be read: {str(error).splitlines()[0]}") from error


def sync(path: Path) -> None:
    """Put a file, or a folder's names, on disk; folders only where the system can."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _touched(metadata: parquet.FileMetaData, start_ms: int, end_ms: int) -> Iterator[int]:
    for group in range(metadata.num_row_groups):
        times = metadata.row_group(group).column(0).statistics
        if times is None or (times.max >= start_ms and times.min < end_ms):
            yield group


def _named(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    yield from zip(table.column_names, table.columns, strict=True)
