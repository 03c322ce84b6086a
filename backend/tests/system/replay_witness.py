"""A shipped strategy that logs what it sees and what it decides; the decisions are its base's own."""

from typing import Any

from edgerunner.strategies.intents import OrderHandle
from edgerunner.strategies.market_data import Bar
from edgerunner.strategies.shipped.sma_cross import SmaCross


class Witness(SmaCross):
    """``SmaCross`` with a line per live bar, and one per order that it asks for."""

    def on_bar(self, bar: Bar) -> None:
        """Log the bar, then decide."""
        self.seen_ns = bar.time_ns
        if not self.is_warming_up:
            self.log(f"bar {bar.time_ns} {bar.open!r} {bar.high!r} {bar.low!r} {bar.close!r}")
        super().on_bar(bar)

    def buy(self, quantity: float, **words: Any) -> OrderHandle:
        """Buy and log it."""
        return self._witnessed(super().buy(quantity, **words))

    def sell(self, quantity: float, **words: Any) -> OrderHandle:
        """Sell and log it."""
        return self._witnessed(super().sell(quantity, **words))

    def _witnessed(self, handle: OrderHandle) -> OrderHandle:
        if not self.is_warming_up:
            self.log(f"signal {self.seen_ns} {handle.side} {handle.quantity!r} {handle.order_id}")
        return handle
