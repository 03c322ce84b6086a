"""Is this order well formed for this instrument at this broker? Pure decisions.

A wrong field raises ``InvalidRequest`` that names it and the remedy; what the broker or this
version cannot do raises ``Unsupported`` with the reason.
"""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.adapters.broker import Capabilities, ProductCapabilities, product_label
from edgerunner.domain.errors import Conflict, FieldError, InvalidRequest, OrderClosed, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.order_rules import (
    changed_quantity_error,
    default_time_in_force,
    positive_error,
    post_only_error,
    price_error,
    price_field_errors,
    quantity_error,
    worth_error,
)
from edgerunner.domain.orders import (
    Order,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRequest:
    """One order as a caller wants it; None = not given."""

    connection_id: str
    account_id: str | None = None
    instrument_id: str
    side: Side
    order_type: OrderType
    quantity: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    time_in_force: TimeInForce | None = None
    expires_at_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    position_id: str | None = None
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    oca_group: str | None = None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """New terms of a working order; None = leave. ``quantity`` is the new total."""

    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


def checked_terms(request: PlaceRequest, instrument: Instrument, capabilities: Capabilities, now_ns: int) -> OrderTerms:
    """Return the order's terms when all of them can be sent; raises otherwise."""
    product = _product(instrument, capabilities)
    errors = [*_shape_errors(request, now_ns), *_number_errors(request, instrument)]
    if errors:
        raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in errors), *errors)
    _require_support(request, instrument, product)
    return OrderTerms(
        instrument_id=request.instrument_id,
        side=request.side,
        order_type=request.order_type,
        quantity=request.quantity,
        quantity_unit=instrument.quantity_unit,
        price=request.price,
        trigger_price=request.trigger_price,
        trailing_offset=request.trailing_offset,
        time_in_force=request.time_in_force or default_time_in_force(request.order_type),
        expires_at_ns=request.expires_at_ns,
        post_only=request.post_only,
        reduce_only=request.reduce_only,
        position_id=request.position_id,
        take_profit=request.take_profit,
        stop_loss=request.stop_loss,
        oca_group=request.oca_group,
    )


def checked_changes(order: Order, changes: Changes, instrument: Instrument, capabilities: Capabilities) -> Changes:
    """Return the changes that really change something; raises when one cannot be made."""
    if order.status.is_closed:
        raise OrderClosed(f"order {order.client_order_id} is {order.status} and cannot be changed")
    if order.status not in {OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED}:
        raise Conflict(f"order {order.client_order_id} is {order.status}; change it when it works at the broker")
    product = _product(instrument, capabilities)
    wanted = {
        field: value
        for field, value in (
            ("quantity", changes.quantity),
            ("price", changes.price),
            ("trigger_price", changes.trigger_price),
        )
        if value is not None
    }
    if not wanted:
        raise InvalidRequest.of("body", "required", "give at least one of quantity, price, trigger_price")
    checks = [_change_error(order, field, value, instrument) for field, value in wanted.items()]
    errors = [error for error in checks if error is not None]
    if errors:
        raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in errors), *errors)
    for field in wanted:
        if field not in product.modify:
            reason = product.unsupported.get("modify", "the broker does not change it on a working order")
            raise Unsupported(f"{field} cannot be changed: {reason}")
    changed = {field: value for field, value in wanted.items() if value != getattr(order.terms, field)}
    return Changes(**changed)


def _product(instrument: Instrument, capabilities: Capabilities) -> ProductCapabilities:
    label = product_label(instrument)
    product = capabilities.products.get(label)
    if product is None:
        raise Unsupported(f"{instrument.instrument_id}: this connection does not trade {label} instruments")
    return product


def _shape_errors(request: PlaceRequest, now_ns: int) -> list[FieldError]:
    """Check that the fields fit the order type and each other."""
    errors = [
        *price_field_errors(
            request.order_type,
            price=request.price,
            trigger_price=request.trigger_price,
            trailing_offset=request.trailing_offset,
        )
    ]
    expires, is_dated = request.expires_at_ns, request.time_in_force is TimeInForce.GTD
    if is_dated and expires is None:
        errors.append(FieldError(field="expires_at", code="required", message="gtd needs it"))
    if not is_dated and expires is not None:
        errors.append(FieldError(field="expires_at", code="not_allowed", message="only gtd has it; leave it out"))
    if expires is not None and expires <= now_ns:
        errors.append(FieldError(field="expires_at", code="in_the_past", message="must be in the future"))
    mark = post_only_error(request.order_type, request.time_in_force) if request.post_only else None
    return errors if mark is None else [*errors, mark]


def _number_errors(request: PlaceRequest, instrument: Instrument) -> list[FieldError]:
    target, stop, offset = request.take_profit, request.stop_loss, request.trailing_offset
    prices = {
        "price": request.price,
        "trigger_price": request.trigger_price,
        "take_profit.price": target.price if target else None,
        "stop_loss.trigger_price": stop.trigger_price if stop else None,
        "stop_loss.price": stop.price if stop else None,
    }
    checks = [quantity_error(request.quantity, instrument, is_market=request.order_type is OrderType.MARKET)]
    checks += [price_error(field, price, instrument) for field, price in prices.items() if price is not None]
    checks.append(None if offset is None else positive_error("trailing_offset", offset))
    if not any(checks) and request.price is not None and not request.reduce_only:
        checks.append(worth_error(request.price, request.quantity, instrument))
    return [error for error in checks if error is not None]


def _change_error(order: Order, field: str, value: Decimal, instrument: Instrument) -> FieldError | None:
    if field == "quantity":
        return changed_quantity_error(value, order.filled_quantity, instrument)
    if getattr(order.terms, field) is None:
        return FieldError(field=field, code="not_allowed", message=f"a {order.terms.order_type} order has none")
    return price_error(field, value, instrument)


def _require_support(request: PlaceRequest, instrument: Instrument, product: ProductCapabilities) -> None:
    def refuse(capability: str, what: str) -> None:
        reason = product.unsupported.get(capability, "the broker does not offer it")
        raise Unsupported(f"{what} is not supported for {instrument.instrument_id}: {reason}")

    if request.order_type not in product.order_types:
        refuse(request.order_type, f"order type {request.order_type}")
    if request.time_in_force is not None and request.time_in_force not in product.time_in_force:
        refuse(request.time_in_force, f"time in force {request.time_in_force}")
    if request.post_only and not product.post_only:
        refuse("post_only", "post_only")
    if request.reduce_only and not product.reduce_only:
        refuse("reduce_only", "reduce_only")
    if (request.take_profit or request.stop_loss) and product.brackets == "none":
        refuse("brackets", "take_profit / stop_loss")
    if request.position_id is not None and not product.hedging:
        refuse("position_id", "position_id")
    if request.oca_group is not None and not product.oca:
        refuse("oca_group", "oca_group")
