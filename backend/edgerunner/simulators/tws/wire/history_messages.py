"""Past market data from the server: bars, ticks, schedules, head timestamps."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire.kinds import Flag, Number, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalBar:
    """One bar; ``date`` is written as the request wanted it."""

    date: Text
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    average: Number
    count: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalData:
    """All bars of a request."""

    MESSAGE_ID: ClassVar = 17
    request_id: Whole
    start: Text
    end: Text
    bars: Annotated[tuple[HistoricalBar, ...], Rows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalDataUpdate:
    """The newest bar of a request that is kept up to date; mind the order of its prices."""

    MESSAGE_ID: ClassVar = 90
    request_id: Whole
    count: Whole
    date: Text
    open: Number
    close: Number
    high: Number
    low: Number
    average: Number
    volume: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadTimestamp:
    """When data of a contract begin."""

    MESSAGE_ID: ClassVar = 88
    request_id: Whole
    time: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramLevel:
    """How much traded at a price."""

    price: Number
    size: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How much traded at which price."""

    MESSAGE_ID: ClassVar = 89
    request_id: Whole
    levels: Annotated[tuple[HistogramLevel, ...], Rows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMiddle:
    """A past middle price; the field after the time is unused."""

    time_s: Whole
    unused: WholeOrZero = 0
    price: Number
    size: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuote:
    """A past bid and ask."""

    time_s: Whole
    mask: WholeOrZero
    bid: Number
    ask: Number
    bid_size: Number
    ask_size: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTrade:
    """A past trade."""

    time_s: Whole
    mask: WholeOrZero
    price: Number
    size: Number
    exchange: Text
    conditions: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalMiddles:
    """Past middle prices."""

    MESSAGE_ID: ClassVar = 96
    request_id: Whole
    ticks: Annotated[tuple[PastMiddle, ...], Rows()]
    is_done: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalQuotes:
    """Past bids and asks."""

    MESSAGE_ID: ClassVar = 97
    request_id: Whole
    ticks: Annotated[tuple[PastQuote, ...], Rows()]
    is_done: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalTrades:
    """Past trades."""

    MESSAGE_ID: ClassVar = 98
    request_id: Whole
    ticks: Annotated[tuple[PastTrade, ...], Rows()]
    is_done: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingSession:
    """One session: times ``YYYYMMDD-HH:MM:SS`` and the date that it belongs to."""

    start: Text
    end: Text
    date: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalSchedule:
    """Sessions of a contract (bars of ``SCHEDULE``)."""

    MESSAGE_ID: ClassVar = 106
    request_id: Whole
    start: Text
    end: Text
    time_zone: Text
    sessions: Annotated[tuple[TradingSession, ...], Rows()]


MESSAGES: Final[tuple[type, ...]] = (
    HistoricalData,
    HistoricalDataUpdate,
    HeadTimestamp,
    Histogram,
    HistoricalMiddles,
    HistoricalQuotes,
    HistoricalTrades,
    HistoricalSchedule,
)
