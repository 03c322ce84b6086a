"""Bars in TWS's words: sizes, spans, what is shown, and TWS's bars as ours. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ib_async.objects import BarData
from ib_async.util import parseIBDatetime

from edgerunner.adapters.ibkr.values import NO_VALUE, nanoseconds, number
from edgerunner.domain.errors import BrokerUnreachable
from edgerunner.domain.instruments import Product
from edgerunner.domain.market import Bar, Timeframe

EPOCH_DATES: Final = 2
"""formatDate: seconds since 1970 for bars within a day; days stay ``YYYYMMDD``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarWords:
    """How TWS names a bar length, and how much of it one request may ask for.

    ``chunk`` is the longest span that the API's table of durations and bar sizes allows, ``chunk_ns`` about its length,
    ``start`` the span that a live request begins with.
    """

    size: str
    chunk: str
    chunk_ns: int
    start: str


_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400 * _SECOND

WORDS: Final[Mapping[Timeframe, BarWords]] = {
    Timeframe.S1: BarWords(size="1 secs", chunk="1800 S", chunk_ns=1_800 * _SECOND, start="60 S"),
    Timeframe.S5: BarWords(size="5 secs", chunk="3600 S", chunk_ns=3_600 * _SECOND, start="60 S"),
    Timeframe.M1: BarWords(size="1 min", chunk="1 D", chunk_ns=_DAY, start="300 S"),
    Timeframe.M5: BarWords(size="5 mins", chunk="1 W", chunk_ns=7 * _DAY, start="1800 S"),
    Timeframe.M15: BarWords(size="15 mins", chunk="1 W", chunk_ns=7 * _DAY, start="3600 S"),
    Timeframe.M30: BarWords(size="30 mins", chunk="1 M", chunk_ns=28 * _DAY, start="7200 S"),
    Timeframe.H1: BarWords(size="1 hour", chunk="1 M", chunk_ns=28 * _DAY, start="1 D"),
    Timeframe.H4: BarWords(size="4 hours", chunk="1 M", chunk_ns=28 * _DAY, start="2 D"),
    Timeframe.D1: BarWords(size="1 day", chunk="1 Y", chunk_ns=365 * _DAY, start="5 D"),
}


def shown(product: Product) -> str:
    """Return what bars are made of: trades, or mid prices where there are none."""
    return "MIDPOINT" if product is Product.FOREX else "TRADES"


def is_regular_only(product: Product, *, extended_hours: bool) -> bool:
    """Tell whether bars leave out trading outside of regular hours; futures and currencies have none to leave out."""
    return product in {Product.STOCK, Product.OPTION} and not extended_hours


def bar_of(told: BarData, timeframe: Timeframe, now_ns: int) -> Bar:
    """Return a bar; TWS's volume -1 (mid prices have none) is 0. Raises ``BrokerUnreachable`` for what is no bar.

    A bar of a day opens at midnight UTC of its date, like everybody's, although its session may begin the evening
    before.
    """
    try:
        open_ns = nanoseconds(parseIBDatetime(str(told.date)))
    except (ValueError, OverflowError, OSError) as error:
        raise BrokerUnreachable(f"TWS told a bar without a time: {str(told.date)[:40]!r}") from error
    prices = [number(value) for value in (told.open, told.high, told.low, told.close)]
    first, high, low, close = prices
    if first is None or high is None or low is None or close is None:
        raise BrokerUnreachable(f"TWS told a bar without prices: {told}")
    volume = number(told.volume)
    return Bar(
        open_ns=open_ns,
        open=first,
        high=high,
        low=low,
        close=close,
        volume=Decimal(0) if volume is None or volume == NO_VALUE else volume,
        is_complete=open_ns + timeframe.length_ns <= now_ns,
    )
