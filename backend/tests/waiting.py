"""Waiting for a condition that another process or thread brings about; fails loudly."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_STEP_S = 0.02


async def until(condition: Callable[[], Awaitable[T | None]], *, timeout_s: float, what: str) -> T:
    """Return the first truthy result of ``condition``; fail with the newest one after ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while True:
        result = await condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what} (last: {result!r})")
        await asyncio.sleep(_STEP_S)
