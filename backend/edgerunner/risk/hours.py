"""Trading hours of instruments."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from edgerunner.domain.instruments import Instrument

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MINUTES = 24 * 60


def is_open(instrument: Instrument, now_ns: int) -> bool | None:
    """Tell whether trading is on at a UTC time; None = the instrument has no hours, it trades around the clock.

    A session that is written past the end of the week goes on into Monday.
    """
    if not instrument.sessions:
        return None
    local = (_EPOCH + timedelta(microseconds=now_ns // 1_000)).astimezone(ZoneInfo(instrument.timezone))
    minute = local.weekday() * _DAY_MINUTES + local.hour * 60 + local.minute
    week = 7 * _DAY_MINUTES
    return any(
        session.open_minute <= moment < session.close_minute
        for session in instrument.sessions
        for moment in (minute, minute + week)
    )
