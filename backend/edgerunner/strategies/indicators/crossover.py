"""When one series crosses another."""

from collections.abc import Mapping

from edgerunner.strategies.indicators.indicator import Indicator, JsonValue, State, whole_number


class Crossover(Indicator):
    """Tells the moment at which a first series crosses a second one.

    A crossing needs two different strict sides: a series that touches and turns back has not crossed, and one that
    crosses by way of a tie has crossed when it leaves the tie. The first side seen is no crossing.

    Attributes:
        value: At the newest pair, 1.0 crossed above, -1.0 crossed below, 0.0 neither; None before a side is known.
        side: 1 while the first series is above (or was, before a tie), -1 below, 0 unknown.
    """

    __slots__ = ("side",)

    def __init__(self) -> None:
        super().__init__(1)
        self.side = 0

    @property
    def crossed_above(self) -> bool:
        """Tell whether the newest pair completed a crossing from below to above."""
        return self.value == 1.0

    @property
    def crossed_below(self) -> bool:
        """Tell whether the newest pair completed a crossing from above to below."""
        return self.value == -1.0

    def update(self, first: float | None, second: float | None) -> float | None:
        """Take in the next pair (None while an indicator is not ready: ignored) and return ``value``."""
        side = self.side
        if first is not None and second is not None and first != second:
            side = 1 if first > second else -1
        crossed = self.side not in {0, side}
        self.side = side
        self.value = None if side == 0 else float(side) if crossed else 0.0
        return self.value

    def reset(self) -> None:
        """Forget the side."""
        self.value = None
        self.side = 0

    def memory(self) -> State:
        """Return the side and whether it was just taken."""
        return {"side": self.side, "crossed": self.crossed_above or self.crossed_below}

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over a side."""
        self.side = whole_number(memory, "side")
        self.value = None if self.side == 0 else float(self.side) if memory.get("crossed") is True else 0.0
