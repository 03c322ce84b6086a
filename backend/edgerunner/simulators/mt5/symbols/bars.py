"""Bars of bid prices, made of the market's path: any bar of the past costs the same."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from edgerunner.simulators.market import Market
from edgerunner.simulators.mt5.symbols.hours import Hours
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.symbols.prices import Prices
from edgerunner.simulators.mt5.symbols.rows import BarColumns
from edgerunner.simulators.mt5.symbols.server_time import SECOND_NS
from edgerunner.simulators.mt5.symbols.timeframes import Timeframe
from edgerunner.simulators.path import STEP_NS

HISTORY_START_NS: Final = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()) * SECOND_NS
"""Nothing is shown from before."""


Span = tuple[int, int]


class Bar(NamedTuple):
    """One bar in ticks of price; ``start_ns`` UTC."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    ticks: int
    spread: int


class Bars:
    """The bars of one symbol."""

    def __init__(self, listed: ListedSymbol, market: Market, prices: Prices, hours: Hours) -> None:
        self._listed = listed
        self._market = market
        self._prices = prices
        self._hours = hours
        self._skipped: dict[tuple[int, int, int, int], int] = {}
        """Where the latest long skip led: asked for again and again until a new bar begins."""

    def back(self, frame: Timeframe, until_ns: int, *, skip: int = 0) -> Iterator[Bar]:
        """Yield the bars from the one open at a moment (at most now) backwards, the first ``skip`` left out.

        A bar exists when the symbol traded in it.
        """
        now = self._prices.now_step()
        spans = self._spans_back(frame, min(until_ns, now * STEP_NS), skip, now)
        return (self._bar(start, end, now) for start, end in spans)

    def _spans_back(self, frame: Timeframe, until_ns: int, skip: int, now: int) -> Iterator[Span]:
        start = frame.start(until_ns)
        if frame.is_regular and self._is_continuous():
            start, skip = start - skip * frame.length_ns, 0
        elif skip:
            key = (frame.code, start, skip, self._market.version)
            if key not in self._skipped:
                self._skipped[key] = self._skip(frame, start, skip, now)
            start = self._skipped[key]
        return self._walk(frame, start, now)

    def _skip(self, frame: Timeframe, start: int, skip: int, now: int) -> int:
        """Return when the bar begins that is ``skip`` bars before; before the history when there is none."""
        self._skipped.clear()
        found = next(islice(self._walk(frame, start, now), skip, None), None)
        return HISTORY_START_NS - 1 if found is None else found[0]

    def _walk(self, frame: Timeframe, start: int, now: int) -> Iterator[Span]:
        end = frame.end(start)
        while start >= HISTORY_START_NS:
            if self._trades(start, min(end, (now + 1) * STEP_NS)):
                yield start, end
            start, end = frame.start(start - 1), start

    def _trades(self, start_ns: int, end_ns: int) -> bool:
        """Tell whether there is a step in a span in which the symbol traded."""
        name = self._listed.name
        for opens, closes in self._hours.spans(name, start_ns, end_ns):
            first, last = opens // STEP_NS, closes // STEP_NS - 1
            if first <= last and self._market.frozen_step(name, last) >= first:
                return True
        return False

    def _is_continuous(self) -> bool:
        return self._listed.hours.never_close and not self._market.was_frozen(self._listed.name)

    def _bar(self, start_ns: int, end_ns: int, now_step: int) -> Bar:
        symbol = self._listed.name
        spans = self._hours.spans(symbol, start_ns, end_ns)
        made = [self._market.bar(symbol, opens, closes, now_step) for opens, closes in spans]
        pieces = [piece for piece in made if piece is not None]
        last_step = min(now_step, pieces[-1].end_ns // STEP_NS - 1)
        return Bar(
            start_ns,
            pieces[0].open_ticks,
            max(piece.high_ticks for piece in pieces),
            min(piece.low_ticks for piece in pieces),
            pieces[-1].close_ticks,
            max(1, sum(piece.volume_lots for piece in pieces)),
            self._market.dealt_spread(symbol, last_step),
        )

    def columns(self, bars: list[Bar]) -> BarColumns:
        """Return bars in columns."""
        table = np.array(bars, dtype=np.int64).reshape(len(bars), 7)
        points, scale = self._listed.tick_points, 10**self._listed.terms.digits
        prices = table[:, 1:5] * points / scale
        return BarColumns(
            time_s=table[:, 0] // SECOND_NS,
            open=prices[:, 0],
            high=prices[:, 1],
            low=prices[:, 2],
            close=prices[:, 3],
            tick_volume=table[:, 5],
            spread=table[:, 6] * points,
            real_volume=np.zeros(len(bars), np.int64),
        )
