"""What happens when the file cannot be written: a clear refusal, nothing half done, recovery by itself."""

import asyncio
import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.domain.events import OrderSubmitted
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.clock import FakeClock
from tests.unit.storage.journal_events import bought, event, key, new


async def opened(database: Database, *, maximum_waiting: int = 4096) -> Journal:
    return await Journal.open(database, clock_ns=FakeClock().now_ns, maximum_waiting=maximum_waiting)


async def test_another_process_that_holds_the_lock_is_waited_for_and_then_refused(
    journal: Journal, database: Database
) -> None:
    await journal.append(new("A"))
    other = database.connect()
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(JournalUnavailable, match=r"another process has held the write lock .* for 0\.05 s"):
        await journal.append(*bought("B"), idempotency=key())
    assert [order.client_order_id for order in journal.open_orders()] == ["A"]
    assert journal.positions() == []

    other.execute("ROLLBACK")
    other.close()
    commit = await journal.append(*bought("B"), idempotency=key())
    assert [record.seq for record in commit.records] == [2, 3, 4, 5]
    assert (await journal.verify()).is_clean


async def test_a_lock_that_is_given_up_in_time_is_only_a_delay(tmp_path: Path) -> None:
    database = Database.open(tmp_path, busy_timeout_s=20)
    journal = await opened(database)
    other = database.connect()
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(journal.append(new("A")))

    assert await journal.order("A") is None  # reads go on meanwhile
    other.execute("ROLLBACK")
    other.close()

    assert (await waiting).records[0].seq == 1
    await journal.close()


async def test_a_full_disk_refuses_new_events_keeps_reads_and_recovers(database: Database) -> None:
    """The disk is simulated by SQLite's own page limit, which gives the same SQLITE_FULL."""
    limited = PageLimited(database.path)
    journal = await opened(limited)
    await journal.append(*bought("A"))
    limited.set_limit(1)

    acknowledged = 1 + await append_until_the_disk_is_full(journal)
    refused_after = journal.last_seq
    assert len((await journal.fills(limit=1000)).items) == acknowledged
    assert (await journal.verify()).is_clean

    limited.set_limit(1_000_000)
    commit = await journal.append(*bought("Z"))
    assert commit.records[0].seq == refused_after + 1
    assert (await journal.verify()).is_clean
    await journal.close()


async def append_until_the_disk_is_full(journal: Journal) -> int:
    """Return how many orders were acknowledged before."""
    acknowledged = 0

    async def append_without_end() -> None:
        nonlocal acknowledged
        while acknowledged < 1000:
            await journal.append(*bought(f"N{acknowledged}"))
            acknowledged += 1

    with pytest.raises(JournalUnavailable, match=r"the disk of .* is full"):
        await append_without_end()
    return acknowledged


class PageLimited(Database):
    """Lets a test say how large the file may grow."""

    def connect(self) -> sqlite3.Connection:
        connection = super().connect()
        if not hasattr(self, "writing"):
            self.writing = connection  # the journal's writer connects first
        return connection

    def set_limit(self, pages: int) -> None:
        """SQLite rounds a limit below the present size up to that size."""
        self.writing.execute(f"PRAGMA max_page_count={pages}")


async def test_a_newer_owner_shuts_the_older_one_out(journal: Journal, database: Database) -> None:
    await journal.append(new("A"))
    newer = await opened(database)

    with pytest.raises(JournalUnavailable, match="another process owns this journal"):
        await journal.append(event(OrderSubmitted(), "A"))

    assert [order.client_order_id for order in newer.open_orders()] == ["A"]
    assert (await newer.append(event(OrderSubmitted(), "A"))).records[0].owner_epoch == newer.owner_epoch
    await newer.close()


