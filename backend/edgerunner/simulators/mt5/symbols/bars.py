"""Bars of bid prices, made of the market's path: any bar of the past costs the same."""

from collections.abc import Iterator
from datetime import UTC, datetime
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

    def back(self, frame: Timeframe, until_ns: int) -> Iterator[Bar]:
        """Yield the bars from the one open at a moment (at most now) backwards; those without a tick are left out."""
        now = self._prices.now_step()
        start = frame.start(min(until_ns, now * STEP_NS))
        end = frame.end(start)
        while start >= HISTORY_START_NS:
            bar = self.bar(start, end, now)
            if bar is not None:
                yield bar
            start, end = frame.start(start - 1), start

    def bar(self, start_ns: int, end_ns: int, now_step: int) -> Bar | None:
        """Return what happened between two moments up to now; None when the symbol did not trade."""
        symbol = self._listed.name
        spans = self._hours.spans(symbol, start_ns, end_ns)
        made = [self._market.bar(symbol, opens, closes, now_step) for opens, closes in spans]
        pieces = [piece for piece in made if piece is not None and piece.volume_lots]
        if not pieces:
            return None
        last_step = min(now_step, pieces[-1].end_ns // STEP_NS - 1)
        return Bar(
            start_ns,
            pieces[0].open_ticks,
            max(piece.high_ticks for piece in pieces),
            min(piece.low_ticks for piece in pieces),
            pieces[-1].close_ticks,
            sum(piece.volume_lots for piece in pieces),
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
