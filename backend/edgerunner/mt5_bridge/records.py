"""Order keys and audit log together, on a thread of their own: the disk never stops the event loop."""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from edgerunner.mt5_bridge.audit_log import AuditLog, Event
from edgerunner.mt5_bridge.order_store import OrderRecord, OrderStore
from edgerunner.mt5_bridge.problems import Code, Problem

T = TypeVar("T")

STORE_FILE: Final = "orders.sqlite"
_WAITING_NOTES: Final = 1000

logger = logging.getLogger(__name__)


class Records:
    """What the bridge must not forget. Every method that waits raises ``Problem`` (``journal_unavailable``).

    Notes (audit lines that nothing waits for) are dropped when 1000 of them wait for the disk.
    """

    def __init__(self, folder: Path) -> None:
        """Open both files. Raises ``StoreInUse``, ``OSError``, ``sqlite3.Error``."""
        self._store = OrderStore(folder / STORE_FILE, now=time.time())
        self._audit = AuditLog(folder)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mt5-records")
        self._notes = threading.BoundedSemaphore(_WAITING_NOTES)

    def note(self, event: Event, **fields: Any) -> None:
        """Write an audit line when the disk has time."""
        self._later(partial(self._audit.write, event, **fields))

    def security(self, what: str, **fields: Any) -> None:
        """Write a security event when the disk has time."""
        self._later(partial(self._audit.security, what, **fields))

    async def find(self, key: str) -> OrderRecord | None:
        """Return what is known under an order key."""
        return await self._do(lambda: self._store.find(key))

    async def begin(self, record: OrderRecord, **fields: Any) -> bool:
        """Put an order's key and audit line on the disk; False when the key is there already."""

        def begin() -> bool:
            if not self._store.begin(record):
                return False
            try:
                self._audit.write("order_begun", sync=True, key=record.key, token=record.token_name, **fields)
            except OSError:
                self._store.forget(record.key)
                raise
            return True

        return await self._do(begin)

    async def answer(self, key: str, answer: bytes, **fields: Any) -> None:
        """Keep the terminal's answer to an order, on the disk before its caller gets it."""

        def end() -> None:
            self._store.answer(key, answer)
            self._audit.write("order_ended", key=key, outcome="answered", **fields)

        await self._do(end)

    async def lose(self, key: str, reason: str) -> None:
        """Note that an order's outcome is unknown."""

        def lose() -> None:
            self._store.lose(key, reason)
            self._audit.write("order_ended", sync=True, key=key, outcome="unknown", reason=reason)

        await self._do(lose)

    async def refuse(self, key: str, token_name: str, problem: Problem) -> None:
        """Note that an order was refused before the terminal was called, and free its key."""

        def refuse() -> None:
            self._store.forget(key)
            code = problem.errors[0].code if problem.errors else str(problem.code)
            self._audit.write("order_refused", sync=True, key=key, token=token_name, code=code, detail=problem.detail)

        await self._do(refuse)

    async def close(self) -> None:
        """Write what waits and close both files."""
        await asyncio.to_thread(self._thread.shutdown)
        self._audit.close()
        self._store.close()

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (OSError, sqlite3.Error) as error:
            raise Problem(Code.JOURNAL_UNAVAILABLE, f"the order could not be written to the disk: {error}") from error

    def _later(self, work: Callable[[], None]) -> None:
        if self._notes.acquire(blocking=False):
            self._thread.submit(work).add_done_callback(self._noted)

    def _noted(self, note: Future[None]) -> None:
        self._notes.release()
        if (error := note.exception()) is not None:
            logger.error("an audit line could not be written: %s", error)
