"""Server time in seconds and milliseconds, and back, for single moments and for columns."""

from typing import Final

import numpy as np
import numpy.typing as npt

from edgerunner.simulators.mt5.symbols.server_time import SECOND_NS, ServerZone

_MILLISECOND_NS: Final = 1_000_000
_QUARTER_S: Final = 900
_LATEST_S: Final = 1 << 33
"""Seconds past which a date is as good as the end of time; keeps nanoseconds inside 64 bits and zones inside years."""

Integers = npt.NDArray[np.int64]


class WallTime:
    """The server's wall clock as the terminal shows it: as if it were UTC."""

    def __init__(self, zone: ServerZone) -> None:
        self._zone = zone

    def seconds(self, utc_ns: int) -> int:
        """Return a moment in seconds of server time; 0 stays 0 (no moment)."""
        return self._zone.to_server(utc_ns) // SECOND_NS if utc_ns else 0

    def milliseconds(self, utc_ns: int) -> int:
        """Return a moment in milliseconds of server time; 0 stays 0 (no moment)."""
        return self._zone.to_server(utc_ns) // _MILLISECOND_NS if utc_ns else 0

    def first_moment(self, server_s: float) -> int:
        """Return the earliest moment (UTC ns) at which the server's clock shows a time."""
        return self._zone.to_utc(_within_reach(server_s) * SECOND_NS)

    def last_moment(self, server_s: float) -> int:
        """Return the latest moment (UTC ns) of a second of server time: of two when the clock was put back."""
        first = self.first_moment(server_s)
        wanted_ns = self._zone.to_server(first)
        again = wanted_ns - self._zone.offset_ns(first + 12 * 3600 * SECOND_NS)
        latest = again if self._zone.to_server(again) == wanted_ns else first
        return max(first, latest) + SECOND_NS - 1

    def column(self, utc_s: Integers) -> Integers:
        """Return a column of UTC seconds in server time."""
        return utc_s + self._offsets(utc_s)

    def milliseconds_column(self, utc_ms: Integers) -> Integers:
        """Return a column of UTC milliseconds in server time."""
        return utc_ms + self._offsets(utc_ms // 1000) * 1000

    def _offsets(self, utc_s: Integers) -> Integers:
        if not len(utc_s):
            return np.zeros(0, np.int64)
        first = self._zone.offset_ns(int(utc_s[0]) * SECOND_NS)
        quarters, places = np.unique(utc_s // _QUARTER_S, return_inverse=True)
        if len(quarters) == 1:
            return np.full(len(utc_s), first // SECOND_NS, np.int64)
        offsets = [self._zone.offset_ns(int(quarter) * _QUARTER_S * SECOND_NS) // SECOND_NS for quarter in quarters]
        return np.asarray(offsets, np.int64)[places]


def _within_reach(server_s: float) -> int:
    return int(min(max(server_s, 0), _LATEST_S))
