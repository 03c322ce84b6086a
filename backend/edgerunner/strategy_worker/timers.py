"""Timers of one strategy by name: every so many seconds, or daily at a time of day (UTC). Pure."""

import heapq
import re
from dataclasses import dataclass

from edgerunner.strategies.errors import StrategyMisuse

_NS_PER_S = 1_000_000_000
_DAY_NS = 86_400 * _NS_PER_S
_SHORTEST_NS = 100_000_000
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """When a timer is due, and which."""

    time_ns: int
    name: str


class Timers:
    """The timers of one strategy. A timer that is late is due once, not once per missed time."""

    def __init__(self) -> None:
        self._every_ns: dict[str, int] = {}
        self._next_ns: dict[str, int] = {}
        self._heap: list[Due] = []

    def set(self, name: str, *, every_s: float | None, at: str | None, now_ns: int) -> None:
        """Begin a timer in place of the one of that name; ``StrategyMisuse`` unless one of both is given."""
        if (every_s is None) == (at is None):
            raise StrategyMisuse(f"timer {name!r}: give either every_s or at")
        if at is not None:
            first_ns, every_ns = _next_time_of_day(name, at, now_ns), _DAY_NS
        else:
            every_ns = round((every_s or 0) * _NS_PER_S)
            if every_ns < _SHORTEST_NS:
                raise StrategyMisuse(f"timer {name!r}: every_s must be at least 0.1")
            first_ns = now_ns + every_ns
        self._every_ns[name] = every_ns
        self._schedule(name, first_ns)

    def next_ns(self) -> int | None:
        """Return when the next timer is due, None without timers."""
        while self._heap and self._next_ns[self._heap[0].name] != self._heap[0].time_ns:
            heapq.heappop(self._heap)  # it was set anew
        return self._heap[0].time_ns if self._heap else None

    def pop_due(self, now_ns: int) -> Due | None:
        """Return the earliest timer that is due, and schedule its next time."""
        next_ns = self.next_ns()
        if next_ns is None or next_ns > now_ns:
            return None
        due = heapq.heappop(self._heap)
        every_ns = self._every_ns[due.name]
        self._schedule(due.name, due.time_ns + every_ns * ((now_ns - due.time_ns) // every_ns + 1))
        return due

    def _schedule(self, name: str, time_ns: int) -> None:
        self._next_ns[name] = time_ns
        heapq.heappush(self._heap, Due(time_ns, name))


def _next_time_of_day(name: str, at: str, now_ns: int) -> int:
    match = _TIME_OF_DAY.fullmatch(at)
    if match is None:
        raise StrategyMisuse(f"timer {name!r}: {at!r} is no time of day such as 14:30 (UTC)")
    of_day_ns = (int(match[1]) * 3600 + int(match[2]) * 60) * _NS_PER_S
    today_ns = now_ns - now_ns % _DAY_NS + of_day_ns
    return today_ns if today_ns > now_ns else today_ns + _DAY_NS
