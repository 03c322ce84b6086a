"""Token buckets per caller: who asks too often is told when to come back."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_CALLERS = 10_000
"""Callers remembered at once; the one that was quiet for longest is forgotten first."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_ns: int


class RateLimit:
    """At most ``burst`` calls at once and ``per_second`` on average, for each caller by itself."""

    def __init__(self, *, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str, now_ns: int) -> float:
        """Use one call up; returns 0.0 when it was free, else the seconds until one is.

        ``now_ns`` is a monotonic time in nanoseconds.
        """
        bucket = self._buckets.setdefault(caller, _Bucket(tokens=self._burst, filled_ns=now_ns))
        self._buckets.move_to_end(caller)
        while len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        elapsed_s = (now_ns - bucket.filled_ns) / 1e9
        bucket.tokens = min(self._burst, bucket.tokens + elapsed_s * self._per_second)
        bucket.filled_ns = now_ns
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._per_second
        bucket.tokens -= 1
        return 0.0
