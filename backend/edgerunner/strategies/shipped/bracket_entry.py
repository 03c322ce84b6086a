"""A limit entry below the market with a target and a stop."""

from edgerunner.strategies.intents import OrderHandle
from edgerunner.strategies.market_data import Bar
from edgerunner.strategies.parameters import parameter
from edgerunner.strategies.strategy import Strategy


class BracketEntry(Strategy):
    """While flat, bids a little below the close for some bars; target and stop are attached to the entry."""

    quantity: float = parameter(1.0, exclusive_minimum=0, description="how much to buy")
    discount: float = parameter(0.0005, exclusive_minimum=0, maximum=0.5, description="of the entry below the close")
    target: float = parameter(0.003, exclusive_minimum=0, maximum=10, description="of the take-profit above the entry")
    risk: float = parameter(0.002, exclusive_minimum=0, maximum=0.9, description="of the stop below the entry")
    patience: int = parameter(10, minimum=1, maximum=10_000, description="bars that an entry may wait")

    def on_start(self) -> None:
        """Begin without an entry."""
        self.entry: OrderHandle | None = None
        self.tick = float(self.instrument().tick_size)

    def on_bar(self, bar: Bar) -> None:
        """Bid when neither an entry is open nor a position."""
        entry = self.entry
        if (entry is not None and entry.is_open) or self.position.quantity:
            return
        limit = round(bar.close * (1 - self.discount) / self.tick) * self.tick
        self.entry = self.buy(
            self.quantity,
            limit=limit,
            take_profit=limit * (1 + self.target),
            stop_loss=limit * (1 - self.risk),
            expire_after_bars=self.patience,
        )
