"""Times as clients write them: ``20261124 16:00:00 US/Eastern``, ``20261124-21:00:00`` (UTC), or in TWS's own zone.

The forms are those of the published documentation; zones may be IANA names or the few abbreviations below.
"""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgerunner.simulators.clock import NANOSECONDS

_TIME: Final = re.compile(r"([0-9]{8})(?:([ -])([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?: (.+))?)?")
_ABBREVIATIONS: Final = {
    "EST": "US/Eastern",
    "EDT": "US/Eastern",
    "CST": "US/Central",
    "CDT": "US/Central",
    "GMT": "UTC",
    "JST": "Asia/Tokyo",
}


def parse_time(text: str, home: tzinfo) -> int:
    """Return UTC nanoseconds of a time; a day alone is its last second; raises ``ValueError``."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is no time")
    day, separator, clock, zone = found.groups()
    clock = clock or "23:59:59"
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    moment = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=UTC)
    moment = moment.replace(tzinfo=UTC if separator == "-" else _zone(zone) if zone else home)
    return int(moment.timestamp()) * NANOSECONDS


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(_ABBREVIATIONS.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name[:40]!r} is no time zone") from None
