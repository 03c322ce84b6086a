"""The one SQLite file: where it is, how it is opened, and that its schema is current.

Every connection has WAL, ``synchronous=FULL`` (a commit returns after the disk has it) and a
bounded wait for another process's lock. https://sqlite.org/wal.html
"""

import sqlite3
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from edgerunner.domain.errors import JournalUnavailable, Unsupported
from edgerunner.storage.migrations import HEAD

FILE_NAME = "edgerunner.db"
BUSY_TIMEOUT_S = 2.0
CACHE_KIB = 16 * 1024
CHECKPOINT_PAGES = 4000  # 16 MB of log before a commit also moves it into the file
IMMEDIATE = "edgerunner_immediate"
"""SQLAlchemy execution option: take the write lock when the transaction begins."""


class Database:
    """One database file, ready to use: made or brought up to date when opened.

    Args:
        path: The file.
        busy_timeout_s: How long a statement waits for a lock that another process holds.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self.busy_timeout_s = busy_timeout_s

    @classmethod
    def open(cls, data_dir: Path, url: str | None = None, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Database":
        """Return the database of a data folder; blocks while it makes or migrates the file.

        ``url`` is the setting ``DATABASE_URL``: anything but empty is ``Unsupported``. Raises
        ``JournalUnavailable`` for a folder that cannot be written, a file that is no database or
        another program's, and a schema newer than this version.
        """
        if url:
            raise Unsupported(
                f"DATABASE_URL names {url.partition(':')[0]}, but this version keeps its journal in SQLite only: "
                "leave DATABASE_URL empty and set DATA_DIR"
            )
        database = cls(data_dir / FILE_NAME, busy_timeout_s=busy_timeout_s)
        database._prepare()
        return database

    @classmethod
    def existing(cls, data_dir: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Database":
        """Return the database that another process made and keeps up to date; blocks while it looks at it.

        Raises ``JournalUnavailable`` when there is none of this version's schema.
        """
        database = cls(data_dir / FILE_NAME, busy_timeout_s=busy_timeout_s)
        if not database.path.exists():
            raise JournalUnavailable(f"there is no journal in {data_dir} yet: start the process that owns it first")
        try:
            connection = database.connect()
            try:
                stored = database._stored_revision(connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise JournalUnavailable(database.explain(error)) from error
        if stored != HEAD:
            raise JournalUnavailable(
                f"{database.path} has schema {stored} and this version knows {HEAD}: run the owner's version"
            )
        return database

    def connect(self) -> sqlite3.Connection:
        """Return a new connection in autocommit mode; transactions are begun in words.

        It may be used from any thread, by one at a time.
        """
        connection = sqlite3.connect(
            self.path, timeout=self.busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size={-CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        return connection

    @cached_property
    def engine(self) -> Engine:
        """SQLAlchemy's engine over the same file, for everything that is not the order path."""
        engine = create_engine("sqlite://", creator=self.connect, poolclass=QueuePool, pool_size=2)
        event.listen(engine, "begin", _begin)
        return engine

    def close(self) -> None:
        """Close the engine's connections; those of ``connect`` belong to their callers."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def explain(self, error: sqlite3.Error) -> str:
        """Return the sentence for an operator that ``error`` on this file calls for."""
        name = getattr(error, "sqlite_errorname", "") or type(error).__name__
        match "_".join(name.split("_")[:2]):  # SQLITE_BUSY_SNAPSHOT is a kind of SQLITE_BUSY
            case "SQLITE_NOTADB":
                return f"{self.path} is not a database: move it away or set DATA_DIR to another folder"
            case "SQLITE_CORRUPT":
                return f"{self.path} is damaged: restore a backup"
            case "SQLITE_BUSY":
                return f"another process has held the write lock of {self.path} for {self.busy_timeout_s:g} s"
            case "SQLITE_FULL":
                return f"the disk of {self.path} is full"
            case "SQLITE_CANTOPEN" | "SQLITE_READONLY":
                return f"{self.path} cannot be written: check the rights of the file and its folder"
        return f"{self.path} cannot be used: {error} ({name})"

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalUnavailable(f"the data folder {self.path.parent} cannot be made: {error.strerror}") from error
        try:
            connection = self.connect()
            try:
                stored = self._stored_revision(connection)
            finally:
                connection.close()
            if stored != HEAD:
                self._migrate(stored)
        except sqlite3.Error as error:
            raise JournalUnavailable(self.explain(error)) from error

    def _stored_revision(self, connection: sqlite3.Connection) -> str | None:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not names:
            return None
        row = None
        if "alembic_version" in names:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is None:
            raise JournalUnavailable(f"{self.path} is a database of another program: set DATA_DIR to another folder")
        return str(row[0])

    def _migrate(self, stored: str | None) -> None:
        from edgerunner.storage.upgrade import is_known, upgrade  # noqa: PLC0415 - Alembic loads only when needed

        if stored is not None and not is_known(stored):
            raise JournalUnavailable(
                f"{self.path} has schema {stored}, which a newer Edgerunner made (this one knows {HEAD}): "
                "run that version or restore a backup"
            )
        if stored is not None:
            self._save_before_upgrade(stored)
        try:
            upgrade(self.engine)
        except DBAPIError as error:
            raise error.orig if isinstance(error.orig, sqlite3.Error) else error from None
        finally:
            self.close()

    def _save_before_upgrade(self, stored: str) -> None:
        from edgerunner.storage.backup import BackupFailed, backup_before_upgrade  # noqa: PLC0415 - only when needed

        try:
            backup_before_upgrade(self.path, stored)
        except BackupFailed as error:
            raise JournalUnavailable(
                f"{self.path} has the older schema {stored} and is not upgraded without a backup: {error.detail}"
            ) from error


def _begin(connection: Connection) -> None:
    """Open SQLAlchemy's transactions ourselves, since the driver is in autocommit mode."""
    is_immediate = connection.get_execution_options().get(IMMEDIATE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_immediate else "BEGIN")
