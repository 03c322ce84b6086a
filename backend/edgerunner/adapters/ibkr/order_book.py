"""What is known of the account's orders at TWS: openOrder, orderStatus and error codes, put together to reports.

TWS stamps none of these messages, so a report carries the moment of its arrival. Orders are known by their permanent
id; until TWS has told it, by the id that their client gave them.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ib_async.contract import Contract
from ib_async.order import Order, OrderState
from ib_async.util import UNSET_DOUBLE

from edgerunner.adapters.broker import OrderReport
from edgerunner.adapters.ibkr.order_terms import child_of, client_key, terms_of
from edgerunner.adapters.ibkr.order_words import INACTIVE, REJECTED_CODES, STATUSES
from edgerunner.adapters.ibkr.values import number
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import BrokerWords, OrderStatus, TimeInForce

_AT_ONCE: Final = frozenset({TimeInForce.IOC, TimeInForce.FOK})
_WAIT_FOR_A_PRICE: Final = frozenset({"STP", "STP LMT", "MIT", "LIT", "TRAIL"})


@dataclass(slots=True, kw_only=True)
class Record:
    """One order as TWS told it so far."""

    client_id: int
    order_id: int
    perm_id: int = 0
    contract: Contract | None = None
    order: Order | None = None
    instrument: Instrument | None = None
    status: str = ""
    filled: Decimal = Decimal(0)
    average: Decimal | None = None
    why_held: str = ""
    code: int | None = None
    text: str | None = None
    created_ns: int | None = None
    told: OrderReport | None = None
    """The report that was told last, without its stamp."""

    @property
    def is_complete(self) -> bool:
        """Tell whether enough is known for a report."""
        return self.order is not None and self.instrument is not None and self.perm_id != 0


class OrderBook:
    """Records of orders by their two kinds of id."""

    def __init__(
        self,
        *,
        account_ids: Callable[[], frozenset[str]],
        instrument_of: Callable[[Contract], Instrument | None],
        now_ns: Callable[[], int],
    ) -> None:
        self._account_ids = account_ids
        self._instrument_of = instrument_of
        self._now_ns = now_ns
        self._by_perm_id: dict[int, Record] = {}
        self._by_client: dict[tuple[int, int], Record] = {}
        self._highest: dict[int, int] = {}
        self.is_reading = False
        """Whether lists are being read: what they show is older than its arrival."""
        self._newest_ns = 0

    def forget(self) -> None:
        """Forget the orders, before they are read anew: a restarted TWS may give the same ids to other orders."""
        self._highest |= {client: self.highest_id(client) for client, _ in self._by_client}
        self._by_perm_id.clear()
        self._by_client.clear()

    def find(self, *, perm_id: int | None = None, client_order_id: str | None = None) -> Record | None:
        """Return a record by its permanent id or by the key it carries."""
        if perm_id is not None:
            return self._by_perm_id.get(perm_id)
        for record in reversed(self._by_perm_id.values()):
            if record.order is not None and record.order.orderRef == client_order_id:
                return record
        return None

    def of_client(self, client_id: int, order_id: int) -> Record | None:
        """Return a record by the id that its client gave it."""
        return self._by_client.get((client_id, order_id))

    def highest_id(self, client_id: int) -> int:
        """Return the highest order id that TWS has shown for a client; a restarted TWS may offer lower ones again."""
        shown = (order_id for client, order_id in self._by_client if client == client_id)
        return max((self._highest.get(client_id, 0), *shown))

    def open_order(self, contract: Contract, order: Order, state: OrderState) -> Record | None:
        """Note an openOrder; None for an order of an account that is not ours."""
        if order.account not in self._account_ids():
            return None
        record = self._record(order.clientId, order.orderId, order.permId)
        record.contract, record.order = contract, order
        record.instrument = self._instrument_of(contract)
        record.status = state.status or record.status
        self._forgive(record)
        return record

    def order_status(
        self, *, order_id: int, client_id: int, perm_id: int, status: str, filled: float, average: float, why_held: str
    ) -> Record:
        """Note an orderStatus; after a cancel by another client it carries that client's id."""
        record = self._by_perm_id.get(perm_id) or self._record(client_id, order_id, perm_id)
        record.status, record.why_held = status, why_held
        record.filled = Decimal(repr(filled))
        record.average = Decimal(repr(average)) if average and average != UNSET_DOUBLE else None
        self._forgive(record)
        return record

    def error(self, client_id: int, order_id: int, code: int, text: str, *, is_awaited: bool = False) -> Record | None:
        """Note a code with an order's id; None for an id that is no order's.

        ``is_awaited``: an order was sent with this id; its code may come before any other sign of it.
        """
        record = self._by_client.get((client_id, order_id))
        if record is None and is_awaited:
            record = self._record(client_id, order_id, 0)
        if record is not None:
            record.code, record.text = code, text
        return record

    def learn(self, record: Record) -> bool:
        """Look the instrument of a record up again; True when its report can be made now."""
        if record.contract is not None and record.instrument is None:
            record.instrument = self._instrument_of(record.contract)
        return record.is_complete

    def unlearned(self) -> list[Record]:
        """Return the records whose instrument is not known yet."""
        return [each for each in self._by_perm_id.values() if each.contract is not None and each.instrument is None]

    def report(self, record: Record, *, raw: str | None = None) -> OrderReport | None:
        """Return the report of a record, or None while openOrder, permanent id or instrument are missing."""
        order, instrument = record.order, record.instrument
        if order is None or instrument is None or record.perm_id == 0:
            return None
        terms = terms_of(order, instrument)
        status, held = _status(record, terms.time_in_force)
        parent = self._by_client.get((record.client_id, order.parentId)) if order.parentId else None
        child = child_of(order)
        return OrderReport(
            client_order_id=client_key(order.orderRef),
            venue_order_id=str(record.perm_id),
            account_id=order.account,
            terms=terms,
            status=status,
            held=held,
            filled_quantity=record.filled,
            average_price=record.average,
            broker=BrokerWords(
                status=record.status or None, code=None if record.code is None else str(record.code), text=record.text
            ),
            ts_event_ns=self._stamp(),
            created_at_ns=record.created_ns,
            parent_venue_order_id=str(parent.perm_id) if parent is not None and parent.perm_id else None,
            parent_client_order_id=child[0] if child else None,
            child_kind=child[1] if child else None,
            raw=raw,
        )

    def completed(self, contract: Contract, order: Order, state: OrderState) -> OrderReport | None:
        """Return the report of a completed order; None for foreign accounts and instruments that are not known.

        Completed orders carry no id of a client. What was filled is told in ``filledQuantity`` alone.
        """
        instrument = self._instrument_of(contract)
        if order.account not in self._account_ids() or instrument is None or not order.permId:
            return None
        record = Record(
            client_id=order.clientId,
            order_id=0,
            perm_id=order.permId,
            contract=contract,
            order=order,
            instrument=instrument,
            status=state.status,
            filled=number(order.filledQuantity) or Decimal(0),
            text=state.completedStatus or None,
        )
        if not number(order.totalQuantity):
            record.order = dataclasses.replace(order, totalQuantity=float(order.filledQuantity))
        return self.report(record)

    def _record(self, client_id: int, order_id: int, perm_id: int) -> Record:
        """Return the record, new if need be; those made by hand have ids up to 0, so only permanent ones count."""
        record = self._by_perm_id.get(perm_id) if perm_id else None
        if record is None and order_id > 0:
            known = self._by_client.get((client_id, order_id))
            if known is not None and (not known.perm_id or not perm_id):
                record = known
        if record is None:
            record = Record(client_id=client_id, order_id=order_id)
            record.created_ns = None if self.is_reading else self._now_ns()
        if perm_id:
            record.perm_id = perm_id
            self._by_perm_id[perm_id] = record
        if order_id > 0:
            record.client_id, record.order_id = client_id, order_id
            self._by_client[client_id, order_id] = record
        return record

    def _forgive(self, record: Record) -> None:
        """A refusal that TWS takes back by showing the order at work was none."""
        if record.status in {"PreSubmitted", "Submitted"} and record.code in REJECTED_CODES:
            record.code = record.text = None

    def _stamp(self) -> int:
        self._newest_ns = max(self._newest_ns + 1, self._now_ns())
        return self._newest_ns


