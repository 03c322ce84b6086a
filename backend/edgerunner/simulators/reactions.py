"""What orders and positions do as the market moves."""

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.aftermath import Aftermath
from edgerunner.simulators.books import SymbolBook
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.triggers import Triggers
from edgerunner.simulators.work import Work


class Reactions:
    """Resting orders fill, triggers fire, and all that follows, at every price a market visits."""

    def __init__(self, engine: Engine, triggers: Triggers, aftermath: Aftermath) -> None:
        self._engine = engine
        self._triggers = triggers
        self._aftermath = aftermath

    def are_due(self, symbol: str) -> bool:
        """Tell whether a symbol has anything that reacts to its price."""
        return self._engine.are_resting(symbol) or self._triggers.are_waiting(symbol)

    def on_market(self, work: Work, book: SymbolBook, price_ticks: int) -> None:
        """React to one price; the book stands at the quote that belongs to it."""
        if not self.are_due(book.symbol):
            return
        with exact_arithmetic():
            self._engine.cross_market(work, book.symbol)
            self._aftermath.follow(work)
            self._triggers.on_market(work, book.symbol, price_ticks)
            self._aftermath.follow(work)
