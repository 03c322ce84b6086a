"""The journal: how we never forget an intent.

``append`` returns when the disk has the events and everything that follows from them. Listeners
and views see only what is committed. https://sqlite.org/wal.html, https://sqlite.org/atomiccommit.html
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Literal

from edgerunner.domain.cash import CashMovement
from edgerunner.domain.errors import JournalUnavailable
from edgerunner.domain.events import Event, RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.orders import Order
from edgerunner.domain.positions import Position
from edgerunner.storage import replay, statements
from edgerunner.storage.books import OPEN_ORDERS, decode_fill, decode_movement, decode_order, decode_position
from edgerunner.storage.codec import EventCodec
from edgerunner.storage.database import Database
from edgerunner.storage.reader import PageQuery, Reader
from edgerunner.storage.values import Commit, IdempotencyRecord, IdempotencyTaken, Page, ReplayReport
from edgerunner.storage.writer import Request, Settled, Writer

__all__ = ["Commit", "IdempotencyRecord", "IdempotencyTaken", "Journal", "Page", "ReplayReport"]

MAXIMUM_WAITING = 4096

Listener = Callable[[Commit], None]
OrderFilter = Literal["open", "closed", "all"]
_IS_OPEN: dict[OrderFilter, bool | None] = {"open": True, "closed": False, "all": None}


class Journal:
    """Append-only events and their projections; one per process, used from one event loop.

    Made by ``open``. A newer owner of the same file shuts this one out: every later ``append``
    raises ``JournalUnavailable``.
    """

    def __init__(self, database: Database, writer: Writer, *, codec: EventCodec, maximum_waiting: int) -> None:
        self._database = database
        self._codec = codec
        self._maximum_waiting = maximum_waiting
        self._waiting = 0
        self._is_closed = False
        self._listeners: list[Listener] = []
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(database)
        self._live = writer.books.open.copy()
        self._last_seq = writer.last_seq
        self._writer = writer
        self.owner_epoch = writer.owner_epoch
        writer.start(self._deliver_from_thread)

    @classmethod
    async def open(
        cls,
        database: Database,
        *,
        clock_ns: Callable[[], int],
        codec: EventCodec | None = None,
        maximum_waiting: int = MAXIMUM_WAITING,
    ) -> "Journal":
        """Claim the journal and load what is open; what is closed stays on the disk.

        ``clock_ns`` gives UTC nanoseconds. ``maximum_waiting`` bounds the calls of ``append`` that
        are unanswered: the next one is refused. Raises ``JournalUnavailable``.
        """
        writer = await asyncio.to_thread(Writer, database, now_ns=clock_ns())
        return cls(database, writer, codec=codec or EventCodec(), maximum_waiting=maximum_waiting)

    async def close(self) -> None:
        """Make durable what was taken in, then let go of the file; a second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._reader.close)

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event that was delivered here, 0 without events."""
        return self._last_seq

    @property
    def waiting(self) -> int:
        """How many calls of ``append`` have no answer yet."""
        return self._waiting

    async def append(self, *events: Event, idempotency: IdempotencyRecord | None = None) -> Commit:
        """Make events durable, all or none, and return what they changed.

        Events whose ``event_id`` is known already are left out. A cancelled call may still be
        recorded. Raises:

        * ``Conflict``: ``OrderInitialized`` for an order that exists.
        * ``IdempotencyTaken``: the key was used; nothing was written.
        * ``JournalUnavailable``: locked, disk full, queue full, closed, or owned by another
          process; nothing was written, and a later call tries again.
        """
        if self._is_closed:
            raise JournalUnavailable("the journal is closed")
        if self._waiting >= self._maximum_waiting:
            raise JournalUnavailable(f"{self._waiting} calls wait for the journal already")
        rows = [(self._codec.to_row(event), event) for event in events]
        future: asyncio.Future[Commit] = self._loop.create_future()
        self._waiting += 1
        self._writer.submit(Request(rows, idempotency, future))
        return await future

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` on the loop with every commit that recorded something, in sequence order.

        It is called before ``append`` returns and must not block; what it raises goes to the loop's
        exception handler and stops nobody. Returns the function that removes it.
        """
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def open_orders(self, connection_id: str | None = None) -> list[Order]:
        """Return the orders that can still change, oldest first."""
        return [order for order in self._live.orders.values() if connection_id in {None, order.connection_id}]

    def positions(self, connection_id: str | None = None) -> list[Position]:
        """Return the positions that are not flat."""
        positions = self._live.positions.values()
        return [position for position in positions if connection_id in {None, position.key.connection_id}]

    async def all_positions(self) -> list[Position]:
        """Return every position there ever was, flat ones too."""
        query = "SELECT state FROM positions ORDER BY rowid"
        rows = await self._reader.run(lambda connection: connection.execute(query).fetchall())
        return [decode_position(state) for (state,) in rows]

    async def order(self, client_order_id: str) -> Order | None:
        """Return an order, open or closed."""
        return self._live.orders.get(client_order_id) or await self._one_order(
            "SELECT state FROM orders WHERE client_order_id = ?", client_order_id
        )

    async def order_by_venue_id(self, connection_id: str, venue_order_id: str) -> Order | None:
        """Return the order that the broker of a connection calls ``venue_order_id``; the newest of several."""
        return self._live.by_venue_id(connection_id, venue_order_id) or await self._one_order(
            "SELECT state FROM orders WHERE connection_id = ? AND venue_order_id = ? ORDER BY first_seq DESC",
            connection_id,
            venue_order_id,
        )

    async def orders(
        self,
        *,
        connection_id: str | None = None,
        status: OrderFilter = "all",
        limit: int,
        cursor: str | None = None,
        client_order_id: str | None = None,
    ) -> Page[Order]:
        """Return a page of orders, newest first."""
        query = PageQuery(
            table=OPEN_ORDERS if status == "open" else "orders",
            position="first_seq",
            filters=(("connection_id", connection_id), ("client_order_id", client_order_id)),
            is_open=_IS_OPEN[status],
        )
        return await self._reader.run(lambda connection: query.page(connection, decode_order, limit, cursor))

    async def fills(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        client_order_id: str | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[Fill]:
        """Return a page of fills, newest first."""
        filters = (("connection_id", connection_id), ("account_id", account_id), ("client_order_id", client_order_id))
        query = PageQuery(table="fills", position="seq", filters=filters)
        return await self._reader.run(lambda connection: query.page(connection, decode_fill, limit, cursor))

    async def movements(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        client_order_id: str | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[CashMovement]:
        """Return a page of cash movements, newest first; an order's are its commissions."""
        filters = (("connection_id", connection_id), ("account_id", account_id), ("client_order_id", client_order_id))
        query = PageQuery(table="cash_movements", position="movement_no", filters=filters)
        return await self._reader.run(lambda connection: query.page(connection, decode_movement, limit, cursor))

    async def events(self, client_order_id: str) -> list[RecordedEvent]:
        """Return everything that happened to one order, oldest first."""
        return await self._events("WHERE client_order_id = ? ORDER BY seq", client_order_id)

    async def export(self, after_seq: int, limit: int) -> list[RecordedEvent]:
        """Return at most ``limit`` events that follow ``after_seq``, oldest first."""
        return await self._events("WHERE seq > ? ORDER BY seq LIMIT ?", after_seq, limit)

    async def strategy_events(self, strategy_id: str, *, after_seq: int, limit: int) -> list[RecordedEvent]:
        """Return at most ``limit`` events of a strategy's orders that follow ``after_seq``, oldest first."""
        return await self._events(
            "WHERE strategy_id = ? AND seq > ? ORDER BY seq LIMIT ?", strategy_id, after_seq, limit
        )

    async def idempotency(self, scope: str, key: str) -> IdempotencyRecord | None:
        """Return the use of an idempotency key; kept for 24 h and as long as its order is open."""
        return await self._reader.run(lambda connection: statements.find_key(connection, scope, key))

    async def verify(self) -> ReplayReport:
        """Replay all events from the first and compare with the stored projections.

        Needs memory for the whole history; runs on a thread of its own.
        """
        return await asyncio.to_thread(self._verify)

    def _verify(self) -> ReplayReport:
        connection = self._database.connect()
        try:
            return replay.verify(connection, self._codec)
        except sqlite3.Error as error:
            raise JournalUnavailable(self._database.explain(error)) from error
        finally:
            connection.close()

    async def _one_order(self, query: str, *parameters: str) -> Order | None:
        row = await self._reader.run(lambda connection: connection.execute(query, parameters).fetchone())
        return None if row is None else decode_order(row[0])

    async def _events(self, where: str, *parameters: str | int) -> list[RecordedEvent]:
        return await self._reader.run(
            lambda connection: list(replay.read_events(connection, self._codec, where=where, parameters=parameters))
        )

    def _deliver_from_thread(self, settled: Settled) -> None:
        with suppress(RuntimeError):  # the loop is closed: what is committed is read by the next start
            self._loop.call_soon_threadsafe(self._deliver, settled)

    def _deliver(self, settled: Settled) -> None:
        """Show a settled group to views and listeners, then answer its callers."""
        for request, outcome in settled:
            self._waiting -= 1
            if isinstance(outcome, Commit):
                self._show(outcome)
            if request.future.done():  # its caller was cancelled
                continue
            if isinstance(outcome, Commit):
                request.future.set_result(outcome)
            else:
                request.future.set_exception(outcome)

    def _show(self, commit: Commit) -> None:
        if not commit.records:
            return
        self._last_seq = commit.records[-1].seq
        self._live.keep(commit.orders, commit.positions)
        for listener in tuple(self._listeners):
            try:
                listener(commit)
            except Exception as error:  # noqa: BLE001 - one listener must not hide a commit from the others
                context = {"message": f"a journal listener failed at event {self._last_seq}", "exception": error}
                self._loop.call_exception_handler(context)
