"""Which stretches of time the bars of a request cover: sessions, cut into pieces or joined to weeks and months.

Bars within a session lie on the clock of the exchange: bars of an hour of US stocks begin 09:30, 10:00, 11:00
(recorded).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts.schedule import Hours, is_trading_day
from edgerunner.simulators.tws.history.query import BarSize, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session in UTC nanoseconds, maybe cut at an end; ``midnight_ns`` begins the day on which it begins."""

    day: date
    start_ns: int
    end_ns: int
    midnight_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time of one bar: one or several pieces of (start, end) in UTC nanoseconds, oldest first."""

    day: date
    pieces: tuple[tuple[int, int], ...]

    @property
    def start_ns(self) -> int:
        """Return its begin."""
        return self.pieces[0][0]


def sessions(hours: Hours, zone: str, duration: Duration, *, end: datetime, earliest: date) -> list[Session]:
    """Return the sessions up to ``end`` that a duration reaches, oldest first, none before a day."""
    start = duration.calendar_start(end)
    start_ns = None if start is None else nanoseconds(start)
    found: list[Session] = []
    for session in _backwards(hours, ZoneInfo(zone), end, earliest):
        if start_ns is not None and session.end_ns <= start_ns:
            break
        found.append(session)
        if start_ns is None and _is_enough(found, duration):
            break
    found.reverse()
    return _without_surplus(found, duration) if duration.unit == "S" else found


def spans(found: list[Session], size: BarSize) -> Iterator[Span]:
    """Yield the bars of sessions, oldest first."""
    match size.unit:
        case "second":
            for session in found:
                yield from _cut(session, size.seconds * NANOSECONDS, session.start_ns)
        case "day":
            yield from (Span(day=each.day, pieces=((each.start_ns, each.end_ns),)) for each in found)
        case "week":
            yield from _joined(found, by_month=False)
        case "month":
            yield from _joined(found, by_month=True)


def spans_since(found: list[Session], size: BarSize, start_ns: int) -> Iterator[Span]:
    """Yield the bars of sessions from the one that begins at ``start_ns`` on; ``found`` reaches back to its session."""
    if size.unit == "second":
        for session in found:
            if session.end_ns > start_ns:
                yield from _cut(session, size.seconds * NANOSECONDS, max(session.start_ns, start_ns))
    else:
        yield from (span for span in spans(found, size) if span.start_ns >= start_ns)


def nanoseconds(moment: datetime) -> int:
    """Return a moment as UTC nanoseconds."""
    return int(moment.timestamp()) * NANOSECONDS


def _backwards(hours: Hours, zone: ZoneInfo, end: datetime, earliest: date) -> Iterator[Session]:
    end_ns = nanoseconds(end)
    day = end.astimezone(zone).date() + timedelta(days=1)
    while day >= earliest:
        if is_trading_day(day):
            begin, close = (moment.replace(tzinfo=zone) for moment in hours.on(day))
            if nanoseconds(begin) < end_ns:
                yield Session(
                    day=day,
                    start_ns=nanoseconds(begin),
                    end_ns=min(nanoseconds(close), end_ns),
                    midnight_ns=nanoseconds(datetime.combine(begin.date(), time(), zone)),
                )
        day -= timedelta(days=1)


def _is_enough(found: list[Session], duration: Duration) -> bool:
    if duration.unit == "D":
        return len(found) >= duration.count
    return _traded_ns(found) >= duration.count * NANOSECONDS


def _traded_ns(found: list[Session]) -> int:
    return sum(each.end_ns - each.start_ns for each in found)


def _without_surplus(found: list[Session], duration: Duration) -> list[Session]:
    surplus = _traded_ns(found) - duration.count * NANOSECONDS
    if not found or surplus <= 0:
        return found
    first = found[0]
    cut = Session(day=first.day, start_ns=first.start_ns + surplus, end_ns=first.end_ns, midnight_ns=first.midnight_ns)
    return [cut, *found[1:]]


def _cut(session: Session, length_ns: int, start: int) -> Iterator[Span]:
    while start < session.end_ns:
        passed = (start - session.midnight_ns) // length_ns + 1
        end = min(session.midnight_ns + passed * length_ns, session.end_ns)
        yield Span(day=session.day, pieces=((start, end),))
        start = end


def _joined(found: list[Session], *, by_month: bool) -> Iterator[Span]:
    def period(session: Session) -> tuple[int, int]:
        return (session.day.year, session.day.month) if by_month else session.day.isocalendar()[:2]

    for _, group in groupby(found, key=period):
        days = list(group)
        yield Span(day=days[-1].day, pieces=tuple((each.start_ns, each.end_ns) for each in days))
