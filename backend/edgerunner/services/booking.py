"""Turns broker reports into journal events: matching, adoption, fills, cash.

One ``Booker`` serves one session. A batch of reports becomes one journal append; within the
batch each decision sees the effect of the ones before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from edgerunner.adapters.broker import CashReport, FillReport, OrderReport
from edgerunner.domain import order_machine
from edgerunner.domain.events import Event, OrderAdopted, OrderEvent, RecordedEvent
from edgerunner.domain.identifiers import deterministic_id, external_client_order_id
from edgerunner.domain.orders import Order, OrderStatus, OrderTerms, OrderType
from edgerunner.domain.values import replace
from edgerunner.services.bracket_parents import parent_of
from edgerunner.services.clock import EventMaker
from edgerunner.services.order_reports import adoption, events_from_report, is_missing_fills
from edgerunner.services.session import Session
from edgerunner.storage.journal import Journal

PARENTS_SEARCHED = 200
"""How many of a connection's newest orders may be the parent of an exit whose parent the broker does not name."""

_log = structlog.get_logger(__name__)


@dataclass
class _Batch:
    """Events made so far and the orders as they will be after them."""

    events: list[Event] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    by_venue_id: dict[str, str] = field(default_factory=dict)
    missing_fills: set[str] = field(default_factory=set)

    def add(self, order: Order | None, event: Event) -> Order | None:
        """Append the event unless it would change nothing; return the order after it."""
        after = order_machine.apply(order, RecordedEvent(seq=0, owner_epoch=0, event=event))
        if after is order:
            return order
        self.events.append(event)
        if after is not None:
            self.orders[after.client_order_id] = after
            if after.venue_order_id:
                self.by_venue_id[after.venue_order_id] = after.client_order_id
        return after