def _status(record: Record, time_in_force: TimeInForce) -> tuple[OrderStatus, str | None]:
    """Return our status and why the order is held.

    ``Inactive`` is both: dead after a refusing code (and for orders that live for a moment only), else held and
    maybe active again. A word that is not known never ends an order.
    """
    word = record.status
    if word == INACTIVE:
        if record.code in REJECTED_CODES and not record.filled:
            return OrderStatus.REJECTED, None
        if record.code in REJECTED_CODES or time_in_force in _AT_ONCE:
            return OrderStatus.CANCELED, None
        return OrderStatus.ACCEPTED, record.why_held or "inactive"
    status = STATUSES.get(word)
    if status is None:
        return OrderStatus.ACCEPTED, f"unknown status {word}"
    if status is OrderStatus.CANCELED and record.code in REJECTED_CODES and not record.filled:
        return OrderStatus.REJECTED, None
    if status is OrderStatus.ACCEPTED and record.filled:
        return OrderStatus.PARTIALLY_FILLED, None
    if word == "Submitted" and record.order is not None and record.order.orderType in _WAIT_FOR_A_PRICE:
        return OrderStatus.TRIGGERED, None
    return status, _held(record) if status is OrderStatus.ACCEPTED else None


def _held(record: Record) -> str | None:
    """Return why an order does not work yet: until its parent fills, its trigger is met, or its market opens."""
    order = record.order
    if record.status != "PreSubmitted" or order is None:
        return record.why_held or None
    if "child" in record.why_held or (not record.why_held and order.parentId):
        return "child"
    if "trigger" in record.why_held or (not record.why_held and order.orderType in _WAIT_FOR_A_PRICE):
        return "untriggered"
    return record.why_held or "waiting"
