"""The SQLite file of a simulated broker: locked, versioned, with words to remember and the acts on the market.

No fsync: the file survives the death of the process (kill -9 included), not the loss of power. The file is locked as
long as it is open, so that no second process writes to it.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgerunner.simulators.market import MarketControl

_SCHEMA = """
CREATE TABLE IF NOT EXISTS placements(account_id TEXT NOT NULL, client_key TEXT NOT NULL, symbol TEXT NOT NULL,
    count INTEGER NOT NULL, reason TEXT, PRIMARY KEY(account_id, client_key));
CREATE TABLE IF NOT EXISTS controls(number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_TABLES = ("placements", "controls", "meta")
_controls = msgspec.json.Decoder(MarketControl)


class LedgerInUse(OSError):
    """Another process has the ledger open."""


class LedgerOutdated(OSError):
    """The file was written by another version of the simulator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Placement frames received for one client key; ``reason`` = why the latest was refused, None = accepted."""

    account_id: str
    client_key: str
    symbol: str
    count: int = 1
    reason: str | None = None


class LedgerFile:
    """An open ledger. ``None`` as path keeps it in memory (tests)."""

    def __init__(self, path: Path | None, *, schema: str, tables: Sequence[str], version: int) -> None:
        self._tables = (*tables, *_TABLES)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=0)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = OFF")
            self._check_version(path, version)
            script = f"BEGIN EXCLUSIVE;{schema}{_SCHEMA}PRAGMA user_version = {version}; COMMIT;"
            self._db.executescript(script)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise LedgerInUse(f"{path} is in use by another simulator process: {error}") from error

    def _check_version(self, path: Path | None, version: int) -> None:
        """Refuse a file of another version: a simulated history is cheaper to start over than to rewrite."""
        [(tables,)] = self._db.execute("SELECT count(*) FROM sqlite_master")
        [(found,)] = self._db.execute("PRAGMA user_version")
        if tables and found != version:
            self._db.close()
            raise LedgerOutdated(
                f"{path} was written by another version of the simulator (ledger {found}, this one writes "
                f"{version}); move the file away, and the simulated account starts over"
            )

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write what is written inside as a whole, or not at all."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add_control(self, control: MarketControl) -> None:
        """Remember an act on the market."""
        self._db.execute("INSERT INTO controls(body) VALUES(?)", (msgspec.json.encode(control),))

    def controls(self) -> list[MarketControl]:
        """Return the acts on the market, oldest first."""
        return [_controls.decode(body) for (body,) in self._db.execute("SELECT body FROM controls ORDER BY number")]

    def get(self, key: str) -> str | None:
        """Return a remembered word."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put(self, key: str, value: str) -> None:
        """Remember a word."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (key, value))

    def count_placement(self, placement: Placement) -> None:
        """Count placement frames of a client key."""
        self._db.execute(
            "INSERT INTO placements VALUES(?,?,?,?,?) ON CONFLICT(account_id, client_key)"
            " DO UPDATE SET count = count + excluded.count, reason = excluded.reason",
            (placement.account_id, placement.client_key, placement.symbol, placement.count, placement.reason),
        )

    def placements(self) -> Iterator[Placement]:
        """Yield the placement counts."""
        for account_id, key, symbol, count, reason in self._db.execute("SELECT * FROM placements"):
            yield Placement(account_id=account_id, client_key=key, symbol=symbol, count=count, reason=reason)

    def clear(self) -> None:
        """Delete everything."""
        with self.transaction():
            for table in self._tables:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
