"""The one thread that owns the terminal's module, and its bounded queue.

Overflow rule: each priority takes at most ``capacity`` waiting jobs, the next one is refused. A job that has run for
its time-out makes the terminal "not answering": everything that waits is given up and never executed, and new jobs are
refused at once, until the running one returns.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Any, Generic, TypeVar

from edgerunner.mt5_bridge.terminal_module import TerminalModule

T = TypeVar("T")
JOIN_S = 5.0
_SETTLING_S = 0.05


class Priority(IntEnum):
    """What goes first."""

    ORDER = 0
    CALL = 1
    POLL = 2


class QueueFull(Exception):
    """Too many jobs wait; this one was not taken."""


class NotAnswering(Exception):
    """The terminal hangs in an earlier call, or the queue took too long; this job was never executed."""


class StillRunning(Exception):
    """The job was begun and has not ended in time; ``future`` is its end, should it come."""

    def __init__(self, future: "asyncio.Future[Any]") -> None:
        super().__init__("the call was begun and has not ended in time")
        self.future = future


class _Job(Generic[T]):
    __slots__ = ("begun_at", "future", "work")

    def __init__(self, work: Callable[[TerminalModule], T], future: "asyncio.Future[T]") -> None:
        self.work = work
        self.future = future
        self.begun_at: float | None = None


class TerminalWorker:
    """Runs jobs on the module one after the other, orders first, then calls, then polls."""

    def __init__(
        self,
        load: Callable[[], TerminalModule],
        *,
        capacity: int,
        poll_capacity: int = 512,
        on_answering: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_answering`` is told, on the event loop, when ``is_answering`` has changed."""
        self._load = load
        self._capacities = {Priority.ORDER: capacity, Priority.CALL: capacity, Priority.POLL: poll_capacity}
        self._waiting: dict[Priority, deque[_Job[Any]]] = {priority: deque() for priority in Priority}
        self._on_answering = on_answering
        self._wake = threading.Condition()
        self._is_stopping = False
        self._running: _Job[Any] | None = None
        self._hanging: _Job[Any] | None = None
        self._thread = threading.Thread(target=self._work, name="mt5-terminal", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loaded: asyncio.Future[TerminalModule] | None = None

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return sum(len(queue) for queue in self._waiting.values())

    @property
    def is_answering(self) -> bool:
        """False while a job runs past its time-out."""
        return self._hanging is None

    async def start(self) -> TerminalModule:
        """Load the module on its thread and return it, for its names only. Raises ``ModuleUnusable``."""
        self._loop = asyncio.get_running_loop()
        self._loaded = self._loop.create_future()
        self._thread.start()
        return await self._loaded

    async def stop(self) -> None:
        """Give up what waits and end the thread; one that hangs inside the module is left behind (a daemon)."""
        with self._wake:
            self._is_stopping = True
            self._give_up_waiting()
            self._wake.notify()
        if self._thread.is_alive() and self.is_answering:
            await asyncio.to_thread(self._thread.join, JOIN_S)

    async def run(self, work: Callable[[TerminalModule], T], *, priority: Priority, timeout_s: float) -> T:
        """Run ``work`` on the module's thread; it may wait ``timeout_s`` for its turn and run as long again.

        Raises ``QueueFull``, ``NotAnswering`` (never executed), ``StillRunning``, and what ``work`` raises.
        """
        job = self._queue(work, priority)
        try:
            await asyncio.wait([job.future], timeout=timeout_s)
            while not job.future.done():
                if self._withdraw(job, priority):
                    raise NotAnswering("other calls of the terminal took too long")
                remaining = timeout_s - (time.monotonic() - (job.begun_at or 0))
                if remaining <= 0 and self._hang(job):
                    raise StillRunning(job.future)
                await asyncio.wait([job.future], timeout=max(remaining, _SETTLING_S))
        except asyncio.CancelledError:
            self._withdraw(job, priority)
            raise
        return job.future.result()

    def _queue(self, work: Callable[[TerminalModule], T], priority: Priority) -> _Job[T]:
        if self._loop is None or self._is_stopping:
            raise NotAnswering("the bridge is stopping")
        if self._hanging is not None:
            raise NotAnswering("the terminal has not answered an earlier call yet")
        queue = self._waiting[priority]
        job = _Job(work, self._loop.create_future())
        with self._wake:
            if len(queue) >= self._capacities[priority]:
                raise QueueFull(f"{len(queue)} calls wait already")
            queue.append(job)
            self._wake.notify()
        return job

    def _withdraw(self, job: _Job[Any], priority: Priority) -> bool:
        """Take a job back that was not begun; False when it was."""
        with self._wake:
            try:
                self._waiting[priority].remove(job)
            except ValueError:
                return False
        return True

    def _hang(self, job: _Job[Any]) -> bool:
        """Note that a job hangs; False when it has just ended and its result is on its way."""
        with self._wake:
            if self._running is not job:
                return False
            self._hanging = job
            self._give_up_waiting()
        self._on_answering()
        return True

    def _give_up_waiting(self) -> None:
        for queue in self._waiting.values():
            while queue:
                _set_exception(queue.popleft().future, NotAnswering("an earlier call of the terminal hangs"))

    def _work(self) -> None:
        try:
            module = self._load()
        except BaseException as error:  # noqa: BLE001 - the starter gets it
            self._tell(partial(_set_exception, self._loaded, error))
            return
        self._tell(partial(_set_result, self._loaded, module))
        while (job := self._next()) is not None:
            self._execute(job, module)

    def _next(self) -> _Job[Any] | None:
        with self._wake:
            while True:
                for queue in self._waiting.values():
                    if queue:
                        self._running = job = queue.popleft()
                        job.begun_at = time.monotonic()
                        return job
                if self._is_stopping:
                    return None
                self._wake.wait()

    def _execute(self, job: _Job[Any], module: TerminalModule) -> None:
        try:
            result = job.work(module)
        except BaseException as error:  # noqa: BLE001 - whoever asked gets it
            self._tell(partial(self._ended, job, _set_exception, error))
        else:
            self._tell(partial(self._ended, job, _set_result, result))
        with self._wake:
            self._running = None

    def _ended(self, job: _Job[Any], settle: Callable[["asyncio.Future[Any]", Any], None], outcome: object) -> None:
        settle(job.future, outcome)
        if self._hanging is job:
            self._hanging = None
            self._on_answering()

    def _tell(self, what: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(what)
            except RuntimeError:  # it closed this very moment: nobody waits any more
                return


def _set_result(future: "asyncio.Future[Any] | None", result: object) -> None:
    if future is not None and not future.done():
        future.set_result(result)


def _set_exception(future: "asyncio.Future[Any] | None", error: BaseException) -> None:
    if future is not None and not future.done():
        future.set_exception(error)
        future.exception()  # somebody may have stopped waiting: that is no news for the log
