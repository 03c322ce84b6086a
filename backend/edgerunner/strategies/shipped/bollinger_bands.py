"""Mean reversion from Bollinger's bands."""

from edgerunner.strategies.indicators import BollingerBands
from edgerunner.strategies.market_data import Bar
from edgerunner.strategies.parameters import parameter
from edgerunner.strategies.strategy import Strategy


class BollingerReversion(Strategy):
    """Buys a close below the lower band and sells when the price is back at the middle band.

    With ``allow_short`` it also sells a close above the upper band and buys back at the middle. One position at a time;
    what is held and what is on its way are asked from the host at every bar, so a restart neither doubles nor forgets.
    """

    period: int = parameter(20, minimum=2, maximum=1000, description="bars of the middle band")
    width: float = parameter(2.0, exclusive_minimum=0, maximum=10, description="standard deviations to either band")
    quantity: float = parameter(1.0, exclusive_minimum=0, description="size of a position")
    allow_short: bool = parameter(default=False, description="trade closes above the upper band from the short side")

    def on_start(self) -> None:
        """Begin with empty bands; the host replays history."""
        self.bands = BollingerBands(self.period, self.width)

    def on_bar(self, bar: Bar) -> None:
        """Trade on the bands that include the closed bar."""
        if bar.instrument_id != self.instrument_id:
            return
        middle = self.bands.update(bar.close)
        if middle is None or self.open_orders:
            return
        held = self.position.quantity
        if held == 0:
            self._enter(bar.close)
        elif (held > 0 and bar.close >= middle) or (held < 0 and bar.close <= middle):
            self.close_position()

    def _enter(self, close: float) -> None:
        lower, upper = self.bands.lower, self.bands.upper
        if lower is not None and close < lower:
            self.buy(self.quantity)
        elif upper is not None and close > upper and self.allow_short:
            self.sell(self.quantity)
