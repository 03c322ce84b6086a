"""One run over bars: an event loop over columns, the strategy called once per closed bar.

The order of events of one moment: what is due before the bars close (timers, funding), fills of the bars, the
bars' entry into the histories, callbacks, and with ``same_close`` the orders these have just decided. All bars that
close at one time are known before the first callback of that time.
"""

from collections.abc import Callable, Iterable, Mapping

from edgerunner.backtest.bar_matching import BarMatching
from edgerunner.backtest.bar_venue import BarVenue
from edgerunner.backtest.columns import BarColumns, Floats, Integers
from edgerunner.backtest.config import BacktestConfig, FillRule
from edgerunner.backtest.equity import filled_forward
from edgerunner.backtest.errors import RunCanceled
from edgerunner.backtest.feed import MILLISECOND_NS, TimeGroup, bars_of, chunks, grouped_bars, time_line
from edgerunner.backtest.market import Market
from edgerunner.backtest.parts import Parts
from edgerunner.backtest.spreads import spread_costs
from edgerunner.backtest.timeframes import timeframe_ns
from edgerunner.strategies.market_data import Bar

OnProgress = Callable[[float], None]
ShouldStop = Callable[[], bool]

CHUNK_BARS = 65_536
"""Bars between two looks at progress and cancel, of all instruments together."""


