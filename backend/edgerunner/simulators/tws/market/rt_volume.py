"""Ticks 48 and 77: the trades since the last one, ``price;size;milliseconds;day's volume;day's average;single``."""

from collections.abc import Iterator

from edgerunner.simulators.tws.history.prices import PriceBar
from edgerunner.simulators.tws.wire.market_messages import TickString
from edgerunner.simulators.venue_types import TradePrinted, VenueInstrument

_TICKS = {233: 48, 375: 77}
_NANOSECONDS_A_MILLISECOND = 1_000_000


class RtVolume:
    """Collects trades between two beats; ``wanted`` are the generic ticks of a request."""

    def __init__(self, wanted: frozenset[int]) -> None:
        self._ticks = [tick for number, tick in _TICKS.items() if number in wanted]
        self._lots = self._count = 0
        self._last: TradePrinted | None = None

    @property
    def is_due(self) -> bool:
        """Tell whether there is something to tell."""
        return self._last is not None

    def add(self, printed: TradePrinted) -> None:
        """Take note of a trade."""
        if self._ticks:
            self._lots, self._count, self._last = self._lots + printed.quantity_lots, self._count + 1, printed

    def clear(self) -> None:
        """Forget the trades so far."""
        self._lots = self._count = 0
        self._last = None

    def tell(self, request_id: int, instrument: VenueInstrument, day: PriceBar | None) -> Iterator[object]:
        """Yield the ticks for the trades since the last time."""
        last, lots, count = self._last, self._lots, self._count
        if last is None or day is None:
            return
        self.clear()
        price, size = instrument.price(last.price_ticks), instrument.quantity(lots)
        time_ms = last.time_ns // _NANOSECONDS_A_MILLISECOND
        is_single = "true" if count == 1 else "false"
        text = f"{price:f};{size:f};{time_ms};{day.volume:f};{day.average:.8f};{is_single}"
        for tick in self._ticks:
            yield TickString(request_id=request_id, tick_type=tick, text=text)
