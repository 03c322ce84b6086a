"""Orders, changes and cancels on their way to the terminal: each request is sent once."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Final

import structlog

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, OrderAck, PlaceOrder
from edgerunner.adapters.mt5.books import STOP, Book
from edgerunner.adapters.mt5.catalogue import Catalogue
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.placement import (
    NO_QUANTITY,
    change_request,
    check,
    check_side,
    close_by_request,
    exits_request,
    market_request,
    pending_request,
    remove_request,
    signed,
)
from edgerunner.adapters.mt5.retcodes import require_taken
from edgerunner.adapters.mt5.terminal import CallFailed, Calls, Request, Terminal, Urgency
from edgerunner.domain.errors import (
    BrokerRejected,
    BrokerUnreachable,
    InvalidRequest,
    NotConnected,
    OutcomeUnknown,
    Unsupported,
)
from edgerunner.domain.identifiers import deterministic_id, magic_number
from edgerunner.domain.orders import OrderTerms, OrderType
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import Tick, TradeOrder, TradePosition

_log = structlog.get_logger(__name__)

_NOT_SENT: Final = frozenset(
    {
        constants.RES_E_INVALID_PARAMS,
        constants.RES_E_UNSUPPORTED,
        constants.RES_E_AUTO_TRADING_DISABLED,
        constants.RES_E_INTERNAL_FAIL_INIT,
    }
)
"""Codes with which ``order_send`` says that it sent nothing: the dict was refused, or programs are."""


class OrderEntry:
    """Sends requests. ``poke`` asks for a look at the terminal right after an answer."""

    def __init__(
        self,
        terminal: Terminal,
        calls: Calls,
        catalogue: Catalogue,
        *,
        book: Callable[[], Book],
        poke: Callable[[], None],
        new_id: Callable[[], str],
        deviation: int,
    ) -> None:
        self._terminal = terminal
        self._calls = calls
        self._catalogue = catalogue
        self._book = book
        self._poke = poke
        self._new_id = new_id
        self._deviation = deviation

    async def check(self, terms: OrderTerms, listing: Listing) -> None:
        """Raise what would keep the order from being sent; see ``BrokerAdapter.check_order``."""
        check(terms, listing, is_hedged=self._book().is_hedged)
        await self._catalogue.select(listing)
        tick = await self._calls.tick(listing.symbol)
        if tick is not None:
            check_side(terms, tick)
        with suppress(BrokerRejected):  # nothing to reduce is a refusal of the order itself, when it is placed
            await self._closed_by(terms, listing)

    async def place(self, command: PlaceOrder, listing: Listing) -> OrderAck:
        """Send one order."""
        book, terms, key = self._book(), command.terms, command.client_order_id
        check(terms, listing, is_hedged=book.is_hedged)
        await self._catalogue.select(listing)
        tick = await self._price(listing)
        check_side(terms, tick)
        if terms.order_type is OrderType.MARKET:
            position = await self._closed_by(terms, listing)
            request = market_request(terms, listing, tick, position=position, deviation=self._deviation)
        else:
            request = pending_request(terms, listing, book.clock)
        signature = command.magic or magic_number(key)
        if not book.keys.claim(key):
            raise OutcomeUnknown(f"{key} was sent before; MetaTrader 5 would make a second order of it")
        try:
            return await self._send(signed(request, key=key, magic=signature), key=key, urgency=Urgency.ORDER)
        except (BrokerUnreachable, NotConnected):  # proof that nothing was sent
            book.keys.release(key)
            raise

    async def modify(self, command: ModifyOrder) -> OrderAck:
        """Change prices of a working order, or of an exit of a position."""
        mark = _mark_of(command.venue_order_id)
        if mark is not None:
            if command.trigger_price is None:
                raise Unsupported("of an exit of a position only the price can be changed")
            return await self._set_exit(*mark, price=command.trigger_price, key=command.client_order_id)
        order = await self._working(command.client_order_id, command.venue_order_id)
        if command.quantity is not None and command.quantity != Decimal(repr(order.volume_initial)):
            raise Unsupported(NO_QUANTITY)
        request = change_request(order, price=command.price, trigger_price=command.trigger_price)
        return await self._send(request, key=self._attempt(command.client_order_id), urgency=Urgency.ORDER)

    async def cancel(self, command: CancelOrder) -> OrderAck:
        """Cancel a working order, or take an exit of a position away."""
        mark = _mark_of(command.venue_order_id)
        if mark is not None:
            return await self._set_exit(*mark, price=Decimal(0), key=command.client_order_id)
        order = await self._working(command.client_order_id, command.venue_order_id)
        request = remove_request(order.ticket, order.symbol)
        return await self._send(request, key=self._attempt(command.client_order_id), urgency=Urgency.CANCEL)

    async def close_by(self, client_order_id: str, position_id: str, opposite_id: str) -> OrderAck:
        """Close a position by an opposite one of the same symbol; the larger one's rest stays (hedging accounts)."""
        book = self._book()
        if not book.is_hedged:
            raise Unsupported("a netting account has one position per symbol: there is nothing to close it by")
        position, opposite = await self._position(position_id), await self._position(opposite_id)
        if position.symbol != opposite.symbol or position.type == opposite.type:
            text = f"{opposite_id} is no opposite position of the same symbol as {position_id}"
            raise InvalidRequest.of("opposite_id", "invalid", text)
        if not book.keys.claim(client_order_id):
            raise OutcomeUnknown(f"{client_order_id} was sent before")
        request = signed(close_by_request(position, opposite), key=client_order_id, magic=magic_number(client_order_id))
        return await self._send(request, key=client_order_id, urgency=Urgency.CANCEL)

    async def _set_exit(self, position_id: str, kind: str, *, price: Decimal, key: str) -> OrderAck:
        """Set one exit and send the other one again, which would be taken away otherwise."""
        try:
            position = await self._position(position_id)
        except InvalidRequest as error:
            raise BrokerRejected("not_found", error.detail) from error
        stop, target = (price, position.tp) if kind == STOP else (position.sl, price)
        if not (position.sl if kind == STOP else position.tp):
            raise BrokerRejected("not_found", f"position {position_id} has no such exit any more")
        request = exits_request(position, stop=stop, target=target)
        ack = await self._send(request, key=self._attempt(key), urgency=Urgency.CANCEL)
        del ack  # SLTP makes no order: the exit keeps its id
        return OrderAck(venue_order_id=None)

    async def _send(self, request: Request, *, key: str, urgency: Urgency) -> OrderAck:
        try:
            result = await self._terminal.send(request, key=key, urgency=urgency)
        except CallFailed as failed:
            if failed.code in _NOT_SENT:
                raise BrokerRejected(str(failed.code), failed.text) from failed
            raise OutcomeUnknown(f"order_send gave no result: {failed.text} ({failed.code})") from failed
        finally:
            self._poke()
        require_taken(result)
        return OrderAck(venue_order_id=str(result.order) if result.order else None)

    async def _price(self, listing: Listing) -> Tick:
        tick = await self._calls.tick(listing.symbol)
        if tick is None or not (tick.bid and tick.ask):
            raise BrokerUnreachable(f"not sent: {listing.symbol} has no price")
        return tick

    async def _working(self, client_order_id: str, venue_order_id: str | None) -> TradeOrder:
        """Return the working order that a command is about; raises ``BrokerRejected`` when none is."""
        book = self._book()
        ticket = int(venue_order_id) if venue_order_id is not None and venue_order_id.isdecimal() else None
        if ticket is not None:
            found = await self._calls.orders(ticket=ticket)
        else:
            book.keys.remember([client_order_id])
            found = [order for order in await self._calls.orders() if book.keys.key_of_order(order) == client_order_id]
        if not found:
            raise BrokerRejected("not_found", "no such order works at the broker: it has ended, or never was")
        return found[0]

    async def _closed_by(self, terms: OrderTerms, listing: Listing) -> TradePosition | None:
        """Return the position that an order closes: the one it names, or for a reduce-only order the only one."""
        if not self._book().is_hedged or (terms.position_id is None and not terms.reduce_only):
            return None
        if terms.order_type is not OrderType.MARKET:
            raise Unsupported("only a market order can reduce a position")
        if terms.position_id is not None:
            position = await self._position(terms.position_id)
            if position.symbol != listing.symbol or _is_same_side(position, terms):
                text = f"{terms.position_id} is no {listing.symbol} position that a {terms.side} closes"
                raise InvalidRequest.of("position_id", "invalid", text)
            return position
        fitting = [
            each for each in await self._calls.positions(symbol=listing.symbol) if not _is_same_side(each, terms)
        ]
        if not fitting:
            raise BrokerRejected(
                "nothing_to_reduce", f"there is no {listing.symbol} position that a {terms.side} closes"
            )
        if len(fitting) > 1:
            tickets = ", ".join(str(each.identifier) for each in fitting)
            raise InvalidRequest.of("position_id", "required", f"several positions can be meant: {tickets}")
        return fitting[0]

    async def _position(self, position_id: str) -> TradePosition:
        for position in await self._calls.positions():
            if str(position.identifier) == position_id:
                return position
        raise InvalidRequest.of("position_id", "unknown", f"there is no open position {position_id}")

    def _attempt(self, key: str) -> str:
        """Return a key of the bridge's for one try of a command that may be repeated."""
        return f"{key}:{deterministic_id(key, self._new_id())[:12]}"


def _is_same_side(position: TradePosition, terms: OrderTerms) -> bool:
    return (position.type == constants.POSITION_TYPE_BUY) == (terms.side.sign > 0)


def _mark_of(venue_order_id: str | None) -> tuple[str, str] | None:
    """Return position and kind of an exit's id, None for the id of an order."""
    parts = (venue_order_id or "").split("-")
    return (parts[0], parts[1]) if len(parts) == 3 else None
