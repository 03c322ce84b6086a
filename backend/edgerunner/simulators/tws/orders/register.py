"""Which order a client means by an id, and which id it may use next."""

from collections import defaultdict
from typing import Final

from edgerunner.simulators.tws.orders.identity import Owner, owner_of
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import HistoryQuery, OrderChanged, VenueEvent, VenueOrder

FIRST_ORDER_ID: Final = 1
_PAGE: Final = 1_000


class OrderRegister:
    """The orders of every client by its ids; made anew from the venue's ledger, so that it survives everything."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._orders: dict[Owner, tuple[str, str]] = {}
        self._highest: defaultdict[int, int] = defaultdict(lambda: FIRST_ORDER_ID - 1)
        self.restore()

    def restore(self) -> None:
        """Read the ledger: what was known before is forgotten, ids used for orders that it does not have included."""
        self._orders.clear()
        self._highest.clear()
        for account_id in self._venue.accounts:
            before: int | None = None
            while page := self._venue.order_history(HistoryQuery(account_id=account_id, limit=_PAGE, before=before)):
                before = page[-1].number
                for order in page:
                    self._note(order, is_newer=False)

    def on_event(self, event: VenueEvent) -> None:
        """Take note of a new order."""
        if isinstance(event, OrderChanged):
            self._note(event.order, is_newer=True)

    def find(self, owner: Owner) -> VenueOrder | None:
        """Return the latest order of a client's id as it stands, None when there is none."""
        known = self._orders.get(owner)
        if known is None:
            return None
        account_id, order_id = known
        found = self._venue.find_order(account_id, order_id=order_id)
        if found is not None:
            return found
        rows = self._venue.order_history(HistoryQuery(account_id=account_id, order_id=order_id, limit=1))
        return rows[0] if rows else None

    def use(self, owner: Owner) -> None:
        """Take note that a client has used an id."""
        self._highest[owner.client_id] = max(self._highest[owner.client_id], owner.order_id)

    def is_used(self, owner: Owner) -> bool:
        """Tell whether an id is not above all that a client has used."""
        return owner.order_id <= self._highest[owner.client_id]

    def next_order_id(self, client_id: int) -> int:
        """Return the smallest order id that a client may use; every client id has a number line of its own."""
        return self._highest[client_id] + 1

    def roll_back(self, count: int) -> None:
        """Let the next id of every client fall back by ``count``, as after a restart that forgot some."""
        for client_id, highest in self._highest.items():
            self._highest[client_id] = max(FIRST_ORDER_ID - 1, highest - count)

    def _note(self, order: VenueOrder, *, is_newer: bool) -> None:
        owner = owner_of(order)
        if owner is None:
            return
        if is_newer or owner not in self._orders:
            self._orders[owner] = (order.account_id, order.order_id)
        if is_newer and not order.live:
            return
        self.use(owner)
