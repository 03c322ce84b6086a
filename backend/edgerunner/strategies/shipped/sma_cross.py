"""Crossing moving averages."""

from collections.abc import Mapping

from edgerunner.strategies.indicators.sma import Sma
from edgerunner.strategies.market_data import Bar
from edgerunner.strategies.parameters import ParameterValue, parameter
from edgerunner.strategies.strategy import Strategy


class SmaCross(Strategy):
    """Buys when the fast average of the closes crosses above the slow one, and sells when it crosses below."""

    fast: int = parameter(10, minimum=1, maximum=1000, description="bars of the fast average")
    slow: int = parameter(30, minimum=2, maximum=5000, description="bars of the slow average")
    quantity: float = parameter(1.0, exclusive_minimum=0, description="how much to buy")

    @classmethod
    def check_parameters(cls, values: Mapping[str, ParameterValue]) -> dict[str, str]:
        """Refuse a fast average that is not faster."""
        if not float(values["fast"]) < float(values["slow"]):
            return {"fast": "must be less than slow"}
        return {}

    def on_start(self) -> None:
        """Begin with empty averages."""
        self.fast_average, self.slow_average = Sma(self.fast), Sma(self.slow)
        self.is_above: bool | None = None

    def on_bar(self, bar: Bar) -> None:
        """Act on a cross of the averages of closed bars; averages that are equal count as below."""
        fast, slow = self.fast_average.update(bar.close), self.slow_average.update(bar.close)
        if fast is None or slow is None:
            return
        is_above = fast > slow
        if is_above is self.is_above:
            return
        was_above, self.is_above = self.is_above, is_above
        if is_above and was_above is False:
            self.buy(self.quantity)
        elif not is_above and was_above:
            self.close_position()
