"""How a task is ended by its owner."""

import asyncio
from contextlib import suppress


async def end_task(task: "asyncio.Task[None] | None") -> None:
    """Cancel a task and wait until it has ended; an error it ended with is raised. Nothing for None."""
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
