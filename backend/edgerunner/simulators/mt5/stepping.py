"""Moves the trade server along with the market: every quote that was visited reaches what is open."""

import asyncio
from collections.abc import Iterator
from typing import Final

from edgerunner.simulators.mt5.broker_state import BrokerState, QuotesAt
from edgerunner.simulators.mt5.trade_server.values import Quote, Quotes
from edgerunner.simulators.path import STEP_NS

MAX_FINE_STEPS: Final = 100
"""Further behind than this, quotes are visited in pieces of time: open, extremes and close of each."""
PIECES: Final = (600, 9_000, 36_000, 864_000)
"""Steps of a minute, a quarter, an hour and a day: whole ones cost the least."""
MAX_PIECES: Final = 500
PERIOD_S: Final = STEP_NS / 1e9
IDLE_S: Final = 1.0


class Stepper:
    """Brings the trade server up to now. While nothing is open there is nothing to do, and nothing is computed."""

    def __init__(self, state: BrokerState) -> None:
        self._state = state
        self._busy = False
        self._wake = asyncio.Event()
        state.add_listener(lambda _: self._wake.set())

    def advance(self, *, again: bool = False) -> None:
        """Visit all quotes up to now; ``again`` repeats the current step after a change of the market."""
        now = self._state.data.prices.now_step()
        visited = self._state.visited_step
        if self._busy or (now <= visited and not again):
            return
        self._busy = True
        try:
            self._catch_up(min(visited + 1, now), now + 1)
        finally:
            self._busy = False
        self._state.visited_step = now

    async def run(self) -> None:
        """Step about ten times a second while anything is open; look at the calendar once a second otherwise."""
        while True:
            self.advance()
            self._wake.clear()
            if self._state.held_symbols():
                await asyncio.sleep(PERIOD_S)
            else:
                await self._idle()

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                await self._wake.wait()
        except TimeoutError:
            return

    def _catch_up(self, first: int, last: int) -> None:
        """Pass the steps from ``first`` to ``last`` (excluded), day by day of the server."""
        zone = self._state.zone
        midnight_ns = zone.midnight_after(self._state.day_start_ns())
        while midnight_ns <= (last - 1) * STEP_NS:
            midnight = midnight_ns // STEP_NS
            self._pass(first, midnight)
            self._state.end_day(midnight_ns, self._state.quotes(midnight - 1))
            first, midnight_ns = max(first, midnight), zone.midnight_after(midnight_ns)
        self._pass(first, last)

    def _pass(self, first: int, last: int) -> None:
        for start, end in _pieces(first, last):
            symbols = self._state.held_symbols()
            if not symbols:
                return
            self._state.visited_step = end - 1
            for quotes in self._visited(symbols, start, end):
                self._state.commit(self._state.server.on_quotes(quotes, self._stamp(end - 1)))

    def _stamp(self, step: int) -> int:
        """Return when a step happened: now in the one that runs, because requests may have been stamped in it."""
        if step == self._state.data.prices.now_step():
            return self._state.now_ns()
        return step * STEP_NS + self._state.clock.ahead_ns()

    def _visited(self, symbols: set[str], first: int, last: int) -> Iterator[Quotes]:
        """Yield the quotes of all symbols at every visit in a piece; those without one keep their last."""
        prices = self._state.data.prices
        if last - first == 1:
            visits = {symbol: prices.visits(symbol, first) for symbol in symbols}
        else:
            visits = {symbol: prices.coarse_visits(symbol, first, last) for symbol in symbols}
        for place in range(max(map(len, visits.values()))):

            def quote(symbol: str, place: int = place) -> Quote:
                rows = visits.get(symbol)
                return prices.quote(symbol, last - 1) if rows is None else rows[min(place, len(rows) - 1)]

            yield QuotesAt(self._state.symbols, quote)


def _pieces(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of single steps, or of the shortest whole pieces of time that are not too many."""
    behind = last - first
    length = 1
    if behind > MAX_FINE_STEPS:
        length = next((each for each in PIECES if behind <= MAX_PIECES * each), PIECES[-1])
    while first < last:
        end = min((first // length + 1) * length, last)
        yield first, end
        first = end
