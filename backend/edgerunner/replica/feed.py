"""What the owner commits, told in this process: from its journal, in order, each event once."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.services.ending import end_task
from edgerunner.storage.follower import JournalFollower, JournalReplaced
from edgerunner.storage.values import Commit

POLL_S = 0.1
"""How often the journal is looked at while nothing says that there is news."""

Listener = Callable[[Commit], None]
Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


class JournalFeed:
    """Follows the journal and tells its listeners; ``news`` is set by whoever knows that something was committed.

    ``replaced`` is done with a ``JournalReplaced`` when the journal can never be followed again.
    """

    def __init__(self, follower: JournalFollower, *, poll_s: float = POLL_S) -> None:
        self._follower = follower
        self._poll_s = poll_s
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self.news = asyncio.Event()
        self.replaced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.unreadable: str | None = None

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event that was told."""
        return self._follower.last_seq

    @property
    def corrections(self) -> int:
        """How often the tables had another state than the events led to; 0 without a defect."""
        return self._follower.corrections

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with each commit; returns how to stop that. It must not block."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def start(self) -> None:
        """Follow until ``stop``, or until the journal was replaced."""
        self._task = asyncio.create_task(self._run(), name="journal-feed")

    async def stop(self) -> None:
        """Follow nothing any more."""
        await end_task(self._task)

    async def _run(self) -> None:
        while not self.replaced.done():
            try:
                while await self._tell_news():
                    pass
                self.unreadable = None
            except JournalReplaced as error:
                self.unreadable = error.detail
                self.replaced.set_exception(error)
                return
            except JournalUnavailable as error:
                self._note_unreadable(error.detail)
            await self._wait()

    async def read(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what the journal has, once everything up to there has been told. Raises ``JournalUnavailable``."""
        commits, result = await self._follower.advance_and_read(query)
        self._tell(commits)
        return result

    async def _tell_news(self) -> bool:
        commits = await self._follower.advance()
        self._tell(commits)
        return bool(commits)

    def _tell(self, commits: Sequence[Commit]) -> None:
        for commit in commits:
            for listener in tuple(self._listeners):
                try:
                    listener(commit)
                except Exception:  # noqa: BLE001 - one listener must not hide a commit from the others
                    _log.exception("listener_failed", seq=self.last_seq)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self.news.wait()
        except TimeoutError:
            return
        self.news.clear()

    def _note_unreadable(self, detail: str) -> None:
        if self.unreadable is None:
            _log.warning("journal_unreadable", reason=detail)
        self.unreadable = detail
