"""The paper broker with its file: one step at a time, written before anybody hears of it."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import structlog

from edgerunner.adapters.broker import LinkStatus
from edgerunner.adapters.buffers import UpdateBuffer, WallClock
from edgerunner.adapters.local.book import PaperBook
from edgerunner.adapters.local.money import summary
from edgerunner.adapters.local.options import LocalOptions
from edgerunner.adapters.local.records import Change
from edgerunner.adapters.local.store import BookStore
from edgerunner.domain.errors import EdgerunnerError, NotConnected, OutcomeUnknown

_log = structlog.get_logger(__name__)

_STEPS_S: Final = 15.0
"""How long steps under way may take when the desk closes."""

Result = TypeVar("Result")
Found = TypeVar("Found")


class Desk:
    """Owns file and book. A step that begins also ends, whoever stops waiting for it."""

    def __init__(self, path: Path, options: LocalOptions, *, clock: WallClock, updates: UpdateBuffer) -> None:
        self._path = path
        self._options = options
        self._clock = clock
        self._updates = updates
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="paper-book")
        self._writing = asyncio.Lock()
        self._steps: set[asyncio.Task[object]] = set()
        self._store: BookStore | None = None
        self._book: PaperBook | None = None
        self._failure: str | None = None
        self.on_change: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Open the file and take the book from it; raises ``Conflict``, ``InvalidRequest`` or ``BrokerUnreachable``."""
        store = self._store = await self._blocking(lambda: BookStore(self._path))
        await self._blocking(lambda: store.claim(self._options.currency))
        self._book = PaperBook(await self._blocking(store.read), self._options)

    async def close(self) -> None:
        """Let steps under way end, and close the file. Idempotent."""
        if self._steps:
            await asyncio.wait(self._steps, timeout=_STEPS_S)
        for step in self._steps:
            step.cancel()
        await asyncio.gather(*self._steps, return_exceptions=True)
        store, self._store, self._book = self._store, None, None
        if store is not None:
            await self._blocking(store.close)
        self._thread.shutdown(wait=False)

    @property
    def book(self) -> PaperBook:
        """Return the book as it stands; raises ``NotConnected`` when it is closed or cannot be read."""
        if self._book is None:
            raise NotConnected(self._failure or "the paper account's book is not open")
        return self._book

    @property
    def is_down(self) -> bool:
        """Tell whether the last step could not be written: none is done until ``revive`` finds that it can."""
        return self._failure is not None

    async def revive(self) -> None:
        """Try the file again after it could not be written, and go on if it can."""
        async with self._writing:
            store = self._open_store()
            try:
                await self._blocking(store.probe)
                self._book = PaperBook(await self._blocking(store.read), self._options)
            except EdgerunnerError as error:
                self._failure = error.detail
                return
            self._failure = None
            self._updates.health("orders", LinkStatus.UP, reason=None)
            self.on_change()

    async def run(self, step: Callable[[PaperBook, int], tuple[Result, Change]]) -> Result:
        """Do one step, given the book and the time; raises what the step raises, which then changed nothing.

        ``OutcomeUnknown`` when it could not be written, ``NotConnected`` when the one before could not.
        """
        return await self._begun(self._step(step))

    async def run_after(
        self, query: Callable[[BookStore], Found], step: Callable[[PaperBook, Found, int], tuple[Result, Change]]
    ) -> Result:
        """Do one step that needs something from the file first; nothing is written between the two."""
        return await self._begun(self._step_after(query, step))

    async def read(self, query: Callable[[BookStore], Result]) -> Result:
        """Ask the file, after the steps before."""
        store = self._open_store()
        return await self._blocking(lambda: query(store))

    async def _begun(self, work: Coroutine[None, None, Result]) -> Result:
        task = asyncio.create_task(work)
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    async def _step(self, step: Callable[[PaperBook, int], tuple[Result, Change]]) -> Result:
        async with self._writing:
            return await self._done(self._open_store(), step)

    async def _step_after(
        self, query: Callable[[BookStore], Found], step: Callable[[PaperBook, Found, int], tuple[Result, Change]]
    ) -> Result:
        async with self._writing:
            store = self._open_store()
            found = await self._blocking(lambda: query(store))
            return await self._done(store, lambda book, now_ns: step(book, found, now_ns))

    async def _done(self, store: BookStore, step: Callable[[PaperBook, int], tuple[Result, Change]]) -> Result:
        if self._failure is not None:
            raise NotConnected(self._failure)
        book = self.book
        try:
            result, change = step(book, self._clock.time_ns())
        except EdgerunnerError:
            raise
        except Exception:
            await self._fail(store, "an internal error; the paper account is read again")  # it may be half changed
            raise
        if change:
            await self._write(store, change)
            self._tell(book, change)
        return result

    async def _write(self, store: BookStore, change: Change) -> None:
        try:
            await self._blocking(lambda: store.commit(change))
        except EdgerunnerError as error:
            await self._fail(store, error.detail)
            raise OutcomeUnknown(error.detail) from error

    async def _fail(self, store: BookStore, reason: str) -> None:
        """Go back to what the file has, and do nothing more until it can be written."""
        _log.error("paper_book_not_written", path=str(self._path), reason=reason)
        self._failure, self._book = reason, None
        self._updates.health("orders", LinkStatus.DOWN, reason=reason)
        try:
            self._book = PaperBook(await self._blocking(store.read), self._options)
        except EdgerunnerError as error:
            _log.error("paper_book_not_read", path=str(self._path), reason=error.detail)

    def _tell(self, book: PaperBook, change: Change) -> None:
        now_ns = self._clock.time_ns()
        for report in change.reports:
            self._updates.put(report)
        for instrument_id in change.holdings:
            self._updates.put(book.position(instrument_id, now_ns))
        if change.balances:
            self._updates.put(summary(book.account, now_ns))
        self.on_change()

    def _open_store(self) -> BookStore:
        if self._store is None:
            raise NotConnected("the paper account's book is not open")
        return self._store

    async def _blocking(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
