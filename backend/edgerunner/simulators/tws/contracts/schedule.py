"""When a contract trades, as TWS writes it: ``20261123:0930-20261123:1600;20261128:CLOSED``.

Source of the form: recorded contract details. Every Monday to Friday is a trading day: there are no holidays here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAYS_TOLD: Final = 6
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Begin and end of a session on the wall of its exchange; one that ends before it begins began the day before."""

    opens: time
    closes: time

    @property
    def is_overnight(self) -> bool:
        """Tell whether a session begins the day before the one that it belongs to."""
        return self.closes <= self.opens

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Return begin and end of the session of a trading day, without a zone (wall of the exchange)."""
        first = day - timedelta(days=1) if self.is_overnight else day
        return datetime.combine(first, self.opens), datetime.combine(day, self.closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All hours and the regular (liquid) ones in a zone, named as TWS names it."""

    zone: str
    trading: Hours
    liquid: Hours

    def trading_hours(self, now: datetime) -> str:
        """Write the sessions of today (in the zone) and the next days."""
        return self._write(now, self.trading)

    def liquid_hours(self, now: datetime) -> str:
        """Write the regular sessions of today (in the zone) and the next days."""
        return self._write(now, self.liquid)

    def today(self, now: datetime) -> date:
        """Return the date on the wall of the exchange; ``now`` has a zone."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def _write(self, now: datetime, hours: Hours) -> str:
        today = self.today(now)
        return ";".join(_session(today + timedelta(days=offset), hours.on) for offset in range(DAYS_TOLD))


def is_trading_day(day: date) -> bool:
    """Tell whether a day is Monday to Friday."""
    return day.weekday() < _SATURDAY


def _session(day: date, on: Callable[[date], tuple[datetime, datetime]]) -> str:
    if not is_trading_day(day):
        return f"{day:%Y%m%d}:CLOSED"
    begin, end = on(day)
    return f"{begin:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}"


US_STOCKS: Final = Schedule(
    zone="US/Eastern",
    trading=Hours(opens=time(4), closes=time(20)),
    liquid=Hours(opens=time(9, 30), closes=time(16)),
)
US_OPTIONS: Final = Schedule(
    zone="US/Eastern",
    trading=Hours(opens=time(9, 30), closes=time(16, 15)),
    liquid=Hours(opens=time(9, 30), closes=time(16, 15)),
)
LONDON_STOCKS: Final = Schedule(
    zone="GB-Eire",
    trading=Hours(opens=time(7, 50), closes=time(16, 30)),
    liquid=Hours(opens=time(8), closes=time(16, 30)),
)
CURRENCIES: Final = Schedule(
    zone="US/Eastern",
    trading=Hours(opens=time(17, 15), closes=time(17)),
    liquid=Hours(opens=time(17, 15), closes=time(17)),
)
CHICAGO_FUTURES: Final = Schedule(
    zone="US/Central",
    trading=Hours(opens=time(17), closes=time(16)),
    liquid=Hours(opens=time(8, 30), closes=time(16)),
)
