"""Durable state of a venue: an SQLite file, written in one transaction per change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from edgerunner.simulators.accounts import PositionState
from edgerunner.simulators.ledger_file import LedgerFile, Placement
from edgerunner.simulators.venue_types import CashEntry, HistoryQuery, Leg, VenueFill, VenueOrder

_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders(number INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
    client_key TEXT, symbol TEXT NOT NULL, live INTEGER NOT NULL, time_ns INTEGER NOT NULL, sequence INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS orders_key ON orders(client_key) WHERE client_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS orders_live ON orders(number) WHERE live = 1;
CREATE INDEX IF NOT EXISTS orders_time ON orders(time_ns, number);
CREATE TABLE IF NOT EXISTS fills(number INTEGER PRIMARY KEY, order_id TEXT NOT NULL, account_id TEXT NOT NULL,
    client_key TEXT, symbol TEXT NOT NULL, time_ns INTEGER NOT NULL, sequence INTEGER NOT NULL,
    closed_lots INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS fills_closed ON fills(number) WHERE closed_lots > 0;
CREATE INDEX IF NOT EXISTS fills_order ON fills(order_id);
CREATE INDEX IF NOT EXISTS fills_time ON fills(time_ns, number);
CREATE TABLE IF NOT EXISTS cash(number INTEGER PRIMARY KEY, account_id TEXT NOT NULL, currency TEXT NOT NULL,
    symbol TEXT, time_ns INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS cash_time ON cash(time_ns, number);
CREATE TABLE IF NOT EXISTS positions(account_id TEXT NOT NULL, symbol TEXT NOT NULL, leg TEXT NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY(account_id, symbol, leg));
CREATE TABLE IF NOT EXISTS settings(account_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY(account_id, key));
CREATE TABLE IF NOT EXISTS balances(account_id TEXT NOT NULL, currency TEXT NOT NULL, total TEXT NOT NULL,
    PRIMARY KEY(account_id, currency));
"""
_TABLES = ("orders", "fills", "cash", "positions", "balances", "settings")

_encode = msgspec.json.Encoder().encode
_orders = msgspec.json.Decoder(VenueOrder)
_fills = msgspec.json.Decoder(VenueFill)
_cash = msgspec.json.Decoder(CashEntry)
_positions = msgspec.json.Decoder(PositionState)
Row = TypeVar("Row", VenueOrder, VenueFill, CashEntry)


