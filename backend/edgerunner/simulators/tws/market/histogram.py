"""How much traded at which price over some time, counted from bars: each bar's volume lies at its average price."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.answer import PAUSE, Pause
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.prices import Prices
from edgerunner.simulators.tws.history.query import BadQuery, BarSize, Duration
from edgerunner.simulators.tws.history.spans import sessions, spans
from edgerunner.simulators.tws.wire.history_messages import HistogramLevel

_PERIOD: Final = re.compile(r"([1-9][0-9]{0,3}) ?(second|minute|hour|day|week|month|year)s?")
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600}
_CALENDAR: Final = {"day": "D", "week": "W", "month": "M", "year": "Y"}
_LONGEST_DAYS: Final = {"D": 366, "W": 52, "M": 12, "Y": 1}
_FINE_DAYS: Final = {"D": 5, "W": 1, "M": 0, "Y": 0}
_BARS_A_TURN: Final = 20


def parse_period(text: str) -> Duration:
    """Read a period such as ``3 days``; raises ``BadQuery``, also for more than a year."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        raise BadQuery(f"Invalid histogram period: {text[:40]}")
    count, unit = int(match[1]), match[2]
    if unit in _SECONDS:
        return Duration(count=count * _SECONDS[unit], unit="S")
    if count > _LONGEST_DAYS[_CALENDAR[unit]]:
        raise BadQuery(f"The histogram period is too long: {text[:40]}")
    return Duration(count=count, unit=_CALENDAR[unit])


def histogram(
    prices: Prices,
    listing: Listing,
    period: Duration,
    *,
    is_regular: bool,
    now: datetime,
    earliest: date,
    levels: list[HistogramLevel],
) -> Iterator[Pause]:
    """Append the levels of a period to ``levels``, lowest price first, yielding pauses."""
    hours = listing.schedule.liquid if is_regular else listing.schedule.trading
    found = sessions(hours, listing.schedule.zone, period, end=now, earliest=earliest)
    is_fine = period.unit == "S" or period.count <= _FINE_DAYS[period.unit]
    size = BarSize(unit="second", seconds=60 if is_fine else 3600)
    sums: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for number, span in enumerate(spans(found, size)):
        bar = prices.bar(listing, *span.pieces[0])
        sums[(bar.average / listing.min_tick).to_integral_value() * listing.min_tick] += bar.volume
        if number % _BARS_A_TURN == 0:
            yield PAUSE
    levels.extend(HistogramLevel(price=price, size=Decimal(int(sums[price]))) for price in sorted(sums))
