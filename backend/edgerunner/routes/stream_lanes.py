"""Lanes of one stream client: work on one channel in the order it came, channels beside each other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from edgerunner.domain.errors import Conflict

MOST_WAITING: Final = 16
"""Most operations of one client that wait for their turn on one channel."""

Work = Callable[[], Awaitable[None]]


class Lanes:
    """One task per channel that has something to do; ``stop`` ends them all.

    ``broken`` gets the error that work ended with: a defect, what a client may cause is not raised by work.
    """

    def __init__(self, *, most: int) -> None:
        """``most`` bounds how many channels may be busy at once."""
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._most = most
        self._waiting: dict[str, deque[Work]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> frozenset[str]:
        """The channels that are busy."""
        return frozenset(self._waiting)

    def add(self, name: str, work: Work) -> None:
        """Carry work out when what was asked of the channel before is done; raises ``Conflict`` when full."""
        waiting = self._waiting.get(name)
        if waiting is not None:
            if len(waiting) >= MOST_WAITING:
                raise Conflict(f"{MOST_WAITING} operations wait on this channel already: wait for their answers")
            waiting.append(work)
            return
        if len(self._waiting) >= self._most:
            raise Conflict(f"{self._most} channels are being opened or closed already: wait for their answers")
        self._waiting[name] = deque([work])
        task = asyncio.create_task(self._run(name), name=f"stream-lane-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel what is under way and wait for its end."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.broken.cancel()

    async def _run(self, name: str) -> None:
        waiting = self._waiting[name]
        try:
            while waiting:
                await waiting.popleft()()
        except Exception as error:  # noqa: BLE001 - the owner sees it and ends the client
            if not self.broken.done():
                self.broken.set_exception(error)
        finally:
            del self._waiting[name]
