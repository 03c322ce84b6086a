"""The trading day that a moment belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts.schedule import Hours, Schedule, is_trading_day
from edgerunner.simulators.tws.history.spans import nanoseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingDay:
    """The newest session that has begun, UTC nanoseconds.

    Attributes:
        date: The day that it belongs to.
        end_ns: Its end, in the past when the market is closed.
        regular: Begin and end of its regular hours, maybe to come.
        previous_close_ns: End of the regular hours before it.
    """

    date: date
    start_ns: int
    end_ns: int
    regular: tuple[int, int]
    previous_close_ns: int

    def is_open(self, at_ns: int) -> bool:
        """Tell whether its session goes on."""
        return at_ns < self.end_ns


def trading_day(schedule: Schedule, at_ns: int) -> TradingDay:
    """Return the newest session that began at or before a moment."""
    days = _days_back(schedule, at_ns)
    for day in days:
        start_ns, end_ns = bounds(schedule.trading, schedule.zone, day)
        if start_ns <= at_ns:
            return TradingDay(
                date=day,
                start_ns=start_ns,
                end_ns=end_ns,
                regular=bounds(schedule.liquid, schedule.zone, day),
                previous_close_ns=bounds(schedule.liquid, schedule.zone, next(days))[1],
            )
    raise ValueError(f"no session before {at_ns}")


def is_within(hours: Hours, zone: str, at_ns: int) -> bool:
    """Tell whether a moment lies in a session of ``hours``."""
    today = datetime.fromtimestamp(at_ns // NANOSECONDS, UTC).astimezone(ZoneInfo(zone)).date()
    for day in (today, today + timedelta(days=1)):
        if is_trading_day(day):
            start_ns, end_ns = bounds(hours, zone, day)
            if start_ns <= at_ns < end_ns:
                return True
    return False


def bounds(hours: Hours, zone: str, day: date) -> tuple[int, int]:
    """Return begin and end of a day's session."""
    begin, end = hours.on(day)
    return nanoseconds(begin.replace(tzinfo=ZoneInfo(zone))), nanoseconds(end.replace(tzinfo=ZoneInfo(zone)))


def _days_back(schedule: Schedule, at_ns: int) -> Iterator[date]:
    moment = datetime.fromtimestamp(at_ns // NANOSECONDS, UTC).astimezone(ZoneInfo(schedule.zone))
    day = moment.date() + timedelta(days=1)
    while True:
        if is_trading_day(day):
            yield day
        day -= timedelta(days=1)
