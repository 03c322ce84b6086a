"""Bars of every length on the wall clock of the server, from one minute to a month."""

from dataclasses import dataclass
from typing import Final

from edgerunner.mt5_surface import constants
from edgerunner.simulators.mt5.symbols.server_time import DAY_NS, SECOND_NS, ServerZone, month_start

_HOUR_NS: Final = 3600 * SECOND_NS
_WEEK_NS: Final = 7 * DAY_NS
_SUNDAY_NS: Final = 3 * DAY_NS
"""1970-01-04 was the first Sunday: weeks begin with it."""
_HOURS: Final = 0x4000
"""Bit of ``TIMEFRAME_H*``: the rest counts hours; without it minutes."""


@dataclass(frozen=True, slots=True)
class Timeframe:
    """One of the 21 lengths of bars. Bars follow each other without a gap; when the clock is put back one is longer."""

    code: int
    zone: ServerZone

    @property
    def length_ns(self) -> int:
        """Return the usual length of a bar, of months the longest."""
        return LENGTHS_NS[self.code]

    @property
    def is_regular(self) -> bool:
        """Tell whether all bars are equally long: clocks are put forward and back at full hours."""
        return self.length_ns <= _HOUR_NS

    def start(self, time_ns: int) -> int:
        """Return when the bar began in which a moment lies; both UTC nanoseconds."""
        wall = self.zone.to_server(time_ns)
        if self.is_regular:
            return time_ns - wall % self.length_ns
        return self.zone.to_utc(self._floor(wall))

    def end(self, start_ns: int) -> int:
        """Return when the bar ends that begins at a moment; both UTC nanoseconds."""
        if self.is_regular:
            return start_ns + self.length_ns
        wall = self.zone.to_server(start_ns)
        if self.code == constants.TIMEFRAME_MN1:
            return self.zone.to_utc(month_start(wall, months=1))
        return self.zone.to_utc(self._floor(wall) + self.length_ns)

    def _floor(self, wall: int) -> int:
        if self.code == constants.TIMEFRAME_MN1:
            return month_start(wall)
        if self.code == constants.TIMEFRAME_W1:
            return (wall - _SUNDAY_NS) // _WEEK_NS * _WEEK_NS + _SUNDAY_NS
        return wall // self.length_ns * self.length_ns


def frame_of(code: int, zone: ServerZone) -> Timeframe:
    """Return the timeframe of a ``TIMEFRAME_*`` constant; raises ``ValueError`` for another number."""
    if code not in LENGTHS_NS:
        raise ValueError(f"{code} is no timeframe")
    return Timeframe(code, zone)


def _length_ns(code: int) -> int:
    match code:
        case constants.TIMEFRAME_MN1:
            return 31 * DAY_NS
        case constants.TIMEFRAME_W1:
            return _WEEK_NS
        case _:
            return (code & ~_HOURS) * (_HOUR_NS if code & _HOURS else 60 * SECOND_NS)


LENGTHS_NS: Final = {code: _length_ns(code) for name, code in vars(constants).items() if name.startswith("TIMEFRAME_")}
"""Longest length of a bar by ``TIMEFRAME_*`` constant."""
