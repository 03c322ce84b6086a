"""The books of all strategies, kept in step with the journal."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from edgerunner.domain.events import RecordedEvent
from edgerunner.services.strategies.book import Step, StrategyBook
from edgerunner.storage.values import Commit

_PAGE = 1_000


class EventSource(Protocol):
    """The journal as far as books need it."""

    def add_listener(self, listener: Callable[[Commit], None], /) -> Callable[[], None]:
        """Call ``listener`` after each commit; returns how to stop that."""
        ...

    async def strategy_events(self, strategy_id: str, *, after_seq: int, limit: int) -> list[RecordedEvent]:
        """Return events of a strategy's orders, oldest first."""
        ...


class StrategyBooks:
    """One ``StrategyBook`` per strategy. What is committed while a book is loaded is taken in after it."""

    def __init__(self, journal: EventSource, on_step: Callable[[str, Step], None]) -> None:
        self._journal = journal
        self._on_step = on_step
        self._books: dict[str, StrategyBook] = {}
        self._backlogs: dict[str, list[RecordedEvent]] = {}
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to follow the journal."""
        self._stop_listening = self._journal.add_listener(self._on_commit)

    def stop(self) -> None:
        """Follow it no more."""
        self._stop_listening()

    def book(self, strategy_id: str) -> StrategyBook:
        """Return a loaded book."""
        return self._books[strategy_id]

    async def load(self, strategy_id: str) -> None:
        """Replay a strategy's events, off the loop."""
        book = StrategyBook()
        backlog = self._backlogs[strategy_id] = []
        try:
            while True:
                page = await self._journal.strategy_events(strategy_id, after_seq=book.last_seq, limit=_PAGE)
                await asyncio.to_thread(book.replay, page)
                if len(page) < _PAGE:
                    break
            book.replay(backlog)
            self._books[strategy_id] = book
        finally:
            del self._backlogs[strategy_id]

    def _on_commit(self, commit: Commit) -> None:
        for recorded in commit.records:
            strategy_id = recorded.event.strategy_id
            if strategy_id is None:
                continue
            if strategy_id in self._backlogs:
                self._backlogs[strategy_id].append(recorded)
            elif strategy_id in self._books:
                step = self._books[strategy_id].record(recorded)
                if step is not None:
                    self._on_step(strategy_id, step)