class BarRun:
    """One strategy over the bars of its instruments.

    Attributes:
        markets: By instrument key, in the order of the configuration.
        times: The time line (milliseconds): the distinct opens of all bars.
    """

    def __init__(self, config: BacktestConfig, data: Mapping[str, BarColumns]) -> None:
        self.data = {key: data[key] for key in config.instruments}
        self.times: Integers = time_line(self.data)
        self.bar_ns = timeframe_ns(config.timeframe)
        parts = Parts(config, self.bar_ns, lead_ns=self.bar_ns)
        for key, market in parts.markets.items():
            costs = spread_costs(key, self.data[key], market.grid, rule=config.spread, fill=config.fill)
            market.spread_costs = costs
        self.parts = parts
        self.config, self.markets, self.account, self.host = config, parts.markets, parts.account, parts.host
        self.venue = BarVenue(parts.execution, parts.agenda, config.latency_ms * MILLISECOND_NS)
        self.matching = BarMatching(config, parts.execution, self.bar_ns)
        self.strategy, self.desk = parts.open(self.venue)
        self._fills_at_close = config.fill is FillRule.SAME_CLOSE

    def run(self, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> None:
        """Run from the first bar to the last; raises ``RunCanceled`` when ``should_stop`` says so between chunks."""
        self.parts.start(int(self.times[0]) * MILLISECOND_NS)
        total = len(self.times)
        warm = min(self.config.warm_up_bars, total)
        size = max(1, CHUNK_BARS // len(self.markets))
        for is_warming_up, start, stop in ((True, 0, warm), (False, warm, total)):
            self.desk.is_warming_up = is_warming_up
            for rows in chunks(start, stop, size):
                if should_stop is not None and should_stop():
                    raise RunCanceled(f"canceled after {rows.start} of {total} bars")
                self._run_rows(rows)
                if on_progress is not None:
                    on_progress(rows.stop / total)
        self.parts.stop()

    def _run_rows(self, rows: slice) -> None:
        if len(self.markets) == 1:
            self._run_one_instrument(rows)
        else:
            groups = grouped_bars(self.data, self.config.timeframe, self.times, rows)
            self._run_several_instruments(groups, rows.start)

    def _run_one_instrument(self, rows: slice) -> None:
        """Handle the bars of some rows: the hot loop, a few attribute reads and one callback per bar."""
        (market,) = self.markets.values()
        account, agenda, host, bar_ns = self.account, self.parts.agenda, self.host, self.bar_ns
        meet, on_bar, decided, updates = self.matching.meet, self.strategy.on_bar, self.venue.decided, host.updates
        remember = host.history(market.key, self.config.timeframe).append
        bars = bars_of(market.key, self.config.timeframe, self.data[market.key], rows)
        for row, bar in enumerate(bars, rows.start):
            if bar.time_ns > agenda.wake_ns:
                account.index = row
                agenda.run_until(bar.time_ns + bar_ns)
            market.row = row
            if market.is_watched and (
                market.attention
                or bar.low <= market.low_alarm
                or bar.high >= market.high_alarm
                or row >= market.expiry_row
            ):
                account.index = row
                meet(market, bar, row)
                if updates:
                    host.tell_updates()
            market.last = bar
            remember(bar)
            account.now_ns = bar.time_ns + bar_ns
            if host.aggregators:
                self._call_with_longer_bars(market, bar)
            else:
                on_bar(bar)
            if decided or updates:
                account.index = row
                self._after_callbacks()

    def _run_several_instruments(self, groups: Iterable[TimeGroup], first_index: int) -> None:
        """Handle groups of bars that close at one time, the first at ``first_index`` of the time line."""
        markets, host = list(self.markets.values()), self.host
        remembers = [host.history(market.key, self.config.timeframe).append for market in markets]
        account, agenda, bar_ns, meet = self.account, self.parts.agenda, self.bar_ns, self.matching.meet
        on_bar, decided, updates = self.strategy.on_bar, self.venue.decided, host.updates
        for index, (numbers, bars) in enumerate(groups, first_index):
            time_ns = bars[0].time_ns
            account.index = index
            if time_ns > agenda.wake_ns:
                agenda.run_until(time_ns + bar_ns)
            for number, bar in zip(numbers, bars, strict=True):
                market = markets[number]
                market.row += 1
                if market.is_watched and market.is_alarmed(bar):
                    meet(market, bar, market.row)
                    host.tell_updates()
            account.now_ns = time_ns + bar_ns
            for number, bar in zip(numbers, bars, strict=True):
                markets[number].last = bar
                remembers[number](bar)
            self._force_close_when_ruined()
            if host.aggregators:
                for number, bar in zip(numbers, bars, strict=True):
                    self._call_with_longer_bars(markets[number], bar)
            else:
                for bar in bars:
                    on_bar(bar)
            if decided or updates:
                self._after_callbacks()

    def _after_callbacks(self) -> None:
        """Fill what was decided at the close it was decided at, if that is the rule, and tell what has changed."""
        decided = self.venue.decided
        self.host.tell_updates()
        if self._fills_at_close:
            for market in list(decided.values()):
                if market.last is not None:
                    self.matching.meet_close(market, market.last)
            self.host.tell_updates()
        decided.clear()

    def _call_with_longer_bars(self, market: Market, bar: Bar) -> None:
        """Call the strategy with longer bars that a gap had left open, the bar itself, and those that end with it."""
        longer = [closed for each in self.host.aggregators.get(market.key, ()) for closed in each.add(bar)]
        for closed in longer:
            self.host.history(market.key, closed.timeframe).append(closed)
        now_ns = self.account.now_ns
        for closed in longer:
            if closed.time_ns + timeframe_ns(closed.timeframe) < now_ns:
                self.strategy.on_bar(closed)
        self.strategy.on_bar(bar)
        for closed in longer:
            if closed.time_ns + timeframe_ns(closed.timeframe) >= now_ns:
                self.strategy.on_bar(closed)

    def _force_close_when_ruined(self) -> None:
        """Check several margined positions together: each alone knows its price of ruin, with the others standing."""
        held = self.account.held
        if len(held) < 2:
            return
        margined = [market for market in held.values() if market.is_margined]
        if len(margined) > 1 and self.account.is_ruined():
            for market in margined:
                self.matching.force_close(market, market.mark)
                market.reset_alarms()

    # After the run

    def marks(self) -> dict[str, Floats]:
        """Return each instrument's newest close at each point of the time line."""
        return {key: filled_forward(self.times, columns.time_ms, columns.close) for key, columns in self.data.items()}
