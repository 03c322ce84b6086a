"""Datasets on disk: whole or not at all, found by id alone, read by range."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from edgerunner.backtest.columns import BadData, BarColumns, bar_columns, tick_columns
from edgerunner.domain.errors import Conflict, InvalidRequest, NotFound
from edgerunner.domain.market import Timeframe
from edgerunner.services.dataset_import import ImportRequest, import_file
from edgerunner.storage import catalogue as catalogue_module
from edgerunner.storage.catalogue import METADATA, Catalogue
from edgerunner.storage.dataset_parts import ROWS_PER_GROUP, DatasetUnreadable
from edgerunner.storage.datasets import Dataset, Origin
from edgerunner.storage.market_files.byte_source import Limits
from edgerunner.storage.market_files.column_names import Kind

FIRST_MS = 1_704_067_200_000
ID = "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"
OTHER_ID = "01JD8Z4K3V7Q2M5N9R1T6W8X0Z"


def dataset(dataset_id: str = ID, kind: Kind = Kind.BARS) -> Dataset:
    return Dataset(
        dataset_id=dataset_id,
        name="mine",
        kind=kind,
        instrument_id="X.TEST",
        timeframe=Timeframe.M1 if kind is Kind.BARS else None,
        origin=Origin(file="mine.csv"),
        created_ms=FIRST_MS,
    )


def bars(first: int, last: int) -> BarColumns:
    """Bars of the minutes from ``first`` until before ``last``; the close tells the minute."""
    minutes = np.arange(first, last)
    price = 100.0 + minutes
    columns = {"open": price, "high": price, "low": price, "close": price, "volume": price}
    return bar_columns({"time": FIRST_MS + 60_000 * minutes, **columns}, source="made bars")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "datasets")


def test_a_dataset_is_found_by_its_id(catalogue: Catalogue) -> None:
    stored = catalogue.create(dataset(), bars(0, 100))
    assert (stored.rows, stored.start_ms, stored.end_ms) == (100, FIRST_MS, FIRST_MS + 99 * 60_000)
    assert catalogue.get(ID) == stored
    assert catalogue.list() == [stored]
    assert Catalogue(catalogue._folder).read_bars(ID).close.tolist() == (100.0 + np.arange(100)).tolist()


@pytest.mark.parametrize("dataset_id", ["", "..", "../etc", OTHER_ID, ID.lower(), "a" * 26, f"{ID}/", f".new-{ID}"])
def test_nothing_else_is_found_by_any_name(catalogue: Catalogue, dataset_id: str) -> None:
    catalogue.create(dataset(), bars(0, 3))
    for call in (catalogue.get, catalogue.read_bars, catalogue.delete):
        with pytest.raises(NotFound):
            call(dataset_id)


def test_newest_datasets_come_first_and_in_pages(catalogue: Catalogue) -> None:
    for dataset_id in (ID, OTHER_ID):
        catalogue.create(dataset(dataset_id), bars(0, 3))
    assert [found.dataset_id for found in catalogue.list()] == [OTHER_ID, ID]
    assert [found.dataset_id for found in catalogue.list(limit=1)] == [OTHER_ID]
    assert [found.dataset_id for found in catalogue.list(before=OTHER_ID)] == [ID]


def test_rows_are_appended_in_order_only(catalogue: Catalogue) -> None:
    stored = catalogue.append(catalogue.create(dataset(), bars(0, 10)), bars(10, 25))
    assert [part.rows for part in stored.parts] == [10, 15]
    assert catalogue.read_bars(ID).close[-1] == 124
    for late in (bars(24, 30), bars(0, 5)):
        with pytest.raises(BadData, match="is not later than what is stored"):
            catalogue.append(stored, late)
    assert catalogue.get(ID) == stored


def test_a_dataset_may_begin_without_rows(catalogue: Catalogue) -> None:
    stored = catalogue.create(dataset())
    assert (stored.rows, stored.start_ms) == (0, None)
    with pytest.raises(InvalidRequest, match="has no rows"):
        catalogue.read_bars(ID)
    assert catalogue.append(stored, bars(0, 3)).rows == 3


def test_the_hash_tells_equal_contents_from_others(catalogue: Catalogue) -> None:
    first = catalogue.create(dataset(), bars(0, 10))
    second = catalogue.create(dataset(OTHER_ID), bars(0, 10))
    assert first.sha256 == second.sha256
    assert catalogue.append(first, bars(10, 11)).sha256 != first.sha256


def test_a_range_touches_only_its_row_groups(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.create(dataset(), bars(0, 3 * ROWS_PER_GROUP))
    read: list[int] = []
    reader = parquet.ParquetFile.read_row_group

    def counted(self: object, group: int) -> object:
        read.append(group)
        return reader(self, group)

    monkeypatch.setattr(parquet.ParquetFile, "read_row_group", counted)
    start = FIRST_MS + (ROWS_PER_GROUP + 5) * 60_000
    found = catalogue.read_bars(ID, start_ms=start, end_ms=start + 120_000)
    assert found.close.tolist() == [100.0 + ROWS_PER_GROUP + 5, 100.0 + ROWS_PER_GROUP + 6]
    assert read == [1]
    assert [len(batch) for batch in catalogue.batches(ID)] == [ROWS_PER_GROUP] * 3


def test_ticks_are_stored_too_and_are_no_bars(catalogue: Catalogue) -> None:
    ticks = tick_columns({"time": [FIRST_MS, FIRST_MS], "bid": [1.0, 1.1], "ask": [1.1, 1.2]}, source="made ticks")
    stored = catalogue.create(dataset(kind=Kind.TICKS), ticks)
    assert stored.columns == ("time_ms", "bid", "ask")
    assert catalogue.append(stored, ticks).rows == 4
    assert len(catalogue.read(ID)) == 4
    with pytest.raises(InvalidRequest, match="holds ticks"):
        catalogue.read_bars(ID)


def test_a_deleted_dataset_is_gone(catalogue: Catalogue) -> None:
    stored = catalogue.create(dataset(), bars(0, 3))
    assert catalogue.delete(ID) == stored
    assert catalogue.list() == []
    assert list(catalogue._folder.iterdir()) == []
    with pytest.raises(NotFound):
        catalogue.append(stored, bars(3, 4))


def test_too_many_datasets_are_refused(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_module, "MOST_DATASETS", 1)
    catalogue.create(dataset(), bars(0, 3))
    with pytest.raises(Conflict, match="delete some"):
        catalogue.create(dataset(OTHER_ID), bars(0, 3))


def test_damage_is_an_error_with_its_place_and_does_not_hide_other_datasets(catalogue: Catalogue) -> None:
    good = catalogue.create(dataset(), bars(0, 3))
    catalogue.create(dataset(OTHER_ID), bars(0, 3))
    folder = catalogue._folder / OTHER_ID
    part = folder / "part-000000.parquet"
    part.write_bytes(part.read_bytes()[:-8])
    with pytest.raises(DatasetUnreadable, match=r"part-000000\.parquet cannot be read"):
        catalogue.read_bars(OTHER_ID)
    part.unlink()
    with pytest.raises(DatasetUnreadable):
        catalogue.read_bars(OTHER_ID)
    (folder / METADATA).write_text("{")
    with pytest.raises(DatasetUnreadable, match="cannot be read"):
        catalogue.get(OTHER_ID)
    assert catalogue.list() == [good]


def test_a_part_that_was_never_announced_does_not_exist(catalogue: Catalogue) -> None:
    """A process that died between a part and its announcement; the next writer puts its own there."""
    stored = catalogue.create(dataset(), bars(0, 3))
    catalogue.append(stored, bars(3, 50))
    catalogue.save(stored)  # as if the announcement had not happened
    assert catalogue.read_bars(ID).close.tolist() == [100, 101, 102]
    assert catalogue.append(catalogue.get(ID), bars(3, 5)).rows == 5
    assert len(catalogue.read_bars(ID)) == 5


def test_old_leftovers_are_swept_and_fresh_ones_left_alone(catalogue: Catalogue) -> None:
    catalogue.create(dataset(), bars(0, 3))
    old, fresh = catalogue._folder / ".new-OLD", catalogue._folder / ".new-FRESH"
    old.mkdir()
    fresh.mkdir()
    os.utime(old, (0, 0))
    catalogue.sweep(fresh.stat().st_mtime)
    assert not old.exists()
    assert fresh.exists()
    assert len(catalogue.list()) == 1


def test_the_name_and_notes_of_a_user_are_kept_as_text(catalogue: Catalogue) -> None:
    hostile = replace(dataset(), name='../../x"\n<script>', notes=("é\u202e",))
    catalogue.create(hostile, bars(0, 3))
    assert catalogue.get(ID).name == hostile.name


@pytest.mark.system
def test_a_process_killed_while_it_imports_leaves_only_whole_datasets(tmp_path: Path) -> None:
    """``kill -9`` at random moments of an endless import; everything listed can be read and is complete."""
    seed = int(os.environ.get("EDGERUNNER_TEST_SEED", random.SystemRandom().randrange(2**32)))
    chance = random.Random(seed)
    file = tmp_path / "bars.csv"
    lines = (f"{FIRST_MS + 60_000 * row},1,2,1,2,5" for row in range(50_000))
    file.write_text("\n".join(["time,open,high,low,close,volume", *lines]))
    folder = tmp_path / "datasets"
    worker = [sys.executable, str(Path(__file__).with_name("import_worker.py")), str(folder), str(file)]
    for _ in range(4):
        process = subprocess.Popen(worker, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n", f"EDGERUNNER_TEST_SEED={seed}"
        try:
            process.wait(timeout=chance.uniform(0.02, 0.4))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate(timeout=30)
        catalogue = Catalogue(folder)
        for found in catalogue.list():
            assert found.rows == len(catalogue.read_bars(found.dataset_id)) == 50_000, f"EDGERUNNER_TEST_SEED={seed}"
    request = ImportRequest(file_name=file.name, instrument_id="X.TEST")
    import_file(Catalogue(folder), file, request, now_ms=FIRST_MS, limits=Limits())
