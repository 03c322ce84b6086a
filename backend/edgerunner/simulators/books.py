"""The book of one symbol as it stands at one market step: users' orders and the generated levels together."""

import itertools
from collections.abc import Iterator

from edgerunner.matching.book import OrderBook
from edgerunner.matching.words import Side
from edgerunner.simulators.market import Market
from edgerunner.simulators.venue_types import Level


class SymbolBook:
    """Users' resting orders plus generated liquidity.

    What a user takes from a generated level stays taken until the next step. ``version`` changes with every change
    of the depth. ``parked`` orders are live but trade by hand only (the ``partial_fill`` fault leaves them so).
    """

    def __init__(self, symbol: str, market: Market) -> None:
        self.symbol = symbol
        self.book = OrderBook()
        self.parked: set[str] = set()
        self.step = -1
        self.version = 0
        self.bid = self.ask = 0
        self.reduce_only_count = 0
        self._market = market
        self._taken: dict[Side, dict[int, int]] = {"buy": {}, "sell": {}}
        self._depth: tuple[int, int, tuple[list[Level], list[Level]]] = (-1, 0, ([], []))

    def move_to(self, step: int, bid: int, ask: int) -> None:
        """Stand at another step: the generated levels are whole again."""
        self.step, self.bid, self.ask = step, bid, ask
        self._taken = {"buy": {}, "sell": {}}
        self.version += 1

    def changed(self) -> None:
        """Take note that users' orders changed."""
        self.version += 1

    def outside(self, side: Side) -> Iterator[Level]:
        """Yield the generated levels of a side that are left, best first."""
        taken = self._taken[side]
        best = self.bid if side == "buy" else self.ask
        for price, lots in self._market.levels(self.symbol, side, best, self.step):
            left = lots - taken.get(price, 0)
            if left > 0:
                yield price, left

    def take(self, side: Side, price: int, lots: int) -> None:
        """Take lots from a generated level."""
        taken = self._taken[side]
        taken[price] = taken.get(price, 0) + lots
        self.version += 1

    def depth(self, levels: int) -> tuple[list[Level], list[Level]]:
        """Return bids and asks, best first, the users' orders and the generated levels added up."""
        version, known, sides = self._depth
        if version != self.version or known < levels:
            sides = (self._side("buy", levels), self._side("sell", levels))
            self._depth = (self.version, levels, sides)
        return sides[0][:levels], sides[1][:levels]

    def _side(self, side: Side, levels: int) -> list[Level]:
        generated = list(itertools.islice(self.outside(side), levels))
        own = self.book.levels(side, levels)
        if not own:
            return generated
        total: dict[int, int] = {}
        for price, lots in (*generated, *own):
            total[price] = total.get(price, 0) + lots
        return sorted(total.items(), reverse=side == "buy")[:levels]
