"""The journal: how we never forget an intent.

``append`` returns when the disk has the events and everything that follows from them. Listeners
and views see only what is committed. https://sqlite.org/wal.html, https://sqlite.org/atomiccommit.html
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.domain.events import Event
from edgerunner.domain.orders import Order
from edgerunner.domain.positions import Position
from edgerunner.storage import replay
from edgerunner.storage.codec import EventCodec
from edgerunner.storage.database import Database
from edgerunner.storage.journal_reads import JournalReads
from edgerunner.storage.reader import Reader
from edgerunner.storage.values import Commit, IdempotencyRecord, IdempotencyTaken, Page, ReplayReport
from edgerunner.storage.writer import Request, Settled, Writer

__all__ = ["Commit", "IdempotencyRecord", "IdempotencyTaken", "Journal", "Page", "ReplayReport"]

MAXIMUM_WAITING = 4096

Listener = Callable[[Commit], None]


class Journal(JournalReads):
    """Append-only events and their projections; one per process, used from one event loop.

    Made by ``open``. A newer owner of the same file shuts this one out: every later ``append``
    raises ``JournalUnavailable``.
    """

    def __init__(self, database: Database, writer: Writer, *, codec: EventCodec, maximum_waiting: int) -> None:
        super().__init__(Reader(database), codec)
        self._database = database
        self._maximum_waiting = maximum_waiting
        self._waiting = 0
        self._is_closed = False
        self._listeners: list[Listener] = []
        self._loop = asyncio.get_running_loop()
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

    async def order(self, client_order_id: str) -> Order | None:
        """Return an order, open or closed."""
        return self._live.orders.get(client_order_id) or await super().order(client_order_id)

    async def order_by_venue_id(self, connection_id: str, venue_order_id: str) -> Order | None:
        """Return the order that the broker of a connection calls ``venue_order_id``; the newest of several."""
        known = self._live.by_venue_id(connection_id, venue_order_id)
        return known or await super().order_by_venue_id(connection_id, venue_order_id)

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
