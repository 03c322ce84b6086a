"""A journal that another process writes, followed through its file: every commit once, in sequence order.

The events are the truth, so what follows from each of them is derived here exactly as the writer
derived it, one event at a time. The tables may be ahead of the event that is being looked at: of them
only what stood at ``last_seq`` is believed, and an order is folded from its own events where memory has
it no more. When all events are through, the tables have the last word.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Order
from edgerunner.domain.positions import Position, PositionKey
from edgerunner.domain.projection import MemoryBooks
from edgerunner.storage import replay
from edgerunner.storage.books import (
    RECENT_LIMIT,
    Overlay,
    Recent,
    decode_fill,
    decode_movement,
    decode_order,
    decode_position,
)
from edgerunner.storage.codec import EventCodec
from edgerunner.storage.database import Database
from edgerunner.storage.migrations import HEAD
from edgerunner.storage.reader import Reader
from edgerunner.storage.values import Commit

BATCH = 2_000
"""Most events that are looked at in one go; more are left to the next."""

_STANDING = "SELECT (SELECT coalesce(max(seq), 0) FROM events), (SELECT version_num FROM alembic_version)"
_RETURNING_LEGS = "('net', 'long', 'short')"  # a ticket of MetaTrader that is flat never opens again

Result = TypeVar("Result")


class JournalReplaced(JournalUnavailable):
    """The file is another one than was followed, or of another version: start again to follow it."""


class BooksThen:
    """The books as they stood at ``seq``, read from tables that may be ahead of it."""

    def __init__(self, connection: sqlite3.Connection, codec: EventCodec) -> None:
        query = f"SELECT state FROM positions WHERE is_open = 1 OR leg IN {_RETURNING_LEGS}"  # noqa: S608 - our own words
        self.connection = connection
        self.seq, _ = _standing(connection)
        self._codec = codec
        self._orders: Recent[str, Order] = Recent(RECENT_LIMIT)
        positions = (decode_position(state) for (state,) in connection.execute(query))
        self._positions: dict[PositionKey, Position] = {position.key: position for position in positions}

    def order(self, client_order_id: str) -> Order | None:
        """Return an order, folded from its events when it is not in memory."""
        known = self._orders.get(client_order_id)
        if known is not None:
            return known
        books = MemoryBooks()
        where = "WHERE client_order_id = ? AND seq <= ? ORDER BY seq"
        for recorded in replay.read_events(
            self.connection, self._codec, where=where, parameters=(client_order_id, self.seq)
        ):
            books.record(recorded)
        order = books.order(client_order_id)
        return None if order is None else self._orders.put(client_order_id, order)

    def position(self, key: PositionKey) -> Position | None:
        """Return a position; None for a closed ticket, which only matters to a fill that came very late."""
        return self._positions.get(key)

    def has_fill(self, connection_id: str, account_id: str, trade_id: str) -> bool:
        """Tell whether the trade id was among the fills."""
        return self.fill(connection_id, account_id, trade_id) is not None

    def fill(self, connection_id: str, account_id: str, trade_id: str) -> Fill | None:
        """Return a fill of the account's list."""
        fill = self.stored_fill(connection_id, account_id, trade_id)
        return None if fill is None or fill.seq > self.seq else fill

    def has_movement(self, connection_id: str, account_id: str, movement_id: str) -> bool:
        """Tell whether the cash movement was booked."""
        row = self.connection.execute(
            "SELECT state FROM cash_movements WHERE connection_id = ? AND account_id = ? AND movement_id = ?",
            (connection_id, account_id, movement_id),
        ).fetchone()
        return row is not None and decode_movement(row[0]).seq <= self.seq

    def stored_fill(self, connection_id: str, account_id: str, trade_id: str) -> Fill | None:
        """Return a fill as the table has it now."""
        row = self.connection.execute(
            "SELECT state FROM fills WHERE connection_id = ? AND account_id = ? AND trade_id = ?",
            (connection_id, account_id, trade_id),
        ).fetchone()
        return None if row is None else decode_fill(row[0])

    def stored_order(self, client_order_id: str) -> Order | None:
        """Return an order as the table has it now."""
        row = self.connection.execute(
            "SELECT state FROM orders WHERE client_order_id = ?", (client_order_id,)
        ).fetchone()
        return None if row is None else decode_order(row[0])

    def keep(self, staged: Overlay) -> None:
        """Stand where the events of ``staged`` lead."""
        self.seq = staged.records[-1].seq
        for order in staged.orders.values():
            self._orders.put(order.client_order_id, order)
        self._positions |= staged.positions
        for key, position in staged.positions.items():
            if not position.quantity and f"'{key.leg}'" not in _RETURNING_LEGS:
                del self._positions[key]

    def correct(self, staged: Overlay) -> Commit:
        """Return what the tables have otherwise than it was derived, and believe them; the tables stand at ``seq``."""
        orders = [
            stored
            for name, order in staged.orders.items()
            if (stored := self.stored_order(name)) is not None and stored != order
        ]
        fills = [
            restated
            for key, fill in staged.fills.items()
            if (restated := self.stored_fill(*key)) is not None and restated != fill
        ]
        for newest in orders:
            self._orders.put(newest.client_order_id, newest)
        return Commit(orders=tuple(orders), restated_fills=tuple(fills))


