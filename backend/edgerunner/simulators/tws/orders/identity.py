"""Ids that TWS gives: permanent order ids, execution ids, and whose order an order is."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.tws.wire.codec import HIGHEST_VERSION, REQUESTS
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.venue_types import VenueOrder

_PERM_IDS: Final = 1_000_000
_BLOCKS: Final = 2_000
_REMEMBERED: Final = 4_096
_FRAME: Final = "frame"
_CLIENT_ID: Final = "client_id"
_ORDER_ID: Final = "order_id"
_REJECTION: Final = "rejection"
_WANT_OF_MARGIN: Final = (
    "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
    "MUST EXCEED THE INITIAL MARGIN"
)


@dataclass(frozen=True, slots=True)
class TwsIdentifiers:
    """Ids of a ledger in TWS's forms: the venue's order id is the permId, its trade id the execId."""

    def order_id(self, incarnation: int, number: int) -> str:
        """Return a permId: below 2**31, in a block of its own per incarnation (of 2000)."""
        return str((1 + incarnation % _BLOCKS) * _PERM_IDS + number)

    def trade_id(self, incarnation: int, number: int) -> str:
        """Return an execId in the form of recorded ones, ``0000e0d5.69e05ee5.01.01``."""
        return f"{incarnation & 0xFFFFFFFF:08x}.{number:08x}.01.01"

    def entry_id(self, incarnation: int, number: int) -> str:
        """Return the id of a cash entry; TWS shows none."""
        return f"{incarnation & 0xFFFFFFFF:08x}-{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The client that placed an order and its id there: by (client id, order id) clients know an order."""

    client_id: int
    order_id: int


def attributes_of(request: PlaceOrder, owner: Owner) -> dict[str, str]:
    """Return what the venue keeps with an order: its owner, and the whole request as a frame of the highest version."""
    frame = _FRAMES.write(request)
    return {_FRAME: frame, _CLIENT_ID: str(owner.client_id), _ORDER_ID: str(owner.order_id)}


def request_of(order: VenueOrder) -> PlaceOrder | None:
    """Return the latest request of an order; None for one that came from no client."""
    frame = order.attributes.get(_FRAME)
    return None if frame is None else _FRAMES.read(frame)


def owner_of(order: VenueOrder) -> Owner | None:
    """Return whose order it is; None for one entered by hand or by the broker itself."""
    if _CLIENT_ID not in order.attributes:
        return None
    return Owner(client_id=int(order.attributes[_CLIENT_ID]), order_id=int(order.attributes[_ORDER_ID]))


def with_rejection(attributes: Mapping[str, str], reason: str) -> dict[str, str]:
    """Return what is kept with an order that the broker rejects for a reason."""
    return {**attributes, _REJECTION: reason}


def rejection_of(order: VenueOrder) -> str:
    """Return why the broker rejected an order; one that was held until then has no figures in its reason."""
    return order.attributes.get(_REJECTION, _WANT_OF_MARGIN)


def perm_id(order: VenueOrder) -> int:
    """Return the permanent id."""
    return int(order.order_id)


def bound_id(order: VenueOrder) -> int:
    """Return the id under which client 0 knows an order entered by hand once it is bound (negative; a guess)."""
    return -1 - order.number


def key_of(request: PlaceOrder, owner: Owner) -> str:
    """Return the client key of an order: its orderRef, or ``clientId/orderId`` without one."""
    return request.order.order_ref or f"{owner.client_id}/{owner.order_id}"


class _Frames:
    """Reads the frames that are kept with orders; the latest ones written or read are remembered."""

    def __init__(self) -> None:
        self._requests: OrderedDict[str, PlaceOrder] = OrderedDict()

    def write(self, request: PlaceOrder) -> str:
        frame = REQUESTS.encode(request, HIGHEST_VERSION).decode()
        self._remember(frame, request)
        return frame

    def read(self, frame: str) -> PlaceOrder:
        found = self._requests.get(frame)
        if found is None:
            found = REQUESTS.decode(frame.encode(), HIGHEST_VERSION)
            if not isinstance(found, PlaceOrder):
                raise TypeError(f"{type(found).__name__} is no order")
            self._remember(frame, found)
        return found

    def _remember(self, frame: str, request: PlaceOrder) -> None:
        self._requests[frame] = request
        if len(self._requests) > _REMEMBERED:
            self._requests.popitem(last=False)


_FRAMES: Final = _Frames()
