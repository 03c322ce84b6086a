"""A clock that moves only when a test moves it."""

START_NS = 1_764_000_000_000_000_000


class FakeClock:
    """Wall and monotonic time in one; ``advance`` moves both."""

    def __init__(self, now_ns: int = START_NS) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_ns(self) -> int:
        return self._now_ns - START_NS

    def advance(self, seconds: float) -> None:
        self._now_ns += round(seconds * 1_000_000_000)
