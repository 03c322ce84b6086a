"""One run over ticks or books: orders meet quotes by the rules of local execution."""

from collections.abc import Mapping

from edgerunner.backtest.columns import Floats, TickColumns
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.engine import CHUNK_BARS, OnProgress, ShouldStop
from edgerunner.backtest.errors import RunCanceled
from edgerunner.backtest.feed import MILLISECOND_NS, chunks
from edgerunner.backtest.parts import Parts
from edgerunner.backtest.quote_venue import QuoteVenue
from edgerunner.backtest.tick_feed import QuoteFeed, Quotes, TickBars
from edgerunner.backtest.timeframes import timeframe_ns
from edgerunner.strategies.market_data import Bar, Book, Tick

TICK_FRAME = "tick"
"""Time frame of a run that makes no bars."""


class TickRun:
    """One strategy over the ticks or books of its instruments, one event after the other.

    With another time frame than ``tick``, bars are made of the middle prices (of the trades where there are no quotes)
    and delivered with their end as time when the first later event shows that they have ended.
    """

    def __init__(self, config: BacktestConfig, data: Mapping[str, Quotes]) -> None:
        self.config = config
        self.data = {key: data[key] for key in config.instruments}
        self.feed = QuoteFeed(self.data)
        self.times = self.feed.times
        self.bar_ns = 0 if config.timeframe == TICK_FRAME else timeframe_ns(config.timeframe)
        self.parts = parts = Parts(config, self.bar_ns, lead_ns=0)
        self.markets, self.account, self.host = parts.markets, parts.account, parts.host
        self.venue = QuoteVenue(parts.execution, parts.agenda, config.latency_ms * MILLISECOND_NS)
        self.strategy, self.desk = parts.open(self.venue)
        self.host.tick_keys = frozenset(key for key, values in self.data.items() if isinstance(values, TickColumns))
        self.host.book_keys = frozenset(self.data) - self.host.tick_keys
        self._bars = (
            [TickBars(key, config.timeframe, self.bar_ns) for key in self.markets]
            if self.bar_ns and config.strategy_class.handles("on_bar")
            else []
        )

    def run(self, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> None:
        """Run from the first event to the last; raises ``RunCanceled`` when ``should_stop`` says so between chunks."""
        total = len(self.times)
        self.parts.start(int(self.times[0]) * MILLISECOND_NS)
        for span in chunks(0, total, CHUNK_BARS):
            if should_stop is not None and should_stop():
                raise RunCanceled(f"canceled after {span.start} of {total} events")
            self._run_span(span)
            if on_progress is not None:
                on_progress(span.stop / total)
        self.parts.stop()

    def _run_span(self, span: slice) -> None:
        """Handle the events of a span: the hot loop, a few attribute reads and one callback per event."""
        markets = list(self.markets.values())
        account, agenda, venue, updates = self.account, self.parts.agenda, self.venue, self.host.updates
        on_tick, on_book, bars, arrivals = self.strategy.on_tick, self.strategy.on_book, self._bars, self.venue.arrivals
        for index, (number, event) in enumerate(self.feed.events(span), span.start):
            market = markets[number]
            time_ns = event.time_ns
            if time_ns >= agenda.wake_ns:
                account.index = index
                agenda.run_until(time_ns + 1)
                venue.arrive()
            if bars:
                account.index = index
                self._make_bars(number, event)
            market.event = event
            account.now_ns = time_ns
            if market.is_watched:
                account.index = index
                venue.show(market, event)
                self.host.tell_updates()
            if type(event) is Tick:
                on_tick(event)
            elif type(event) is Book:
                on_book(event)
            if arrivals or updates:
                account.index = index
                self._after_callbacks()

    def _make_bars(self, number: int, event: Tick | Book) -> None:
        maker = self._bars[number]
        bar = maker.ended(event.time_ns)
        if bar is not None:
            self.account.now_ns = bar.time_ns + self.bar_ns
            self._deliver(bar)
        maker.add(event)

    def _deliver(self, bar: Bar) -> None:
        """Hand a bar and those longer ones that end with it to the strategy."""
        longer = [closed for each in self.host.aggregators.get(bar.instrument_id, ()) for closed in each.add(bar)]
        for closed in (bar, *longer):
            self.host.history(bar.instrument_id, closed.timeframe).append(closed)
        for closed in (bar, *longer):
            self.strategy.on_bar(closed)
        self._after_callbacks()

    def _after_callbacks(self) -> None:
        while self.venue.arrivals or self.host.updates:
            self.venue.arrive()
            self.host.tell_updates()

    # After the run

    def marks(self) -> dict[str, Floats]:
        """Return each instrument's price at each point of the time line."""
        return {key: self.feed.marks(number, values) for number, (key, values) in enumerate(self.data.items())}
