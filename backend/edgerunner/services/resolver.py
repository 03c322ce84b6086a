"""Finds out what became of orders without an answer, and of fills that are missing.

An order is looked up when its outcome is unknown, or when the broker said nothing about a
placement, change or cancel for ``SILENCE_S``. Look-ups back off per order and never stop
while the order is open; after ``OPERATOR_AFTER_S`` the order is also marked for an operator.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

import structlog

from edgerunner.adapters.broker import CancelOrder, FillReport, OrderLookup, OrderReport
from edgerunner.domain.errors import BrokerError, BrokerRejected
from edgerunner.domain.events import (
    EventBody,
    OrderCancelRejected,
    OrderFilled,
    OrderFlagged,
    OrderModifyRejected,
    OrderRejected,
)
from edgerunner.domain.identifiers import deterministic_id
from edgerunner.domain.orders import BrokerWords, Liquidity, Money, Order, OrderStatus
from edgerunner.services.booking import Booker
from edgerunner.services.clock import Clock, EventMaker
from edgerunner.services.session import Session
from edgerunner.storage.journal import Journal

_log = structlog.get_logger(__name__)

SILENCE_S = 5.0
UNKNOWN_AFTER_S = 0.3
FILLS_AFTER_S = 0.5
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
OPERATOR_AFTER_S = 600.0
CONCLUDE_AFTER_S = 10.0
"""Longer than any broker accepts a delayed request."""

CANCEL_RESENDS = 3
DERIVE_FILLS_AFTER = 6
"""Look-ups without the missing executions before fills are inferred from the order's totals."""

_PENDING = frozenset({OrderStatus.SUBMITTED, OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_UPDATE})


@dataclass(kw_only=True)
class _Case:
    """One order under observation."""

    status: OrderStatus
    is_unknown: bool
    since_ns: int
    next_ns: int
    attempts: int = 0
    is_flagged: bool = False


