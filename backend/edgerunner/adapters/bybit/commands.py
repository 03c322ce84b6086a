"""Order commands out: how changes and cancels are written, and by which road a command leaves."""

from typing import Final

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, OrderAck, PlaceOrder
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.legs import PositionModes, index_of
from edgerunner.adapters.bybit.limits import Priority
from edgerunner.adapters.bybit.market import MarketReader
from edgerunner.adapters.bybit.order_style import Style
from edgerunner.adapters.bybit.placement import Body, check_trigger_side, placement
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.trade import TradeSession
from edgerunner.adapters.bybit.values import text
from edgerunner.domain.errors import BrokerError, BrokerRejected, BrokerUnreachable, InvalidRequest, NotConnected
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import OrderTerms

_NO_SUCH_SPOT_ORDER: Final = "170213"
_SPOT_FILTERS: Final = ("StopOrder", "tpslOrder")
_WRONG_MODE: Final = "position idx"


def amendment(command: ModifyOrder, listing: Listing) -> Body:
    """Return the body of ``order.amend``; ``quantity`` is the new total."""
    changes = {"qty": command.quantity, "price": command.price, "triggerPrice": command.trigger_price}
    wanted: Body = {field: to_plain(value) for field, value in changes.items() if value is not None}
    if not wanted:
        raise InvalidRequest.of("quantity", "required", "nothing to change was given")
    return _addressed(command, listing) | wanted


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

    def __init__(
        self, rest: RestClient, trade: TradeSession | None, *, modes: PositionModes, market: MarketReader, style: Style
    ) -> None:
        self._rest = rest
        self._trade = trade
        self._modes = modes
        self._market = market
        self._style = style

    async def check(self, account_id: str, terms: OrderTerms, listing: Listing) -> None:
        """Raise what would keep a placement from being sent."""
        await self._prepared(PlaceOrder(client_order_id="", account_id=account_id, terms=terms), listing)

    async def place(self, command: PlaceOrder, listing: Listing) -> OrderAck:
        """Send a placement, once. A trigger is checked against the newest price first."""
        body = await self._prepared(command, listing)
        try:
            return await self._sent("create", body, listing, Priority.PLACE)
        except BrokerRejected as error:
            if _WRONG_MODE in error.text.lower():  # switched since it was read
                self._modes.forget(listing)
            raise

    async def _prepared(self, command: PlaceOrder, listing: Listing) -> Body:
        """Return the body to send. Whatever fails on the way to it fails before the first byte of the order."""
        try:
            is_hedged = await self._modes.is_hedged(listing)
            ticker = await self._market.ticker(listing) if command.terms.order_type.has_trigger else None
        except BrokerError as error:
            raise BrokerUnreachable(f"not sent: {error.detail}") from error
        body = placement(command, listing, self._style, position_idx=index_of(command.terms, is_hedged=is_hedged))
        if ticker is not None:
            check_trigger_side(command.terms, ticker, listing, self._style)
        return body

    async def modify(self, command: ModifyOrder, listing: Listing) -> OrderAck:
        """Send a change."""
        return await self._sent("amend", amendment(command, listing), listing, Priority.MODIFY)

    async def cancel(self, command: CancelOrder, listing: Listing) -> OrderAck:
        """Send a cancel.

        Bybit keeps spot orders in three kinds and looks only among plain ones unless told otherwise
        ("Cancel Order", orderFilter); canceling twice does no harm, so the other kinds are tried too.
        """
        body = cancellation(command, listing)
        try:
            return await self._sent("cancel", body, listing, Priority.CANCEL)
        except BrokerRejected as error:
            if not listing.is_spot or error.broker_code != _NO_SUCH_SPOT_ORDER:
                raise
            return await self._cancel_waiting(body, listing, error)

    async def _cancel_waiting(self, body: Body, listing: Listing, refusal: BrokerRejected) -> OrderAck:
        for kind in _SPOT_FILTERS:
            try:
                return await self._sent("cancel", body | {"orderFilter": kind}, listing, Priority.CANCEL)
            except BrokerRejected:
                continue  # not among these either
        raise refusal

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
