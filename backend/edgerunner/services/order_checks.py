"""Is this order well formed for this instrument at this broker? Pure decisions.

A wrong field raises ``InvalidRequest`` that names it and the remedy; what the broker or this
version cannot do raises ``Unsupported`` with the reason.
"""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.adapters.broker import Capabilities, ProductCapabilities, product_label
from edgerunner.domain.errors import Conflict, FieldError, InvalidRequest, OrderClosed, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import to_plain
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
    default = TimeInForce.IOC if request.order_type is OrderType.MARKET else TimeInForce.GTC
    return OrderTerms(
        instrument_id=request.instrument_id,
        side=request.side,
        order_type=request.order_type,
        quantity=request.quantity,
        quantity_unit=instrument.quantity_unit,
        price=request.price,
        trigger_price=request.trigger_price,
        trailing_offset=request.trailing_offset,
        time_in_force=request.time_in_force or default,
        expires_at_ns=request.expires_at_ns,
        post_only=request.post_only,
        reduce_only=request.reduce_only,
        position_id=request.position_id,
        take_profit=request.take_profit,
        stop_loss=request.stop_loss,
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
    errors = [error for field, value in wanted.items() for error in _change_errors(order, field, value, instrument)]
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


def _error(field: str, code: str, message: str) -> FieldError:
    return FieldError(field=field, code=code, message=message)


def _shape_errors(request: PlaceRequest, now_ns: int) -> list[FieldError]:
    """Check that the fields fit the order type and each other."""
    kind = request.order_type
    errors: list[FieldError] = []
    for field, value, is_wanted in (
        ("price", request.price, kind.has_price),
        ("trigger_price", request.trigger_price, kind.has_trigger),
        ("trailing_offset", request.trailing_offset, kind is OrderType.TRAILING_STOP_MARKET),
    ):
        if is_wanted and value is None:
            errors.append(_error(field, "required", f"a {kind} order needs it"))
        if not is_wanted and value is not None and not (field == "trigger_price" and _may_trigger(kind)):
            errors.append(_error(field, "not_allowed", f"a {kind} order has none; leave it out"))
    if request.time_in_force is TimeInForce.GTD and request.expires_at_ns is None:
        errors.append(_error("expires_at", "required", "gtd needs it"))
    if request.time_in_force is not TimeInForce.GTD and request.expires_at_ns is not None:
        errors.append(_error("expires_at", "not_allowed", "only gtd has it; leave it out"))
    if request.expires_at_ns is not None and request.expires_at_ns <= now_ns:
        errors.append(_error("expires_at", "in_the_past", "must be in the future"))
    if request.post_only and kind is not OrderType.LIMIT:
        errors.append(_error("post_only", "not_allowed", "only a limit order can be post-only"))
    if request.post_only and request.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}:
        errors.append(_error("post_only", "not_allowed", "an order that must fill at once cannot be post-only"))
    return errors


def _may_trigger(kind: OrderType) -> bool:
    return kind is OrderType.TRAILING_STOP_MARKET


def _number_errors(request: PlaceRequest, instrument: Instrument) -> list[FieldError]:
    errors = _quantity_errors("quantity", request.quantity, instrument)
    maximum = instrument.max_market_quantity
    if request.order_type is OrderType.MARKET and maximum is not None and request.quantity > maximum:
        errors.append(_error("quantity", "above_maximum", f"a market order takes at most {to_plain(maximum)}"))
    prices: list[tuple[str, Decimal | None]] = [
        ("price", request.price),
        ("trigger_price", request.trigger_price),
        ("take_profit.price", request.take_profit.price if request.take_profit else None),
        ("stop_loss.trigger_price", request.stop_loss.trigger_price if request.stop_loss else None),
        ("stop_loss.price", request.stop_loss.price if request.stop_loss else None),
    ]
    for field, price in prices:
        errors.extend(_price_errors(field, price, instrument))
    if request.trailing_offset is not None and request.trailing_offset <= 0:
        errors.append(_error("trailing_offset", "not_positive", "must be greater than zero"))
    if not errors and request.price is not None and not request.reduce_only:
        errors.extend(_notional_errors(request.price, request.quantity, instrument))
    return errors


def _change_errors(order: Order, field: str, value: Decimal, instrument: Instrument) -> list[FieldError]:
    if field == "quantity":
        if value <= order.filled_quantity:
            filled = to_plain(order.filled_quantity)
            return [_error("quantity", "not_above_filled", f"{filled} is filled already; cancel the order instead")]
        return _quantity_errors("quantity", value, instrument)
    if getattr(order.terms, field) is None:
        return [_error(field, "not_allowed", f"a {order.terms.order_type} order has none")]
    return _price_errors(field, value, instrument)


def _quantity_errors(field: str, quantity: Decimal, instrument: Instrument) -> list[FieldError]:
    if quantity <= 0:
        return [_error(field, "not_positive", "must be greater than zero")]
    if not instrument.is_on_step(quantity):
        step = to_plain(instrument.lot_step)
        return [_error(field, "off_step", f"must be a multiple of {step} {instrument.quantity_unit}")]
    if quantity < instrument.min_quantity:
        return [_error(field, "below_minimum", f"must be at least {to_plain(instrument.min_quantity)}")]
    if instrument.max_quantity is not None and quantity > instrument.max_quantity:
        return [_error(field, "above_maximum", f"must be at most {to_plain(instrument.max_quantity)}")]
    return []


def _price_errors(field: str, price: Decimal | None, instrument: Instrument) -> list[FieldError]:
    if price is None:
        return []
    if price <= 0:
        return [_error(field, "not_positive", "must be greater than zero")]
    if not instrument.is_on_tick(price):
        return [_error(field, "off_tick", f"must be a multiple of the tick size {to_plain(instrument.tick_at(price))}")]
    return []


def _notional_errors(price: Decimal, quantity: Decimal, instrument: Instrument) -> list[FieldError]:
    minimum = instrument.min_notional
    if minimum is None or instrument.contract.notional(price, quantity) >= minimum:
        return []
    text = f"price x quantity must be at least {to_plain(minimum)} {instrument.quote}"
    return [_error("quantity", "below_minimum_notional", text)]


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