class Booker:
    """Books reports of one session in its journal."""

    def __init__(self, session: Session, journal: Journal, events: EventMaker) -> None:
        self._session = session
        self._journal = journal
        self._events = events

    async def book(
        self, reports: Sequence[OrderReport | FillReport | CashReport], *, is_fresh: bool = False
    ) -> frozenset[str]:
        """Journal what the reports change; return the orders whose fills are still missing.

        ``is_fresh``: the reports answer a query made just now (see ``events_from_report``).
        Raises ``JournalUnavailable``; then nothing was booked and the reports must be re-read.
        """
        batch = _Batch()
        for report in reports:  # a foreign order is taken in before its fills, whatever came first
            if isinstance(report, OrderReport) and await self._is_unknown(batch, report):
                await self._adopt(batch, report)
        for report in reports:
            match report:
                case OrderReport():
                    await self._book_order(batch, report, is_fresh=is_fresh)
                case FillReport():
                    await self._book_fill(batch, report)
                case CashReport():
                    batch.events.append(await self._cash_event(batch, report))
        if batch.events:
            await self._journal.append(*batch.events)
        return frozenset(batch.missing_fills)

    async def _book_order(self, batch: _Batch, report: OrderReport, *, is_fresh: bool) -> None:
        order = await self.match(report.client_order_id, report.venue_order_id, batch=batch)
        if order is None:
            return  # cannot be: unknown orders were adopted before
        for body in events_from_report(order, report, is_fresh=is_fresh):
            order = batch.add(order, self._order_event(order, body, report)) or order
        if is_missing_fills(order, report):
            batch.missing_fills.add(order.client_order_id)
        else:
            batch.missing_fills.discard(order.client_order_id)

    async def _is_unknown(self, batch: _Batch, report: OrderReport) -> bool:
        return await self.match(report.client_order_id, report.venue_order_id, batch=batch) is None

    async def _adopt(self, batch: _Batch, report: OrderReport) -> None:
        parent = await self._parent(batch, report)
        client_order_id = external_client_order_id(self._session.connection_id, report.venue_order_id)
        body = adoption(report, parent_id=parent.client_order_id if parent else None)
        event = self._adoption_event(client_order_id, body, report)
        if parent is not None:  # an exit belongs to the strategy whose entry it guards
            event = replace(event, strategy_id=parent.strategy_id)
        batch.add(None, event)
        _log.info("order_adopted", connection_id=self._session.connection_id, client_order_id=client_order_id)

    async def _parent(self, batch: _Batch, report: OrderReport) -> Order | None:
        """Return the order an exit belongs to: the one the broker names, else the one whose terms it carries."""
        named = await self.match(report.parent_client_order_id, report.parent_venue_order_id, batch=batch)
        if named is not None or report.child_kind is None:
            return named
        connection_id = self._session.connection_id
        recent = await self._journal.orders(connection_id=connection_id, limit=PARENTS_SEARCHED)
        known = {order.client_order_id: order for order in (*recent.items, *batch.orders.values())}
        return parent_of(report, known.values())

    async def _book_fill(self, batch: _Batch, report: FillReport) -> None:
        order = await self.match(report.client_order_id, report.venue_order_id, batch=batch)
        if order is None:
            order = self._adopt_from_fill(batch, report)
        event = self._events.reported(
            report.fill,
            connection_id=self._session.connection_id,
            account_id=report.account_id,
            order=order,
            event_id=deterministic_id("fill", self._session.connection_id, report.account_id, report.fill.trade_id),
            ts_event_ns=report.ts_event_ns,
            raw=report.raw,
        )
        batch.add(order, event)
        batch.missing_fills.discard(order.client_order_id)

    def _adopt_from_fill(self, batch: _Batch, report: FillReport) -> Order:
        """Take in the order of a fill before (or without) its own report.

        Its quantity is a lower bound until the order's report arrives and corrects the terms.
        """
        fill = report.fill
        client_order_id = external_client_order_id(self._session.connection_id, report.venue_order_id)
        terms = OrderTerms(
            instrument_id=fill.instrument_id,
            side=fill.side,
            order_type=OrderType.MARKET,
            quantity=fill.quantity,
            quantity_unit=fill.contract.quantity_unit,
        )
        body = OrderAdopted(terms=terms, status=OrderStatus.ACCEPTED, venue_order_id=report.venue_order_id)
        event = self._adoption_event(client_order_id, body, report)
        adopted = batch.add(None, event)
        if adopted is None:
            raise AssertionError("an adoption makes an order")
        return adopted

    async def match(
        self, client_order_id: str | None, venue_order_id: str | None, *, batch: _Batch | None = None
    ) -> Order | None:
        """Return the order a report speaks of, by the key it carries or by the broker's id."""
        batch = batch or _Batch()
        if client_order_id is not None:
            order = batch.orders.get(client_order_id) or await self._journal.order(client_order_id)
            if order is not None and self._is_ours(order, venue_order_id):
                return order
        if venue_order_id is None:
            return None
        if venue_order_id in batch.by_venue_id:
            return batch.orders[batch.by_venue_id[venue_order_id]]
        known = await self._journal.order_by_venue_id(self._session.connection_id, venue_order_id)
        return batch.orders.get(known.client_order_id, known) if known else None

    def _is_ours(self, order: Order, venue_order_id: str | None) -> bool:
        """Guard against a foreign order that happens to carry one of our keys."""
        if order.connection_id != self._session.connection_id or order.status is OrderStatus.DENIED:
            return False
        return order.venue_order_id is None or venue_order_id is None or order.venue_order_id == venue_order_id

    def _order_event(self, order: Order, body: OrderEvent, report: OrderReport) -> Event:
        return self._events.reported(
            body,
            connection_id=self._session.connection_id,
            account_id=report.account_id,
            order=order,
            ts_event_ns=report.ts_event_ns,
            raw=report.raw,
        )

    def _adoption_event(self, client_order_id: str, body: OrderAdopted, report: OrderReport | FillReport) -> Event:
        return self._events.reported(
            body,
            connection_id=self._session.connection_id,
            account_id=report.account_id,
            order=None,
            client_order_id=client_order_id,
            event_id=deterministic_id("adopt", self._session.connection_id, body.venue_order_id),
            ts_event_ns=report.ts_event_ns,
            raw=report.raw,
        )

    async def _cash_event(self, batch: _Batch, report: CashReport) -> Event:
        order = await self.match(report.client_order_id, report.venue_order_id, batch=batch)
        return self._events.reported(
            report.movement,
            connection_id=self._session.connection_id,
            account_id=report.account_id,
            order=order,
            event_id=deterministic_id(
                "cash", self._session.connection_id, report.account_id, report.movement.movement_id
            ),
            ts_event_ns=report.ts_event_ns,
            raw=report.raw,
        )
