"""``orderbook.{depth}.{symbol}``: snapshot, then deltas with consecutive ``u``.

Rules of the page "Orderbook" of the Bybit V5 documentation. Level 1 sends snapshots only and
repeats the last one after 3 seconds without change. On the wire ``ts`` comes before ``type`` for
spot and for level 1, after it otherwise.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from edgerunner.simulators.bybit import formats
from edgerunner.simulators.bybit.topics.base import Message
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import Level, TradePrinted, VenueInstrument

INTERVALS_S: Final = {1: 0.010, 50: 0.020, 200: 0.100, 1000: 0.200}
REPEAT_AFTER_S: Final = 3.0
Sides = tuple[dict[int, int], dict[int, int]]


class OrderBookSource:
    """The book of one symbol to one depth."""

    def __init__(
        self,
        name: str,
        depth: int,
        instrument: VenueInstrument,
        venue: Venue,
        *,
        faults: FaultBox,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.interval_s = INTERVALS_S[depth]
        self._name = name
        self._depth = depth
        self._instrument = instrument
        self._venue = venue
        self._faults = faults
        self._monotonic = monotonic
        self._version: int | None = None
        self._sides: Sides = ({}, {})
        self._sequence = 0
        self._update_id = formats.milliseconds(venue.now_ns())
        self._sent_at = monotonic()
        self._changed_ms = 0

    def first(self) -> Iterable[Message]:
        """Return the snapshot of the last published state, with its ``u``."""
        if self._version is None:
            self._read()
        return [self._snapshot()]

    def due(self) -> Iterable[Message]:
        """Return the change since the last time, if any."""
        if self._take("bybit.book_restart_u1"):
            self._update_id = 1
            self._read()
            return [self._snapshot()]
        if self._venue.book_version(self._instrument.symbol) == self._version:
            return self._repeat()
        before = self._sides
        self._read()
        bids, asks = _changes(before[0], self._sides[0]), _changes(before[1], self._sides[1])
        if not bids and not asks:
            return self._repeat()
        self._update_id += 1
        if self._depth == 1:
            return [self._snapshot()]
        return self._delta(bids, asks)

    def on_trade(self, trade: TradePrinted) -> None:
        """Nothing: trades show in the depth."""

    def _repeat(self) -> list[Message]:
        if self._depth == 1 and self._monotonic() - self._sent_at >= REPEAT_AFTER_S:
            return [self._snapshot()]
        return []

    def _delta(self, bids: list[Level], asks: list[Level]) -> list[Message]:
        if self._take("bybit.book_gap"):
            return []
        if self._take("bybit.book_unknown_delete"):
            worst = min(self._sides[0], default=2)
            bids = [*bids, (max(worst - 1, 1), 0)]
        return [self._message("delta", bids, asks)]

    def _snapshot(self) -> Message:
        bids, asks = self._sides
        return self._message("snapshot", sorted(bids.items(), reverse=True), sorted(asks.items()))

    def _message(self, kind: str, bids: Iterable[Level], asks: Iterable[Level]) -> Message:
        self._sent_at = self._monotonic()
        now_ms = formats.milliseconds(self._venue.now_ns())
        stamped: dict[str, Any] = {"type": kind, "ts": now_ms}
        if self._instrument.is_spot or self._depth == 1:
            stamped = {"ts": now_ms, "type": kind}
        data = {
            "s": self._instrument.name,
            "b": [self._texts(level) for level in bids],
            "a": [self._texts(level) for level in asks],
            "u": self._update_id,
            "seq": self._sequence,
        }
        return {"topic": self._name, **stamped, "data": data, "cts": now_ms}

    def _texts(self, level: Level) -> list[str]:
        ticks, lots = level
        quantity = formats.quantity_text(self._instrument, lots) if lots else "0"
        return [formats.price_text(self._instrument, ticks), quantity]

    def _read(self) -> None:
        book = self._venue.book(self._instrument.symbol, self._depth)
        self._version, self._sequence = book.version, formats.sequence(book.step)
        self._sides = dict(book.bids), dict(book.asks)

    def _take(self, name: str) -> bool:
        return self._faults.take(self._venue.name, name, op="stream", symbol=self._instrument.name) is not None


def _changes(before: dict[int, int], after: dict[int, int]) -> list[Level]:
    """Return new and changed levels, and vanished ones with 0 lots."""
    gone = [(price, 0) for price in before if price not in after]
    return gone + [(price, lots) for price, lots in after.items() if before.get(price) != lots]
