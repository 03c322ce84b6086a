"""Order commands out: place with attached exits, modify, cancel; each sent once and answered by TWS's own news."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import structlog
from ib_async.contract import Contract
from ib_async.order import Order

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, OrderAck, PlaceOrder
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.order_book import Record
from edgerunner.adapters.ibkr.order_desk import OrderDesk
from edgerunner.adapters.ibkr.order_news import Expectation, Judge, judge_cancel, judge_change, judge_placement
from edgerunner.adapters.ibkr.order_terms import terms_of
from edgerunner.adapters.ibkr.order_words import DUPLICATE_ID, NOT_FOUND
from edgerunner.adapters.ibkr.placement import OrderStyle, check_terms, exit_orders, parent_order
from edgerunner.adapters.wire_mark import handed_over
from edgerunner.domain.errors import BrokerRejected, InvalidRequest, NotConnected, OutcomeUnknown
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import OrderTerms
from edgerunner.domain.values import replace

_log = structlog.get_logger(__name__)

DOUBT_WAIT_S: Final = 2.0
"""How much longer a command waits once a code came that proves nothing by itself."""

_KEYS_KEPT: Final = 10_000
_IDS_AHEAD: Final = 100
"""How far order ids jump once TWS says that one was used: a TWS that forgot its ids goes through them again."""


class OrderEntry:
    """Sends the commands of one connection. ``ready`` raises ``NotConnected`` unless orders can be sent now."""

    def __init__(
        self, api: Callable[[], Api], desk: OrderDesk, *, ready: Callable[[], None], style: OrderStyle, timeout_s: float
    ) -> None:
        self._api = api
        self._desk = desk
        self._ready = ready
        self._style = style
        self._timeout_s = timeout_s
        self._sent: dict[str, None] = {}

    def check(self, terms: OrderTerms, instrument: Instrument) -> None:
        """Raise what would keep a placement from being sent."""
        check_terms(terms, instrument)
        self._ready()

    async def place(self, command: PlaceOrder, contract: Contract, instrument: Instrument) -> OrderAck:
        """Send an order and its exits in one go; TWS acts on none of them before the last has come."""
        self.check(command.terms, instrument)
        key, account_id = command.client_order_id, command.account_id
        self._require_new(key)
        parent = parent_order(command.terms, key=key, account_id=account_id, style=self._style)
        exits = exit_orders(command.terms, key=key, account_id=account_id, style=self._style)
        orders = self._numbered(parent, exits)
        expectations = [(each.orderId, self._desk.expect(each.orderId, judge_placement)) for each in orders]
        try:
            for order in orders:
                self._send(contract, order)
            return await self._placed(expectations)
        except BrokerRejected as error:
            if error.broker_code == str(DUPLICATE_ID):
                self._api().take_order_id(above=parent.orderId + _IDS_AHEAD)
            raise
        finally:
            for order_id, expectation in expectations:
                self._desk.drop(order_id, expectation)

    async def modify(self, command: ModifyOrder, contract: Contract, instrument: Instrument) -> OrderAck:
        """Send the order again under its id with the changed terms; everything else stays as TWS shows it."""
        self._ready()
        record = self._record(command)
        if record.client_id != self._desk.client_id:
            raise BrokerRejected(
                str(NOT_FOUND), f"only client id {record.client_id}, which placed the order, can change it"
            )
        if record.order is None:
            raise BrokerRejected(str(NOT_FOUND), "TWS has not shown this order in this session; look it up first")
        changes = {
            field: value
            for field in ("quantity", "price", "trigger_price")
            if (value := getattr(command, field)) is not None
        }
        if not changes:
            raise InvalidRequest.of("quantity", "required", "nothing to change was given")
        terms = replace(terms_of(record.order, instrument), **changes)
        order = parent_order(terms, key=record.order.orderRef, account_id=command.account_id, style=self._style)
        order.orderId, order.parentId = record.order_id, record.order.parentId
        order.ocaGroup, order.ocaType = record.order.ocaGroup, record.order.ocaType
        order.outsideRth = record.order.outsideRth
        wanted = (terms.quantity, terms.price, terms.trigger_price)
        return await self._commanded(record, judge_change(wanted), lambda: self._send(contract, order))

    async def cancel(self, command: CancelOrder) -> OrderAck:
        """Send a cancel; outside of trading hours TWS acknowledges it and acts on it at the open.

        An order of another client can be canceled too, by the id under which TWS listed it to us.
        """
        self._ready()
        record = self._record(command)
        return await self._commanded(record, judge_cancel, lambda: self._api().client.cancelOrder(record.order_id, ""))

    def _require_new(self, key: str) -> None:
        """TWS takes any number of orders with one orderRef: that a key is sent once is ours to see to."""
        if key in self._sent or self._desk.book.find(client_order_id=key) is not None:
            raise OutcomeUnknown(f"an order with the key {key} was sent before; it is not sent again")
        self._sent[key] = None
        while len(self._sent) > _KEYS_KEPT:
            del self._sent[next(iter(self._sent))]

    def _numbered(self, parent: Order, exits: list[Order]) -> list[Order]:
        api, highest = self._api(), self._desk.book.highest_id(self._desk.client_id)
        orders = [parent, *exits]
        for order in orders:
            order.orderId, order.transmit = api.take_order_id(above=highest), order is orders[-1]
        for each in exits:
            each.parentId = parent.orderId
        return orders

    async def _placed(self, expectations: list[tuple[int, Expectation]]) -> OrderAck:
        """Return the parent's acknowledgement; an exit that is refused takes the entry with it.

        An entry that was to be protected is not left without protection: it is canceled. Whether the cancel came in
        time is told by the entry's own news.
        """
        parent_id, parent = expectations[0]
        answers = [each.answer for _, each in expectations]
        ack = await self._answer(parent)
        if answers[1:]:
            await asyncio.wait(answers[1:], timeout=DOUBT_WAIT_S)
        refused = [
            error for answer in answers[1:] if answer.done() and isinstance(error := answer.exception(), BrokerRejected)
        ]
        if refused:
            _log.error("ibkr_exit_refused", order_id=parent_id, reason=str(refused[0]))
            self._api().client.cancelOrder(parent_id, "")
        return ack

    async def _commanded(self, record: Record, judge: Judge, send: Callable[[], None]) -> OrderAck:
        expectation = self._desk.expect(record.order_id, judge)
        try:
            send()
            ack = await self._answer(expectation)
        finally:
            self._desk.drop(record.order_id, expectation)
        return replace(ack, venue_order_id=ack.venue_order_id or str(record.perm_id))

    async def _answer(self, expectation: Expectation) -> OrderAck:
        """Wait for the answer; a code that proves nothing shortens the wait, and is named when it ends in vain."""
        doubted = asyncio.create_task(expectation.doubted.wait())
        try:
            async with asyncio.timeout(self._timeout_s):
                waits: set[asyncio.Future[Any]] = {doubted, expectation.answer}
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                if not expectation.answer.done():
                    await asyncio.wait({expectation.answer}, timeout=DOUBT_WAIT_S)
        except TimeoutError:
            pass
        finally:
            doubted.cancel()
        if expectation.answer.done():
            return expectation.answer.result()
        expectation.answer.cancel()
        doubt = expectation.doubt
        said = f"; TWS said {doubt.code}: {doubt.text}" if doubt else ""
        raise OutcomeUnknown(f"TWS did not answer within {self._timeout_s:g} s{said}")

    def _send(self, contract: Contract, order: Order) -> None:
        try:
            self._api().client.placeOrder(order.orderId, contract, order)
            handed_over()
        except ConnectionError as error:
            raise NotConnected(f"not sent: {error}") from error

    def _record(self, command: ModifyOrder | CancelOrder) -> Record:
        """Return the order's record, by TWS's own id when it is known; TWS must know it by an id of a client."""
        perm_id = int(command.venue_order_id) if command.venue_order_id else None
        record = self._desk.book.find(perm_id=perm_id, client_order_id=command.client_order_id)
        if record is None:
            raise BrokerRejected(str(NOT_FOUND), "TWS has not shown this order in this session; look it up first")
        if record.order_id <= 0:
            text = "the order was placed by hand in TWS: change or cancel it there, or connect with client id 0"
            raise BrokerRejected(str(NOT_FOUND), text)
        ours = self._desk.book.of_client(self._desk.client_id, record.order_id)
        if ours is not None and ours is not record:
            text = f"client id {record.client_id} placed the order under an id that one of ours has: cancel it there"
            raise BrokerRejected(str(NOT_FOUND), text)
        return record
