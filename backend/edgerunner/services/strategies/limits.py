"""How much a strategy may use before it is stopped. Pure."""

from dataclasses import dataclass

NS_PER_S = 1_000_000_000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one worker process.

    Attributes:
        turn_s: Longest callback; also how long ``on_stop`` may take.
        start_s: Longest loading of the class with ``on_start``.
        hello_s: Longest start of the process itself.
        memory_bytes: Growth beyond what the process has before it loads the class.
        wishes_per_s: Orders, changes and cancels a strategy may ask for, on average.
        wish_burst: As many may come at once.
        messages_per_s: Messages of any kind, log lines included.
        message_burst: As many may come at once.
        waiting: Bars and news that may wait for a slow strategy; quotes and books are conflated.
    """

    turn_s: float = 3.0
    start_s: float = 4.5
    hello_s: float = 30.0
    memory_bytes: int = 512 * MIB
    wishes_per_s: int = 20
    wish_burst: int = 100
    messages_per_s: int = 500
    message_burst: int = 2_000
    waiting: int = 5_000


class Allowance:
    """A token bucket: ``burst`` at once, ``per_s`` on average, by a clock that the caller reads."""

    def __init__(self, *, per_s: int, burst: int, now_ns: int) -> None:
        self._ns_each = NS_PER_S // per_s
        self._span_ns = burst * self._ns_each
        self._full_at_ns = now_ns

    def take(self, now_ns: int) -> bool:
        """Use one token; False when none is left."""
        full_at_ns = max(self._full_at_ns, now_ns) + self._ns_each
        if full_at_ns - now_ns > self._span_ns:
            return False
        self._full_at_ns = full_at_ns
        return True
