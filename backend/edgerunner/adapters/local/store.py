"""The paper broker's book on disk: one SQLite file per connection, one durable transaction per step.

The file is synced at every commit and locked as long as it is open, so that a book has one writer. Every call blocks:
the adapter makes it off the event loop, one at a time.
"""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from edgerunner.adapters.local.records import Change, Holding, LocalCash, LocalFill, LocalOrder, StoredBook
from edgerunner.domain.errors import BrokerUnreachable, Conflict, InvalidRequest
from edgerunner.domain.instruments import Instrument

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS orders(number INTEGER PRIMARY KEY, venue_order_id TEXT NOT NULL UNIQUE,
    client_order_id TEXT UNIQUE, live INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS orders_live ON orders(number) WHERE live = 1;
CREATE TABLE IF NOT EXISTS fills(number INTEGER PRIMARY KEY, venue_order_id TEXT NOT NULL,
    instrument_id TEXT NOT NULL, ts_ns INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS fills_order ON fills(venue_order_id);
CREATE INDEX IF NOT EXISTS fills_time ON fills(ts_ns, number);
CREATE TABLE IF NOT EXISTS cash(number INTEGER PRIMARY KEY, movement_id TEXT NOT NULL UNIQUE,
    booked_ns INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS balances(currency TEXT PRIMARY KEY, total TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS holdings(instrument_id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS instruments(instrument_id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_encode = msgspec.json.Encoder().encode
_orders = msgspec.json.Decoder(LocalOrder)
_fills = msgspec.json.Decoder(LocalFill)
_cash = msgspec.json.Decoder(LocalCash)
_holdings = msgspec.json.Decoder(Holding)
_instruments = msgspec.json.Decoder(Instrument)


class BookStore:
    """The file of one connection."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises ``Conflict`` for a file that another process has open or another version wrote, and
        ``BrokerUnreachable`` for one that cannot be read.
        """
        self._path = path
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        execute = self._db.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        [(tables,)] = execute("SELECT count(*) FROM sqlite_master")
        [(version,)] = execute("PRAGMA user_version")
        if tables and version != _VERSION:
            raise Conflict(
                f"{self._path} was written by another version (book {version}, this one writes {_VERSION}): "
                "move it away, and the paper account starts over"
            )
        self._db.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        execute("INSERT OR IGNORE INTO meta VALUES('book_id', ?)", (secrets.token_hex(4),))

    def claim(self, currency: str) -> None:
        """Make it the book of an account in this currency; raises ``InvalidRequest`` when it is one in another."""
        with _explained(self._path):
            self._db.execute("INSERT OR IGNORE INTO meta VALUES('currency', ?)", (currency,))
            [(known,)] = self._db.execute("SELECT value FROM meta WHERE key = 'currency'")
        if known != currency:
            text = f"the paper account of this connection_id is in {known}: keep that, or choose another connection_id"
            raise InvalidRequest.of("options.local.currency", "conflict", text)

    def close(self) -> None:
        """Close the file and give up its lock. Idempotent."""
        self._db.close()

    def commit(self, change: Change) -> None:
        """Write one step as a whole, durably; raises ``BrokerUnreachable`` when it cannot be written."""
        with _explained(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._write(change)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _write(self, change: Change) -> None:
        execute, many = self._db.execute, self._db.executemany
        for order in change.orders.values():
            row = (order.number, order.venue_order_id, order.client_order_id, order.is_live, _encode(order))
            execute(
                "INSERT INTO orders VALUES(?,?,?,?,?) "
                "ON CONFLICT(number) DO UPDATE SET live = excluded.live, body = excluded.body",
                row,
            )
        many(
            "INSERT INTO fills VALUES(?,?,?,?,?)",
            [
                (each.number, each.venue_order_id, each.instrument_id, each.ts_ns, _encode(each))
                for each in change.fills
            ],
        )
        many(
            "INSERT INTO cash VALUES(?,?,?,?)",
            [(each.number, each.movement_id, each.booked_ns, _encode(each)) for each in change.cash],
        )
        for currency, total in change.balances.items():
            execute("INSERT OR REPLACE INTO balances VALUES(?,?)", (currency, str(total)))
        for instrument_id, holding in change.holdings.items():
            execute("INSERT OR REPLACE INTO holdings VALUES(?,?)", (instrument_id, _encode(holding)))
        for instrument_id, instrument in change.instruments.items():
            execute("INSERT OR REPLACE INTO instruments VALUES(?,?)", (instrument_id, _encode(instrument)))

    def probe(self) -> None:
        """Write more than a step does, and take it back; raises ``BrokerUnreachable`` when that is not possible."""
        with _explained(self._path):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES('probe', ?)", ("-" * 65_536,))
            self._db.execute("DELETE FROM meta WHERE key = 'probe'")

    def read(self) -> StoredBook:
        """Return the book as it was last written; raises ``BrokerUnreachable``."""
        with _explained(self._path):
            query = self._db.execute
            [(book_id,)] = query("SELECT value FROM meta WHERE key = 'book_id'")
            live = query("SELECT body FROM orders WHERE live = 1 ORDER BY number")
            return StoredBook(
                book_id=book_id,
                balances={currency: Decimal(total) for currency, total in query("SELECT * FROM balances")},
                holdings={name: _holdings.decode(body) for name, body in query("SELECT * FROM holdings")},
                live_orders=tuple(_orders.decode(body) for (body,) in live),
                instruments={name: _instruments.decode(body) for name, body in query("SELECT * FROM instruments")},
                numbers=(self._highest("orders"), self._highest("fills"), self._highest("cash")),
            )

    def find(self, *, client_order_id: str | None, venue_order_id: str | None) -> LocalOrder | None:
        """Return an order by either id, however old."""
        with _explained(self._path):
            rows = self._db.execute(
                "SELECT body FROM orders WHERE client_order_id = ? OR venue_order_id = ?",
                (client_order_id, venue_order_id),
            )
            return next((_orders.decode(body) for (body,) in rows), None)

    def fills_of(self, venue_order_id: str) -> list[LocalFill]:
        """Return the fills of an order, oldest first."""
        return self._fill_rows("WHERE venue_order_id = ? ORDER BY number", (venue_order_id,))

    def fills_since(self, since_ns: int) -> list[LocalFill]:
        """Return the fills since a time, oldest first."""
        return self._fill_rows("WHERE ts_ns >= ? ORDER BY ts_ns, number", (since_ns,))

    def fills_after(self, instrument_id: str, ts_ns: int) -> list[LocalFill]:
        """Return the fills of one instrument that are newer than a time."""
        return self._fill_rows("WHERE instrument_id = ? AND ts_ns > ? ORDER BY number", (instrument_id, ts_ns))

    def cash_since(self, since_ns: int) -> list[LocalCash]:
        """Return the movements booked since a time, oldest first: one can be booked long after it was due."""
        with _explained(self._path):
            rows = self._db.execute("SELECT body FROM cash WHERE booked_ns >= ? ORDER BY number", (since_ns,))
            return [_cash.decode(body) for (body,) in rows]

    def _fill_rows(self, where: str, values: tuple[str | int, ...]) -> list[LocalFill]:
        with _explained(self._path):
            rows = self._db.execute(f"SELECT body FROM fills {where}", values)  # noqa: S608 - words of this class
            return [_fills.decode(body) for (body,) in rows]

    def _highest(self, table: str) -> int:
        query = f"SELECT coalesce(max(number), 0) FROM {table}"  # noqa: S608 - names of our own tables
        return int(self._db.execute(query).fetchone()[0])


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the database's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Conflict(f"{path} is open in another process: one book has one writer") from error
        raise BrokerUnreachable(f"the paper account's file {path} cannot be used: {error}") from error
    except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
        raise BrokerUnreachable(f"the paper account's file {path} cannot be used: {error}") from error


def store_path(folder: Path, connection_id: str) -> Path:
    """Return where the book of a connection lies."""
    return folder / f"{connection_id}.db"
