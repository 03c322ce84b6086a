"""Background work with an owner."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress


class Background:
    """Runs small pieces of work and ends them all with ``stop``."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run ``work``; an error it does not handle goes to the event loop's handler."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end."""
        for task in tuple(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
