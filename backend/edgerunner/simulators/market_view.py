"""What a venue shows of its market."""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.market_types import BookView
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import Level, Quote, Statistics24h, TradePrinted, VenueBar

_DAY_NS = 86_400 * NANOSECONDS
_HOUR_NS = 3_600 * NANOSECONDS


@dataclass(frozen=True, slots=True)
class MarketView:
    """Public market data of a venue; asking moves the symbol's book up to now."""

    state: VenueState

    def depth(self, symbol: str, levels: int) -> tuple[list[Level], list[Level]]:
        """Return bids and asks as (ticks, lots), best first; a bad tick shifts them."""
        view = self.book(symbol, levels)
        return view.bids, view.asks

    def book(self, symbol: str, levels: int) -> BookView:
        """Return the depth together with the step and version that it is of: asking one by one may cross a step."""
        self.state.instrument(symbol)
        book = self.state.feed.advance(symbol)
        bids, asks = self._shifted(symbol, book.step, book.depth(levels))
        return BookView(bids=bids, asks=asks, step=book.step, version=book.version)

    def quote(self, symbol: str) -> Quote:
        """Return best prices and last price as shown: a bad tick makes all three absurd."""
        instrument = self.state.instrument(symbol)
        book = self.state.feed.advance(symbol)
        bids, asks = book.depth(1)
        bad = self.state.market.bad_tick(symbol, book.step)
        bid, ask = (side[0] if side else (0, 0) for side in (bids, asks))
        return Quote(
            symbol=symbol,
            bid=bad if bad is not None else instrument.price(bid[0]),
            ask=bad if bad is not None else instrument.price(ask[0]),
            bid_quantity=instrument.quantity(bid[1]),
            ask_quantity=instrument.quantity(ask[1]),
            last=self.last_price(symbol),
            time_ns=self.state.clock.now_ns(),
        )

    def step(self, symbol: str) -> int:
        """Return the number of the current market step (100 ms of virtual time) of a symbol's book."""
        return self.state.feed.advance(symbol).step

    def book_version(self, symbol: str) -> int:
        """Return a number that changes whenever ``depth`` may answer something else."""
        return self.state.feed.advance(symbol).version

    def last_price(self, symbol: str) -> Decimal:
        """Return the last traded price as shown (a bad tick while there is one)."""
        bad = self.state.market.bad_tick(symbol, self.state.step())
        return bad if bad is not None else self.mark_price(symbol)

    def mark_price(self, symbol: str) -> Decimal:
        """Return the price that margins and profits use."""
        return self.state.instrument(symbol).price(self.state.mark_ticks(symbol))

    def index_price(self, symbol: str) -> Decimal:
        """Return the price of the underlying on the spot market."""
        self.state.instrument(symbol)
        return self.state.index_price(symbol)

    def funding_rate(self, symbol: str, settle_ns: int) -> Decimal:
        """Return the rate of an 8-hour settlement as a fraction."""
        self.state.instrument(symbol)
        return self.state.market.funding_rate(symbol, settle_ns)

    def statistics_24h(self, symbol: str) -> Statistics24h:
        """Return the statistics of the 24 hours until now."""
        instrument = self.state.instrument(symbol)
        now = (self.state.step() + 1) * STEP_NS
        day = self._bar(symbol, now - _DAY_NS, now)
        hour = self._bar(symbol, now - _HOUR_NS, now)
        return Statistics24h(
            symbol=symbol,
            last=self.last_price(symbol),
            open=instrument.price(day.open_ticks),
            high=instrument.price(day.high_ticks),
            low=instrument.price(day.low_ticks),
            open_1h=instrument.price(hour.open_ticks),
            volume=instrument.quantity(day.volume_lots),
            turnover=day.turnover,
        )

    def recent_trades(self, symbol: str, limit: int) -> list[TradePrinted]:
        """Return the newest trades of the market, newest first (clients' own trades are told as events only)."""
        self.state.instrument(symbol)
        return self.state.market.recent_trades(symbol, self.state.step(), limit)

    def bars(self, symbol: str, interval_s: int, start_ns: int, end_ns: int, *, limit: int = 1000) -> list[VenueBar]:
        """Return the bars that begin from ``start_ns`` to ``end_ns`` (excluded), oldest first.

        Bars lie on multiples of the interval since 1970; the open one is included; of more than ``limit`` the newest
        are given.
        """
        self.state.instrument(symbol)
        length = interval_s * NANOSECONDS
        now = self.state.step()
        end = min(end_ns, (now + 1) * STEP_NS)
        first, last = -(-start_ns // length), -(-end // length)
        starts = range(max(first, last - limit) * length, last * length, length)
        bars = (self.state.market.bar(symbol, start, start + length, now) for start in starts)
        return [bar for bar in bars if bar is not None]

    def bar(self, symbol: str, start_ns: int, end_ns: int) -> VenueBar | None:
        """Return one bar of any length as far as it has happened (weeks, months); None when it has not begun."""
        self.state.instrument(symbol)
        return self.state.market.bar(symbol, start_ns, end_ns, self.state.step())

    def _bar(self, symbol: str, start_ns: int, end_ns: int) -> VenueBar:
        bar = self.state.market.bar(symbol, start_ns, end_ns, self.state.step())
        if bar is None:
            raise ValueError(f"no bar of {symbol} from {start_ns} to {end_ns}")
        return bar

    def _shifted(
        self, symbol: str, step: int, depth: tuple[list[Level], list[Level]]
    ) -> tuple[list[Level], list[Level]]:
        bids, asks = depth
        bad = self.state.market.bad_tick(symbol, step)
        if bad is None or not bad.is_finite() or bad <= 0 or not bids:
            return bids, asks
        shift = max(1, int(bad / self.state.instruments[symbol].instrument.tick_size)) - bids[0][0]
        shifted = [(price + shift, lots) for price, lots in bids if price + shift > 0]
        return shifted, [(price + shift, lots) for price, lots in asks]
