"""What a request for history asks for, read from its words."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Unit = Literal["second", "day", "week", "month"]
_SECONDS: Final = {
    **{f"{count} secs": count for count in (1, 5, 10, 15, 30)},
    "1 min": 60,
    **{f"{count} mins": count * 60 for count in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": 3600,
    **{f"{count} hours": count * 3600 for count in (2, 3, 4, 8)},
}
_LONG: Final[dict[str, Unit]] = {"1 day": "day", "1 week": "week", "1W": "week", "1 month": "month", "1M": "month"}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,5}) ?([SDWMY])")
_END: Final = re.compile(r"([0-9]{8})[ -]([0-9]{2}:[0-9]{2}:[0-9]{2})(?: (\S+))?")
_ZONES: Final = frozenset(
    {"US/Eastern", "US/Central", "US/Pacific", "America/New_York", "America/Chicago", "GB-Eire", "Europe/London", "UTC"}
)
_LONGEST_YEARS: Final = 50


class BadQuery(Exception):
    """Words that mean nothing; the text names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSize:
    """Length of bars: seconds within a session, or whole days, weeks, months."""

    unit: Unit
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How far back: traded seconds (S), sessions (D), or weeks, months and years on the calendar."""

    count: int
    unit: str

    def calendar_start(self, end: datetime) -> datetime | None:
        """Return the begin on the calendar; None for what is counted in traded time."""
        match self.unit:
            case "W":
                return end - timedelta(weeks=self.count)
            case "M":
                return _months_before(end, self.count)
            case "Y":
                return _months_before(end, 12 * self.count)
            case _:
                return None


def parse_bar_size(text: str) -> BarSize:
    """Read a bar size such as ``5 mins``; raises ``BadQuery``."""
    if text in _SECONDS:
        return BarSize(unit="second", seconds=_SECONDS[text])
    if text in _LONG:
        return BarSize(unit=_LONG[text])
    raise BadQuery(f"Historical data bar size setting is invalid: {text[:40]}")


def parse_duration(text: str) -> Duration:
    """Read a duration such as ``1 D``; raises ``BadQuery``, also for more than 50 years."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise BadQuery(f"Historical data duration is invalid: {text[:40]}")
    duration = Duration(count=int(match[1]), unit=match[2])
    a_year = {"S": 31_622_400, "D": 366, "W": 52, "M": 12, "Y": 1}[duration.unit]
    if duration.count > a_year * _LONGEST_YEARS:
        raise BadQuery(f"Historical data duration is too long: {text[:40]}")
    return duration


def parse_end(text: str, now: datetime) -> datetime:
    """Read the end: empty = now, ``20261123-15:30:00`` = UTC, ``20261123 10:30:00 US/Eastern``, no zone = that of TWS.

    ``now`` has the zone of TWS. An end in the future is now. Raises ``BadQuery``.
    """
    if not text:
        return now
    match = _END.fullmatch(text.strip())
    if match is None or (match[3] and match[3] not in _ZONES):
        raise BadQuery(f"The end date or time is invalid: {text[:40]}")
    zone = UTC if text.strip()[8] == "-" else (ZoneInfo(match[3]) if match[3] else now.tzinfo)
    try:
        end = datetime.strptime(f"{match[1]} {match[2]}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        raise BadQuery(f"The end date or time is invalid: {text[:40]}") from None
    return min(end.astimezone(now.tzinfo), now)


def _months_before(end: datetime, months: int) -> datetime:
    month = end.year * 12 + end.month - 1 - months
    year, month = month // 12, month % 12 + 1
    return end.replace(year=year, month=month, day=min(end.day, monthrange(year, month)[1]))
