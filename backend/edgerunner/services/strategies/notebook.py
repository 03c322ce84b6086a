"""Log lines and states of strategies on their way to the store: taken in at once, written in the background."""

import asyncio
from collections.abc import Mapping

import structlog

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task
from edgerunner.storage.strategy_store import LogEntry, LogLevel, StrategyStore
from edgerunner.storage.values import Page

_log = structlog.get_logger(__name__)

WAITING_LINES = 500
"""Lines of one strategy that may wait to be written; further ones are counted and dropped."""

PAUSE_S = 0.05


class Notebook:
    """Writes logs and states; ``start`` and ``stop`` bound its task, ``stop`` writes what is left."""

    def __init__(self, store: StrategyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lines: dict[str, list[LogEntry]] = {}
        self._dropped: dict[str, int] = {}
        self._states: dict[str, Mapping[str, object]] = {}
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._keep_writing(), name="strategy-notebook")

    async def stop(self) -> None:
        """Write what is left, then end."""
        await end_task(self._task)
        await self._write_quietly()

    def log(self, strategy_id: str, level: LogLevel, text: str) -> None:
        """Take a line; never waits."""
        lines = self._lines.setdefault(strategy_id, [])
        if len(lines) >= WAITING_LINES:
            self._dropped[strategy_id] = self._dropped.get(strategy_id, 0) + 1
            return
        lines.append(LogEntry(ts_ns=self._clock.now_ns(), level=level, text=text))
        self._wake.set()

    def keep(self, strategy_id: str, state: Mapping[str, object]) -> None:
        """Take a strategy's newest state; never waits."""
        self._states[strategy_id] = state
        self._wake.set()

    async def page(self, strategy_id: str, *, limit: int, cursor: str | None) -> Page[LogEntry]:
        """Return a page of a log, newest first, with everything taken so far."""
        await self.write()
        return await self._store.log(strategy_id, limit=limit, cursor=cursor)

    async def write(self) -> None:
        """Write what is waiting; raises ``JournalUnavailable``, and nothing is lost then."""
        async with self._writing:
            for strategy_id in list(self._states):
                state = self._states[strategy_id]
                await self._store.save_kept(strategy_id, state)
                if self._states[strategy_id] is state:
                    del self._states[strategy_id]
            for strategy_id in list(self._lines):
                await self._write_lines(strategy_id)

    async def _write_lines(self, strategy_id: str) -> None:
        lines = list(self._lines[strategy_id])
        dropped = self._dropped.pop(strategy_id, 0)
        if dropped:
            text = f"{dropped} lines came too fast and were dropped"
            lines.append(LogEntry(ts_ns=self._clock.now_ns(), level=LogLevel.WARNING, text=text))
        await self._store.append_log(strategy_id, lines)
        del self._lines[strategy_id][: len(lines) - bool(dropped)]
        if not self._lines[strategy_id]:
            del self._lines[strategy_id]

    async def _keep_writing(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._write_quietly()
            await asyncio.sleep(PAUSE_S)

    async def _write_quietly(self) -> None:
        try:
            await self.write()
        except EdgerunnerError as error:
            _log.warning("strategy_log_not_written", reason=error.detail)
