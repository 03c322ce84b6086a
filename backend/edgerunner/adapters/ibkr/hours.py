"""TWS's trading hours (``20261123:0400-20261123:2000;20261128:CLOSED``) as a week of sessions. Pure.

TWS tells the next days only, holidays left out. A weekday that was not told, or is a holiday now, is taken to trade as
most of the told ones do.
"""

from collections import Counter
from datetime import datetime
from typing import Final

from edgerunner.domain.instruments import Session

_DAY: Final = 24 * 60
_FORM: Final = "%Y%m%d:%H%M"

Span = tuple[int, int, int]
"""Weekday on which a session ends, begin and end in minutes since that day's midnight (begin may be negative)."""


def weekly_sessions(text: str) -> tuple[Session, ...]:
    """Return the sessions of a week, empty when the text tells none; raises ``ValueError`` for what cannot be read."""
    told: dict[int, list[tuple[int, int]]] = {}
    for part in text.split(";"):
        if "-" not in part:
            continue  # a closed day
        weekday, begin, end = _span(part)
        spans = told.setdefault(weekday, [])
        if (begin, end) not in spans:
            spans.append((begin, end))
    if not told:
        return ()
    usual = Counter(tuple(spans) for day, spans in told.items() if day < 5).most_common(1)
    for weekday in range(5 if usual else 0):
        told.setdefault(weekday, list(usual[0][0]))
    week = 7 * _DAY
    sessions = []
    for weekday, spans in sorted(told.items()):
        for begin, end in spans:
            opens, closes = weekday * _DAY + begin, weekday * _DAY + end
            shift = week if opens < 0 else 0  # Monday's session that begins on Sunday is written past the week's end
            sessions.append(Session(open_minute=opens + shift, close_minute=closes + shift))
    return tuple(sorted(sessions, key=lambda session: session.open_minute))


def _span(part: str) -> Span:
    """Read ``20261122:1715-20261123:1700``; older gateways write ``20261123:0400-2000``."""
    first, last = part.split("-", 1)
    begins = datetime.strptime(first, _FORM)  # noqa: DTZ007 - wall time of the exchange
    closing = last if ":" in last else f"{first.partition(':')[0]}:{last}"
    ends = datetime.strptime(closing, _FORM)  # noqa: DTZ007
    if ends <= begins:
        raise ValueError(f"a session ends before it begins: {part}")
    midnight = ends.replace(hour=0, minute=0)
    begin, end = (int((moment - midnight).total_seconds()) // 60 for moment in (begins, ends))
    if end == 0:  # it ends at midnight: a session of the day before
        return (ends.weekday() - 1) % 7, begin + _DAY, _DAY
    return ends.weekday(), begin, end
