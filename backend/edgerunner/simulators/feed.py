"""Moves the books of a venue along with the market: steps, fills of resting orders, the public tape."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from edgerunner.simulators.books import SymbolBook
from edgerunner.simulators.clock import VirtualClock
from edgerunner.simulators.market import Market
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.reactions import Reactions
from edgerunner.simulators.work import Work

MAX_FINE_STEPS = 100
"""Further behind than this, a book passes open, extremes and close of the missed time instead of every step."""
PERIOD_S = STEP_NS / 1e9
IDLE_S = 1.0


class MarketFeed:
    """Steps the books that somebody watches, has orders or a position in; any other moves when it is looked at."""

    def __init__(
        self,
        *,
        market: Market,
        clock: VirtualClock,
        books: Mapping[str, SymbolBook],
        reactions: Reactions,
        on_time: Callable[[int], None],
        commit: Callable[[Work], None],
    ) -> None:
        self._market = market
        self._clock = clock
        self._books = books
        self._reactions = reactions
        self._on_time = on_time
        self._commit = commit
        self._watched: Counter[str] = Counter()
        self._busy = False
        self._wake = asyncio.Event()

    def watch(self, symbol: str) -> None:
        """Print the tape of a symbol from now on; counted, one ``unwatch`` per ``watch``."""
        self._watched[symbol] += 1
        self.wake()

    def unwatch(self, symbol: str) -> None:
        """Take back one ``watch``."""
        self._watched[symbol] -= 1
        if self._watched[symbol] <= 0:
            del self._watched[symbol]

    def wake(self) -> None:
        """Let the stepping task look for work at once."""
        self._wake.set()

    def active(self) -> list[str]:
        """Return the symbols that are stepped."""
        return [symbol for symbol in self._books if symbol in self._watched or self._reactions.are_due(symbol)]

    def advance(self, symbol: str, *, again: bool = False) -> SymbolBook:
        """Bring a book up to now and return it; ``again`` repeats the current step after a change of the market."""
        book = self._books[symbol]
        now = self._clock.market_ns() // STEP_NS
        if self._busy or (book.step >= now and not again):
            return book
        self._busy = True
        try:
            self._on_time(now * STEP_NS)
            self._catch_up(book, now)
        finally:
            self._busy = False
        return book

    async def run(self) -> None:
        """Step what is active about ten times a second; sleep while nothing is."""
        while True:
            active = self.active()
            for symbol in active:
                self.advance(symbol)
            self._wake.clear()
            if active:
                await asyncio.sleep(PERIOD_S)
            else:
                await self._idle()

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                await self._wake.wait()
        except TimeoutError:
            return

    def _catch_up(self, book: SymbolBook, now: int) -> None:
        symbol = book.symbol
        is_watched = symbol in self._watched
        behind = now - book.step
        if book.step < 0 or not (is_watched or self._reactions.are_due(symbol)):
            self._visit(book, now, self._market.visits(symbol, now)[-1:], prints=is_watched)
        elif behind <= MAX_FINE_STEPS:
            for step in range(min(book.step + 1, now), now + 1):
                self._visit(book, step, self._market.visits(symbol, step), prints=is_watched)
        else:
            visits = self._market.coarse_visits(symbol, book.step + 1, now + 1)
            self._visit(book, now, visits, prints=is_watched)

    def _visit(self, book: SymbolBook, step: int, visits: list[tuple[int, int, int]], *, prints: bool) -> None:
        work = Work()
        for price, bid, ask in visits:
            book.move_to(step, bid, ask)
            if not self._market.is_halted(book.symbol):
                self._reactions.on_market(work, book, price)
        if prints:
            work.prints.extend(self._market.trades(book.symbol, step))
        if work.transaction or work.prints:
            self._commit(work)
