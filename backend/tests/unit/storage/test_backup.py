"""Backups are made while the journal is written to, hold what they say, and give the same state back."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edgerunner.storage import backup, restore
from edgerunner.storage.backup import BackupFailed
from edgerunner.storage.backup_contents import Contents
from edgerunner.storage.database import FILE_NAME, Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.restore import RestoreRefused
from tests.fakes.clock import FakeClock
from tests.unit.storage.backup_folders import book_rows, data_folder, names_in, save, state_in, write_book
from tests.unit.storage.journal_events import canceled

LOCKER = """
import sqlite3, sys
book = sqlite3.connect(sys.argv[1], isolation_level=None)
book.execute("PRAGMA locking_mode = EXCLUSIVE"); book.execute("PRAGMA journal_mode = WAL")
book.execute("PRAGMA wal_autocheckpoint = 3")
number = book.execute("SELECT count(*) FROM fills").fetchone()[0]
for number in range(number, number + 7):
    book.execute("INSERT INTO fills VALUES(?, 'x')", (number,))
print("locked", flush=True)
while sys.stdin.readline() == "more\\n":
    number += 1
    book.execute("INSERT INTO fills VALUES(?, 'x')", (number,))
    print("written", flush=True)
"""


def test_a_restored_folder_has_the_same_state_and_the_same_files(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "a folder", migrated_file)
    made = save(source, tmp_path / "b.zip")
    (tmp_path / "new").mkdir()

    done = restore.restore(tmp_path / "new", tmp_path / "b.zip", force=False, stamp="x")

    assert done.replaced is None
    assert made.state == state_in(source) == state_in(tmp_path / "new") == done.manifest.state
    assert made.state.tables["orders"].rows == 3
    assert names_in(tmp_path / "new") == names_in(source) - {"lock", "sim/process.json"}
    assert (tmp_path / "new" / "api_key").read_text() == (source / "api_key").read_text()
    assert book_rows(tmp_path / "new" / "local" / "paper.db") == 3


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_nobody_else_may_read_an_archive_or_what_is_restored(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    save(source, tmp_path / "b.zip")
    (tmp_path / "new").mkdir()
    restore.restore(tmp_path / "new", tmp_path / "b.zip", force=False, stamp="x")
    private = [tmp_path / "b.zip", *(path for path in (tmp_path / "new").rglob("*") if path.name != "new")]
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in private} == {path.name: "0o0" for path in private}


def test_keys_and_bulky_data_are_in_it_only_when_asked(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    assert save(source, tmp_path / "plain.zip", Contents()).roots == (FILE_NAME, "local", "strategies")
    assert set(save(source, tmp_path / "keys.zip", Contents(keys=True)).roots) >= {"api_key", "master.key"}
    assert set(save(source, tmp_path / "data.zip", Contents(data=True)).roots) >= {"datasets", "backtests"}


async def test_a_backup_taken_between_commits_holds_every_commit_before_it_whole(
    tmp_path: Path, migrated_file: Path
) -> None:
    source = await asyncio.to_thread(data_folder, tmp_path / "data", migrated_file)
    database = Database.open(source)
    journal = await Journal.open(database, clock_ns=FakeClock().now_ns)
    stop = asyncio.Event()
    acknowledged = 0

    async def trade() -> None:
        nonlocal acknowledged
        while not stop.is_set():
            await journal.append(*canceled(f"LIVE-{acknowledged}"))
            acknowledged += 1

    trading = asyncio.create_task(trade())
    try:
        for number in range(3):
            before = acknowledged
            made = await asyncio.to_thread(save, source, tmp_path / f"{number}.zip")
            assert 3 + before <= made.state.tables["orders"].rows <= 3 + acknowledged + 1
            verified = await asyncio.to_thread(backup.verify, tmp_path / f"{number}.zip")
            assert verified.replay is not None
            assert verified.replay.first_difference is None
            assert verified.replay.orders == made.state.tables["orders"].rows
    finally:
        stop.set()
        await trading
        await journal.close()
        database.close()
    assert acknowledged > 0


def test_a_book_that_its_owner_locks_is_copied_with_every_commit(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    book = source / "local" / "paper.db"
    owner = subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(book)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    try:
        assert owner.stdout.readline() == "locked\n"
        with closing(sqlite3.connect(book, timeout=0)) as stranger, pytest.raises(sqlite3.OperationalError):
            stranger.execute("SELECT count(*) FROM fills").fetchone()
        for more in range(5):
            save(source, tmp_path / f"{more}.zip")
            (tmp_path / f"new{more}").mkdir()
            restore.restore(tmp_path / f"new{more}", tmp_path / f"{more}.zip", force=False, stamp="x")
            assert book_rows(tmp_path / f"new{more}" / "local" / "paper.db") == 10 + more
            owner.stdin.write("more\n")
            owner.stdin.flush()
            assert owner.stdout.readline() == "written\n"
    finally:
        owner.stdin.close()
        owner.wait(timeout=10)
        owner.stdout.close()


def test_a_folder_that_holds_something_is_refused_and_untouched(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    other = data_folder(tmp_path / "other", migrated_file, orders=5)
    save(source, tmp_path / "b.zip")
    before, names = state_in(other), names_in(other)
    with pytest.raises(RestoreRefused, match="not empty"):
        restore.restore(other, tmp_path / "b.zip", force=False, stamp="x")
    assert (state_in(other), names_in(other)) == (before, names)


def test_force_replaces_what_the_backup_holds_and_keeps_the_old_beside(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    other = data_folder(tmp_path / "other", migrated_file, orders=5)
    made, old = save(source, tmp_path / "b.zip", Contents()), state_in(other)

    done = restore.restore(other, tmp_path / "b.zip", force=True, stamp="now")

    assert done.replaced == other / "replaced-now"
    assert (state_in(other), state_in(done.replaced)) == (made.state, old)
    assert (book_rows(other / "local" / "paper.db"), book_rows(done.replaced / "local" / "paper.db")) == (3, 5)
    assert (other / "api_key").is_file(), "keys that the backup does not hold stay"
    assert not (other / restore.STAGING).exists()


def test_the_state_hash_sees_one_changed_cell_and_not_how_the_file_is_laid_out(
    tmp_path: Path, migrated_file: Path
) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    before = state_in(source)
    with closing(sqlite3.connect(source / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        assert state_in(source) == before
        connection.execute("UPDATE idempotency SET created_ns = created_ns + 1 WHERE key = '3-0'")
    after = state_in(source)
    assert after.hash != before.hash
    assert [name for name in after.tables if after.tables[name] != before.tables[name]] == ["idempotency"]


def test_an_archive_is_never_written_over(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(BackupFailed, match="exists already"):
        save(source, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_text() == "mine"


def test_the_folder_of_an_archive_is_made(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    save(source, source / "backups" / "b.zip")
    assert backup.verify(source / "backups" / "b.zip").manifest.state == state_in(source)


def test_an_empty_folder_cannot_be_backed_up(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match=r"holds no edgerunner\.db"):
        save(tmp_path, tmp_path / "b.zip")


def test_a_locked_file_without_a_log_is_refused_and_leaves_nothing(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    write_book(source / "local" / "old.db", 1)
    with closing(sqlite3.connect(source / "local" / "old.db", isolation_level=None)) as owner:
        owner.execute("PRAGMA journal_mode = DELETE")
        owner.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BackupFailed, match="no write-ahead log"):
            save(source, tmp_path / "b.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
