"""Data folders with something in them, and what can be asked of them afterwards."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from edgerunner.storage import backup
from edgerunner.storage.backup_archive import Manifest
from edgerunner.storage.backup_contents import Contents
from edgerunner.storage.database import FILE_NAME, Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.state_hash import State
from tests.fakes.clock import FakeClock
from tests.unit.storage.journal_events import bought, canceled, funding, key

WHEN = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
EVERYTHING = Contents(keys=True, data=True)


def data_folder(place: Path, migrated_file: Path, *, orders: int = 3) -> Path:
    """Return a folder with a journal of some orders, a paper account's book, keys, a strategy and a dataset."""
    place.mkdir(mode=0o700)
    shutil.copy(migrated_file, place / FILE_NAME)
    asyncio.run(append_orders(place, orders))
    for name, content in {
        "api_key": "q8Wz_4tRk1-Lm7q8Wz_4tRk1-Lm7Pz9Xc\n",
        "master.key": "not-a-real-one\n",
        "strategies/mine.py": f"ORDERS = {orders}\n",
        "datasets/bars/dataset.json": "{}",
        "backtests/run/result.json": "{}",
        "sim/process.json": "{}",
        "lock": "",
    }.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
        (place / name).chmod(0o600)
    write_book(place / "local" / "paper.db", orders)
    return place


async def append_orders(place: Path, orders: int) -> None:
    database = Database.open(place)
    journal = await Journal.open(database, clock_ns=FakeClock().now_ns)
    await journal.append(funding(f"movement-{orders}", "10", stamp=5))
    for number in range(orders):
        events = bought(f"BOUGHT-{orders}-{number}") if number % 2 else canceled(f"CANCELED-{orders}-{number}")
        await journal.append(*events, idempotency=key(f"{orders}-{number}", order_id=events[0].client_order_id or ""))
    await journal.close()
    database.close()


def write_book(path: Path, rows: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        book.execute("PRAGMA journal_mode = WAL")
        book.execute("CREATE TABLE fills(number INTEGER PRIMARY KEY, body TEXT)")
        book.executemany("INSERT INTO fills VALUES(?, 'x')", [(number,) for number in range(rows)])


def book_rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as book:
        [(rows,)] = book.execute("SELECT count(*) FROM fills")
    return int(rows)


def save(place: Path, archive: Path, contents: Contents = EVERYTHING) -> Manifest:
    return backup.create(place, archive, contents, created_at=WHEN)


def state_in(place: Path) -> State:
    return backup.read_state(place / FILE_NAME)[0]


def names_in(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
