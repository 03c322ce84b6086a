"""Equal weights, restored every week."""

from edgerunner.strategies.market_data import Bar
from edgerunner.strategies.parameters import parameter
from edgerunner.strategies.strategy import Strategy

_DAY_NS = 86_400_000_000_000
_THURSDAY = 3  # 1970-01-01, with Monday as 0


class WeeklyRebalance(Strategy):
    """On the first bar of a chosen weekday (UTC), gives each instrument the same share of the equity."""

    share: float = parameter(0.98, exclusive_minimum=0, maximum=1, description="of the equity that is invested")
    weekday: int = parameter(0, minimum=0, maximum=6, description="Monday is 0")

    def on_start(self) -> None:
        """Begin before any day."""
        self.rebalanced_day = -1

    def on_bar(self, bar: Bar) -> None:
        """Rebalance once, with the first bar of the day that closes for the main instrument."""
        if bar.instrument_id != self.instrument_id:
            return
        day = bar.time_ns // _DAY_NS
        if day == self.rebalanced_day or (day + _THURSDAY) % 7 != self.weekday:
            return
        self.rebalanced_day = day
        weight = self.share / len(self.instrument_ids)
        for instrument_id in self.instrument_ids:
            self.target_fraction(weight, instrument_id=instrument_id)
