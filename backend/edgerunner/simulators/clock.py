"""Virtual time of a simulated venue."""

from collections.abc import Callable
from dataclasses import dataclass

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAnchor:
    """Where virtual time stood at one moment of wall time, and how fast it ran from there."""

    wall_ns: int
    virtual_ns: int
    speed: float

    def virtual_at(self, wall_ns: int) -> int:
        """Return the virtual time at a wall time, UTC nanoseconds."""
        elapsed = wall_ns - self.wall_ns
        return self.virtual_ns + (elapsed if self.speed == 1 else round(elapsed * self.speed))


class VirtualClock:
    """Three readings of one injected wall clock.

    ``market_ns`` drives prices and bars and never jumps; ``now_ns`` stamps what the venue does; ``wall_ns`` is
    what authentication windows compare with. ``offset_ns`` and ``error_ns()`` make the venue's clock wrong: they shift
    the last two.
    """

    def __init__(
        self,
        wall: Callable[[], int],
        *,
        speed: float = 1,
        anchor: ClockAnchor | None = None,
        error_ns: Callable[[], int] = lambda: 0,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"clock speed must be above 0, not {speed}")
        self._wall = wall
        self._error_ns = error_ns
        self.offset_ns = 0
        start = wall()
        virtual = anchor.virtual_at(start) if anchor else start
        self.anchor = ClockAnchor(wall_ns=start, virtual_ns=virtual, speed=speed)

    @property
    def speed(self) -> float:
        """Return the virtual seconds per wall second."""
        return self.anchor.speed

    def market_ns(self) -> int:
        """Return virtual time without the offset, UTC nanoseconds."""
        return self.anchor.virtual_at(self._wall())

    def now_ns(self) -> int:
        """Return the venue's own virtual time, UTC nanoseconds."""
        return self.market_ns() + self.ahead_ns()

    def ahead_ns(self) -> int:
        """Return how far the venue's clock is ahead of the right time."""
        return self.offset_ns + self._error_ns()

    def wall_ns(self) -> int:
        """Return the venue's idea of wall time, UTC nanoseconds."""
        return self._wall() + self.ahead_ns()

    def restart(self) -> None:
        """Let virtual time start again from wall time."""
        start = self._wall()
        self.anchor = ClockAnchor(wall_ns=start, virtual_ns=start, speed=self.anchor.speed)
