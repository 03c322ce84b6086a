"""``tickers.{symbol}``: linear sends a snapshot and then what changed, spot snapshots only."""

from collections.abc import Iterable
from typing import Any, Final

from edgerunner.simulators.bybit import formats
from edgerunner.simulators.bybit.ticker_objects import ticker_event
from edgerunner.simulators.bybit.topics.base import Message
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import TradePrinted, VenueInstrument

LINEAR_INTERVAL_S: Final = 0.100
SPOT_INTERVAL_S: Final = 0.050


class TickerSource:
    """The ticker of one symbol."""

    def __init__(self, name: str, instrument: VenueInstrument, venue: Venue) -> None:
        self.interval_s = SPOT_INTERVAL_S if instrument.is_spot else LINEAR_INTERVAL_S
        self._name = name
        self._instrument = instrument
        self._venue = venue
        self._state: dict[str, Any] | None = None

    def first(self) -> Iterable[Message]:
        """Return the snapshot of the last published state."""
        if self._state is None:
            self._state = ticker_event(self._venue, self._instrument.symbol, None)
        return [self._message("snapshot", self._state)]

    def due(self) -> Iterable[Message]:
        """Return what changed since the last time."""
        before, after = self._state or {}, ticker_event(self._venue, self._instrument.symbol, self._state)
        self._state = after
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        if not changed:
            return []
        if self._instrument.is_spot:
            return [self._message("snapshot", after)]
        return [self._message("delta", {"symbol": self._instrument.name, **changed})]

    def on_trade(self, trade: TradePrinted) -> None:
        """Nothing: trades show in the statistics."""

    def _message(self, kind: str, data: dict[str, Any]) -> Message:
        now_ms = formats.milliseconds(self._venue.now_ns())
        sequence = formats.sequence(self._venue.step(self._instrument.symbol))
        if self._instrument.is_spot:
            return {"topic": self._name, "ts": now_ms, "type": kind, "cs": sequence, "data": data}
        return {"topic": self._name, "type": kind, "data": data, "cs": sequence, "ts": now_ms}
