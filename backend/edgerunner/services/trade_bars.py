"""Live bars shorter than any the broker serves, made of its public trades."""

from edgerunner.adapters.broker import BarUpdate, MarketUpdate
from edgerunner.domain.bars import BarAggregator, bar_open_ns
from edgerunner.domain.market import Bar, MarketTrade, Timeframe
from edgerunner.services.clock import Clock
from edgerunner.services.market_feed import MarketListener


class TradeBars:
    """Turns one instrument's trades into bars for one listener.

    The first bar is the first whole one: of the interval under way some trades are unknown. An
    interval without trades has no bar, and trades missed while the stream was down are missing.
    """

    def __init__(self, instrument_id: str, timeframe: Timeframe, *, listener: MarketListener, clock: Clock) -> None:
        self._instrument_id = instrument_id
        self._timeframe = timeframe
        self._listener = listener
        self._clock = clock
        self._bars = BarAggregator(timeframe)
        self._from_ns = bar_open_ns(clock.now_ns(), timeframe) + timeframe.length_ns

    def hear(self, update: MarketUpdate) -> None:
        """Take in a trade; the listener hears the bar that it closed and the one that grows."""
        if not isinstance(update, MarketTrade) or update.ts_event_ns < self._from_ns:
            return
        step = self._bars.add(price=update.price, quantity=update.quantity, ts_ns=update.ts_event_ns)
        self._tell(step.closed)
        self._tell(step.live)

    def close_due(self) -> None:
        """Tell the bar that ended 2 s ago or more, when no later trade has closed it."""
        self._tell(self._bars.close_due(self._clock.now_ns()))

    def _tell(self, bar: Bar | None) -> None:
        if bar is not None:
            self._listener(BarUpdate(instrument_id=self._instrument_id, timeframe=self._timeframe, bar=bar))
