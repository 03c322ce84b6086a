"""The rules of an order's numbers and words: what any instrument and any order type ask for.

One place for the order service, the paper broker and backtests. Each function returns the first rule that is broken, a
``FieldError`` whose message goes on from the field's name ("quantity" "must be at least 0.01"), or None.
"""

from collections.abc import Iterator
from decimal import Decimal

from edgerunner.domain.errors import FieldError
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import OrderType, TimeInForce


def positive_error(field: str, number: Decimal) -> FieldError | None:
    """Refuse what is not a finite number above zero."""
    if number.is_finite() and number > 0:
        return None
    return FieldError(field=field, code="not_positive", message="must be greater than zero")


def most_quantity(instrument: Instrument, *, is_market: bool) -> Decimal | None:
    """Return the largest quantity of an order, None = no bound."""
    own = instrument.max_market_quantity if is_market else None
    return instrument.max_quantity if own is None else own


def quantity_error(quantity: Decimal, instrument: Instrument, *, is_market: bool) -> FieldError | None:
    """Refuse a quantity outside the instrument's bounds or off its lot step."""
    error = positive_error("quantity", quantity)
    if error is not None:
        return error
    if not instrument.is_on_step(quantity):
        step = to_plain(instrument.lot_step)
        return _quantity("off_step", f"must be a multiple of {step} {instrument.quantity_unit}")
    if quantity < instrument.min_quantity:
        return _quantity("below_minimum", f"must be at least {to_plain(instrument.min_quantity)}")
    most = most_quantity(instrument, is_market=is_market)
    if most is not None and quantity > most:
        return _quantity("above_maximum", f"must be at most {to_plain(most)}{' in a market order' * is_market}")
    return None


def changed_quantity_error(quantity: Decimal, filled: Decimal, instrument: Instrument) -> FieldError | None:
    """Refuse the new total of a working order of which ``filled`` is done."""
    if quantity <= filled:
        return _quantity("not_above_filled", f"must be above the {to_plain(filled)} filled; or cancel the order")
    return quantity_error(quantity, instrument, is_market=False)


def price_error(field: str, price: Decimal, instrument: Instrument) -> FieldError | None:
    """Refuse a price that cannot be quoted."""
    error = positive_error(field, price)
    if error is None and not instrument.is_on_tick(price):
        tick = to_plain(instrument.tick_at(price))
        return FieldError(field=field, code="off_tick", message=f"must be a multiple of the tick size {tick}")
    return error


def worth_error(price: Decimal, quantity: Decimal, instrument: Instrument) -> FieldError | None:
    """Refuse an order that is worth less than the instrument's ``min_notional`` (quote currency)."""
    least = instrument.min_notional
    if least is None or instrument.contract.quote_value(price, quantity) >= least:
        return None
    text = f"must be worth at least {to_plain(least)} {instrument.quote} at the price"
    return _quantity("below_minimum_notional", text)


def price_field_errors(
    kind: OrderType, *, price: Decimal | None, trigger_price: Decimal | None, trailing_offset: Decimal | None
) -> Iterator[FieldError]:
    """Yield the prices that an order type needs and has not, or has and does not know.

    A trailing stop may have a trigger price: it follows from there on.
    """
    is_trailing = kind is OrderType.TRAILING_STOP_MARKET
    for field, value, is_needed, is_known in (
        ("price", price, kind.has_price, kind.has_price),
        ("trigger_price", trigger_price, kind.has_trigger, kind.has_trigger or is_trailing),
        ("trailing_offset", trailing_offset, is_trailing, is_trailing),
    ):
        if value is None and is_needed:
            yield FieldError(field=field, code="required", message=f"a {kind} order needs it")
        if value is not None and not is_known:
            yield FieldError(field=field, code="not_allowed", message=f"a {kind} order has none; leave it out")


def default_time_in_force(kind: OrderType) -> TimeInForce:
    """Return how long an order works that says nothing about it."""
    return TimeInForce.IOC if kind is OrderType.MARKET else TimeInForce.GTC


def post_only_error(kind: OrderType, time_in_force: TimeInForce | None) -> FieldError | None:
    """Refuse the post-only mark on what cannot rest in the book."""
    if kind is OrderType.LIMIT and time_in_force not in {TimeInForce.IOC, TimeInForce.FOK}:
        return None
    return FieldError(field="post_only", code="not_allowed", message="only a resting limit order can have it")


def _quantity(code: str, message: str) -> FieldError:
    return FieldError(field="quantity", code=code, message=message)
