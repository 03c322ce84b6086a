"""What every indicator offers, and how its memory is written as JSON values and read back."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
State: TypeAlias = dict[str, JsonValue]


class Indicator(ABC):
    """A number that follows a series, one observation at a time and at constant cost.

    ``update`` takes the next observation (a finite number; anything else raises ``ValueError``) and returns ``value``;
    a figure beyond the largest float raises ``OverflowError``.
    ``value`` is None until enough observations were seen, and while the figure is not defined (a ratio whose
    denominator is zero): never a made-up number, never NaN.

    Attributes:
        period: Observations that the figure looks back on.
        value: The figure after the newest observation, or None.
    """

    __slots__ = ("period", "value")

    period: int
    value: float | None

    def __init__(self, period: int, *, minimum: int = 1) -> None:
        """Check the period; raises ValueError when it is no whole number of at least ``minimum``."""
        if type(period) is not int or period < minimum:
            raise ValueError(f"{type(self).__name__}: the period must be a whole number >= {minimum}, not {period!r}")
        self.period = period
        self.value = None

    @property
    def is_ready(self) -> bool:
        """Tell whether there is a value."""
        return self.value is not None

    @abstractmethod
    def reset(self) -> None:
        """Forget every observation."""

    @abstractmethod
    def memory(self) -> State:
        """Return what ``recall`` needs beside the period, as JSON values."""

    @abstractmethod
    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over a memory; the indicator was reset before."""

    def state(self) -> State:
        """Return everything that is remembered, as JSON values; floats survive a JSON round trip bit by bit."""
        return {"period": self.period, **self.memory()}

    def restore(self, state: Mapping[str, JsonValue]) -> None:
        """Continue where ``state`` was taken, with bit-equal values; raises ValueError when it is not of this kind."""
        if state.get("period") != self.period:
            raise ValueError(f"{type(self).__name__}: the state is of period {state.get('period')}, not {self.period}")
        self.reset()
        self.recall(state)


def optional_number(memory: Mapping[str, JsonValue], name: str) -> float | None:
    """Return a number or null of a memory; raises ValueError when it is neither."""
    found = memory.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise _not(name, "a number or null")
    return found


def whole_number(memory: Mapping[str, JsonValue], name: str) -> int:
    """Return a whole number of a memory; raises ValueError when it is none."""
    found = memory.get(name)
    if isinstance(found, bool) or not isinstance(found, int):
        raise _not(name, "a whole number")
    return found


def numbers(memory: Mapping[str, JsonValue], name: str) -> list[float]:
    """Return a list of numbers of a memory; raises ValueError when it is none."""
    found = memory.get(name)
    if not isinstance(found, list | tuple):
        raise _not(name, "a list of numbers")
    checked = [each for each in found if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(checked) != len(found):
        raise _not(name, "a list of numbers only")
    return checked


def part(memory: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    """Return the memory of an inner indicator; raises ValueError when it is missing."""
    found = memory.get(name)
    if not isinstance(found, Mapping):
        raise _not(name, "an object")
    return found


def _not(name: str, wanted: str) -> ValueError:
    return ValueError(f"the state's {name} must be {wanted}")
