"""Ending on SIGINT and SIGTERM, on every platform and event loop."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """Give an event that SIGINT, SIGTERM or Ctrl-Break set; more of them do not cut the draining short.

    Whoever asked once is heard: from then on these signals are ignored until the process is gone, also after the
    block, where a second SIGTERM would end it with another exit code and half of its files closed.

    ``signal.signal`` and not the loop's own handlers: those are missing on Windows.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    kinds = [signal.SIGINT, signal.SIGTERM, *([signal.SIGBREAK] if hasattr(signal, "SIGBREAK") else [])]

    def request(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    previous = {kind: signal.signal(kind, request) for kind in kinds}
    try:
        yield stop
    finally:
        for kind, handler in previous.items():
            signal.signal(kind, signal.SIG_IGN if stop.is_set() else handler)


async def first_of(*jobs: Coroutine[Any, Any, object]) -> None:
    """Run jobs until the first one ends, then end the others and wait for them.

    Raises what any of them raised; the only error of a group is raised itself.
    """
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    if errors:
        raise _innermost(errors[0])


def _innermost(error: BaseException) -> BaseException:
    match error:
        case BaseExceptionGroup(exceptions=(only,)):
            return _innermost(only)
        case _:
            return error
