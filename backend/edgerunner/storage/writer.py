"""The journal's one writer thread: it groups what waits, commits it, and only then answers.

While one group is being made durable the next one gathers, so that many callers share one
flush of the disk. A call that is wrong fails alone; an outage (lock, full disk) fails the group,
leaves the books as they were, and the next group tries again.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.domain.events import Event, RecordedEvent
from edgerunner.metrics import JOURNAL_COMMIT_SECONDS, JOURNAL_COMMIT_WRITES, JOURNAL_REFUSALS
from edgerunner.storage import statements
from edgerunner.storage.books import Overlay, StoredBooks
from edgerunner.storage.codec import EventRow
from edgerunner.storage.database import Database
from edgerunner.storage.values import Commit, IdempotencyRecord, IdempotencyTaken

GROUP_LIMIT = 512


class Request(NamedTuple):
    """One call of ``append``: its events with their rows, and where the answer goes."""

    events: Sequence[tuple[EventRow, Event]]
    idempotency: IdempotencyRecord | None
    future: asyncio.Future[Commit]


Settled = list[tuple[Request, Commit | Exception]]


class Writer:
    """Owns the authoritative books and the connection that writes; made by blocking reads.

    Raises ``JournalUnavailable`` when the journal cannot be claimed.
    """

    def __init__(self, database: Database, *, now_ns: int) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._lost: str | None = None
        try:
            self._connection = database.connect()
            try:
                self._claim(now_ns)
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            raise JournalUnavailable(database.explain(error)) from error

    def start(self, deliver: Callable[[Settled], None]) -> None:
        """Start the thread, which calls ``deliver`` with every settled group in sequence order."""
        self._deliver = deliver
        self._start_thread()

    def submit(self, request: Request) -> None:
        """Queue a call; the bound is kept by the caller, which counts what is unanswered."""
        self._queue.put(request)

    def close(self) -> None:
        """Settle what is queued, end the thread and close the connection; blocks."""
        self._queue.put(None)
        while self._thread.is_alive():
            self._thread.join()
        self._connection.close()

    def _claim(self, now_ns: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self.owner_epoch = statements.claim(self._connection, now_ns)
            statements.purge_keys(self._connection, now_ns)
            self._connection.execute("COMMIT")
        finally:
            self._roll_back()
        self._identity = _identity(self._database.path)
        _, self.last_seq, _ = statements.standing(self._connection, [])
        self.books = StoredBooks(self._connection)

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while self._serve_group():
                pass
        except BaseException:
            self._start_thread()  # whatever ended this one, nobody may wait for ever
            raise

    def _serve_group(self) -> bool:
        """Settle one group; False when the journal closes."""
        first = self._queue.get()
        if first is None:
            return False
        group, is_last = self._gather(first)
        settled: Settled | None = None
        started = time.perf_counter()
        try:
            settled = self._settle(group)
            JOURNAL_COMMIT_SECONDS.observe(time.perf_counter() - started)
            JOURNAL_COMMIT_WRITES.observe(len(group))
        finally:
            self._deliver(settled or _refused(group, "the journal's writer thread ended"))
        return not is_last

    def _gather(self, first: Request) -> tuple[list[Request], bool]:
        group = [first]
        while len(group) < GROUP_LIMIT:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                return group, True
            group.append(request)
        return group, False

    def _settle(self, group: list[Request]) -> Settled:
        """Return every request of a group with its commit or its error."""
        try:
            return self._transact(group)
        except Exception as error:  # noqa: BLE001 - the thread must live, and every caller must hear
            outage = self._outage(error)
            if outage is not None:
                return _refused(group, outage)
            if len(group) == 1:
                return [(group[0], error)]
        return [settled for request in group for settled in self._settle([request])]

    def _outage(self, error: Exception) -> str | None:
        """Return what stops every write, or None for what one value of one call can cause."""
        match error:
            case JournalUnavailable():
                return error.detail
            case sqlite3.IntegrityError() | sqlite3.DataError() | sqlite3.ProgrammingError() | sqlite3.InterfaceError():
                return None
            case sqlite3.Error():
                return self._database.explain(error)
        return None

    def _transact(self, group: list[Request]) -> Settled:
        if self._lost is not None:
            raise JournalUnavailable(self._lost)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            known = self._require_ownership(group)
            staged = Overlay(self.books)
            settled: Settled = [(request, self._plan(request, staged, known)) for request in group]
            if staged.records or staged.idempotency:
                statements.write(self._connection, staged)
                self._connection.execute("COMMIT")
        finally:
            self._roll_back()
        self._require_same_file()
        self.books.keep(staged)
        self.last_seq += len(staged.records)
        return settled

    def _require_ownership(self, group: list[Request]) -> set[str]:
        """Return the event ids of a group that the journal has; refuse when it is not ours any more."""
        event_ids = [event.event_id for request in group for _, event in request.events]
        epoch, last_seq, known = statements.standing(self._connection, event_ids)
        if epoch != self.owner_epoch:
            raise JournalUnavailable(
                f"another process owns this journal (epoch {epoch}, ours is {self.owner_epoch}): restart to take over"
            )
        if last_seq != self.last_seq:
            raise JournalUnavailable(
                f"the journal ends at event {last_seq} where this process knows {self.last_seq}: restart to reread it"
            )
        return known

    def _require_same_file(self) -> None:
        """Acknowledge nothing that went into a file which nobody can open any more."""
        if _identity(self._database.path) != self._identity:
            self._lost = f"{self._database.path} was removed or replaced while in use: put it back and restart"
            raise JournalUnavailable(self._lost)

    def _plan(self, request: Request, staged: Overlay, known: set[str]) -> Commit | Exception:
        """Stage one call on top of its neighbours, or return why it cannot be."""
        batch = Overlay(staged)
        try:
            if request.idempotency is not None:
                self._take_key(request.idempotency, staged, batch)
            for row, event in request.events:
                event_id = event.event_id
                if event_id in known or event_id in staged.event_ids or event_id in batch.event_ids:
                    continue
                seq = self.last_seq + len(staged.records) + len(batch.records) + 1
                batch.book(row, RecordedEvent(seq=seq, owner_epoch=self.owner_epoch, event=event))
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a call's events cause is its caller's to see
            return error
        staged.absorb(batch)
        return batch.commit()

    def _take_key(self, record: IdempotencyRecord, staged: Overlay, batch: Overlay) -> None:
        existing = staged.idempotency.get((record.scope, record.key)) or statements.find_key(
            self._connection, record.scope, record.key
        )
        if existing is not None:
            raise IdempotencyTaken(existing)
        batch.idempotency[record.scope, record.key] = record

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _refused(group: list[Request], reason: str) -> Settled:
    JOURNAL_REFUSALS.inc(len(group))
    return [(request, JournalUnavailable(reason)) for request in group]


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file apart from another put in its place; None when it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