class JournalFollower:
    """Follows a journal's file; used from one event loop. Made by ``open``.

    ``corrections`` counts orders and fills of which the tables had another state than was derived: always 0,
    unless there is a defect.
    """

    def __init__(self, database: Database, reader: Reader, books: BooksThen, codec: EventCodec) -> None:
        self._path = database.path
        self._identity = _identity(database.path)
        self._reader = reader
        self._books = books
        self._codec = codec
        self._turn = asyncio.Lock()
        self.corrections = 0

    @classmethod
    async def open(cls, database: Database, reader: Reader, codec: EventCodec | None = None) -> "JournalFollower":
        """Begin at the newest event. Raises ``JournalUnavailable``."""
        codec = codec or EventCodec()
        books = await reader.run(lambda connection: _snapshot(connection, lambda: BooksThen(connection, codec)))
        return cls(database, reader, books, codec)

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event that was looked at."""
        return self._books.seq

    async def advance(self) -> list[Commit]:
        """Return what was committed since, one ``Commit`` per event, oldest first; ``BATCH`` events at most.

        Raises ``JournalUnavailable`` when the file cannot be read now, ``JournalReplaced`` when it never will be.
        """
        async with self._turn:
            commits, _ = await self._reader.run(lambda connection: self._advance(connection, BATCH, _nothing))
        return commits

    async def advance_and_read(self, query: Callable[[sqlite3.Connection], Result]) -> tuple[list[Commit], Result]:
        """Return everything that was committed since, and what ``query`` finds right behind it, in one snapshot."""
        async with self._turn:
            return await self._reader.run(lambda connection: self._advance(connection, -1, query))

    def _advance(
        self, connection: sqlite3.Connection, limit: int, query: Callable[[sqlite3.Connection], Result]
    ) -> tuple[list[Commit], Result]:
        return _snapshot(connection, lambda: (self._commits(connection, limit), query(connection)))

    def _commits(self, connection: sqlite3.Connection, limit: int) -> list[Commit]:
        last_seq = self._require_same_journal(connection)
        if last_seq == self._books.seq:
            return []
        self._books.connection = connection
        staged, commits = Overlay(self._books), []
        events = replay.read_events(
            connection, self._codec, where="WHERE seq > ? ORDER BY seq LIMIT ?", parameters=(self._books.seq, limit)
        )
        for recorded in events:
            step = Overlay(staged)
            step.book((), recorded)
            commits.append(step.commit())
            staged.absorb(step)
        self._books.keep(staged)
        if self._books.seq == last_seq:
            commits.extend(self._corrected(staged))
        return commits

    def _corrected(self, staged: Overlay) -> list[Commit]:
        commit = self._books.correct(staged)
        self.corrections += len(commit.orders) + len(commit.restated_fills)
        return [commit] if commit.orders or commit.restated_fills else []

    def _require_same_journal(self, connection: sqlite3.Connection) -> int:
        last_seq, revision = _standing(connection)
        if revision != HEAD:
            raise JournalReplaced(f"{self._path} has schema {revision} now and this version knows {HEAD}: restart")
        if last_seq < self._books.seq or _identity(self._path) != self._identity:
            raise JournalReplaced(f"{self._path} was replaced, by a backup perhaps: restart to follow it")
        return last_seq


def _snapshot(connection: sqlite3.Connection, read: Callable[[], Result]) -> Result:
    connection.execute("BEGIN")
    try:
        return read()
    finally:
        connection.execute("ROLLBACK")


def _standing(connection: sqlite3.Connection) -> tuple[int, str]:
    last_seq, revision = connection.execute(_STANDING).fetchone()
    return int(last_seq), str(revision)


def _nothing(_: sqlite3.Connection) -> None:
    return None


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file apart from another put in its place; None when it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
