"""An order as Bybit wants it written: terms to the body of ``order.create`` (page "Place Order")."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import PlaceOrder
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.order_style import Style
from edgerunner.domain.errors import BrokerUnreachable, InvalidRequest, Unsupported
from edgerunner.domain.market import Ticker
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import OrderTerms, OrderType, Side, TimeInForce

Body = dict[str, str | int | bool]

RISES, FALLS = 1, 2

_SIDES: Final[Mapping[Side, str]] = {Side.BUY: "Buy", Side.SELL: "Sell"}
_TIMES: Final[Mapping[TimeInForce, str]] = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
}
_STOPS: Final = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT})
ORDER_TYPES: Final = frozenset({OrderType.MARKET, OrderType.LIMIT, *(kind for kind in OrderType if kind.has_trigger)})


def placement(command: PlaceOrder, listing: Listing, style: Style, *, position_idx: int = 0) -> Body:
    """Return the body of ``order.create``; raises ``Unsupported`` or ``InvalidRequest`` for what cannot be sent.

    Prices and quantities are plain decimal text. Spot market orders always count base coin:
    Bybit's default for buys is an amount of quote coin.
    """
    terms = command.terms
    _check(terms, listing)
    body: Body = {
        "category": listing.category,
        "symbol": listing.symbol,
        "side": _SIDES[terms.side],
        "orderType": "Limit" if terms.order_type.has_price else "Market",
        "qty": to_plain(terms.quantity),
        "orderLinkId": command.client_order_id,
    }
    if terms.price is not None:
        body["price"] = to_plain(terms.price)
        body["timeInForce"] = "PostOnly" if terms.post_only else _TIMES[terms.time_in_force]
    if listing.is_spot:
        body["isLeverage"] = 0
        if not terms.order_type.has_price:
            body["marketUnit"] = "baseCoin"
    else:
        body["positionIdx"] = position_idx
        body["reduceOnly"] = terms.reduce_only
    return body | _trigger(terms, listing, style) | _exits(terms, listing, style)


def direction_of(terms: OrderTerms) -> int:
    """Return which way the price must go: a stop follows its order's direction, a touch stands against it."""
    return RISES if (terms.side is Side.BUY) == (terms.order_type in _STOPS) else FALLS


def check_trigger_side(terms: OrderTerms, ticker: Ticker, listing: Listing, style: Style) -> None:
    """Refuse a trigger that the market has passed already; raises ``InvalidRequest``.

    Bybit refuses it for contracts (110092, 110093); for spot it would take the order for the
    opposite kind, because there the direction follows from the price at placing.
    """
    market = _watched(ticker, listing, style)
    if terms.trigger_price is None:
        return
    if market is None:
        raise BrokerUnreachable(f"not sent: {listing.symbol} has no price to check the trigger against")
    rises = direction_of(terms) == RISES
    if (terms.trigger_price <= market) if rises else (terms.trigger_price >= market):
        wanted = "above" if rises else "below"
        text = f"a {terms.side} {terms.order_type} needs a trigger {wanted} the market, which is at {to_plain(market)}"
        raise InvalidRequest.of("trigger_price", "wrong_side", text)


def _watched(ticker: Ticker, listing: Listing, style: Style) -> Decimal | None:
    if listing.is_spot or style.trigger_by == "LastPrice":
        return ticker.last
    return ticker.mark if style.trigger_by == "MarkPrice" else ticker.index


def _trigger(terms: OrderTerms, listing: Listing, style: Style) -> Body:
    """Spot takes no direction; its conditional orders occupy no assets until they trigger."""
    if terms.trigger_price is None:
        return {}
    body: Body = {"triggerPrice": to_plain(terms.trigger_price)}
    if listing.is_spot:
        return body | {"orderFilter": "StopOrder"}
    return body | {"triggerDirection": direction_of(terms), "triggerBy": style.trigger_by}


def _exits(terms: OrderTerms, listing: Listing, style: Style) -> Body:
    """Attached exits. Limit exits exist only as orders of their own: for the whole position Bybit has market ones."""
    target, stop = terms.take_profit, terms.stop_loss
    if target is None and stop is None:
        return {}
    is_partial = listing.is_spot or style.exit_mode == "Partial" or (stop is not None and stop.price is not None)
    body: Body = {} if listing.is_spot else {"tpslMode": "Partial" if is_partial else "Full"}
    if target is not None:
        body |= _exit("tp", "takeProfit", target.price, target.price if is_partial else None)
    if stop is not None:
        body |= _exit("sl", "stopLoss", stop.trigger_price, stop.price)
    if listing.is_spot:
        return body
    sides = (("tp", target), ("sl", stop))
    return body | {f"{side}TriggerBy": style.trigger_by for side, wanted in sides if wanted is not None}


def _exit(side: str, field: str, trigger: Decimal, limit: Decimal | None) -> Body:
    body: Body = {field: to_plain(trigger), f"{side}OrderType": "Market" if limit is None else "Limit"}
    return body if limit is None else body | {f"{side}LimitPrice": to_plain(limit)}


def _check(terms: OrderTerms, listing: Listing) -> None:
    if terms.order_type not in ORDER_TYPES:
        raise Unsupported(TRAILING)
    if terms.time_in_force not in _TIMES:
        raise Unsupported(f"Bybit has no {terms.time_in_force} orders")
    if terms.reduce_only and listing.is_spot:
        raise Unsupported("Bybit has no reduce-only on spot: there is no position, only coins")
    if terms.position_id not in {None, "net"} and (listing.is_spot or listing.category == "inverse"):
        raise Unsupported(f"{listing.category} has one position per instrument; it has no legs to act on")
    if terms.oca_group is not None:
        raise Unsupported(f"oca_group: {NO_GROUPS}")
    if terms.quantity_unit is not listing.instrument.quantity_unit or terms.quantity <= 0:
        raise InvalidRequest.of("quantity", "invalid", f"must be positive, in {listing.instrument.quantity_unit}")
    _check_prices(terms)
    _check_exits(terms, listing)


def _check_prices(terms: OrderTerms) -> None:
    kind = terms.order_type
    for field, value, is_wanted in (
        ("price", terms.price, kind.has_price),
        ("trigger_price", terms.trigger_price, kind.has_trigger),
    ):
        if is_wanted and value is None:
            raise InvalidRequest.of(field, "required", f"a {kind} order needs one")
        if not is_wanted and value is not None:
            raise InvalidRequest.of(field, "invalid", f"a {kind} order has none")
    if terms.post_only and (not kind.has_price or terms.time_in_force is not TimeInForce.GTC):
        raise Unsupported("Bybit's post-only is a time in force of its own: only for limit orders good till canceled")
    if not kind.has_price and terms.time_in_force is TimeInForce.FOK:
        raise Unsupported("Bybit executes market orders immediate-or-cancel, never fill-or-kill")


def _check_exits(terms: OrderTerms, listing: Listing) -> None:
    if terms.take_profit is None and terms.stop_loss is None:
        return
    if terms.reduce_only:
        raise Unsupported("Bybit attaches no take profit or stop loss to a reduce-only order")
    if listing.is_spot and terms.order_type is not OrderType.LIMIT:
        raise Unsupported("Bybit attaches take profit and stop loss on spot to limit orders only")


NO_GROUPS: Final = "Bybit joins the exits of one order or position, no other orders"
TRAILING: Final = (
    "Bybit has trailing stops of a whole position only, no order with a quantity or a key of its own; "
    "set one with POST /positions/trailing-stop"
)