@dataclass(slots=True, kw_only=True)
class Transaction:
    """Everything one change writes; orders by id, positions by (account, symbol, leg), balances by (account, currency).

    ``settings`` = what an account chose, by (account, key).
    """

    orders: dict[str, VenueOrder] = field(default_factory=dict)
    fills: list[VenueFill] = field(default_factory=list)
    cash: list[CashEntry] = field(default_factory=list)
    positions: dict[tuple[str, str, Leg], PositionState] = field(default_factory=dict)
    balances: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    placements: list[Placement] = field(default_factory=list)
    settings: dict[tuple[str, str], str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        written = (self.orders, self.fills, self.cash, self.positions, self.placements, self.settings, self.meta)
        return any(written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """The highest numbers given out so far."""

    order: int
    fill: int
    cash: int
    sequence: int


class Ledger(LedgerFile):
    """The file of one venue. ``None`` as path keeps it in memory (tests)."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, schema=_SCHEMA, tables=_TABLES, version=_VERSION)

    def commit(self, change: Transaction) -> None:
        """Write one change as a whole."""
        with self.transaction():
            self._write(change)

    def _write(self, change: Transaction) -> None:
        execute, many = self._db.execute, self._db.executemany
        for order in change.orders.values():
            self._save_order(order)
        if change.fills:
            many("INSERT INTO fills VALUES(?,?,?,?,?,?,?,?,?)", map(_fill_row, change.fills))
        if change.cash:
            many("INSERT INTO cash VALUES(?,?,?,?,?,?)", map(_cash_row, change.cash))
        for (account_id, symbol, leg), state in change.positions.items():
            execute("INSERT OR REPLACE INTO positions VALUES(?,?,?,?)", (account_id, symbol, leg, _encode(state)))
        for (account_id, key), value in change.settings.items():
            execute("INSERT OR REPLACE INTO settings VALUES(?,?,?)", (account_id, key, value))
        for (account_id, currency), total in change.balances.items():
            execute(
                "INSERT INTO balances VALUES(?,?,?) ON CONFLICT DO UPDATE SET total = excluded.total",
                (account_id, currency, str(total)),
            )
        for placement in change.placements:
            self.count_placement(placement)
        for key, value in change.meta.items():
            self.put(key, value)

    # reading

    def counters(self) -> Counters:
        """Return where numbering goes on."""

        def highest(column: str, table: str) -> int:
            query = f"SELECT coalesce(max({column}), 0) FROM {table}"  # noqa: S608 - names of our own tables
            return int(self._db.execute(query).fetchone()[0])

        return Counters(
            order=highest("number", "orders"),
            fill=highest("number", "fills"),
            cash=highest("number", "cash"),
            sequence=max(highest("sequence", "orders"), highest("sequence", "fills")),
        )

    def balances(self) -> dict[tuple[str, str], Decimal]:
        """Return the totals by (account, currency)."""
        rows = self._db.execute("SELECT account_id, currency, total FROM balances ORDER BY rowid")
        return {(account_id, currency): Decimal(total) for account_id, currency, total in rows}

    def positions(self) -> dict[tuple[str, str, Leg], PositionState]:
        """Return the positions by (account, symbol, leg)."""
        rows = self._db.execute("SELECT account_id, symbol, leg, body FROM positions ORDER BY account_id, symbol, leg")
        return {(account_id, symbol, Leg(leg)): _positions.decode(body) for account_id, symbol, leg, body in rows}

    def settings(self) -> dict[tuple[str, str], str]:
        """Return what accounts chose, by (account, key)."""
        rows = self._db.execute("SELECT account_id, key, value FROM settings")
        return {(account_id, key): value for account_id, key, value in rows}

    def symbols(self) -> list[str]:
        """Return every symbol that orders, fills, positions or market controls are about."""
        named = "SELECT symbol FROM orders UNION SELECT symbol FROM fills UNION SELECT symbol FROM positions"
        return [symbol for (symbol,) in self._db.execute(named)] + [each.symbol for each in self.controls()]

    def live_orders(self) -> list[VenueOrder]:
        """Return the live orders, oldest first."""
        rows = self._db.execute("SELECT body FROM orders WHERE live = 1 ORDER BY number")
        return [_orders.decode(body) for (body,) in rows]

    def closed_since(self, sequence: int, limit: int) -> list[VenueOrder]:
        """Return up to ``limit`` newest orders closed after a change number, the newest closed last."""
        query = "SELECT body FROM orders WHERE live = 0 AND sequence > ? ORDER BY sequence DESC LIMIT ?"
        return [_orders.decode(body) for (body,) in self._db.execute(query, (sequence, limit))][::-1]

    def has_client_key(self, account_id: str, client_key: str) -> bool:
        """Tell whether an accepted order of the account ever used the key."""
        query = "SELECT 1 FROM orders WHERE client_key = ? AND account_id = ?"
        return self._db.execute(query, (client_key, account_id)).fetchone() is not None

    def find_order(self, account_id: str, order_id: str) -> VenueOrder | None:
        """Return an order, however old."""
        query = "SELECT body FROM orders WHERE order_id = ? AND account_id = ?"
        row = self._db.execute(query, (order_id, account_id)).fetchone()
        return _orders.decode(row[0]) if row else None

    def orders(self, query: HistoryQuery) -> list[VenueOrder]:
        """Return orders of the full history, newest first."""
        return self._history("orders", _orders, query)

    def fills(self, query: HistoryQuery, *, closing: bool = False) -> list[VenueFill]:
        """Return fills of the full history, newest first; ``closing`` = only those that reduced a position."""
        return self._history("fills", _fills, query, *(["closed_lots > 0"] if closing else []))

    def cash(self, query: HistoryQuery) -> list[CashEntry]:
        """Return cash entries of the full history, newest first."""
        return self._history("cash", _cash, query)

    def raw_orders(self) -> list[bytes]:
        """Return every order as it is stored, oldest first: see ``decode_order``."""
        return list(self._bodies("orders"))

    def raw_fills(self) -> list[bytes]:
        """Return every fill as it is stored, oldest first: see ``decode_fill``."""
        return list(self._bodies("fills"))

    def all_fills(self) -> Iterator[VenueFill]:
        """Yield every fill, oldest first."""
        return map(_fills.decode, self._bodies("fills"))

    def all_cash(self) -> Iterator[CashEntry]:
        """Yield every cash entry, oldest first."""
        return map(_cash.decode, self._bodies("cash"))

    def _bodies(self, table: str) -> Iterator[bytes]:
        return (body for (body,) in self._db.execute(f"SELECT body FROM {table} ORDER BY number"))  # noqa: S608

    def _history(
        self, table: str, decoder: "msgspec.json.Decoder[Row]", query: HistoryQuery, *conditions: str
    ) -> list[Row]:
        wheres: list[tuple[str, tuple[str | int, ...]]] = [("account_id = ?", (query.account_id,))]
        wheres.extend((condition, ()) for condition in conditions)
        for column in ("order_id", "client_key", "currency"):
            value = getattr(query, column)
            if value is not None:
                wheres.append((f"{column} = ?", (value,)))
        if query.symbols is not None:
            wheres.append((f"symbol IN ({_marks(query.symbols)})", tuple(sorted(query.symbols))))
        if query.before is not None:
            wheres.append(("number < ?", (query.before,)))
        if query.start_ns is not None:
            oldest = f"number >= (SELECT min(number) FROM {table} WHERE time_ns >= ?) AND time_ns >= ?"  # noqa: S608
            wheres.append((oldest, (query.start_ns, query.start_ns)))
        if query.end_ns is not None:
            wheres.append(("time_ns < ?", (query.end_ns,)))
        where = " AND ".join(text for text, _ in wheres)
        values: list[str | int] = [value for _, bound in wheres for value in bound]
        text = f"SELECT body FROM {table} WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 - values are bound
        return [decoder.decode(body) for (body,) in self._db.execute(text, (*values, query.limit))]

    def _save_order(self, order: VenueOrder) -> None:
        body = _encode(order)
        changed = self._db.execute(
            "UPDATE orders SET live = ?, sequence = ?, body = ? WHERE number = ?",
            (order.live, order.sequence, body, order.number),
        ).rowcount
        if not changed:
            row = (order.number, order.order_id, order.account_id, order.client_key, order.symbol, order.live)
            self._db.execute(
                "INSERT INTO orders VALUES(?,?,?,?,?,?,?,?,?)", (*row, order.created_ns, order.sequence, body)
            )


def decode_order(body: bytes) -> VenueOrder:
    """Return a stored order."""
    return _orders.decode(body)


def decode_fill(body: bytes) -> VenueFill:
    """Return a stored fill."""
    return _fills.decode(body)


def _fill_row(fill: VenueFill) -> tuple[object, ...]:
    row = (fill.number, fill.order_id, fill.account_id, fill.client_key, fill.symbol, fill.time_ns, fill.sequence)
    return (*row, fill.closed_lots, _encode(fill))


def _cash_row(entry: CashEntry) -> tuple[object, ...]:
    return (entry.number, entry.account_id, entry.currency, entry.symbol, entry.time_ns, _encode(entry))


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)
