"""Hears the order news of one session: keeps the books, tells the reader, and answers the commands that wait."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import structlog
from ib_async.contract import Contract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order, OrderState

from edgerunner.adapters.broker import CashReport, FillReport, OrderReport
from edgerunner.adapters.ibkr.executions import Executions
from edgerunner.adapters.ibkr.order_book import OrderBook, Record
from edgerunner.adapters.ibkr.order_news import Echo, Expectation, Judge, News, Refusal
from edgerunner.adapters.ibkr.order_words import OUR_SIDES, REJECTED_CODES
from edgerunner.adapters.ibkr.values import number
from edgerunner.domain.errors import OutcomeUnknown
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import OrderStatus
from edgerunner.domain.values import replace

_log = structlog.get_logger(__name__)

NO_ORDER: Final = -1


class Collection:
    """The answer to a request for a list: what has come, and whether its end has."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.ended = asyncio.Event()


class OrderDesk:
    """Implements ``OrderListener`` for one connection; it outlives the sockets."""

    def __init__(
        self,
        *,
        account_ids: Callable[[], frozenset[str]],
        instrument_of: Callable[[Contract], Instrument | None],
        stranger: Callable[[Contract], None],
        tell: Callable[[OrderReport | FillReport | CashReport], None],
        suspect: Callable[[Record], None],
        now_ns: Callable[[], int],
    ) -> None:
        self.book = OrderBook(account_ids=account_ids, instrument_of=instrument_of, now_ns=now_ns)
        self.executions = Executions(account_ids=account_ids, instrument_of=instrument_of, stranger=stranger, tell=tell)
        self.client_id = 0
        self.open_orders: Collection | None = None
        self.completed_orders: list[tuple[Contract, Order, OrderState]] | None = None
        self.completed_end: asyncio.Event | None = None
        self.executions_ended: dict[int, asyncio.Event] = {}
        self.execution_count = 0
        self._tell = tell
        self._stranger = stranger
        self._suspect = suspect
        self._expected: dict[int, list[Expectation]] = defaultdict(list)

    # commands

    def expect(self, order_id: int, judge: Judge) -> Expectation:
        """Listen for the answer to a command about an order id of this client."""
        expectation = Expectation(judge)
        self._expected[order_id].append(expectation)
        return expectation

    def drop(self, order_id: int, expectation: Expectation) -> None:
        """Listen no longer; what was answered and not asked for counts as heard."""
        if not expectation.answer.cancel() and not expectation.answer.cancelled():
            expectation.answer.exception()
        self._expected[order_id].remove(expectation)
        if not self._expected[order_id]:
            del self._expected[order_id]

    def lost(self, reason: str) -> None:
        """Nobody can be answered any more on this socket."""
        for waiting in list(self._expected.values()):
            for expectation in list(waiting):
                expectation.fail(OutcomeUnknown(reason))

    def start_anew(self, client_id: int) -> None:
        """Begin another session of TWS: everything is read again from its records."""
        self.client_id = client_id
        self.book.forget()
        self.executions.forget()

    def close(self) -> None:
        """End every wait."""
        self.lost("the connection was closed")
        self.executions.close()

    # what ib_async hears

    def open_order(self, contract: Contract, order: Order, state: OrderState) -> None:
        """Take an openOrder."""
        if not _has_side(order.action, "openOrder"):
            return
        record = self.book.open_order(contract, order, state)
        if record is None:
            return
        if self.open_orders is not None:
            self.open_orders.records.append(record)
        terms = (number(order.totalQuantity) or Decimal(0), number(_limit(order)), number(_stop(order)))
        self._hear(record, Echo(perm_id=record.perm_id, status=record.status, terms=terms))
        self._publish(record)

    def open_orders_end(self) -> None:
        """Take the end of the open orders."""
        if self.open_orders is not None:
            self.open_orders.ended.set()

    def completed_order(self, contract: Contract, order: Order, state: OrderState) -> None:
        """Take a completed order; it has no id of a client."""
        if self.completed_orders is not None and _has_side(order.action, "completedOrder"):
            self.completed_orders.append((contract, order, state))

    def completed_orders_end(self) -> None:
        """Take the end of the completed orders."""
        if self.completed_end is not None:
            self.completed_end.set()

    def order_status(
        self, *, order_id: int, client_id: int, perm_id: int, status: str, filled: float, average: float, why_held: str
    ) -> None:
        """Take an orderStatus; it is told on once an openOrder has shown the order."""
        record = self.book.order_status(
            order_id=order_id,
            client_id=client_id,
            perm_id=perm_id,
            status=status,
            filled=filled,
            average=average,
            why_held=why_held,
        )
        self._hear(record, Echo(perm_id=perm_id, status=status))
        self._publish(record)

    def execution(self, contract: Contract, execution: Execution) -> None:
        """Take an execution."""
        self.execution_count += 1
        if _has_side(execution.side, "execDetails"):
            self.executions.execution(contract, execution)
        if execution.clientId == self.client_id:
            for expectation in list(self._expected.get(execution.orderId, ())):
                expectation.hear(Echo(perm_id=execution.permId))

    def executions_end(self, request_id: int) -> None:
        """Take the end of asked executions."""
        ended = self.executions_ended.get(request_id)
        if ended is not None:
            ended.set()

    def commission(self, report: CommissionReport) -> None:
        """Take a commission."""
        self.executions.commission(report)

    def error(self, request_id: int, code: int, text: str) -> None:
        """Take a code with the id of one of our orders; others are no business of ours."""
        if request_id == NO_ORDER:
            return
        awaited = request_id in self._expected
        record = self.book.error(self.client_id, request_id, code, text, is_awaited=awaited)
        for expectation in list(self._expected.get(request_id, ())):
            expectation.hear(Refusal(code=code, text=text))
        if record is None:
            return
        _log.debug("ibkr_order_code", order_id=request_id, code=code, text=text)
        self._publish(record)
        if code in REJECTED_CODES and request_id not in self._expected:
            self._suspect(record)

    def relearn(self) -> None:
        """Tell what waited for an instrument that is known now."""
        for record in self.book.unlearned():
            if self.book.learn(record):
                self._publish(record)

    def _hear(self, record: Record, news: News) -> None:
        """Tell the commands about an order: ours, or another client's that none of ours shares its id with."""
        ours = self.book.of_client(self.client_id, record.order_id)
        if ours is None or ours is record:
            for expectation in list(self._expected.get(record.order_id, ())):
                expectation.hear(news)

    def _publish(self, record: Record) -> None:
        """Tell what is new about an order; TWS repeats itself much."""
        if record.contract is not None and record.instrument is None:
            self._stranger(record.contract)
            return
        report = self.book.report(record)
        if report is None or report.status is OrderStatus.SUBMITTED:
            return
        news = replace(report, ts_event_ns=0)
        if news != record.told:
            record.told = news
            self._tell(report)


def _limit(order: Order) -> float | Decimal | None:
    return order.lmtPrice if "LMT" in order.orderType or order.orderType == "LIT" else None


def _stop(order: Order) -> float | Decimal | None:
    return None if order.orderType in {"LMT", "MKT"} else order.auxPrice


def _has_side(word: str, message: str) -> bool:
    """Tell whether a message says buy or sell; one that says neither is reported, since no guess would be safe."""
    if word in OUR_SIDES:
        return True
    _log.error("ibkr_message_without_side", message=message, side=word[:20])
    return False
