"""A consistent copy of a SQLite file that another process writes to at this moment.

A database that others may read is copied by SQLite's own online backup
(https://sqlite.org/backup.html), in one step: in WAL mode that holds no writer up. One that its
owner locks exclusively (paper accounts, simulators' ledgers) cannot be opened; its two files are
copied and read as after a crash (https://sqlite.org/walformat.html): the log is copied after the
file, and its header, which is new after every reset, says that none came in between.
"""

import contextlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

_MAGIC: Final = b"SQLite format 3\0"
_WAL_HEADER: Final = 32
_MODE_OFFSET: Final = 18  # the file format's write version: 2 = WAL
_WAL_MODE: Final = 2
_ATTEMPTS: Final = 10
COMPANIONS: Final = ("-wal", "-shm", "-journal")
"""Endings of the files that belong to a database beside its own."""


class SnapshotFailed(Exception):
    """No consistent copy could be made; the message says why."""


def is_database(path: Path) -> bool:
    """Tell whether a file begins as SQLite files do."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def snapshot(source: Path, target: Path) -> None:
    """Copy a database into a new file of its own, without a log beside it.

    Raises ``SnapshotFailed``, ``OSError``.
    """
    try:
        _copy_online(source, target)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "").partition("_")[2].partition("_")[0] not in {"BUSY", "LOCKED"}:
            raise SnapshotFailed(f"{source} cannot be read: {error}") from error
        target.unlink(missing_ok=True)
        _copy_locked(source, target)
    except sqlite3.DatabaseError as error:
        raise SnapshotFailed(f"{source} cannot be read: {error}") from error


def _copy_online(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source, isolation_level=None, timeout=0.2)) as reading,
        closing(sqlite3.connect(target, isolation_level=None)) as writing,
    ):
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # `backup` waits for a lock without an end
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode = DELETE")


def _copy_locked(source: Path, target: Path) -> None:
    log, copied_log = source.with_name(f"{source.name}-wal"), target.with_name(f"{target.name}-wal")
    for _ in range(_ATTEMPTS):
        before = _header(log)
        shutil.copyfile(source, target)
        _require_log(source, target)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(log, copied_log)
        if _header(log) == before == _header(copied_log):
            break
        copied_log.unlink(missing_ok=True)
    else:
        raise SnapshotFailed(f"{source} is written to faster than it can be copied: try again, or stop Edgerunner")
    with closing(sqlite3.connect(target, isolation_level=None)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")


def _require_log(source: Path, target: Path) -> None:
    """Without a write-ahead log a copy of a file in use would be torn."""
    with target.open("rb") as file:
        header = file.read(_MODE_OFFSET + 1)
    if header[_MODE_OFFSET:] != bytes([_WAL_MODE]):
        raise SnapshotFailed(f"{source} is locked and has no write-ahead log: stop what uses it first")


def _header(log: Path) -> bytes:
    try:
        with log.open("rb") as file:
            return file.read(_WAL_HEADER)
    except FileNotFoundError:
        return b""
