"""The trade server's clock. Pure.

Every time the terminal tells is the server's wall clock read as if it were UTC. No call says how far that is from UTC,
so it is measured with ticks that are known to be fresh, or follows exactly from a zone that the user names. Many
brokers keep New York's summer time at UTC+2/+3, so that a day begins at 17:00 in New York: the zone
``America/New_York+7``.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgerunner.adapters.mt5.values import NS_PER_MS, NS_PER_S
from edgerunner.domain.errors import BrokerUnreachable

STEP_S: Final = 900
LEAST_S: Final = -12 * 3600
MOST_S: Final = 14 * 3600
_LAST_MS: Final = (2**63 - 1) // NS_PER_MS - 7 * 86_400_000
"""In the year 2262, where 63 bits of nanoseconds end."""
SKEW_S: Final = 120
"""How far two clocks that are not kept well may be apart: more is no reading of an offset."""

CONFIRMATIONS: Final = 3
"""Readings in a row that a changed offset takes to be believed."""

_ZONE: Final = re.compile(r"([A-Za-z][A-Za-z0-9_+\-/]*?)([+-]\d{1,2})?")


@dataclass(frozen=True, slots=True)
class ServerZone:
    """A zone whose wall clock, ``shift_h`` hours later, is the server's."""

    zone: ZoneInfo
    shift_h: int

    def offset_s(self, utc_s: int) -> int:
        """Return how far the server's clock is ahead of UTC at a time."""
        ahead = datetime.fromtimestamp(utc_s, self.zone).utcoffset()
        return int((ahead or timedelta()).total_seconds()) + self.shift_h * 3600

    def utc_s(self, server_s: int) -> int:
        """Return the time at which the server's clock shows ``server_s``.

        Of an hour that comes twice the first one is meant, as the zone's rules have it.
        """
        wall = datetime.fromtimestamp(server_s - self.shift_h * 3600, UTC).replace(tzinfo=self.zone)
        return int(wall.timestamp())


def parse_zone(text: str) -> ServerZone:
    """Return the zone of ``Europe/Athens`` or ``America/New_York+7``; raises ``ValueError``."""
    try:
        return ServerZone(ZoneInfo(text), 0)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    found = _ZONE.fullmatch(text)
    if found is None or found[2] is None:
        raise ValueError(f"{text!r} is no zone: name one such as Europe/Athens or America/New_York+7")
    try:
        return ServerZone(ZoneInfo(found[1]), int(found[2]))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{found[1]!r} is no time zone") from error


def reading_of(server_ms: int, utc_ns: int) -> int | None:
    """Return the offset in seconds that a fresh server stamp shows, on quarters of an hour; None = it shows none."""
    apart_s = (server_ms * NS_PER_MS - utc_ns) / NS_PER_S
    offset_s = round(apart_s / STEP_S) * STEP_S
    if abs(apart_s - offset_s) > SKEW_S or not LEAST_S <= offset_s <= MOST_S:
        return None
    return offset_s


@dataclass(frozen=True, slots=True)
class _Era:
    """From ``utc_s`` on the server's clock is ``offset_s`` ahead."""

    utc_s: float
    offset_s: int


class ServerClock:
    """Converts between the server's clock and UTC.

    With a zone exactly, at any time. Without one by what was measured: times before the first change of the offset
    that was seen are converted with the first one, so history beyond a change of summer time is an hour off.
    """

    def __init__(self, zone: ServerZone | None) -> None:
        self.zone = zone
        self.contradiction: str | None = None
        self._eras: list[_Era] = []
        self._candidate: int | None = None
        self._confirmed = 0

    @property
    def is_known(self) -> bool:
        """Whether times can be converted."""
        return self.zone is not None or bool(self._eras)

    @property
    def is_measured(self) -> bool:
        """Whether a fresh tick was seen."""
        return bool(self._eras)

    @property
    def offset_s(self) -> int | None:
        """Return the measured offset, None before the first measurement."""
        return self._eras[-1].offset_s if self._eras else None

    def observe(self, server_ms: int, utc_ns: int) -> bool:
        """Take in the stamp of a tick that arrived just now; True when times are converted otherwise from now on.

        Never so with a zone: what is measured then only confirms or contradicts it. A change is believed after three
        readings in a row, and only by one hour: that is summer time. Anything else is kept as ``contradiction`` and
        changes nothing.
        """
        reading = reading_of(server_ms, utc_ns)
        if reading is None:
            return False
        if not self._eras:
            self._eras.append(_Era(float("-inf"), reading))
            self._compare(reading, utc_ns)
            return self.zone is None
        if reading == self._eras[-1].offset_s:
            self._candidate, self.contradiction = None, None
            self._compare(reading, utc_ns)
            return False
        return self._doubt(reading, utc_ns)

    def utc_ns(self, server_ms: int) -> int:
        """Return the time of a server stamp in milliseconds.

        Raises ``ValueError`` while the clock is not known, ``BrokerUnreachable`` for a stamp outside of 1970 to 2262.
        """
        if not 0 <= server_ms <= _LAST_MS:
            raise BrokerUnreachable(f"the terminal told {server_ms} ms, which is no time")
        whole_s, rest_ms = divmod(server_ms, 1000)
        if self.zone is not None:
            return self.zone.utc_s(whole_s) * NS_PER_S + rest_ms * NS_PER_MS
        return (server_ms - self._era_at_server(whole_s).offset_s * 1000) * NS_PER_MS

    def server_s(self, utc_ns: int) -> int:
        """Return what the server's clock shows at a time, whole seconds; raises ``ValueError`` while unknown."""
        utc_s = utc_ns // NS_PER_S
        if self.zone is not None:
            return utc_s + self.zone.offset_s(utc_s)
        era = next((era for era in reversed(self._known()) if era.utc_s <= utc_s), self._known()[0])
        return utc_s + era.offset_s

    def _doubt(self, reading: int, utc_ns: int) -> bool:
        self._confirmed = self._confirmed + 1 if reading == self._candidate else 1
        self._candidate = reading
        if self._confirmed < CONFIRMATIONS:
            return False
        known = self._eras[-1].offset_s
        if abs(reading - known) != 3600:
            self.contradiction = f"the server's clock was UTC{known / 3600:+g} and now shows UTC{reading / 3600:+g}"
            return False
        self._eras.append(_Era(utc_ns / NS_PER_S, reading))
        self._candidate = None
        self._compare(reading, utc_ns)
        return self.zone is None

    def _compare(self, reading: int, utc_ns: int) -> None:
        if self.zone is None:
            return
        named = self.zone.offset_s(utc_ns // NS_PER_S)
        if named != reading:
            self.contradiction = (
                f"the server's clock is UTC{reading / 3600:+g}, and the zone that was named says UTC{named / 3600:+g}"
            )

    def _era_at_server(self, server_s: int) -> _Era:
        eras = self._known()
        return next((era for era in reversed(eras) if era.utc_s + era.offset_s <= server_s), eras[0])

    def _known(self) -> list[_Era]:
        if not self._eras:
            raise ValueError("the server's clock is not known yet: no price has moved since the connection was made")
        return self._eras
