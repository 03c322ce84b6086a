"""What a request is about, as far as faults can be aimed at it."""

from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.tws.wire.orders import CancelOrder, GlobalCancel, PlaceOrder
from edgerunner.simulators.tws.wire.session import NO_REQUEST

QUERY: Final = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An order as faults match it: orderRef or "clientId/orderId", and the symbol in the ledger."""

    client_key: str | None
    symbol: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: its kind (``place amend cancel query``), and the id that an answer to it carries."""

    op: str
    request_id: int
    client_key: str | None = None
    symbol: str | None = None

    @property
    def changes_orders(self) -> bool:
        """Tell whether the request changes orders, and so can be held."""
        return self.op != QUERY


def call_of(request: object, known: Target | None, asked: Target | None) -> Call:
    """Return what a request is about. ``known``: its order, if it exists; ``asked``: as the request names it."""
    target = known or asked
    key, symbol = (target.client_key, target.symbol) if target else (None, None)
    match request:
        case PlaceOrder() if request.order.what_if:
            return Call(op=QUERY, request_id=request.order_id, client_key=key, symbol=symbol)
        case PlaceOrder():
            op = "amend" if known else "place"
            return Call(op=op, request_id=request.order_id, client_key=key, symbol=symbol)
        case CancelOrder():
            return Call(op="cancel", request_id=request.order_id, client_key=key, symbol=symbol)
        case GlobalCancel():
            return Call(op="cancel", request_id=NO_REQUEST)
        case _:
            found = getattr(request, "request_id", NO_REQUEST)
            return Call(op=QUERY, request_id=int(found), symbol=symbol)
