"""Bybit's clock as seen from here: an offset, measured and measured again."""

from typing import Protocol

_NS_PER_MS = 1_000_000
_LONGEST_WAY_NS = 500 * _NS_PER_MS


class Clock(Protocol):
    """This machine's clocks; the standard module ``time`` is one."""

    def time_ns(self) -> int:
        """Return UTC wall time in nanoseconds."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never run backward."""
        ...


class ServerClock:
    """Server time = server time at the last measurement + what the monotonic clock counted since.

    A jump of the machine's wall clock therefore changes nothing. Before the first measurement
    the wall clock stands in.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchor_ns = clock.time_ns() - clock.monotonic_ns()
        self._measured_ns: int | None = None
        self._round_trip_ns: int | None = None

    @property
    def round_trip_ms(self) -> float | None:
        """Round trip of the last measurement, or None before it."""
        return None if self._round_trip_ns is None else self._round_trip_ns / _NS_PER_MS

    def now_ns(self) -> int:
        """Return Bybit's time in nanoseconds."""
        return self._anchor_ns + self._clock.monotonic_ns()

    def now_ms(self) -> int:
        """Return Bybit's time in milliseconds, for signatures."""
        return self.now_ns() // _NS_PER_MS

    def at(self, wall_ns: int) -> int:
        """Return Bybit's time at a moment of this machine's wall clock."""
        return wall_ns + self.now_ns() - self._clock.time_ns()

    def measured(self, *, server_ns: int, sent_ns: int, received_ns: int) -> None:
        """Take in one measurement: the server's answer and the monotonic times around it.

        The server is assumed to have answered half way, but not more than half a second ago: Bybit takes stamps that
        are seconds old, and refuses those that are a second early. So a measurement on a slow day is never too early.
        """
        since_ns = min((received_ns - sent_ns) // 2, _LONGEST_WAY_NS)
        self._anchor_ns = server_ns + since_ns - received_ns
        self._round_trip_ns = received_ns - sent_ns
        self._measured_ns = received_ns

    def is_due(self, every_ns: int) -> bool:
        """Tell whether the last measurement is older than ``every_ns``."""
        return self._measured_ns is None or self._clock.monotonic_ns() - self._measured_ns >= every_ns