class Resolver:
    """Looks orders up until the broker's records give the answer."""

    def __init__(self, session: Session, *, journal: Journal, booker: Booker, events: EventMaker, clock: Clock) -> None:
        self._session = session
        self.book_all_fills: Callable[[], Awaitable[None]] | None = None
        self._journal = journal
        self._booker = booker
        self._events = events
        self._clock = clock
        self._cases: dict[str, _Case] = {}
        self._missing: dict[str, _Case] = {}

    def expect_fills(self, client_order_ids: frozenset[str]) -> None:
        """Note orders whose reports count more filled than was booked."""
        now_ns = self._clock.monotonic_ns()
        for client_order_id in client_order_ids:
            self._missing.setdefault(
                client_order_id,
                _Case(
                    status=OrderStatus.ACCEPTED,
                    is_unknown=False,
                    since_ns=now_ns,
                    next_ns=now_ns + int(FILLS_AFTER_S * 1e9),
                ),
            )

    async def step(self) -> None:
        """Look up every order that is due; cheap when none is."""
        now_ns = self._clock.monotonic_ns()
        self._observe(now_ns)
        for client_order_id, case in list(self._cases.items()):
            if case.next_ns <= now_ns:
                self._back_off(case, now_ns)
                order = await self._journal.order(client_order_id)
                if order is not None and order.is_open:
                    await self._resolve(order, case)
        for client_order_id, case in list(self._missing.items()):
            if case.next_ns <= now_ns:
                self._back_off(case, now_ns)
                await self._complete_fills(client_order_id, case)

    def _observe(self, now_ns: int) -> None:
        """Open a case for each silent order, close those that were answered."""
        waiting: dict[str, Order] = {
            order.client_order_id: order
            for order in self._journal.open_orders(self._session.connection_id)
            if (order.status in _PENDING or order.outcome_unknown)
            and order.client_order_id not in self._session.canceling
        }
        for client_order_id in list(self._cases):
            if client_order_id not in waiting:
                del self._cases[client_order_id]
                self._session.refused_cancels.pop(client_order_id, None)
        for client_order_id, order in waiting.items():
            case = self._cases.get(client_order_id)
            is_unknown = order.outcome_unknown is not None
            if case is None or case.status is not order.status or (is_unknown and not case.is_unknown):
                delay_s = UNKNOWN_AFTER_S if is_unknown else SILENCE_S
                self._cases[client_order_id] = _Case(
                    status=order.status,
                    is_unknown=is_unknown,
                    since_ns=now_ns,
                    next_ns=now_ns + int(delay_s * 1e9),
                )
            if client_order_id in self._session.refused_cancels and not self._cases[client_order_id].attempts:
                self._cases[client_order_id].next_ns = now_ns

    def _back_off(self, case: _Case, now_ns: int) -> None:
        delay_s = BACK_OFF_S[min(case.attempts, len(BACK_OFF_S) - 1)]
        case.attempts += 1
        case.next_ns = now_ns + int(delay_s * 1e9)

    async def _resolve(self, order: Order, case: _Case) -> None:
        lookup = await self._find(order)
        if lookup.report is not None:
            await self._settle(order, lookup, case)
        elif (
            lookup.is_proof_of_absence and order.venue_order_id is None and order.status is not OrderStatus.INITIALIZED
        ):
            text = "The broker's records show that the order never arrived."
            await self._journal_event(order, OrderRejected(broker=BrokerWords(code="never_arrived", text=text)))
        if not case.is_flagged and self._clock.monotonic_ns() - case.since_ns > OPERATOR_AFTER_S * 1e9:
            case.is_flagged = True
            await self._journal_event(order, OrderFlagged(reason="the broker gives no answer about this order"))

    async def _find(self, order: Order) -> OrderLookup:
        return await self._session.adapter.find_order(
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            instrument_id=order.terms.instrument_id,
            sent_at_ns=self._session.sent_at_ns.get(order.client_order_id, self._session.started_at_ns),
        )

    async def _settle(self, order: Order, lookup: OrderLookup, case: _Case) -> None:
        """Book what the records show; then answer a change or cancel they do not show."""
        report = lookup.report
        assert report is not None  # noqa: S101 - the caller looked
        self.expect_fills(await self._book(order, lookup, report))
        after = await self._journal.order(order.client_order_id)
        if after is None or not after.is_open or after.status is not order.status:
            return
        if after.status is OrderStatus.PENDING_UPDATE:
            if self._clock.monotonic_ns() - case.since_ns < CONCLUDE_AFTER_S * 1e9:
                return  # a late copy of the request may still arrive
            text = "The broker's records show the order without the change."
            await self._journal_event(after, OrderModifyRejected(broker=BrokerWords(code="not_applied", text=text)))
        elif after.status is OrderStatus.PENDING_CANCEL:
            refusal = self._session.refused_cancels.pop(after.client_order_id, None)
            if refusal is not None:
                await self._journal_event(after, OrderCancelRejected(broker=refusal))
            else:
                await self._cancel_again(after, case)

    async def _book(self, order: Order, lookup: OrderLookup, report: OrderReport) -> frozenset[str]:
        """Book a look-up; fills of other orders that came before its own are read and booked first."""
        is_news = any(fill.fill.trade_id not in order.trade_ids for fill in lookup.fills)
        if is_news and self.book_all_fills is not None:
            await self.book_all_fills()
        return await self._booker.book([*lookup.fills, report], is_fresh=True)

    async def _cancel_again(self, order: Order, case: _Case) -> None:
        """Repeat a cancel that left no trace: cancelling twice does no harm."""
        if case.attempts > CANCEL_RESENDS:
            text = "The order still works after several cancels; the broker gave no reason."
            await self._journal_event(order, OrderCancelRejected(broker=BrokerWords(code="not_applied", text=text)))
            return
        command = CancelOrder(
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            account_id=order.account_id,
            instrument_id=order.terms.instrument_id,
        )
        try:
            await self._session.adapter.cancel_order(command)
        except BrokerRejected:
            pass  # closed meanwhile: the next look-up shows how
        except BrokerError as error:
            _log.info("cancel_repeated_without_answer", client_order_id=order.client_order_id, reason=error.detail)

    async def _complete_fills(self, client_order_id: str, case: _Case) -> None:
        order = await self._journal.order(client_order_id)
        if order is None:
            del self._missing[client_order_id]
            return
        lookup = await self._find(order)
        if lookup.report is None:
            if case.attempts >= DERIVE_FILLS_AFTER:
                del self._missing[client_order_id]
            return
        missing = await self._book(order, lookup, lookup.report)
        if client_order_id not in missing:
            self._missing.pop(client_order_id, None)
        elif case.attempts >= DERIVE_FILLS_AFTER:
            self._missing.pop(client_order_id, None)
            await self._derive_fill(client_order_id, lookup.report)

    async def _derive_fill(self, client_order_id: str, report: OrderReport) -> None:
        """Infer one fill from the order's totals when the broker no longer lists the executions.

        Its price makes the order's average come out; its fee is unknown and booked as zero.
        """
        order = await self._journal.order(client_order_id)
        if order is None or report.average_price is None or report.filled_quantity <= order.filled_quantity:
            return
        quantity = report.filled_quantity - order.filled_quantity
        value = report.average_price * report.filled_quantity - order.filled_value
        contract = self._session.adapter.get_instrument(order.terms.instrument_id).contract
        fill = OrderFilled(
            trade_id="D" + deterministic_id(order.connection_id, report.venue_order_id, str(report.filled_quantity)),
            venue_order_id=report.venue_order_id,
            instrument_id=order.terms.instrument_id,
            side=order.terms.side,
            quantity=quantity,
            price=value / quantity,
            liquidity=Liquidity.TAKER,
            fee=Money(currency=contract.settle, amount=Decimal(0)),
            contract=contract,
            derived=True,
        )
        _log.warning("fill_derived", client_order_id=client_order_id, quantity=str(quantity))
        await self._booker.book(
            [
                FillReport(
                    client_order_id=client_order_id,
                    venue_order_id=report.venue_order_id,
                    account_id=order.account_id,
                    fill=fill,
                    ts_event_ns=report.ts_event_ns,
                )
            ]
        )

    async def _journal_event(self, order: Order, body: EventBody) -> None:
        await self._journal.append(self._events.of_order(order, body, actor="sync"))
