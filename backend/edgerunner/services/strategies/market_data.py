"""Market data of one running strategy: history first, then live, every bar once and in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription, MarketUpdate
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.market import Depth, Ticker, Timeframe
from edgerunner.services.clock import Clock
from edgerunner.services.market_feed import MarketListener
from edgerunner.services.market_service import MarketService, Unsubscribe
from edgerunner.services.strategies.conversion import bar_shown, book_shown, tick_shown
from edgerunner.services.strategies.inbox import Hole, Inbox
from edgerunner.strategies.market_data import Bar
from edgerunner.strategy_worker.messages import BarNews, BookNews, Market, TickNews

HISTORY_BARS = 1_000

_Series = tuple[str, str]


@dataclass(slots=True)
class _Bars:
    """One series of bars: when its newest delivered bar began, and what came while history was read."""

    market: Market
    timeframe: Timeframe
    newest_ns: int = -1
    is_live: bool = False


class MarketData:
    """Feeds one strategy's inbox; ``close`` ends every subscription.

    A live bar is delivered once, when it is complete. Bars that were missed while the link was down
    are announced as a ``Hole``, to be read from history before the bar that shows it.
    """

    def __init__(self, *, markets: MarketService, inbox: Inbox, clock: Clock, log: Callable[[str], None]) -> None:
        self._markets = markets
        self._inbox = inbox
        self._clock = clock
        self._log = log
        self._series: dict[_Series, _Bars] = {}
        self._early: list[tuple[_Series, Bar]] = []
        self._feeds: dict[tuple[Feed, str, str | None], Unsubscribe] = {}
        self.closes: dict[str, float] = {}

    async def add(self, feed: Feed, market: Market, timeframe: Timeframe | None) -> None:
        """Begin a live feed; a second time changes nothing. Raises what the broker says against it."""
        name = (feed, market.key, timeframe.value if timeframe else None)
        if name in self._feeds:
            return
        if timeframe is not None:
            self._series[market.key, timeframe.value] = _Bars(market, timeframe)
        subscription = MarketSubscription(feed=feed, instrument_id=market.instrument.instrument_id, timeframe=timeframe)
        self._feeds[name] = await self._markets.subscribe(
            market.connection_id, subscription, self._listener(market, timeframe)
        )

    async def history(self) -> list[Bar]:
        """Return the newest closed bars of every series that is not live yet, by their closing times.

        Of bars that close together the shorter come first, as in a backtest.
        """
        found: list[Bar] = []
        for bars in self._series.values():
            if bars.is_live:
                continue
            past = await self._past(bars)
            if past:
                bars.newest_ns = past[-1].time_ns
                self.closes[bars.market.key] = past[-1].close
            found += past
        return sorted(found, key=lambda bar: (_end_ns(bar), -bar.time_ns))

    def go_live(self) -> None:
        """Deliver from now on, first what came while history was read."""
        for bars in self._series.values():
            bars.is_live = True
        early, self._early = self._early, []
        for series, bar in early:
            self._deliver(series, bar)

    async def missed(self, hole: Hole) -> list[Bar]:
        """Return the bars of a hole; the log tells of those that the broker's history lacks (closed hours, too).

        The bar after the hole is asked for with them: what stands before a newer one is closed, whatever the clocks.
        """
        bars = self._series[hole.key, hole.timeframe]
        length_ns = bars.timeframe.length_ns
        past = await self._past(bars, start_ns=hole.from_ns, end_ns=hole.to_ns + length_ns)
        found = [bar for bar in past if hole.from_ns <= bar.time_ns < hole.to_ns]
        count = (hole.to_ns - hole.from_ns) // length_ns
        if len(found) < count:
            self._log(f"{count} bars of {hole.key} {hole.timeframe} were missed; history has {len(found)} of them")
        return found

    async def close(self) -> None:
        """End every subscription."""
        feeds, self._feeds = self._feeds, {}
        for unsubscribe in feeds.values():
            await unsubscribe()

    async def _past(self, bars: _Bars, *, start_ns: int | None = None, end_ns: int | None = None) -> list[Bar]:
        market = bars.market
        try:
            past = await self._markets.ohlc(
                market.connection_id,
                market.instrument.instrument_id,
                bars.timeframe,
                start_ns=start_ns,
                end_ns=end_ns,
                limit=HISTORY_BARS,
            )
        except EdgerunnerError as error:
            self._log(f"no history of {market.key} {bars.timeframe}: {error.detail}")
            return []
        return [bar_shown(bar, market.key, bars.timeframe) for bar in past if bar.is_complete]

    def _listener(self, market: Market, timeframe: Timeframe | None) -> MarketListener:
        def hear(update: MarketUpdate) -> None:
            match update:
                case BarUpdate() if update.bar.is_complete and timeframe is not None:
                    self._deliver((market.key, timeframe.value), bar_shown(update.bar, market.key, timeframe))
                case Ticker():
                    tick = tick_shown(update, market.key)
                    self._inbox.put(TickNews(turn=0, tick=tick, now_ns=self._clock.now_ns()))
                case Depth():
                    book = book_shown(update, market.key)
                    self._inbox.put(BookNews(turn=0, book=book, now_ns=self._clock.now_ns()))
                case _:  # a bar that still grows
                    pass

        return hear

    def _deliver(self, series: _Series, bar: Bar) -> None:
        bars = self._series[series]
        if not bars.is_live:
            self._early.append((series, bar))
            return
        if bar.time_ns <= bars.newest_ns:
            return
        next_ns = bars.newest_ns + bars.timeframe.length_ns
        if bars.newest_ns >= 0 and next_ns < bar.time_ns and bars.timeframe.length_ns >= Timeframe.M1.length_ns:
            self._inbox.put(Hole(key=bar.instrument_id, timeframe=bar.timeframe, from_ns=next_ns, to_ns=bar.time_ns))
        bars.newest_ns = bar.time_ns
        self.closes[bar.instrument_id] = bar.close
        self._inbox.put(BarNews(turn=0, bar=bar, now_ns=self._clock.now_ns()))


def chunks(bars: list[Bar], size: int) -> Iterable[list[Bar]]:
    """Cut a history into parts, each short enough for one turn; bars that close together stay together."""
    part: list[Bar] = []
    for _, group in groupby(bars, key=_end_ns):
        part += group
        if len(part) >= size:
            yield part
            part = []
    if part:
        yield part


def _end_ns(bar: Bar) -> int:
    return bar.time_ns + Timeframe(bar.timeframe).length_ns
