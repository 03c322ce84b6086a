"""A strategy that somebody else thinks for."""

from edgerunner.strategies.parameters import parameter
from edgerunner.strategies.strategy import Strategy


class SignalStrategy(Strategy):
    """Trades the alerts that are posted to ``/signals/<strategy_id>``; it decides nothing by itself.

    Signals count while the strategy runs. They are acted on by the API, not by this class, so in a backtest it
    does nothing.
    """

    quantity: float = parameter(0.0, minimum=0, description="size when a signal names none; 0 = every signal must")
    maximum_quantity: float = parameter(0.0, minimum=0, description="largest size of one signal; 0 = no limit")
