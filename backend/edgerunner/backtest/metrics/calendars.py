"""How many returns a year holds, by the calendar of what is traded."""

from collections.abc import Iterable

from edgerunner.backtest.metrics.curve import EVERY_DAY
from edgerunner.domain.instruments import Instrument, Product

WEEKDAYS = 260
"""Days a year of a market open around the clock from Monday to Friday (FX)."""

EXCHANGE_DAYS = 252
"""Days a year of a stock exchange."""

_SATURDAY_NOON = (5 * 24 + 12) * 60
_NEARLY_AROUND_THE_CLOCK = 5 * 20 * 60


def periods_per_year(instruments: Iterable[Instrument]) -> int:
    """Return 365, 260 or 252: the most open calendar of the instruments. Raises ``ValueError`` for none."""
    return max(_trading_days(instrument) for instrument in instruments)


def _trading_days(instrument: Instrument) -> int:
    sessions = instrument.sessions
    if any(session.open_minute <= _SATURDAY_NOON < session.close_minute for session in sessions):
        return EVERY_DAY
    match instrument.product:
        case Product.FOREX:
            return WEEKDAYS
        case Product.STOCK | Product.OPTION:
            return EXCHANGE_DAYS
    if not sessions:
        return EVERY_DAY
    open_minutes = sum(session.close_minute - session.open_minute for session in sessions)
    return WEEKDAYS if open_minutes >= _NEARLY_AROUND_THE_CLOCK else EXCHANGE_DAYS
