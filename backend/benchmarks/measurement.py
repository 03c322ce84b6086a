"""What a benchmark hands back, and how it is printed."""

from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure beside its goal; `goal` is the most it may be, or the least when `higher_is_better`."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    higher_is_better: bool = False

    @property
    def meets_goal(self) -> bool:
        """Whether the figure is on the right side of its goal; without a goal it always is."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.higher_is_better else self.value <= self.goal

    def __str__(self) -> str:
        line = f"{self.name:<58} {self.value:>12,.2f} {self.unit:<10}"
        if self.goal is None:
            return line
        relation = ">=" if self.higher_is_better else "<="
        return f"{line} goal {relation} {self.goal:g}  {'met' if self.meets_goal else 'MISSED'}"


def percentile(samples: list[float], share: int) -> float:
    """The given percentile (1 to 99) of at least two samples."""
    return quantiles(samples, n=100, method="inclusive")[share - 1]
