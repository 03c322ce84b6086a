"""What orders and positions do as the market moves."""

from collections.abc import Mapping

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.aftermath import Aftermath
from edgerunner.simulators.books import SymbolBook
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.risk import Risk
from edgerunner.simulators.routing import Routing
from edgerunner.simulators.triggers import Triggers
from edgerunner.simulators.work import Work


class Reactions:
    """What every price a market visits does: orders expire, are held or freed, fill, are triggered, or liquidated."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        engine: Engine,
        routing: Routing,
        triggers: Triggers,
        aftermath: Aftermath,
        risk: Risk,
    ) -> None:
        self._accounts = accounts
        self._engine = engine
        self._routing = routing
        self._triggers = triggers
        self._aftermath = aftermath
        self._risk = risk

    def are_due(self, symbol: str) -> bool:
        """Tell whether a symbol has anything that reacts to its price."""
        has_orders = self._engine.are_resting(symbol) or self._triggers.are_waiting(symbol)
        return has_orders or any(account.has_position(symbol) for account in self._accounts.values())

    def on_market(self, work: Work, book: SymbolBook, price_ticks: int) -> None:
        """React to one price; the book stands at the quote that belongs to it."""
        if not self.are_due(book.symbol):
            return
        with exact_arithmetic():
            self._routing.judge(work, book.symbol, book.step * STEP_NS)
            self._aftermath.follow(work)
            self._engine.cross_market(work, book.symbol)
            self._aftermath.follow(work)
            self._triggers.on_market(work, book.symbol, price_ticks)
            self._aftermath.follow(work)
            self._risk.enforce(work, book.symbol)
            self._aftermath.follow(work)
