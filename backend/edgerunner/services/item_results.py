"""What a command that concerns several orders did, item by item."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.orders import Order, OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item of a command that concerns several orders.

    ``ok`` = it is done: a canceled order has ended, a closing order is neither denied nor rejected.
    """

    client_order_id: str | None
    ok: bool
    order: Order | None = None
    code: str | None = None
    detail: str | None = None


async def item_result(
    client_order_id: str | None, command: Awaitable[Order], shortfall: Callable[[Order], tuple[str, str] | None]
) -> ItemResult:
    """Return what a command came to; ``shortfall`` tells code and sentence of an order that is not as it should be."""
    try:
        order = await command
    except EdgerunnerError as error:
        return ItemResult(client_order_id=client_order_id, ok=False, code=error.code, detail=error.detail)
    code, detail = shortfall(order) or (None, None)
    return ItemResult(client_order_id=order.client_order_id, ok=code is None, order=order, code=code, detail=detail)


def still_working(order: Order) -> tuple[str, str] | None:
    """Tell that an order that should have ended may still trade."""
    if not order.is_open:
        return None
    words = " ".join(filter(None, (order.broker.code, order.broker.text)))
    said = f"; the broker says: {words}" if words else ""
    return "still_working", f"the end of the order is not confirmed, it is {order.status.value}{said}"


def not_taken(order: Order) -> tuple[str, str] | None:
    """Tell that an order that should work was refused."""
    match order.status:
        case OrderStatus.DENIED if order.denied is not None:
            return order.denied.code, order.denied.text
        case OrderStatus.REJECTED:
            words = " ".join(filter(None, (order.broker.code, order.broker.text)))
            return "broker_rejected", words or "the broker rejected the closing order"
        case _:
            return None
