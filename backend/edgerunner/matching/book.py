"""Order book with price-time priority, in ticks and lots."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edgerunner.matching.words import SelfMatchRule, Side, opposite


@dataclass(slots=True, kw_only=True)
class RestingOrder:
    """An order in the book; ``lots`` = what is left of it, ``leg`` = the position of its owner that it belongs to."""

    order_id: str
    owner: str
    side: Side
    price: int
    lots: int
    reduce_only: bool = False
    leg: str = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """An order that meets the book. ``limit`` None = any price."""

    owner: str
    side: Side
    lots: int
    limit: int | None
    self_match: SelfMatchRule = SelfMatchRule.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One trade at the maker's price; ``maker_id`` None = liquidity from outside the book."""

    price: int
    lots: int
    maker_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a taker would trade now, and what a self-match rule cancels."""

    matches: tuple[Match, ...]
    canceled_makers: tuple[str, ...] = ()
    taker_canceled: bool = False

    @property
    def lots(self) -> int:
        """Return the quantity of all matches."""
        return sum(match.lots for match in self.matches)


Usable = Callable[[RestingOrder, int], int]
"""How many of the wanted lots of a maker may trade; asked in priority order, once per maker."""


class OrderBook:
    """Resting orders of one instrument. Prices are signed for bids so that each side sorts best first."""

    def __init__(self) -> None:
        self._orders: dict[str, RestingOrder] = {}
        self._prices: dict[Side, list[int]] = {"buy": [], "sell": []}
        self._levels: dict[Side, dict[int, dict[str, RestingOrder]]] = {"buy": {}, "sell": {}}

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._orders

    def get(self, order_id: str) -> RestingOrder:
        """Return a resting order; raises ``KeyError``."""
        return self._orders[order_id]

    def add(self, order: RestingOrder) -> None:
        """Queue an order behind the others at its price; raises ``ValueError`` for no lots or a known id."""
        if order.lots <= 0 or order.order_id in self._orders:
            raise ValueError(f"order {order.order_id} has no lots or is in the book already")
        key = _sort_key(order.side, order.price)
        levels = self._levels[order.side]
        if key not in levels:
            insort(self._prices[order.side], key)
            levels[key] = {}
        levels[key][order.order_id] = order
        self._orders[order.order_id] = order

    def remove(self, order_id: str) -> RestingOrder:
        """Take an order out; raises ``KeyError``."""
        order = self._orders.pop(order_id)
        key = _sort_key(order.side, order.price)
        level = self._levels[order.side][key]
        del level[order_id]
        if not level:
            del self._levels[order.side][key]
            prices = self._prices[order.side]
            del prices[bisect_left(prices, key)]
        return order

    def reduce(self, order_id: str, lots: int) -> None:
        """Take ``lots`` off an order, which keeps its place; an order without lots leaves the book."""
        order = self._orders[order_id]
        if not 0 < lots <= order.lots:
            raise ValueError(f"cannot take {lots} of {order.lots} lots of order {order_id}")
        order.lots -= lots
        if not order.lots:
            self.remove(order_id)

    def best(self, side: Side) -> int | None:
        """Return the best price of a side, None when it is empty."""
        prices = self._prices[side]
        return abs(prices[0]) if prices else None

    def levels(self, side: Side, depth: int) -> list[tuple[int, int]]:
        """Return up to ``depth`` (price, lots) of a side, best first."""
        found = self._levels[side]
        return [(abs(key), sum(order.lots for order in found[key].values())) for key in self._prices[side][:depth]]

    def orders(self, side: Side) -> Iterator[RestingOrder]:
        """Yield the orders of a side in the order in which they trade."""
        levels = self._levels[side]
        for key in self._prices[side]:
            yield from levels[key].values()

    def plan(self, taker: Taker, outside: Iterable[tuple[int, int]] = (), usable: Usable | None = None) -> Plan:
        """Return what ``taker`` would trade, changing nothing.

        ``outside`` are further levels (price, lots) of the opposite side, best first; at one price the orders in
        the book come first. ``usable`` may hold makers back (reduce-only ones, for instance).
        """
        left = taker.lots
        matches: list[Match] = []
        canceled: list[str] = []
        for price, lots, maker in self._opposite(taker, outside):
            if not left or _is_beyond(taker, price):
                break
            if maker is not None and maker.owner == taker.owner and taker.self_match is not SelfMatchRule.NONE:
                if taker.self_match is not SelfMatchRule.CANCEL_TAKER:
                    canceled.append(maker.order_id)
                if taker.self_match is not SelfMatchRule.CANCEL_MAKER:
                    return Plan(matches=tuple(matches), canceled_makers=tuple(canceled), taker_canceled=True)
                continue
            wanted = min(left, lots)
            if maker is not None and usable is not None:
                wanted = usable(maker, wanted)
            if wanted:
                matches.append(Match(price=price, lots=wanted, maker_id=maker.order_id if maker else None))
                left -= wanted
        return Plan(matches=tuple(matches), canceled_makers=tuple(canceled))

    def match(self, taker: Taker, outside: Iterable[tuple[int, int]] = (), usable: Usable | None = None) -> Plan:
        """Return the plan of ``taker`` and take its matches and canceled makers out of the book."""
        plan = self.plan(taker, outside, usable)
        self.apply(plan)
        return plan

    def apply(self, plan: Plan) -> None:
        """Take the matches and canceled makers of ``plan`` out of the book."""
        for match in plan.matches:
            if match.maker_id is not None:
                self.reduce(match.maker_id, match.lots)
        for order_id in plan.canceled_makers:
            self.remove(order_id)

    def _opposite(
        self, taker: Taker, outside: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[int, int, RestingOrder | None]]:
        side = opposite(taker.side)
        others = ((price, lots, None) for price, lots in outside)
        if not self._prices[side]:
            return others
        own = ((order.price, order.lots, order) for order in self.orders(side))
        return heapq.merge(own, others, key=lambda row: _sort_key(side, row[0]))


def _sort_key(side: Side, price: int) -> int:
    return -price if side == "buy" else price


def _is_beyond(taker: Taker, price: int) -> bool:
    if taker.limit is None:
        return False
    return price > taker.limit if taker.side == "buy" else price < taker.limit