async def test_events_written_behind_our_back_stop_the_journal(journal: Journal, database: Database) -> None:
    await journal.append(new("A"))
    other = database.connect()
    other.execute(
        "INSERT INTO events (seq, event_id, type, version, connection_id, account_id, actor, source, ts_init_ns,"
        " owner_epoch, payload) VALUES (2, 'x', 'order_submitted', 1, 'c', 'a', 'me', 'api', 1, 1, '{}')"
    )
    other.close()

    with pytest.raises(JournalUnavailable, match="ends at event 2 where this process knows 1"):
        await journal.append(new("B"))


async def test_more_calls_than_the_bound_are_refused_at_once(database: Database) -> None:
    journal = await opened(database, maximum_waiting=3)

    results = await asyncio.gather(*(journal.append(new(f"N{n}")) for n in range(5)), return_exceptions=True)

    refused = [str(result) for result in results if isinstance(result, JournalUnavailable)]
    assert refused == ["3 calls wait for the journal already"] * 2
    assert (await journal.append(new("AFTER"))).records[0].seq == 4
    await journal.close()


async def test_a_closed_journal_says_so(journal: Journal) -> None:
    await journal.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        await journal.append(new())
    with pytest.raises(JournalUnavailable, match="closed"):
        await journal.orders(limit=1)


async def test_close_first_makes_durable_what_waits(database: Database) -> None:
    journal = await opened(database)

    *commits, _ = await asyncio.gather(*(journal.append(new(f"N{n}")) for n in range(50)), journal.close())

    assert {commit.records[0].seq for commit in commits if commit} == set(range(1, 51))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be removed")
async def test_nothing_is_acknowledged_into_a_file_that_was_removed(journal: Journal, database: Database) -> None:
    await journal.append(new("A"))
    for path in database.path.parent.glob("edgerunner.db*"):
        path.unlink()

    for order_id in ("B", "C"):
        with pytest.raises(JournalUnavailable, match=r"was removed or replaced while in use"):
            await journal.append(new(order_id))
    assert [order.client_order_id for order in journal.open_orders()] == ["A"]


async def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    journal = await opened(database)
    for number in range(50):
        await journal.append(*bought(f"N{number}"))
    await journal.close()
    database.close()
    size = database.path.stat().st_size
    with database.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))

    with pytest.raises(JournalUnavailable, match=r"edgerunner\.db is damaged: restore a backup"):
        await opened(Database(database.path))


class DyingConnection(sqlite3.Connection):
    """Kills the thread that commits, once: what no handler in the writer may catch."""

    lives = 1

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and self.lives and self.in_transaction and self.total_changes > 2:
            self.lives -= 1
            raise SystemExit
        return super().execute(sql, parameters)


class DyingDatabase(Database):
    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, factory=DyingConnection)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_dead_writer_thread_is_heard_of_and_replaced(database: Database) -> None:
    journal = await opened(DyingDatabase(database.path))

    with pytest.raises(JournalUnavailable, match="thread ended"):
        await journal.append(*bought("A"))
    assert journal.open_orders() == []

    assert (await journal.append(*bought("A"))).records[0].seq == 1
    assert (await journal.verify()).is_clean
    await journal.close()


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a tmpfs")
async def test_a_really_full_disk_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    mount = shutil.which("mount")
    target = tmp_path / "small"
    target.mkdir()
    arguments = (mount or "mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(target))
    process = await asyncio.create_subprocess_exec(*arguments, stderr=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        pytest.skip("no right to mount a tmpfs here")
    try:
        await fill_up(target)
    finally:
        await (await asyncio.create_subprocess_exec("umount", str(target))).wait()


async def fill_up(folder: Path) -> None:
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * 300_000)
    database = Database.open(folder)
    journal = await opened(database)
    acknowledged = await append_until_the_disk_is_full(journal)
    assert len((await journal.fills(limit=10_000)).items) == acknowledged

    ballast.unlink()
    await journal.append(*bought("AFTER"))
    assert (await journal.verify()).is_clean
    await journal.close()
    database.close()
