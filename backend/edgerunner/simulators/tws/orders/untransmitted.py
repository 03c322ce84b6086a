"""Orders and changes that clients have not transmitted yet: they exist in TWS alone, and are forgotten with it."""

from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.orders.identity import Owner
from edgerunner.simulators.tws.orders.status import Status
from edgerunner.simulators.tws.wire.orders import OrderStatus, PlaceOrder

_ZERO: Final = Decimal(0)


class Untransmitted:
    """The latest untransmitted request of every id."""

    def __init__(self) -> None:
        self._requests: dict[Owner, PlaceOrder] = {}

    def __contains__(self, owner: Owner) -> bool:
        return owner in self._requests

    def park(self, owner: Owner, request: PlaceOrder) -> None:
        """Keep a request until it is transmitted, in place of an earlier one of the same id."""
        self._requests[owner] = request

    def drop(self, owner: Owner) -> PlaceOrder | None:
        """Forget and return the request of an id."""
        return self._requests.pop(owner, None)

    def drop_all(self, client_id: int) -> list[tuple[Owner, PlaceOrder]]:
        """Forget and return the requests of a client."""
        own = [owner for owner in self._requests if owner.client_id == client_id]
        return [(owner, self._requests.pop(owner)) for owner in own]

    def take_family(self, owner: Owner, request: PlaceOrder) -> list[tuple[Owner, PlaceOrder]]:
        """Take out what goes out together with a request, parents before children: its parent, children, siblings."""
        kin = [each for each in self._requests if _is_kin(each, self._requests[each], owner, request)]
        return [(each, self._requests.pop(each)) for each in sorted(kin, key=lambda each: each.order_id)]

    def clear(self) -> None:
        """Forget everything."""
        self._requests.clear()


def status_of_dropped(owner: Owner, quantity: Decimal | None) -> OrderStatus:
    """Return the status of an order that was canceled before it was transmitted: it has no permanent id."""
    return OrderStatus(
        order_id=owner.order_id,
        status=Status.API_CANCELLED,
        filled=_ZERO,
        remaining=quantity or _ZERO,
        average_price=_ZERO,
        perm_id=0,
        parent_id=0,
        last_price=_ZERO,
        client_id=owner.client_id,
        why_held="",
        cap_price=_ZERO,
    )


def _is_kin(owner: Owner, request: PlaceOrder, other: Owner, wanted: PlaceOrder) -> bool:
    if owner.client_id != other.client_id or owner.order_id == other.order_id:
        return False
    parent_id = wanted.order.parent_id or other.order_id
    return parent_id in {owner.order_id, request.order.parent_id}
