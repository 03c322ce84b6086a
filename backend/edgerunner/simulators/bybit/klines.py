"""Kline intervals and bars: REST rows and the stream's objects."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from edgerunner.simulators.bybit import codes, formats
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import VenueBar, VenueInstrument

MINUTE_INTERVALS: Final = ("1", "3", "5", "15", "30", "60", "120", "240", "360", "720")
_DAY_S: Final = 86_400
_NS: Final = 1_000_000_000
_MONDAY_OFFSET_S: Final = 4 * _DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A kline interval; ``seconds`` None = calendar months, ``offset_s`` shifts weeks to Monday."""

    word: str
    seconds: int | None
    offset_s: int = 0

    def start_of(self, time_ns: int) -> int:
        """Return the start of the bar that holds ``time_ns``, UTC nanoseconds."""
        if self.seconds is None:
            return _month_start(time_ns)
        shifted = time_ns // _NS - self.offset_s
        return (shifted // self.seconds * self.seconds + self.offset_s) * _NS

    def end_of(self, start_ns: int) -> int:
        """Return the start of the next bar."""
        if self.seconds is None:
            return _month_start(start_ns + 32 * _DAY_S * _NS)
        return start_ns + self.seconds * _NS


def parse_interval(word: str) -> Interval:
    """Return the interval of a word (``1`` .. ``720``, ``D``, ``W``, ``M``); raise 10001 otherwise."""
    match word:
        case "D":
            return Interval(word=word, seconds=_DAY_S)
        case "W":
            return Interval(word=word, seconds=7 * _DAY_S, offset_s=_MONDAY_OFFSET_S)
        case "M":
            return Interval(word=word, seconds=None)
        case minutes if minutes in MINUTE_INTERVALS:
            return Interval(word=word, seconds=int(minutes) * 60)
    raise codes.parameter_error("params error: interval invalid")


def bars(
    venue: Venue, symbol: str, interval: Interval, *, start_ms: int | None, end_ms: int | None, limit: int
) -> list[VenueBar]:
    """Return at most ``limit`` bars, oldest first; the newest ones of the window."""
    now_ns = venue.now_ns()
    last_ns = min(formats.nanoseconds(end_ms), now_ns) if end_ms is not None else now_ns
    first_ns = formats.nanoseconds(start_ms) if start_ms is not None else 0
    found: list[VenueBar] = []
    start_ns = interval.start_of(last_ns)
    while len(found) < limit and start_ns >= first_ns:
        bar = venue.bar(symbol, start_ns, interval.end_of(start_ns))
        if bar is None:
            break
        found.append(bar)
        start_ns = interval.start_of(start_ns - 1)
    return found[::-1]


def bar_row(instrument: VenueInstrument, bar: VenueBar) -> list[str]:
    """Return the seven strings of a REST row."""
    return [
        formats.milliseconds_text(bar.start_ns),
        formats.price_text(instrument, bar.open_ticks),
        formats.price_text(instrument, bar.high_ticks),
        formats.price_text(instrument, bar.low_ticks),
        formats.price_text(instrument, bar.close_ticks),
        formats.quantity_text(instrument, bar.volume_lots),
        formats.money_text(bar.turnover),
    ]


def bar_event(instrument: VenueInstrument, bar: VenueBar, interval: Interval, now_ns: int) -> dict[str, Any]:
    """Return the object of the ``kline`` stream; ``confirm`` true closes the bar."""
    return {
        "start": formats.milliseconds(bar.start_ns),
        "end": formats.milliseconds(bar.end_ns) - 1,
        "interval": interval.word,
        "open": formats.price_text(instrument, bar.open_ticks),
        "close": formats.price_text(instrument, bar.close_ticks),
        "high": formats.price_text(instrument, bar.high_ticks),
        "low": formats.price_text(instrument, bar.low_ticks),
        "volume": formats.quantity_text(instrument, bar.volume_lots),
        "turnover": formats.money_text(bar.turnover),
        "confirm": bar.complete,
        "timestamp": formats.milliseconds(now_ns),
    }


def _month_start(time_ns: int) -> int:
    moment = datetime.fromtimestamp(time_ns // _NS, UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * _NS
