"""How much of what the market shows is left for us: quotes and depth as liquidity, in ticks and lots.

The real market does not know our orders, so a level that we took from is shown again as if nothing had happened.
What we took is therefore remembered by price for as long as the level stays in view; only what a level grows by is
new. A level that left the view and comes back counts as new.

Where the data end, an assumption begins, and it is written in ``Assumptions``: a market order that needs more than
is shown goes on through further levels of the last shown size. Limit orders never use assumed levels. These levels are
assumed anew each time the book is shown: nobody can see what we took of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgerunner.matching.book import OrderBook, Plan, Taker
from edgerunner.matching.words import Side

Level = tuple[int, int]
"""Price in ticks and size in lots."""

UNLIMITED = 10**18
"""The size of a quote that comes without one: an order of any size is assumed to fit."""

_NO_ORDERS = OrderBook()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is assumed where the market's data end.

    Attributes:
        beyond_levels: How many levels a market order may go past the last shown one, each as large as that one.
        beyond_ticks: How far apart they lie.
        stale_after_ns: Age from which shown liquidity is not traded on. None = it never ages, nor is it outdated by
            trades (history, where quote and trade come together).
    """

    beyond_levels: int = 50
    beyond_ticks: int = 1
    stale_after_ns: int | None = None


class ShownSide:
    """One side of a book as last shown, best first, less what we took of it."""

    __slots__ = ("_away", "_levels", "_taken", "side")

    def __init__(self, side: Side) -> None:
        self.side = side
        self._away = 1 if side == "sell" else -1
        self._levels: Sequence[Level] = ()
        self._taken: dict[int, int] = {}

    @property
    def best(self) -> int | None:
        """Return the best shown price, whether or not we took all of it."""
        return self._levels[0][0] if self._levels else None

    def show(self, levels: Sequence[Level]) -> None:
        """Replace what is shown."""
        if self._taken:
            shown = dict(levels)
            self._taken = {price: min(lots, shown[price]) for price, lots in self._taken.items() if price in shown}
        self._levels = levels

    def take(self, price: int, lots: int) -> None:
        """Remember that we took ``lots`` at ``price``."""
        self._taken[price] = self._taken.get(price, 0) + lots

    def left(self) -> Iterator[Level]:
        """Yield what is left of the shown levels, best first."""
        for price, lots in self._levels:
            rest = lots - self._taken.get(price, 0)
            if rest > 0:
                yield price, rest

    def left_and_assumed(self, assumptions: Assumptions) -> Iterator[Level]:
        """Yield what is left of the shown levels and then of the assumed ones behind them."""
        yield from self.left()
        if not self._levels:
            return
        price, lots = self._levels[-1]
        for _ in range(assumptions.beyond_levels):
            price += self._away * assumptions.beyond_ticks
            if price <= 0:
                return
            rest = lots - self._taken.get(price, 0)
            if rest > 0:
                yield price, rest

    def lots_at(self, price: int) -> int | None:
        """Return the size shown at a price: 0 where nothing is, None beyond what is shown."""
        if not self._levels or (price - self._levels[-1][0]) * self._away > 0:
            return None
        return next((lots for shown, lots in self._levels if shown == price), 0)


class ShownBook:
    """Both sides of one instrument's market, and when it was last shown (UTC nanoseconds)."""

    __slots__ = ("asks", "bids", "is_outdated", "shown_ns")

    def __init__(self) -> None:
        self.bids = ShownSide("buy")
        self.asks = ShownSide("sell")
        self.shown_ns: int | None = None
        self.is_outdated = False

    def show(self, bids: Sequence[Level], asks: Sequence[Level], now_ns: int) -> None:
        """Replace what is shown; sizes in lots, best first."""
        self.bids.show(bids)
        self.asks.show(asks)
        self.shown_ns = now_ns
        self.is_outdated = False

    def traded(self, price: int) -> None:
        """Take note of a trade: one outside of the shown spread proves that the book has changed meanwhile.

        Nothing is taken from it then until it is shown anew.
        """
        bid, ask = self.bids.best, self.asks.best
        if (bid is not None and price < bid) or (ask is not None and price > ask):
            self.is_outdated = True

    def is_fresh(self, now_ns: int, assumptions: Assumptions) -> bool:
        """Tell whether the market may be traded on."""
        if assumptions.stale_after_ns is not None and self.is_outdated:
            return False
        return self.is_recent(now_ns, assumptions)

    def is_recent(self, now_ns: int, assumptions: Assumptions) -> bool:
        """Tell whether the market was shown lately, though a trade may prove that it has changed since."""
        if self.shown_ns is None:
            return False
        return assumptions.stale_after_ns is None or now_ns - self.shown_ns <= assumptions.stale_after_ns

    def against(self, side: Side) -> ShownSide:
        """Return the side that an order of ``side`` trades with."""
        return self.asks if side == "buy" else self.bids

    def beside(self, side: Side) -> ShownSide:
        """Return the side on which an order of ``side`` rests."""
        return self.bids if side == "buy" else self.asks

    def price_for(self, side: Side) -> int | None:
        """Return the best price at which an order of ``side`` could trade now."""
        return self.against(side).best

    def plan(self, side: Side, lots: int, limit: int | None, assumptions: Assumptions) -> tuple[Taker, Plan]:
        """Return an order as taker and what it would trade now; a market order (no limit) uses assumed levels too."""
        taker = Taker(owner="", side=side, lots=lots, limit=limit)
        opposite = self.against(side)
        levels = opposite.left() if limit is not None else opposite.left_and_assumed(assumptions)
        return taker, _NO_ORDERS.plan(taker, levels)

    def reach(self, side: Side, lots: int, limit: int) -> int:
        """Take up to ``lots`` that reach a resting order's price out of the opposite side; return how many."""
        _, plan = self.plan(side, lots, limit, Assumptions())
        for match in plan.matches:
            self.against(side).take(match.price, match.lots)
        return plan.lots
