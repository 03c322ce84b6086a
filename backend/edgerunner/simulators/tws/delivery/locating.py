"""The fault that lets an order wait for shares to borrow: Inactive, but alive."""

from dataclasses import replace
from typing import Final

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.delivery.definitions import BROKER, INACTIVE_HELD
from edgerunner.simulators.tws.delivery.disturbance import seconds
from edgerunner.simulators.tws.orders.status import LOCATING
from edgerunner.simulators.venue_types import OrderRequest

NEVER_NS: Final = 2**62


def located(faults: FaultBox, request: OrderRequest, symbol: str, now_ns: int) -> OrderRequest:
    """Return an order as it is placed: held for a while, or until it is cancelled, when the fault hits it."""
    params = faults.take(BROKER, INACTIVE_HELD, op="place", client_key=request.client_key, symbol=symbol)
    if params is None:
        return request
    starts_ns = NEVER_NS
    if "after_s" in params:
        starts_ns = now_ns + round(seconds(params, "after_s", 0) * NANOSECONDS)
    return replace(request, starts_ns=starts_ns, attributes={**request.attributes, LOCATING: "yes"})
