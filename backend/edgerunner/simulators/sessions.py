"""When instruments trade, for brokers whose markets close."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A span of trading, UTC nanoseconds, the end excluded."""

    opens_ns: int
    closes_ns: int

    def is_on(self, time_ns: int) -> bool:
        """Tell whether it is on."""
        return self.opens_ns <= time_ns < self.closes_ns


class Hours(Protocol):
    """The hours of every instrument of a venue."""

    def session(self, symbol: str, time_ns: int, *, is_extended: bool) -> Session:
        """Return the session that is on, or else the next one; ``is_extended`` counts irregular hours as well."""


class AlwaysOpen:
    """Trading without a break."""

    def session(self, symbol: str, time_ns: int, *, is_extended: bool) -> Session:  # noqa: ARG002 - the protocol's
        """Return a session without begin and end."""
        return Session(opens_ns=0, closes_ns=1 << 63)
