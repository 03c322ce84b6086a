"""Ending on SIGINT and SIGTERM, on every platform and event loop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """Give an event that SIGINT, SIGTERM or Ctrl-Break set; more of them do not cut the draining short.

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
            signal.signal(kind, handler)
