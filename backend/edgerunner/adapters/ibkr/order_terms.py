"""What an ib_async ``Order`` asks for, in our terms."""

from decimal import Decimal

from ib_async.order import Order

from edgerunner.adapters.ibkr.order_words import OUR_ORDER_TYPES, OUR_SIDES, OUR_TIMES
from edgerunner.adapters.ibkr.placement import STOP_SUFFIX, TARGET_SUFFIX
from edgerunner.adapters.ibkr.values import number
from edgerunner.domain.identifiers import CLIENT_ORDER_ID
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import ChildKind, OrderTerms, OrderType, TimeInForce


def client_key(order_ref: str) -> str | None:
    """Return the client order id in an orderRef, or None when it cannot be one of ours."""
    return order_ref if CLIENT_ORDER_ID.fullmatch(order_ref) else None


def child_of(order: Order) -> tuple[str | None, ChildKind] | None:
    """Return the parent's key (None when it is not ours) and the kind of an attached exit; None for other orders."""
    for suffix in (TARGET_SUFFIX, STOP_SUFFIX):
        if order.orderRef.endswith(suffix):
            return client_key(order.orderRef.removesuffix(suffix)), ChildKind.ORDER
    return (None, ChildKind.ORDER) if order.parentId else None


def terms_of(order: Order, instrument: Instrument) -> OrderTerms:
    """Return the terms of an order; foreign types that we have no word for count as the nearest plain one."""
    order_type = OUR_ORDER_TYPES.get(order.orderType, OrderType.MARKET)
    trails = order_type is OrderType.TRAILING_STOP_MARKET
    return OrderTerms(
        instrument_id=instrument.instrument_id,
        side=OUR_SIDES[order.action],
        order_type=order_type,
        quantity=number(order.totalQuantity) or Decimal(0),
        quantity_unit=instrument.quantity_unit,
        price=number(order.lmtPrice) if order_type.has_price else None,
        trigger_price=number(order.auxPrice) if order_type.has_trigger else None,
        trailing_offset=number(order.auxPrice) if trails else None,
        time_in_force=OUR_TIMES.get(order.tif, TimeInForce.DAY),
        position_id=None,
        oca_group=None if child_of(order) else order.ocaGroup or None,
    )
