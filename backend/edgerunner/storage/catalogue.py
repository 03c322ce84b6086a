"""The catalogue of datasets: a folder each below ``DATA_DIR/datasets``, found by its id alone.

A dataset comes into being by one rename and changes by the replacement of its metadata file, so a process
that is killed at any moment leaves a whole old or a whole new dataset. Leftovers begin with a dot, are never
listed and are swept when they are a day old: another process may still be writing them.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import structlog

from edgerunner.backtest.columns import BadData, BarColumns, TickColumns
from edgerunner.domain.errors import Conflict, InvalidRequest, NotFound
from edgerunner.storage.dataset_parts import (
    Columns,
    DatasetUnreadable,
    arrays_of,
    columns_of,
    read_part,
    sync,
    write_part,
)
from edgerunner.storage.datasets import DATASET_ID, Dataset

_log = structlog.get_logger(__name__)

MOST_DATASETS = 10_000
METADATA = "dataset.json"
_LEFTOVER_AGE_S = 86_400
_ALL = (-(2**62), 2**62)


class Catalogue:
    """Datasets below a folder. Calls block on the disk: use a thread from asynchronous code."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, dataset: Dataset, columns: Columns | None = None) -> Dataset:
        """Store a new dataset with its first rows, if any, and return it with its parts.

        It exists when this returns and not before. Raises ``Conflict`` when there are too many.
        """
        if len(self._ids()) >= MOST_DATASETS:
            raise Conflict(f"there are {MOST_DATASETS} datasets already: delete some")
        draft = self._folder / f".new-{dataset.dataset_id}"
        draft.mkdir(parents=True, mode=0o700)
        try:
            if columns is not None:
                part = write_part(draft, _part_name(0), columns)
                dataset = replace(dataset, parts=(part,), columns=tuple(arrays_of(columns)))
            _write_metadata(draft, dataset)
            sync(draft)
            draft.rename(self._place(dataset.dataset_id))
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        sync(self._folder)
        return dataset

    def append(self, dataset: Dataset, columns: Columns) -> Dataset:
        """Add rows after the stored ones and save ``dataset`` with them in one step.

        One writer per dataset at a time: the caller sees to that. Raises ``BadData`` when the rows do
        not follow the stored ones, ``NotFound`` when the dataset was deleted meanwhile.
        """
        self._require_order(dataset, columns)
        folder = self._existing(dataset.dataset_id)
        part = write_part(folder, _part_name(len(dataset.parts)), columns)
        appended = replace(dataset, parts=(*dataset.parts, part), columns=tuple(arrays_of(columns)))
        _write_metadata(folder, appended)
        return appended

    def save(self, dataset: Dataset) -> None:
        """Replace what is known about a dataset. Raises ``NotFound``."""
        _write_metadata(self._existing(dataset.dataset_id), dataset)

    def get(self, dataset_id: str) -> Dataset:
        """Return one dataset. Raises ``NotFound``, ``DatasetUnreadable``."""
        return _read_metadata(self._existing(dataset_id))

    def list(self, *, before: str | None = None, limit: int | None = None) -> list[Dataset]:
        """Return at most ``limit`` datasets, newest first; with ``before`` those older than that id.

        One that cannot be read is left out and logged.
        """
        found: list[Dataset] = []
        for dataset_id in sorted(self._ids(), reverse=True):
            if len(found) == limit:
                break
            if before is not None and dataset_id >= before:
                continue
            try:
                found.append(self.get(dataset_id))
            except (DatasetUnreadable, NotFound) as error:
                _log.warning("dataset_left_out", dataset_id=dataset_id, reason=error.detail)
        return found

    def delete(self, dataset_id: str) -> Dataset:
        """Remove a dataset and return what it was; it is gone from the list at once, its files right after.

        Raises ``NotFound``, ``DatasetUnreadable``, ``Conflict`` where a folder in use cannot be renamed.
        """
        dataset = self.get(dataset_id)
        gone = self._folder / f".gone-{dataset_id}"
        try:
            self._place(dataset_id).rename(gone)
        except PermissionError as error:  # Windows: another process has a part open
            raise Conflict(f"dataset {dataset_id} is being read: end the backtests on it first") from error
        shutil.rmtree(gone, ignore_errors=True)
        return dataset

    def batches(self, dataset_id: str, *, start_ms: int | None = None, end_ms: int | None = None) -> Iterator[Columns]:
        """Yield the rows with a time in [start, end), some 65,000 at a time, reading no others.

        Raises ``NotFound``, ``DatasetUnreadable``.
        """
        dataset = self.get(dataset_id)
        start, end = _ALL[0] if start_ms is None else start_ms, _ALL[1] if end_ms is None else end_ms
        for part in dataset.parts:
            if part.end_ms >= start and part.start_ms < end:
                place = self._place(dataset_id) / part.file
                yield from read_part(place, dataset.kind, start_ms=start, end_ms=end)

    def read(self, dataset_id: str, *, start_ms: int | None = None, end_ms: int | None = None) -> Columns:
        """Return the rows with a time in [start, end). Raises also ``InvalidRequest`` when there are none."""
        found = list(self.batches(dataset_id, start_ms=start_ms, end_ms=end_ms))
        if not found:
            raise InvalidRequest.of("dataset_id", "empty", "has no rows in that interval; choose another one")
        return _joined(self.get(dataset_id), found)

    def read_bars(self, dataset_id: str, *, start_ms: int | None = None, end_ms: int | None = None) -> BarColumns:
        """Return bars; a dataset of ticks is an ``InvalidRequest``. Else as ``read``."""
        columns = self.read(dataset_id, start_ms=start_ms, end_ms=end_ms)
        if isinstance(columns, TickColumns):
            raise InvalidRequest.of("dataset_id", "kind", "holds ticks; choose a dataset of bars")
        return columns

    def sweep(self, now_s: float) -> None:
        """Remove leftovers of processes that were killed more than a day ago."""
        if not self._folder.is_dir():
            return
        for leftover in self._folder.glob(".*"):
            if leftover.is_dir() and now_s - leftover.stat().st_mtime > _LEFTOVER_AGE_S:
                shutil.rmtree(leftover, ignore_errors=True)

    def _ids(self) -> Sequence[str]:
        if not self._folder.is_dir():
            return ()
        return [path.name for path in self._folder.iterdir() if DATASET_ID.fullmatch(path.name)]

    def _existing(self, dataset_id: str) -> Path:
        if not DATASET_ID.fullmatch(dataset_id) or not (self._place(dataset_id) / METADATA).is_file():
            raise NotFound(f"there is no dataset {dataset_id!r}: `GET /datasets` and `edgerunner data list` show them")
        return self._place(dataset_id)

    def _place(self, dataset_id: str) -> Path:
        return self._folder / dataset_id

    def _require_order(self, dataset: Dataset, columns: Columns) -> None:
        last_ms, first_ms = dataset.end_ms, int(columns.time_ms[0])
        may_repeat = isinstance(columns, TickColumns)
        if last_ms is not None and (first_ms < last_ms or (first_ms == last_ms and not may_repeat)):
            raise BadData(
                "is not later than what is stored",
                remedy="append newer rows only",
                source=dataset.name,
                code="overlap",
                field="time",
                row=1,
            )


def _part_name(number: int) -> str:
    return f"part-{number:06}.parquet"


def _write_metadata(folder: Path, dataset: Dataset) -> None:
    draft = folder / f".{METADATA}.draft"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(dataset), indent=1))
    sync(draft)
    draft.replace(folder / METADATA)
    sync(folder)


def _read_metadata(folder: Path) -> Dataset:
    try:
        return msgspec.json.decode((folder / METADATA).read_bytes(), type=Dataset)
    except FileNotFoundError:
        raise NotFound(f"there is no dataset {folder.name!r}") from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DatasetUnreadable(f"what is known about dataset {folder.name} cannot be read: {error}") from error


def _joined(dataset: Dataset, found: Sequence[Columns]) -> Columns:
    if len(found) == 1:
        return found[0]
    arrays = [arrays_of(columns) for columns in found]
    return columns_of(dataset.kind, {name: np.concatenate([part[name] for part in arrays]) for name in arrays[0]})
