"""Orders out: what is allowed, how it is written, and by which road it leaves."""

from collections.abc import Mapping
from typing import Final

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, OrderAck, PlaceOrder
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.limits import Priority
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.trade import TradeSession
from edgerunner.adapters.bybit.values import text
from edgerunner.domain.errors import InvalidRequest, NotConnected, Unsupported
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import OrderTerms, OrderType, Side, TimeInForce

Body = dict[str, str | int | bool]

_SIDES: Final[Mapping[Side, str]] = {Side.BUY: "Buy", Side.SELL: "Sell"}
_TIMES: Final[Mapping[TimeInForce, str]] = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
}


def placement(command: PlaceOrder, listing: Listing) -> Body:
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
        "orderType": "Limit" if terms.order_type is OrderType.LIMIT else "Market",
        "qty": to_plain(terms.quantity),
        "orderLinkId": command.client_order_id,
    }
    if terms.price is not None:
        body["price"] = to_plain(terms.price)
        body["timeInForce"] = "PostOnly" if terms.post_only else _TIMES[terms.time_in_force]
    if listing.is_spot:
        body["isLeverage"] = 0
        if terms.order_type is OrderType.MARKET:
            body["marketUnit"] = "baseCoin"
    else:
        body["positionIdx"] = 0
        body["reduceOnly"] = terms.reduce_only
    return body


def _check(terms: OrderTerms, listing: Listing) -> None:
    if terms.order_type not in {OrderType.MARKET, OrderType.LIMIT}:
        raise Unsupported(f"{terms.order_type} orders at Bybit are not in this version")
    if terms.take_profit is not None or terms.stop_loss is not None:
        raise Unsupported("attached take profit and stop loss at Bybit are not in this version")
    if terms.time_in_force not in _TIMES:
        raise Unsupported(f"Bybit has no {terms.time_in_force} orders")
    if terms.reduce_only and listing.is_spot:
        raise Unsupported("Bybit has no reduce-only on spot: there is no position, only coins")
    if terms.position_id not in {None, "net"}:
        raise Unsupported("the account has one position per contract; it has no legs to act on")
    if terms.quantity_unit is not listing.instrument.quantity_unit or terms.quantity <= 0:
        raise InvalidRequest.of("quantity", "invalid", f"must be positive, in {listing.instrument.quantity_unit}")
    _check_price(terms)


def _check_price(terms: OrderTerms) -> None:
    is_limit = terms.order_type is OrderType.LIMIT
    if is_limit and terms.price is None:
        raise InvalidRequest.of("price", "required", "a limit order needs one")
    if not is_limit and terms.price is not None:
        raise InvalidRequest.of("price", "invalid", "a market order has none")
    if terms.post_only and (not is_limit or terms.time_in_force is not TimeInForce.GTC):
        raise Unsupported("Bybit's post-only is a time in force of its own: only for limit orders good till canceled")
    if not is_limit and terms.time_in_force is TimeInForce.FOK:
        raise Unsupported("Bybit executes market orders immediate-or-cancel, never fill-or-kill")


def amendment(command: ModifyOrder, listing: Listing) -> Body:
    """Return the body of ``order.amend``; ``quantity`` is the new total."""
    if command.trigger_price is not None:
        raise Unsupported("conditional orders at Bybit are not in this version")
    if command.quantity is None and command.price is None:
        raise InvalidRequest.of("quantity", "required", "nothing to change was given")
    body = _addressed(command, listing)
    if command.quantity is not None:
        body["qty"] = to_plain(command.quantity)
    if command.price is not None:
        body["price"] = to_plain(command.price)
    return body


def cancellation(command: CancelOrder, listing: Listing) -> Body:
    """Return the body of ``order.cancel``."""
    return _addressed(command, listing)


def _addressed(command: ModifyOrder | CancelOrder, listing: Listing) -> Body:
    """Name the order by one id: with both, Bybit's answers confuse which was wrong (bybit-api issue 289)."""
    body: Body = {"category": listing.category, "symbol": listing.symbol}
    if command.venue_order_id:
        body["orderId"] = command.venue_order_id
    else:
        body["orderLinkId"] = command.client_order_id
    return body


class OrderEntry:
    """Sends order commands: by the trade stream when it is ready, else by REST; never by both."""

    def __init__(self, rest: RestClient, trade: TradeSession | None) -> None:
        self._rest = rest
        self._trade = trade

    async def place(self, command: PlaceOrder, listing: Listing) -> OrderAck:
        """Send a placement, once."""
        return await self._sent("create", placement(command, listing), listing, Priority.PLACE)

    async def modify(self, command: ModifyOrder, listing: Listing) -> OrderAck:
        """Send a change."""
        return await self._sent("amend", amendment(command, listing), listing, Priority.MODIFY)

    async def cancel(self, command: CancelOrder, listing: Listing) -> OrderAck:
        """Send a cancel."""
        return await self._sent("cancel", cancellation(command, listing), listing, Priority.CANCEL)

    async def _sent(self, op: str, body: Body, listing: Listing, priority: Priority) -> OrderAck:
        bucket = f"{listing.category}.{priority.name.lower()}"
        if self._trade is not None and self._trade.is_ready:
            try:
                ids = await self._trade.command(f"order.{op}", body, bucket=bucket, priority=priority)
                return OrderAck(venue_order_id=text(ids.order_id))
            except NotConnected:
                pass  # the stream went down before the first byte: REST is another road, not a second try
        ids = await self._rest.command(f"/v5/order/{op}", body, bucket=bucket, priority=priority)
        return OrderAck(venue_order_id=text(ids.order_id))
