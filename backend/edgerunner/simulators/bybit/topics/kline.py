"""``kline.{interval}.{symbol}``: the open bar every second of the venue's time, and once more when it closes."""

from collections.abc import Iterable
from typing import Final

from edgerunner.simulators.bybit import formats, klines
from edgerunner.simulators.bybit.topics.base import Message
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import TradePrinted, VenueBar, VenueInstrument

PUSH_INTERVAL_S: Final = 1.0
SHORTEST_INTERVAL_S: Final = 0.02
"""Of wall time: a venue whose clock runs faster than 50-fold pushes that often."""


class KlineSource:
    """The bars of one symbol and interval."""

    def __init__(
        self, name: str, interval: klines.Interval, instrument: VenueInstrument, venue: Venue, *, faults: FaultBox
    ) -> None:
        self.interval_s = max(SHORTEST_INTERVAL_S, PUSH_INTERVAL_S / max(1, venue.clock.speed))
        self._faults = faults
        self._name = name
        self._interval = interval
        self._instrument = instrument
        self._venue = venue
        self._open_start_ns = interval.start_of(venue.now_ns())

    def first(self) -> Iterable[Message]:
        """Return the open bar."""
        return self._open_bar()

    def due(self) -> Iterable[Message]:
        """Return every bar that closed since the last time (``confirm`` true), then the open one."""
        closed = []
        while (end_ns := self._interval.end_of(self._open_start_ns)) <= self._venue.now_ns():
            bar = self._venue.bar(self._instrument.symbol, self._open_start_ns, end_ns)
            if bar is None or not bar.complete:
                break
            closed.append(self._message(bar))
            if self._is_repeated():
                closed.append(self._message(bar))
            self._open_start_ns = end_ns
        return [*closed, *self._open_bar()]

    def on_trade(self, trade: TradePrinted) -> None:
        """Nothing: bars are read from the market."""

    def _is_repeated(self) -> bool:
        trap = "bybit.trap_bar_confirmed_twice"
        return self._faults.take(self._venue.name, trap, op="stream", symbol=self._instrument.name) is not None

    def _open_bar(self) -> list[Message]:
        start_ns = self._open_start_ns
        bar = self._venue.bar(self._instrument.symbol, start_ns, self._interval.end_of(start_ns))
        return [] if bar is None or bar.complete else [self._message(bar)]

    def _message(self, bar: VenueBar) -> Message:
        now_ns = self._venue.now_ns()
        return {
            "topic": self._name,
            "data": [klines.bar_event(self._instrument, bar, self._interval, now_ns)],
            "ts": formats.milliseconds(now_ns),
            "type": "snapshot",
        }
