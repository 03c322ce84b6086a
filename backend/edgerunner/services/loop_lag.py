"""Measures how late the event loop's timers come: a handler that blocks it delays every order."""

import asyncio
from typing import Final

from edgerunner.metrics import EVENT_LOOP_LAG_SECONDS
from edgerunner.services.ending import end_task

EVERY_S: Final = 0.5


class LoopLag:
    """Looks twice a second between ``start`` and ``stop``."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._measure(), name="loop-lag")

    async def stop(self) -> None:
        """Measure no more."""
        task, self._task = self._task, None
        await end_task(task)

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            EVENT_LOOP_LAG_SECONDS.observe(max(0.0, loop.time() - due))
