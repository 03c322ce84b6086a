"""Mean reversion by the relative strength index."""

from collections.abc import Mapping

from edgerunner.strategies.indicators import Rsi
from edgerunner.strategies.market_data import Bar
from edgerunner.strategies.parameters import ParameterValue, parameter
from edgerunner.strategies.strategy import Strategy


class RsiReversion(Strategy):
    """Buys when the relative strength index is oversold and sells when it is back at its middle.

    With ``allow_short`` it also sells short when overbought and buys back at the middle. One position at a time; what
    is held and what is on its way are asked from the host at every bar, so a restart neither doubles nor forgets.
    """

    period: int = parameter(14, minimum=2, maximum=500, description="bars over which gains and losses are averaged")
    oversold: float = parameter(30.0, exclusive_minimum=0, exclusive_maximum=100, description="buy below this index")
    overbought: float = parameter(70.0, exclusive_minimum=0, exclusive_maximum=100, description="sell above this index")
    exit_level: float = parameter(50.0, exclusive_minimum=0, exclusive_maximum=100, description="leave at this index")
    quantity: float = parameter(1.0, exclusive_minimum=0, description="size of a position")
    allow_short: bool = parameter(default=False, description="trade overbought markets from the short side")

    @classmethod
    def check_parameters(cls, values: Mapping[str, ParameterValue]) -> dict[str, str]:
        """Demand oversold < exit_level < overbought."""
        if not values["oversold"] < values["exit_level"] < values["overbought"]:  # type: ignore[operator]
            return {"exit_level": "must lie between oversold and overbought"}
        return {}

    def on_start(self) -> None:
        """Begin with an empty index; the host replays history."""
        self.index = Rsi(self.period)

    def on_bar(self, bar: Bar) -> None:
        """Trade on the index of the closed bar."""
        if bar.instrument_id != self.instrument_id:
            return
        index = self.index.update(bar.close)
        if index is None or self.open_orders:
            return
        held = self.position.quantity
        if held == 0:
            self._enter(index)
        elif (held > 0 and index >= self.exit_level) or (held < 0 and index <= self.exit_level):
            self.close_position()

    def _enter(self, index: float) -> None:
        if index < self.oversold:
            self.buy(self.quantity)
        elif index > self.overbought and self.allow_short:
            self.sell(self.quantity)
