"""Contracts that expire: quarterly index futures, and options on SPY. All of it follows from the date.

Contract ids are made up of the dates (and strikes), so that a contract keeps its id for good. Futures end on the third
Friday of March, June, September and December at 08:30 in Chicago; options on the third Friday of a month.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.contracts import schedule, standing
from edgerunner.simulators.tws.contracts.listing import Listing, Underlying, market_rule

LISTED_QUARTERS: Final = 5
EXPIRED_QUARTERS: Final = 2
LISTED_MONTHS: Final = 6
STRIKES: Final = tuple(Decimal(strike) for strike in range(400, 805, 5))
OPTION_EXCHANGES: Final = ("SMART", "AMEX", "CBOE", "ISE", "PHLX")
OPTION_MULTIPLIER: Final = "100"
_MONTH_LETTERS: Final = "FGHJKMNQUVXZ"
_QUARTER_POINTS: Final = market_rule(67, ("0", "0.25"))
_OPTION_STEPS: Final = market_rule(32, ("0", "0.01"))
_FRIDAY: Final = 4
_OPTION_ID: Final = 1_000_000_000
_OPTION_DAYS: Final = date(2000, 1, 1).toordinal()
_IDS_PER_DAY: Final = 2_000
"""More than twice the highest strike, so that no two options share an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Future:
    symbol: str
    long_name: str
    multiplier: str
    first_con_id: int
    underlying: Underlying


_FUTURES: Final = (
    _Future(
        symbol="ES",
        long_name="E-mini S&P 500",
        multiplier="50",
        first_con_id=600_000_000,
        underlying=Underlying(con_id=11004968, symbol="ES", sec_type="IND"),
    ),
    _Future(
        symbol="MES",
        long_name="Micro E-Mini S&P 500 Stock Price Index",
        multiplier="5",
        first_con_id=610_000_000,
        underlying=Underlying(con_id=362687422, symbol="MES", sec_type="IND"),
    ),
)


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def listed_futures(today: date) -> list[Listing]:
    """Return the months that trade on a day."""
    return [_future(future, day) for future in _FUTURES for day in _expiries(today, step=3, count=LISTED_QUARTERS)]


def expired_futures(today: date) -> list[Listing]:
    """Return the months that have expired last."""
    days = [day for day in _expiries(today - timedelta(days=280), step=3, count=4) if day < today]
    return [_future(future, day) for future in _FUTURES for day in days[-EXPIRED_QUARTERS:]]


def future(symbol: str, year: int, month: int) -> Listing | None:
    """Return one month of a future, listed, expired or to come; None when there is none."""
    found = next((each for each in _FUTURES if each.symbol == symbol), None)
    if found is None or month not in range(3, 13, 3):
        return None
    return _future(found, third_friday(year, month))


def option(day: date, strike: Decimal, right: str) -> Listing | None:
    """Return one option on SPY, listed, expired or to come; None when there is none."""
    is_known = strike in STRIKES and right in {"C", "P"} and day == third_friday(day.year, day.month)
    return _option(day, strike, right) if is_known else None


def option_expiries(today: date) -> list[date]:
    """Return the last trading days of the options that trade on a day."""
    return list(_expiries(today, step=1, count=LISTED_MONTHS))


def listed_options(today: date) -> list[Listing]:
    """Return all options that trade on a day."""
    days = option_expiries(today)
    return [_option(day, strike, right) for day in days for strike in STRIKES for right in ("C", "P")]


def _expiries(today: date, *, step: int, count: int) -> Iterator[date]:
    """Yield the next third Fridays from a day on: of every month, or (step 3) of the quarters' last months."""
    month = today.year * 12 + today.month - 1
    while count:
        day = third_friday(month // 12, month % 12 + 1)
        if day >= today and day.month % step == 0:
            yield day
            count -= 1
        month += 1


def _future(future: _Future, day: date) -> Listing:
    return Listing(
        con_id=future.first_con_id + day.year * 100 + day.month,
        symbol=future.symbol,
        sec_type="FUT",
        currency="USD",
        local_symbol=f"{future.symbol}{_MONTH_LETTERS[day.month - 1]}{day.year % 10}",
        trading_class=future.symbol,
        exchanges=("CME",),
        market_name=future.symbol,
        long_name=future.long_name,
        min_tick=Decimal("0.25"),
        rule=_QUARTER_POINTS,
        schedule=schedule.CHICAGO_FUTURES,
        multiplier=future.multiplier,
        last_trade=day,
        last_trade_time="08:30",
        underlying=future.underlying,
        industry=("Indices", "Broad Range Equity Index", ""),
        group=3,
    )


def _option(day: date, strike: Decimal, right: str) -> Listing:
    spy = standing.SPY
    number = (day.toordinal() - _OPTION_DAYS) * _IDS_PER_DAY + int(strike) * 2 + (right == "P")
    return Listing(
        con_id=_OPTION_ID + number,
        symbol=spy.symbol,
        sec_type="OPT",
        currency="USD",
        local_symbol=f"{spy.symbol:<6}{day:%y%m%d}{right}{int(strike * 1000):08}",
        trading_class=spy.symbol,
        exchanges=OPTION_EXCHANGES,
        market_name=spy.symbol,
        long_name=spy.long_name,
        min_tick=Decimal("0.01"),
        rule=_OPTION_STEPS,
        schedule=schedule.US_OPTIONS,
        multiplier=OPTION_MULTIPLIER,
        last_trade=day,
        last_trade_time="16:15",
        strike=strike,
        right=right,
        underlying=Underlying(con_id=spy.con_id, symbol=spy.symbol, sec_type=spy.sec_type),
        industry=spy.industry,
        group=2,
    )
