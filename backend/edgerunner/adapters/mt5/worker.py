"""The one thread that talks to a terminal: the package is not thread safe and its calls block.

Jobs run one after the other, the most urgent first. A caller waits for a bounded time; a job that has not begun by
then never runs, one that has begun cannot be stopped, and everything else waits until it ends.
"""

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

WAITING: Final = 256
"""Most jobs that wait; more are refused."""


class NotBegun(Exception):
    """A job did not run and never will: proof that nothing was sent."""


class StillRunning(Exception):
    """A job has begun and has not ended in time."""


class _Job(Generic[T]):
    """One call on its way; exactly one of the worker and the caller gets to claim it."""

    def __init__(self, work: Callable[[], T], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.answer: asyncio.Future[T] = loop.create_future()
        self._lock = threading.Lock()
        self._is_claimed = False

    def claim(self) -> bool:
        """Take the job, to run it or to give it up; True for the first one."""
        with self._lock:
            is_first, self._is_claimed = not self._is_claimed, True
            return is_first

    def run(self) -> None:
        """Do the work and hand the answer over, if anybody still waits."""
        try:
            value = self.work()
        except Exception as error:  # noqa: BLE001 - it belongs to the caller
            self._hand_over(self._fail, error)
        else:
            self._hand_over(self._succeed, value)

    def refuse(self, reason: str) -> None:
        """Tell the caller that the work will never be done; from any thread."""
        self._hand_over(self._fail, NotBegun(reason))

    def _hand_over(self, settle: Callable[[Any], None], what: object) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            self.loop.call_soon_threadsafe(settle, what)

    def _succeed(self, value: T) -> None:
        if not self.answer.done():
            self.answer.set_result(value)

    def _fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Worker:
    """Owns the thread; ``start`` and ``stop`` bound its life. A daemon: a call that hangs keeps no program alive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: list[tuple[int, int, _Job[Any]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_stopped = True

    def start(self) -> None:
        """Begin to take jobs."""
        with self._changed:
            self._is_stopped = False
        threading.Thread(target=self._loop, name=self._name, daemon=True).start()

    def stop(self) -> None:
        """Take no more jobs; those that wait never run. Idempotent."""
        with self._changed:
            self._is_stopped = True
            left, self._waiting = self._waiting, []
            self._changed.notify_all()
        for _, _, job in left:
            if job.claim():
                job.refuse("the terminal was let go")

    async def run(self, work: Callable[[], T], *, urgency: int, timeout_s: float) -> T:
        """Return what ``work`` returns, or raise what it raises; raises ``NotBegun`` or ``StillRunning`` too."""
        job = _Job(work, asyncio.get_running_loop())
        with self._changed:
            if self._is_stopped:
                raise NotBegun("the terminal is not open")
            if len(self._waiting) >= WAITING:
                raise NotBegun(f"{WAITING} calls wait for the terminal already")
            heapq.heappush(self._waiting, (urgency, next(self._numbers), job))
            self._changed.notify()
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(job.answer)
        except TimeoutError:
            if job.claim():
                raise NotBegun(f"the terminal was busy for {timeout_s:g} s") from None
            job.answer.add_done_callback(_forget)
            raise StillRunning(f"the terminal has not answered within {timeout_s:g} s") from None
        except asyncio.CancelledError:
            job.claim()
            job.answer.add_done_callback(_forget)
            raise

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._is_stopped:
                    self._changed.wait()
                if self._is_stopped:
                    return
                _, _, job = heapq.heappop(self._waiting)
            if job.claim():
                job.run()


def _forget(answer: "asyncio.Future[Any]") -> None:
    """Count an answer that nobody waits for as heard."""
    if not answer.cancelled():
        answer.exception()
