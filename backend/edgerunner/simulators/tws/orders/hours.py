"""When orders may trade: the hours of each contract as the venue wants them, and when a day order ends."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.catalogue_ibkr import listing_of
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.sessions import AlwaysOpen, Session
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.contracts.schedule import Hours, is_trading_day

_DAYS_AHEAD: Final = 8
_WITH_REGULAR_HOURS: Final = frozenset({"STK", "OPT"})


class ContractHours:
    """The hours of listings by their venue's key.

    Stocks and options trade in regular hours, and outside of them when an order says so; currencies and futures in all
    of their own hours; everything all the time while hours are not ``kept``.
    """

    def __init__(self, kept: Callable[[], bool]) -> None:
        self._kept = kept
        self._always = AlwaysOpen()

    def session(self, symbol: str, time_ns: int, *, is_extended: bool) -> Session:
        """Return the session of a listing that is on, or else its next one."""
        if not self._kept():
            return self._always.session(symbol, time_ns, is_extended=is_extended)
        return session_of(listing_of(symbol), time_ns, is_extended=is_extended)


def session_of(listing: Listing, time_ns: int, *, is_extended: bool) -> Session:
    """Return the session of a listing that is on, or else its next one."""
    schedule = listing.schedule
    is_regular = listing.sec_type in _WITH_REGULAR_HOURS and not is_extended
    zone = ZoneInfo(schedule.zone)
    today = datetime.fromtimestamp(time_ns // NANOSECONDS, UTC).astimezone(zone).date()
    for session in _sessions(schedule.liquid if is_regular else schedule.trading, zone, today):
        if time_ns < session.closes_ns:
            return session
    raise ValueError(f"{listing.symbol} has no session within {_DAYS_AHEAD} days")


def _sessions(hours: Hours, zone: ZoneInfo, today: date) -> Iterator[Session]:
    """Yield the sessions from that of yesterday on; one that goes on overnight belongs to the day of its end."""
    for offset in range(-1, _DAYS_AHEAD):
        day = today + timedelta(days=offset)
        if is_trading_day(day):
            opens, closes = hours.on(day)
            yield Session(opens_ns=_ns(opens, zone), closes_ns=_ns(closes, zone))


def _ns(moment: datetime, zone: ZoneInfo) -> int:
    return int(moment.replace(tzinfo=zone).timestamp()) * NANOSECONDS
