"""Single ticks of the past: trades, quotes and middle prices, step by step of the market.

At most as many as asked for, and then the rest of the last second, so that a client may go on with the next second (as
users report of TWS). Users' own trades and orders are not among them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.tws.answer import PAUSE, Pause
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.contracts.schedule import is_trading_day
from edgerunner.simulators.tws.market.board import Board, Top
from edgerunner.simulators.tws.market.days import bounds
from edgerunner.simulators.tws.market.tape import trade_of, trades_backward, trades_forward
from edgerunner.simulators.tws.wire.history_messages import PastMiddle, PastQuote, PastTrade
from edgerunner.simulators.venue_types import VenueInstrument

MOST_TICKS: Final = 1_000
_LONGEST_BACK: Final = timedelta(days=10)
_STEPS_A_TURN: Final = 100
_ZERO: Final = Decimal(0)

Row = PastTrade | PastQuote | PastMiddle


class TickView(StrEnum):
    """What single ticks show."""

    TRADES = "TRADES"
    BID_ASK = "BID_ASK"
    MIDPOINT = "MIDPOINT"


@dataclass(frozen=True, slots=True, kw_only=True)
class TickQuery:
    """Which ticks: ``count`` from ``start_ns`` on, or as many up to ``end_ns`` (excluded); one of both is given."""

    listing: Listing
    view: TickView
    is_regular: bool
    count: int
    start_ns: int | None = None
    end_ns: int | None = None
    ignores_size: bool = False


class PastTicks:
    """Finds the ticks of the past. ``keeps_hours`` = there are none outside of the trading hours."""

    def __init__(self, board: Board, instrument_of: Callable[[Listing], VenueInstrument], *, keeps_hours: bool) -> None:
        self._board = board
        self._instrument_of = instrument_of
        self._keeps_hours = keeps_hours

    def find(self, query: TickQuery, found: list[Row]) -> Iterator[Pause]:
        """Append the ticks of a query to ``found``, oldest first, yielding pauses; those of this moment are past."""
        now_ns = (self._board.now_ns() // STEP_NS + 1) * STEP_NS
        if query.start_ns is not None:
            spans, is_backward = self._forward(query, query.start_ns, now_ns), False
        else:
            end_ns = now_ns if query.end_ns is None else min(query.end_ns, now_ns)
            spans, is_backward = self._backward(query, end_ns), True
        yield from self._collect(query, spans, found, is_backward=is_backward)
        if is_backward:
            found.reverse()

    def _collect(
        self, query: TickQuery, spans: Iterator[tuple[int, int]], found: list[Row], *, is_backward: bool
    ) -> Iterator[Pause]:
        for first, last in spans:
            for row in self._rows(query, first, last, is_backward=is_backward):
                if row is None:
                    yield PAUSE
                    continue
                if len(found) >= query.count and row.time_s != found[-1].time_s:
                    return
                found.append(row)

    def _rows(self, query: TickQuery, first: int, last: int, *, is_backward: bool) -> Iterator[Row | None]:
        if query.view is TickView.TRADES:
            return self._trades(query, first, last, is_backward=is_backward)
        return self._quotes(query, first, last, is_backward=is_backward)

    def _trades(self, query: TickQuery, first: int, last: int, *, is_backward: bool) -> Iterator[Row | None]:
        instrument = self._instrument_of(query.listing)
        walk = trades_backward if is_backward else trades_forward
        for printed in walk(self._board.venue.market, instrument.symbol, first, last):
            if printed is None:
                yield None
                continue
            trade = trade_of(query.listing, instrument, printed)
            yield PastTrade(
                time_s=trade.time_s, mask=0, price=trade.price, size=trade.size, exchange=trade.exchange, conditions=""
            )

    def _quotes(self, query: TickQuery, first: int, last: int, *, is_backward: bool) -> Iterator[Row | None]:
        instrument = self._instrument_of(query.listing)
        steps = range(last - 1, first - 1, -1) if is_backward else range(first, last)
        for step in steps:
            if step % _STEPS_A_TURN == 0:
                yield None
            top = self._board.past_top(instrument, step)
            before = self._board.past_top(instrument, step - 1)
            row = quote_row(query.view, step * STEP_NS // NANOSECONDS, top, before, ignores_size=query.ignores_size)
            if row is not None:
                yield row

    def _forward(self, query: TickQuery, start_ns: int, now_ns: int) -> Iterator[tuple[int, int]]:
        if not self._keeps_hours and not query.is_regular:
            yield _steps(start_ns, now_ns)
            return
        day, last = (_date(query.listing, time_ns) for time_ns in (start_ns, now_ns))
        while day <= last + timedelta(days=1):
            if is_trading_day(day):
                begin_ns, end_ns = self._hours(query, day)
                yield _steps(max(begin_ns, start_ns), min(end_ns, now_ns))
            day += timedelta(days=1)

    def _backward(self, query: TickQuery, end_ns: int) -> Iterator[tuple[int, int]]:
        if not self._keeps_hours and not query.is_regular:
            length_ns = int(_LONGEST_BACK.total_seconds()) * NANOSECONDS
            yield _steps(end_ns - length_ns, end_ns)
            return
        day = _date(query.listing, end_ns) + timedelta(days=1)
        first = day - _LONGEST_BACK
        while day >= first:
            if is_trading_day(day):
                begin_ns, close_ns = self._hours(query, day)
                yield _steps(begin_ns, min(close_ns, end_ns))
            day -= timedelta(days=1)

    def _hours(self, query: TickQuery, day: date) -> tuple[int, int]:
        schedule = query.listing.schedule
        return bounds(schedule.liquid if query.is_regular else schedule.trading, schedule.zone, day)


def quote_row(
    view: TickView, time_s: int, top: Top, before: Top | None, *, ignores_size: bool
) -> PastQuote | PastMiddle | None:
    """Return a tick of a quote, None when it is the same as the one before, or when one side is empty."""
    if top.bid is None or top.ask is None:
        return None
    same_prices = before is not None and (top.bid, top.ask) == (before.bid, before.ask)
    if view is TickView.MIDPOINT:
        return None if same_prices else PastMiddle(time_s=time_s, price=(top.bid + top.ask) / 2, size=_ZERO)
    if same_prices and (ignores_size or top == before):
        return None
    return PastQuote(time_s=time_s, mask=0, bid=top.bid, ask=top.ask, bid_size=top.bid_size, ask_size=top.ask_size)


def _steps(start_ns: int, end_ns: int) -> tuple[int, int]:
    return -(-start_ns // STEP_NS), end_ns // STEP_NS


def _date(listing: Listing, time_ns: int) -> date:
    return datetime.fromtimestamp(time_ns // NANOSECONDS, UTC).astimezone(ZoneInfo(listing.schedule.zone)).date()
