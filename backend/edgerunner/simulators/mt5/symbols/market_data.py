"""Market data as the terminal asks for it: last ticks, ticks, bars and depth of the listed symbols."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from edgerunner.matching.words import Side
from edgerunner.mt5_surface.constants import TIMEFRAME_D1
from edgerunner.simulators.market import Market
from edgerunner.simulators.mt5.symbols.bars import HISTORY_START_NS, Bar, Bars
from edgerunner.simulators.mt5.symbols.hours import Hours
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.symbols.prices import Prices
from edgerunner.simulators.mt5.symbols.rows import BarColumns, TickColumns
from edgerunner.simulators.mt5.symbols.server_time import ServerZone
from edgerunner.simulators.mt5.symbols.ticks import CHUNK_STEPS, TickCache, Ticks, cut, joined
from edgerunner.simulators.mt5.symbols.timeframes import frame_of
from edgerunner.simulators.path import STEP_NS


class UnknownSymbol(KeyError):
    """The broker does not list a symbol of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLevel:
    """One level of the depth of market; ``volume`` in lots."""

    side: Side
    price: Decimal
    volume: Decimal

    @property
    def is_buy(self) -> bool:
        """Tell whether it is a level of bids."""
        return self.side == "buy"


class MarketData:
    """Prices of all symbols, as of now. Every method raises ``UnknownSymbol``."""

    def __init__(
        self, market: Market, listed: Iterable[ListedSymbol], zone: ServerZone, now_ns: Callable[[], int]
    ) -> None:
        self._market = market
        self._zone = zone
        self._now_ns = now_ns
        self.listed = {each.name: each for each in listed}
        self.hours = Hours({each.name: each.hours for each in self.listed.values()}, zone)
        self.prices = Prices(market, self.listed, self.hours, now_ns)
        self.tick = self.prices.tick
        self._bars = {name: Bars(each, market, self.prices, self.hours) for name, each in self.listed.items()}
        self._cache = TickCache()
        self._ticks = {name: Ticks(each, self.prices, self._cache) for name, each in self.listed.items()}
        self._version = market.version

    def find(self, symbol: str) -> ListedSymbol:
        """Return a symbol of exactly this name."""
        found = self.listed.get(symbol)
        if found is None:
            raise UnknownSymbol(symbol)
        return found

    def days(self, symbol: str) -> tuple[Bar | None, Bar | None]:
        """Return today's bar of the server's day and the one before."""
        found = [*islice(self.bars(symbol, TIMEFRAME_D1), 2), None, None]
        return found[0], found[1]

    def usual_spread(self, symbol: str) -> int:
        """Return the usual spread in ticks of price."""
        return self.find(symbol).market.spread_ticks

    def bars_back(
        self, symbol: str, timeframe: int, *, count: int, until_ns: int | None = None, skip: int = 0
    ) -> BarColumns:
        """Return ``count`` bars, oldest first: the latest is ``skip`` bars before the one open at ``until_ns`` (now).

        ``timeframe`` is a ``TIMEFRAME_*`` constant; raises ``ValueError`` for another number.
        """
        found = islice(self.bars(symbol, timeframe, until_ns, skip=skip), count)
        return self._bars[symbol].columns(list(found)[::-1])

    def bars(self, symbol: str, timeframe: int, until_ns: int | None = None, *, skip: int = 0) -> Iterable[Bar]:
        """Yield the bars from the one open at a moment (None = now) backwards, the first ``skip`` left out."""
        self.find(symbol)
        moment = self._now_ns() if until_ns is None else until_ns
        return self._bars[symbol].back(frame_of(timeframe, self._zone), moment, skip=skip)

    def ticks_from(self, symbol: str, from_ns: int, count: int) -> TickColumns:
        """Return the first ``count`` ticks from a moment on, at most up to now."""
        return self.ticks_range(symbol, from_ns, self._now_ns(), count)

    def ticks_range(self, symbol: str, from_ns: int, to_ns: int, limit: int | None = None) -> TickColumns:
        """Return the ticks of a span of time, both ends included; of more than ``limit`` the oldest."""
        pieces, missing = [], limit
        for piece in self._tick_pieces(symbol, from_ns, to_ns):
            pieces.append(piece)
            missing = None if missing is None else missing - len(piece.time_ms)
            if missing is not None and missing <= 0:
                break
        return cut(joined(pieces), limit)

    async def prepare_ticks(self, symbol: str, from_ns: int, to_ns: int, *, count: int | None = None) -> None:
        """Make the ticks of a span in advance (the first ``count`` of them), and let others work in between.

        A day takes seconds the first time: await this before ``ticks_from`` or ``ticks_range``.
        """
        missing = count
        for piece in self._tick_pieces(symbol, from_ns, min(to_ns, self._now_ns() - CHUNK_STEPS * STEP_NS)):
            await asyncio.sleep(0)
            missing = None if missing is None else missing - len(piece.time_ms)
            if missing is not None and missing <= 0:
                return

    def book(self, symbol: str) -> list[BookLevel]:
        """Return the depth: sells from the highest price, then buys; empty where the broker shows none."""
        listed = self.find(symbol)
        quote_step = self.prices.effective_step(symbol, self.prices.now_step())
        bid, ask = self._market.quote(symbol, quote_step)
        sells = self._levels(listed, "sell", ask, quote_step)
        return [*sells[::-1], *self._levels(listed, "buy", bid, quote_step)]

    def _levels(self, listed: ListedSymbol, side: Side, best: int, step: int) -> list[BookLevel]:
        levels = islice(self._market.levels(listed.name, side, best, step), listed.book_depth)
        return [
            BookLevel(side=side, price=listed.price(ticks), volume=lots * listed.terms.volume_step)
            for ticks, lots in levels
        ]

    def _tick_pieces(self, symbol: str, from_ns: int, to_ns: int) -> Iterable[TickColumns]:
        self.find(symbol)
        if self._market.version != self._version:
            self._version = self._market.version
            self._cache.clear()
        return self._ticks[symbol].after(max(from_ns, HISTORY_START_NS), to_ns)
