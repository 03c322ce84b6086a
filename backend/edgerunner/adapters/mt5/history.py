"""Bars, in pieces: the terminal gives a limited number at once, and nothing beyond its own 'max bars in chart'."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.terminal import CallFailed, Terminal, Urgency, as_broker_error
from edgerunner.adapters.mt5.values import NS_PER_S, on_step
from edgerunner.domain.errors import BrokerUnreachable, Unsupported
from edgerunner.domain.market import Bar, Timeframe
from edgerunner.domain.values import replace
from edgerunner.mt5_surface import constants as mt5

_log = structlog.get_logger(__name__)

TIMEFRAMES: Final = {
    Timeframe.M1: mt5.TIMEFRAME_M1,
    Timeframe.M5: mt5.TIMEFRAME_M5,
    Timeframe.M15: mt5.TIMEFRAME_M15,
    Timeframe.M30: mt5.TIMEFRAME_M30,
    Timeframe.H1: mt5.TIMEFRAME_H1,
    Timeframe.H4: mt5.TIMEFRAME_H4,
    Timeframe.D1: mt5.TIMEFRAME_D1,
}
PIECE: Final = 5_000
DOWNLOAD_S: Final = (0.2, 0.5, 1.0, 2.0)
"""Pauses while the terminal downloads what it was asked for the first time: until then it says no, or gives less."""


class History:
    """Reads bars of one terminal.

    ``maxbars`` is the terminal's own "max bars in chart": it answers a request for more with nothing, and shows none
    that are older.
    """

    def __init__(self, terminal: Terminal, clock: ServerClock, *, now_ns: Callable[[], int]) -> None:
        self._terminal = terminal
        self._clock = clock
        self._now_ns = now_ns
        self.maxbars = PIECE

    async def bars(
        self, listing: Listing, timeframe: Timeframe, *, start_ns: int | None, end_ns: int | None, limit: int
    ) -> list[Bar]:
        """Return bars that open in [start, end), the newest ``limit``, oldest first; the growing one included."""
        code = _code(timeframe)
        start_s = None if start_ns is None else self._clock.server_s(start_ns)
        last_s = self._clock.server_s(self._now_ns() if end_ns is None else end_ns) + (86_400 if end_ns is None else -1)
        rows: list[Any] = []
        while len(rows) < limit:
            wanted = min(PIECE, self.maxbars, limit - len(rows))
            piece = await self._piece(listing.symbol, code, last_s, wanted, is_first=not rows)
            piece = [row for row in piece if start_s is None or row["time"] >= start_s]
            if not piece:
                break
            rows = [*piece, *rows]
            last_s = int(piece[0]["time"]) - 1
            if len(piece) < wanted:
                break
        return self._bars(listing, timeframe, rows, is_newest=end_ns is None or end_ns > self._now_ns())

    async def newest(self, listing: Listing, timeframe: Timeframe, count: int) -> list[Bar]:
        """Return the newest bars; the last one grows."""
        array = await self._ask("copy_rates_from_pos", listing.symbol, _code(timeframe), 0, count)
        return self._bars(listing, timeframe, list(array), is_newest=True)

    async def _piece(self, symbol: str, code: int, last_s: int, count: int, *, is_first: bool) -> list[Any]:
        """Return bars that end at a time: ``copy_rates_from`` goes backwards. Asks again while they are downloaded."""
        best: list[Any] = []
        for pause_s in (*DOWNLOAD_S, None):
            try:
                array = await self._terminal.call(
                    "copy_rates_from", symbol, code, last_s, count, urgency=Urgency.HISTORY
                )
            except CallFailed as failed:
                if failed.is_about_the_link:
                    raise as_broker_error(failed) from failed
                if pause_s is None and is_first:
                    raise as_broker_error(failed) from failed
                array = ()
            best = max(best, list(array), key=len)
            if len(best) >= count or pause_s is None or (best and not is_first):
                break
            await asyncio.sleep(pause_s)
        return best

    async def _ask(self, function: str, *arguments: int | str) -> Sequence[Any]:
        try:
            answer: Sequence[Any] = await self._terminal.call(function, *arguments)
        except CallFailed as failed:
            raise as_broker_error(failed) from failed
        return answer

    def _bars(self, listing: Listing, timeframe: Timeframe, rows: Sequence[Any], *, is_newest: bool) -> list[Bar]:
        step = listing.instrument.tick_size
        has_real = any(row["real_volume"] for row in rows)
        try:
            bars = [
                Bar(
                    open_ns=self._clock.utc_ns(int(row["time"]) * 1000),
                    open=on_step(row["open"], step),
                    high=on_step(row["high"], step),
                    low=on_step(row["low"], step),
                    close=on_step(row["close"], step),
                    volume=on_step(int(row["real_volume"] if has_real else row["tick_volume"]), step * 0 + 1),
                    is_complete=True,
                )
                for row in rows
            ]
        except ValueError as error:
            raise BrokerUnreachable(str(error)) from error
        if bars and is_newest and bars[-1].open_ns + timeframe.length_ns > self._now_ns() - NS_PER_S:
            bars[-1] = _growing(bars[-1])
        return bars


def _code(timeframe: Timeframe) -> int:
    if timeframe not in TIMEFRAMES:
        raise Unsupported(f"MetaTrader 5 has no bars of {timeframe}: its shortest is one minute")
    return TIMEFRAMES[timeframe]


def _growing(bar: Bar) -> Bar:
    return replace(bar, is_complete=False)
