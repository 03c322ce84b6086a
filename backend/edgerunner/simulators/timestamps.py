"""Times as clients of the control port read them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time_ns: int) -> str:
    """Write UTC nanoseconds as RFC 3339 with microseconds."""
    moment = _EPOCH + timedelta(microseconds=time_ns // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_rfc3339(text: str) -> int:
    """Read a RFC 3339 time, to the microsecond, as UTC nanoseconds.

    Raises ``ValueError`` without a zone, or outside of the years 1970 to 2262.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("must be a time with its zone, such as 2026-11-23T12:00:00Z")
    time_ns = (moment - _EPOCH) // timedelta(microseconds=1) * 1000
    if not 0 <= time_ns < 2**63:
        raise ValueError("must lie between the years 1970 and 2262")
    return time_ns
