"""What happens at a time of its own, beside the bars: timers, funding, swaps, day orders that end."""

import heapq
from collections.abc import Callable

from edgerunner.backtest.orders import NEVER

Action = Callable[[int], None]
"""Called with its due time, nanoseconds UTC."""


class Agenda:
    """Actions by due time; equal times in the order of planning.

    Attributes:
        wake_ns: A bar that opens after it has something due before its close; ``lead_ns`` is the length of a bar.
    """

    def __init__(self, lead_ns: int = 0) -> None:
        self.wake_ns = NEVER
        self._lead_ns = lead_ns
        self._planned: list[tuple[int, int, Action]] = []
        self._count = 0

    def plan(self, due_ns: int, action: Action) -> None:
        """Plan an action."""
        self._count += 1
        heapq.heappush(self._planned, (due_ns, self._count, action))
        self.wake_ns = self._planned[0][0] - self._lead_ns

    def run_until(self, time_ns: int) -> None:
        """Run everything that is due before ``time_ns``, what these actions plan included."""
        while self._planned and self._planned[0][0] < time_ns:
            due_ns, _, action = heapq.heappop(self._planned)
            self.wake_ns = self._planned[0][0] - self._lead_ns if self._planned else NEVER
            action(due_ns)
