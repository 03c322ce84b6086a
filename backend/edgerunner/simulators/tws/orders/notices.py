"""What TWS remarks about an order that it takes: warnings 399 and 2109.

The texts are as users report them; the least sizes of IDEALPRO are those of its published table.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.sessions import Session
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.orders import refusal
from edgerunner.simulators.tws.orders.intake import ignores_outside_hours
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.tws.wire.session import ErrorMessage

_IGNORED_HOURS: Final = (
    "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and destination. "
    "PlaceOrder is now processed."
)
_LEAST_EXCHANGES: Final = {"EUR": Decimal(20_000), "GBP": Decimal(20_000), "USD": Decimal(25_000)}


def notices_about(request: PlaceOrder, listing: Listing, session: Session, now_ns: int) -> Iterator[ErrorMessage]:
    """Yield the remarks about an order; ``session`` is that in which it may trade, now or next."""
    if request.order.outside_rth and ignores_outside_hours(request.order):
        yield ErrorMessage(request_id=request.order_id, code=refusal.EVENT_WARNING, text=_IGNORED_HOURS)
    if not session.is_on(now_ns):
        opens = datetime.fromtimestamp(session.opens_ns // NANOSECONDS, UTC).astimezone(ZoneInfo(listing.schedule.zone))
        when = f"{opens:%Y-%m-%d %H:%M:%S} {listing.schedule.zone}"
        yield _remark(request, listing, f"Your order will not be placed at the exchange until {when}.")
    least = _LEAST_EXCHANGES.get(listing.symbol) if listing.sec_type == "CASH" else None
    quantity = request.order.total_quantity
    if least is not None and quantity is not None and quantity < least:
        rest = f"{listing.symbol} {least} IdealPro minimum and will be routed as an odd lot order."
        yield _remark(request, listing, f"Your order size is below the {rest}")


def _remark(request: PlaceOrder, listing: Listing, warning: str) -> ErrorMessage:
    order = request.order
    place = f"{listing.primary_exchange or listing.exchanges[0]}.{listing.trading_class}"
    text = f"Order Message:\n{order.action} {order.total_quantity:f} {listing.symbol} {place}\nWarning: {warning}"
    return ErrorMessage(request_id=request.order_id, code=refusal.ORDER_MESSAGE, text=text)
