"""The wall clock of the trade server: MetaTrader 5 shows it as if it were UTC, and aligns its bars to it."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
_QUARTER_NS: Final = 900 * SECOND_NS
_EPOCH: Final = date(1970, 1, 1)


class ServerZone:
    """Converts between UTC and the server's wall clock, both in nanoseconds since 1970."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)
        self._offset = lru_cache(maxsize=65_536)(self._offset_of_quarter)

    def offset_ns(self, utc_ns: int) -> int:
        """Return what the server's clock is ahead of UTC."""
        return self._offset(utc_ns // _QUARTER_NS)  # zones change on quarters of an hour

    def to_server(self, utc_ns: int) -> int:
        """Return the server's wall clock at a moment."""
        return utc_ns + self.offset_ns(utc_ns)

    def to_utc(self, server_ns: int) -> int:
        """Return the moment of a wall clock time: the first of two, and for a skipped one that of the skip."""
        before = self.offset_ns(server_ns - DAY_NS)
        after = self.offset_ns(server_ns + DAY_NS)
        found = [server_ns - offset for offset in (max(before, after), min(before, after))]
        for utc_ns in found:
            if self.to_server(utc_ns) == server_ns:
                return utc_ns
        return self._skip_between(*found)

    def _skip_between(self, first_ns: int, last_ns: int) -> int:
        start = self.offset_ns(first_ns)
        quarters = range(first_ns // _QUARTER_NS, last_ns // _QUARTER_NS + 1)
        return next(quarter * _QUARTER_NS for quarter in quarters if self._offset(quarter) != start)

    def weekday(self, utc_ns: int) -> int:
        """Return the server's day of the week at a moment, Sunday = 0."""
        return (self.to_server(utc_ns) // DAY_NS + 4) % 7

    def midnight_before(self, utc_ns: int) -> int:
        """Return when the server's day began in which a moment lies, UTC."""
        return self.to_utc(self.to_server(utc_ns) // DAY_NS * DAY_NS)

    def midnight_after(self, utc_ns: int) -> int:
        """Return when the server's next day begins, UTC."""
        return self.to_utc((self.to_server(utc_ns) // DAY_NS + 1) * DAY_NS)

    def _offset_of_quarter(self, quarter: int) -> int:
        moment = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self._zone)
        offset = moment.utcoffset() or timedelta()
        return offset // timedelta(seconds=1) * SECOND_NS


def month_start(server_ns: int, *, months: int = 0) -> int:
    """Return the first of the month of a wall clock time (or of one some months away), wall clock nanoseconds."""
    day = _EPOCH + timedelta(days=server_ns // DAY_NS)
    count = day.year * 12 + day.month - 1 + months
    return (date(count // 12, count % 12 + 1, 1) - _EPOCH).days * DAY_NS
