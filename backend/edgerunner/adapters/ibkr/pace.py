"""How fast we ask, so that orders never queue behind questions.

TWS takes 50 messages a second from all programs together; ib_async lets 45 a second out, in the order they came, so
that an order waits behind every question before it. So questions are spread before they reach ib_async.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

QUESTIONS_PER_S: Final = 20
"""Leaves more than half of ib_async's 45 messages a second to orders."""


class Pace:
    """At most so many turns in any second."""

    def __init__(self, monotonic: Callable[[], float], *, per_second: int = QUESTIONS_PER_S) -> None:
        self._monotonic = monotonic
        self._per_second = per_second
        self._turns: deque[float] = deque(maxlen=per_second)

    async def turn(self) -> None:
        """Wait until one more question may be sent."""
        now = self._monotonic()
        due = now if len(self._turns) < self._per_second else max(now, self._turns[0] + 1.0)
        self._turns.append(due)
        if due > now:
            await asyncio.sleep(due - now)
