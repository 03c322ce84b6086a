"""Where an account keeps its orders: live ones, waiting ones, and the bounded view of recently closed ones."""

from collections import OrderedDict
from collections.abc import Iterator

from edgerunner.simulators.venue_types import VenueOrder

RECENT_ORDERS = 500
"""Closed orders kept in the recent view, per product; the ledger keeps all of them."""


class OrderIndex:
    """Live orders (waiting ones apart by symbol), and the bounded view of recently closed ones."""

    def __init__(self) -> None:
        self._live: dict[str, VenueOrder] = {}
        self._recent: dict[str, OrderedDict[str, VenueOrder]] = {}
        self._keys: dict[str, str] = {}
        self._live_count: dict[str, int] = {}
        self._waiting: dict[str, dict[str, VenueOrder]] = {}

    def put(self, product: str, order: VenueOrder) -> None:
        """File an order under its latest state."""
        was_live = order.order_id in self._live
        if order.client_key is not None:
            self._keys[order.client_key] = order.order_id
        if order.live:
            self._live[order.order_id] = order
        else:
            self._live.pop(order.order_id, None)
            self._close(self._recent.setdefault(product, OrderedDict()), order)
        waiting = self._waiting.setdefault(order.symbol, {})
        if order.is_waiting:
            waiting[order.order_id] = order
        else:
            waiting.pop(order.order_id, None)
        change = int(order.live) - int(was_live)
        if change:
            self._live_count[order.symbol] = self._live_count.get(order.symbol, 0) + change

    def live(self) -> Iterator[VenueOrder]:
        """Yield the live orders, oldest first."""
        return iter(self._live.values())

    def live_count(self, symbol: str) -> int:
        """Return how many orders of a symbol can trade now."""
        return self._live_count.get(symbol, 0) - len(self._waiting.get(symbol, ()))

    def waiting(self, symbol: str) -> list[VenueOrder]:
        """Return the orders of a symbol that wait for a trigger, oldest first."""
        return list(self._waiting.get(symbol, {}).values())

    def recent(self) -> list[VenueOrder]:
        """Return the recently closed orders, the newest closed first."""
        closed = [order for view in self._recent.values() for order in view.values()]
        return sorted(closed, key=lambda order: order.sequence, reverse=True)

    def get_live(self, order_id: str) -> VenueOrder | None:
        """Return a live order."""
        return self._live.get(order_id)

    def find(self, order_id: str | None, client_key: str | None) -> VenueOrder | None:
        """Return a live or recently closed order; the order id wins over the client key."""
        if order_id is None:
            order_id = self._keys.get(client_key) if client_key is not None else None
        if order_id is None:
            return None
        found = self._live.get(order_id)
        views = (view.get(order_id) for view in self._recent.values())
        return found or next((order for order in views if order is not None), None)

    def forget_closed(self) -> None:
        """Empty the view of closed orders."""
        self._recent.clear()
        self._keys = {order.client_key: order.order_id for order in self.live() if order.client_key is not None}

    def _close(self, view: OrderedDict[str, VenueOrder], order: VenueOrder) -> None:
        view[order.order_id] = order
        if len(view) > RECENT_ORDERS:
            _, oldest = view.popitem(last=False)
            if oldest.client_key is not None and self._keys.get(oldest.client_key) == oldest.order_id:
                del self._keys[oldest.client_key]
