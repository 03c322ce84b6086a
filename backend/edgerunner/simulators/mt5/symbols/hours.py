"""When symbols trade: spans of the week on the wall of the trade server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.mt5.symbols.server_time import DAY_NS, ServerZone
from edgerunner.simulators.sessions import Session

MINUTE_NS: Final = 60_000_000_000
_DAYS_BACK: Final = 8
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingHours:
    """The same hours on several days of the week.

    Attributes:
        days: Weekdays, Monday = 0.
        opens_minute, closes_minute: Minutes of the server's day; 0 and 1440 = the whole day.
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    opens_minute: int = 0
    closes_minute: int = 1440

    @property
    def never_close(self) -> bool:
        """Tell whether there is no break in the week."""
        return len(self.days) == 7 and (self.opens_minute, self.closes_minute) == (0, 1440)

    def sessions(self, zone: ServerZone, from_ns: int, to_ns: int) -> Iterator[Session]:
        """Yield the sessions that overlap a span of time, UTC nanoseconds, oldest first."""
        if self.never_close:
            yield Session(opens_ns=from_ns, closes_ns=to_ns)
            return
        day = zone.to_server(from_ns) // DAY_NS - 1
        while zone.to_utc(day * DAY_NS) < to_ns:
            if (day + 3) % 7 in self.days:  # the first day of 1970 was a Thursday
                opens = zone.to_utc(day * DAY_NS + self.opens_minute * MINUTE_NS)
                closes = zone.to_utc(day * DAY_NS + self.closes_minute * MINUTE_NS)
                if closes > from_ns and opens < to_ns:
                    yield Session(opens_ns=opens, closes_ns=closes)
            day += 1


class Hours:
    """The hours of all listed symbols in one server's zone."""

    def __init__(self, hours: Mapping[str, TradingHours], zone: ServerZone) -> None:
        self._hours = hours
        self._zone = zone
        self._known: dict[str, Session] = {}
        """A session per symbol that was asked for last: neighbours are asked for next."""

    def is_open(self, symbol: str, time_ns: int) -> bool:
        """Tell whether a symbol trades at a moment."""
        return self._hours[symbol].never_close or self._last(symbol, time_ns).is_on(time_ns)

    def last_open_ns(self, symbol: str, time_ns: int) -> int:
        """Return the last moment up to ``time_ns`` at which a symbol traded: itself, or a nanosecond before a close."""
        if self._hours[symbol].never_close:
            return time_ns
        return min(time_ns, self._last(symbol, time_ns).closes_ns - 1)

    def spans(self, symbol: str, from_ns: int, to_ns: int) -> Iterator[tuple[int, int]]:
        """Yield (opens, closes) of the sessions that overlap a span of time, cut to it, oldest first."""
        known = self._known.get(symbol)
        if known is not None and known.opens_ns <= from_ns and to_ns <= known.closes_ns:
            yield from_ns, to_ns
            return
        for session in self._hours[symbol].sessions(self._zone, from_ns, to_ns):
            self._known[symbol] = session
            yield max(from_ns, session.opens_ns), min(to_ns, session.closes_ns)

    def _last(self, symbol: str, time_ns: int) -> Session:
        """Return the last session that began up to a moment."""
        known = self._known.get(symbol)
        if known is None or not known.is_on(time_ns):
            known = list(self._hours[symbol].sessions(self._zone, time_ns - _DAYS_BACK * DAY_NS, time_ns + 1))[-1]
            self._known[symbol] = known
        return known


AROUND_THE_CLOCK: Final = TradingHours()
WEEKDAYS: Final = tuple(range(_FRIDAY + 1))
