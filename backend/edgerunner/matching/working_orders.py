"""Our orders of one instrument against a market that is only observed: quotes, depth, trades, marks.

The rules, for local execution and for backtests on ticks or books alike:

* An order that can trade when it meets the market takes what is shown, level by level (``quote_fill``).
* What rests fills at its own price, as maker: when the opposite quote reaches its limit, by the size shown there,
  and when the market trades through its limit, by the size traded.
* At its limit itself a trade fills it only after all that was shown there before it: the place in the queue is at
  the end of what was shown, trades shorten the queue, and a smaller shown size shortens it to that size.
* A trigger is met by what its source says; the order then meets the market like a new one, on fresh data only: a
  book that is too old, or that a later trade has proven outdated, waits for its successor.
* Reduce-only orders never fill more than the position, and end when there is nothing to reduce.
* Our own orders never meet each other: every fill comes from the market.

Orders fill best price first, then oldest first. Nothing here reads a clock: ``now_ns`` is an argument.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgerunner.matching.execution import decide
from edgerunner.matching.quote_fill import UNLIMITED, Assumptions, Level, ShownBook
from edgerunner.matching.words import Side, opposite
from edgerunner.matching.working_order import (
    Added,
    Canceled,
    Changed,
    Expired,
    Filled,
    OrderEvent,
    Triggered,
    TriggerSource,
    WorkingOrder,
    exit_orders,
    followed,
)

SIDES: tuple[Side, Side] = ("buy", "sell")


class WorkingOrders:
    """Working orders of one instrument and one position; every method returns what happened, in order.

    ``position``: signed lots held, kept up to date by the fills.
    """

    def __init__(self, *, assumptions: Assumptions | None = None, position: int = 0) -> None:
        self.position = position
        self.shown = ShownBook()
        self._assumptions = assumptions or Assumptions()
        self._prices: dict[TriggerSource, int] = {}
        self._orders: dict[str, WorkingOrder] = {}
        self._queue: dict[str, int] = {}
        self._resting: dict[Side, list[WorkingOrder]] = {"buy": [], "sell": []}
        self._is_indexed = True
        self._events: list[OrderEvent] = []

    @property
    def orders(self) -> tuple[WorkingOrder, ...]:
        """Return the live orders, oldest first."""
        return tuple(self._orders.values())

    def get(self, order_id: str) -> WorkingOrder | None:
        """Return a live order."""
        return self._orders.get(order_id)

    def last(self, source: TriggerSource, side: Side) -> int | None:
        """Return the newest price that a trigger of an order of ``side`` with this source saw."""
        return self.shown.price_for(side) if source == "quote" else self._prices.get(source)

    def is_fresh(self, now_ns: int) -> bool:
        """Tell whether the market shown may be traded on."""
        return self.shown.is_fresh(now_ns, self._assumptions)

    def is_recent(self, now_ns: int) -> bool:
        """Tell whether an order may wait for the next market: the last one was shown lately."""
        return self.shown.is_recent(now_ns, self._assumptions)

    def restore(self, orders: Iterable[WorkingOrder]) -> None:
        """Take live orders back after a restart; they join the queues anew, at their ends."""
        self._orders = {order.order_id: order for order in orders}
        self._is_indexed = False

    # commands

    def add(self, order: WorkingOrder, now_ns: int) -> list[OrderEvent]:
        """Let an order work; raises ``ValueError`` for no lots or a known id."""
        if order.lots <= 0 or order.order_id in self._orders:
            raise ValueError(f"order {order.order_id} has no lots or works already")
        has_trigger = order.trigger is not None
        self._put(replace(order, is_waiting=has_trigger))
        self._events.append(Added(order=self._orders[order.order_id]))
        if not has_trigger:
            self._meet(order.order_id, now_ns)
        elif order.trail is not None:
            self._follow(order.order_id)
        return self._told()

    def cancel(self, order_id: str, reason: str = "canceled") -> list[OrderEvent]:
        """End an order; raises ``KeyError`` for one that does not work."""
        self._end(order_id, reason)
        return self._told()

    def modify(
        self,
        order_id: str,
        *,
        lots: int | None = None,
        limit: int | None = None,
        trigger: int | None = None,
        now_ns: int,
    ) -> list[OrderEvent]:
        """Change terms (None = leave; ``lots`` = the new total). A new price or more lots lose the place in the queue.

        Raises ``KeyError`` for an order that does not work, ``ValueError`` for a term that it has not, or lots that
        are not above what is filled.
        """
        order = self._orders[order_id]
        if lots is not None and lots <= order.filled:
            raise ValueError(f"{order.filled} lots are filled already")
        if (limit is not None and order.limit is None) or (trigger is not None and order.trigger is None):
            raise ValueError("the order has no such price")
        wanted = replace(order, lots=lots or order.lots, limit=order.limit if limit is None else limit)
        if trigger is not None and order.trigger is not None:
            wanted = replace(wanted, trigger=replace(order.trigger, price=trigger))
        keeps_place = wanted.limit == order.limit and wanted.lots <= order.lots
        self._put(wanted if keeps_place else replace(wanted, is_resting=False))
        self._events.append(Changed(order=wanted))
        if not keeps_place:
            self._queue.pop(order_id, None)
            if not wanted.is_waiting:
                self._meet(order_id, now_ns)
        return self._told()

    # the market

    def on_depth(self, bids: Sequence[Level], asks: Sequence[Level], now_ns: int) -> list[OrderEvent]:
        """Take in a book: (ticks, lots), best first; empty = nobody quotes that side."""
        self.shown.show(bids, asks, now_ns)
        if self._orders:
            self._expire(now_ns)
            self._requeue()
            self._fill_reached()
            self._watch("quote", now_ns)
            self._meet_due(now_ns)
        return self._told()

    def on_quote(
        self, bid: int | None, bid_lots: int | None, ask: int | None, ask_lots: int | None, *, now_ns: int
    ) -> list[OrderEvent]:
        """Take in a best quote; None for a size = not told, any size is assumed to fit."""
        bids = () if bid is None else ((bid, UNLIMITED if bid_lots is None else bid_lots),)
        asks = () if ask is None else ((ask, UNLIMITED if ask_lots is None else ask_lots),)
        return self.on_depth(bids, asks, now_ns)

    def on_trade(self, price: int, lots: int, taker_side: Side | None, now_ns: int) -> list[OrderEvent]:
        """Take in a public trade; ``taker_side`` None = not told, it may have hit either side."""
        self._prices["last"] = price
        self.shown.traded(price)
        if self._orders:
            self._expire(now_ns)
            for side in SIDES if taker_side is None else (opposite(taker_side),):
                self._fill_traded(side, price, lots)
            self._watch("last", now_ns)
        return self._told()

    def on_price(self, source: TriggerSource, price: int, now_ns: int) -> list[OrderEvent]:
        """Take in a last or mark price that carries no size: it triggers and fills nothing itself."""
        self._prices[source] = price
        if self._orders:
            self._expire(now_ns)
            self._watch(source, now_ns)
        return self._told()

    def on_time(self, now_ns: int) -> list[OrderEvent]:
        """Let the orders expire whose time is over, and end those that no market came for."""
        self._expire(now_ns)
        if not self.is_recent(now_ns):
            self._meet_due(now_ns)
        return self._told()

    # what is inside

    def _told(self) -> list[OrderEvent]:
        if not self._events:
            return []
        events, self._events = self._events, []
        return events

    def _put(self, order: WorkingOrder) -> None:
        self._orders[order.order_id] = order
        self._is_indexed = False

    def _index(self) -> dict[Side, list[WorkingOrder]]:
        """Return the resting orders of each side, best price first and oldest first at a price."""
        if not self._is_indexed:
            self._resting = {"buy": [], "sell": []}
            for order in self._orders.values():
                if order.is_resting and not order.is_waiting:
                    self._resting[order.side].append(order)
            self._resting["buy"].sort(key=lambda order: -(order.limit or 0))
            self._resting["sell"].sort(key=lambda order: order.limit or 0)
            self._is_indexed = True
        return self._resting

    def _allowed(self, order: WorkingOrder) -> int:
        """Return the lots that an order may still fill."""
        if not order.reduce_only:
            return order.left
        return min(order.left, max(0, -self.position if order.side == "buy" else self.position))

    def _meet(self, order_id: str, now_ns: int) -> None:
        """Let an order take what is shown; what is left rests or ends by its time in force."""
        order = self._orders[order_id]
        is_immediate = order.limit is None or order.time_in_force != "gtc"
        if not self.is_fresh(now_ns):
            if is_immediate and order.trigger is None and not self.is_recent(now_ns):
                self._end(order_id, "stale_market")
            return
        wanted = self._allowed(order)
        if not wanted:
            self._end(order_id, "reduce_only")
            return
        taker, plan = self.shown.plan(order.side, wanted, order.limit, self._assumptions)
        time_in_force = "post_only" if order.post_only else order.time_in_force
        outcome = decide(taker, plan, time_in_force, is_market=order.limit is None)
        for match in outcome.plan.matches:
            self.shown.against(order.side).take(match.price, match.lots)
            self._fill(order_id, match.price, match.lots, is_maker=False)
        if order_id not in self._orders:
            return
        if outcome.cancel_reason is not None:
            self._end(order_id, outcome.cancel_reason)
        else:
            self._rest(order_id)

    def _rest(self, order_id: str) -> None:
        order = replace(self._orders[order_id], is_resting=True)
        self._put(order)
        ahead = self.shown.beside(order.side).lots_at(order.limit or 0)
        if ahead is not None:
            self._queue[order_id] = ahead

    def _meet_due(self, now_ns: int) -> None:
        """Let orders meet the market that could not when they wanted to: it was stale."""
        for order in tuple(self._orders.values()):
            if not order.is_waiting and not order.is_resting and order.order_id in self._orders:
                self._meet(order.order_id, now_ns)

    def _requeue(self) -> None:
        """Shorten the queues before our resting orders to what is shown."""
        for side, resting in self._index().items():
            beside = self.shown.beside(side)
            for order in resting:
                shown = beside.lots_at(order.limit or 0)
                if shown is not None:
                    self._queue[order.order_id] = min(self._queue.get(order.order_id, shown), shown)

    def _fill_reached(self) -> None:
        """Fill resting orders that the opposite quote has reached."""
        for side in SIDES:
            for order in tuple(self._index()[side]):
                best, limit = self.shown.price_for(side), order.limit or 0
                if best is None or (best > limit if side == "buy" else best < limit):
                    break
                working = self._orders.get(order.order_id)
                if working is not None:
                    lots = self.shown.reach(side, self._allowed(working), limit)
                    if lots:
                        self._fill(order.order_id, limit, lots, is_maker=True)

    def _fill_traded(self, side: Side, price: int, lots: int) -> None:
        """Fill resting orders of a side through, or at, whose limit the market traded."""
        used = 0
        for order in tuple(self._index()[side]):
            limit = order.limit or 0
            if limit < price if side == "buy" else limit > price:
                return
            ahead = 0
            if limit == price:
                if order.order_id not in self._queue:
                    continue
                ahead = self._queue[order.order_id]
                self._queue[order.order_id] = max(0, ahead - (lots - used))
            working = self._orders.get(order.order_id)
            room = 0 if working is None else min(self._allowed(working), lots - used - ahead)
            if room > 0:
                used += room
                self._fill(order.order_id, limit, room, is_maker=True)

    def _watch(self, source: TriggerSource, now_ns: int) -> None:
        """Move what follows a source's price, and trigger what waited for it."""
        for order in tuple(self._orders.values()):
            if order.is_waiting and order.trigger is not None and order.trigger.source == source:
                price = self.last(source, order.side)
                working = self._orders.get(order.order_id)
                if price is None or working is None or working.trigger is None:
                    continue
                if working.trigger.is_met(price):
                    self._trigger(working, now_ns)
                elif working.trail is not None:
                    self._follow(working.order_id)

    def _trigger(self, order: WorkingOrder, now_ns: int) -> None:
        triggered = replace(order, is_waiting=False)
        self._put(triggered)
        self._events.append(Triggered(order=triggered))
        self._meet(order.order_id, now_ns)

    def _follow(self, order_id: str) -> None:
        order = self._orders[order_id]
        price = None if order.trigger is None else self.last(order.trigger.source, order.side)
        moved = order if price is None else followed(order, price)
        if moved is not order:
            self._put(moved)
            self._events.append(Changed(order=moved))

    def _expire(self, now_ns: int) -> None:
        for order in tuple(self._orders.values()):
            if order.expires_ns is not None and now_ns >= order.expires_ns:
                self._drop(order.order_id)
                self._events.append(Expired(order=order))

    def _fill(self, order_id: str, price: int, lots: int, *, is_maker: bool) -> None:
        before = self._orders[order_id]
        order = replace(before, filled=before.filled + lots)
        self.position += lots if order.side == "buy" else -lots
        self._put(order)
        if not order.left:
            self._drop(order_id)
        self._events.append(Filled(order=order, price=price, lots=lots, is_maker=is_maker))
        self._lower_siblings(order, lots)
        self._protect(order, lots)
        self._end_unneeded()

    def _lower_siblings(self, order: WorkingOrder, lots: int) -> None:
        """Take what one of a pair filled off the other; without anything left it ends."""
        if order.oco_id is None:
            return
        for sibling in tuple(self._orders.values()):
            if sibling.oco_id == order.oco_id and sibling.order_id != order.order_id:
                if sibling.left <= lots:
                    self._end(sibling.order_id, "oco")
                else:
                    self._put(replace(sibling, lots=sibling.lots - lots))
                    self._events.append(Changed(order=self._orders[sibling.order_id]))

    def _protect(self, parent: WorkingOrder, lots: int) -> None:
        """Make or enlarge the exits of what a parent filled."""
        if parent.exits is None:
            return
        untouched = [
            order for order in self._orders.values() if order.parent_id == parent.order_id and not order.filled
        ]
        waiting = [order for order in untouched if order.is_waiting]
        if waiting and len(waiting) == (parent.exits.take_profit is not None) + (parent.exits.stop is not None):
            for child in waiting:
                self._put(replace(child, lots=child.lots + lots))
                self._events.append(Changed(order=self._orders[child.order_id]))
            return
        for child in exit_orders(parent, lots):
            self._put(child)
            self._events.append(Added(order=child))

    def _end_unneeded(self) -> None:
        """End exits and active reduce-only orders that have nothing left to reduce."""
        for order in tuple(self._orders.values()):
            is_active = order.parent_id is not None or not order.is_waiting
            if order.reduce_only and is_active and order.order_id in self._orders and not self._allowed(order):
                self._end(order.order_id, "reduce_only")

    def _end(self, order_id: str, reason: str) -> None:
        order = self._orders[order_id]
        self._drop(order_id)
        self._events.append(Canceled(order=order, reason=reason))

    def _drop(self, order_id: str) -> None:
        del self._orders[order_id]
        self._queue.pop(order_id, None)
        self._is_indexed = False
