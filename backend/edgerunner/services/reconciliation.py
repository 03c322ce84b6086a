"""Reconciliation: the broker's records read whole, and our book brought in line with them."""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

import structlog

from edgerunner.adapters.broker import CashReport, FillReport, OrderReport, PositionReport
from edgerunner.adapters.order_keys import OrderKeys
from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.events import PositionAdjusted
from edgerunner.domain.identifiers import deterministic_id
from edgerunner.domain.instruments import ContractTerms
from edgerunner.domain.orders import Order
from edgerunner.services.booking import Booker
from edgerunner.services.clock import Clock, EventMaker
from edgerunner.services.position_check import (
    Difference,
    Holding,
    differences,
    holdings_of_positions,
    holdings_of_reports,
    opening_differences,
)
from edgerunner.services.session import Session
from edgerunner.storage.journal import Journal

_log = structlog.get_logger(__name__)

FIRST_LOOK_BACK_NS = 7 * 86_400 * 1_000_000_000
"""How much of an account's past is taken in when a connection is new."""

OVERLAP_NS = 600 * 1_000_000_000
"""How far before the last complete reading the next one starts: executions can be listed late."""

TIMER_OVERLAP_NS = 60 * 1_000_000_000
"""The same while the stream is healthy and the reading is only a control."""

QUERY_TIMEOUT_S = 60.0

OPENING = "held before this connection was made"
"""Reason of the adjustments that a new connection begins with."""

_Bookable = OrderReport | FillReport | CashReport


class Watermarks(Protocol):
    """Until when each connection's records have been read whole; survives a restart.

    A newest known fill is no such mark: after an outage the stream delivers new fills before
    the missed ones have been read.
    """

    async def reconciled_until(self, connection_id: str) -> int | None:
        """Return the mark in UTC nanoseconds, or None when the records were never read."""
        ...

    async def mark_reconciled(self, connection_id: str, until_ns: int) -> None:
        """Move the mark."""
        ...


class Reconciler:
    """Reads one broker's records and books what is missing here. Repeating it books nothing."""

    def __init__(
        self,
        session: Session,
        *,
        journal: Journal,
        booker: Booker,
        events: EventMaker,
        clock: Clock,
        watermarks: Watermarks,
        on_missing_fills: Callable[[frozenset[str]], None],
    ) -> None:
        self._session = session
        self._watermarks = watermarks
        self._on_missing_fills = on_missing_fills
        self._journal = journal
        self._booker = booker
        self._events = events
        self._clock = clock
        self._suspects: frozenset[Difference] = frozenset()

    async def reconcile(self, *, is_complete: bool) -> Sequence[AccountSummary]:
        """Bring orders, fills, cash and positions in line; return the accounts' newest figures.

        ``is_complete``: events may have been missed, so positions that still differ after
        everything was read twice are adjusted at once; on the timer a difference must stand
        for two rounds. Raises what the adapter or the journal raises: then nothing is settled
        and the caller tries again.
        """
        began_ns = self._clock.now_ns()
        async with asyncio.timeout(QUERY_TIMEOUT_S):
            mark_ns = await self._watermarks.reconciled_until(self._session.connection_id)
            overlap_ns = OVERLAP_NS if is_complete else TIMER_OVERLAP_NS
            since_ns = began_ns - FIRST_LOOK_BACK_NS if mark_ns is None else mark_ns - overlap_ns
            if mark_ns is None and not self._journal.positions(self._session.connection_id):
                await self._book_opening(since_ns)
            await self._read_records(since_ns)
            await self._check_positions(since_ns, is_complete=is_complete)
            summaries = await self._session.adapter.get_account_summary()
            await self._watermarks.mark_reconciled(self._session.connection_id, began_ns)
        for summary in summaries:
            self._session.summaries[summary.account_id] = summary
        return summaries

    async def _read_records(self, since_ns: int) -> None:
        connection_id, adapter = self._session.connection_id, self._session.adapter
        working_before = self._journal.open_orders(connection_id)
        if isinstance(adapter, OrderKeys):
            adapter.remember_keys(order.client_order_id for order in working_before)
        open_reports = await adapter.get_open_orders()
        fills = await adapter.get_fills(since_ns)
        cash = await adapter.get_cash_movements(since_ns)
        reports: list[_Bookable] = [*open_reports, *fills]
        await self._book([*await self.with_unknown_orders(reports), *cash])
        listed = {report.venue_order_id for report in open_reports}
        listed_keys = {report.client_order_id for report in open_reports}
        unlisted = [
            order
            for order in working_before
            if order.venue_order_id not in listed and order.client_order_id not in listed_keys
        ]
        ended = [report for order in unlisted for report in await self._records_of(order)]
        if ended:  # what filled meanwhile is read for all orders, so that it is booked in its order
            newer = await self.with_unknown_orders(await adapter.get_fills(since_ns))
            await self._book([*newer, *ended])

    async def _records_of(self, order: Order) -> list[_Bookable]:
        """Ask for the end of an order that worked here and is no longer listed as open."""
        lookup = await self._session.adapter.find_order(
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            instrument_id=order.terms.instrument_id,
            sent_at_ns=None,
        )
        return [] if lookup.report is None else [*lookup.fills, lookup.report]

    async def book_fills(self) -> None:
        """Read and book the account's fills of the last minutes, all of them in their order."""
        mark_ns = await self._watermarks.reconciled_until(self._session.connection_id)
        since_ns = (self._session.started_at_ns if mark_ns is None else mark_ns) - OVERLAP_NS
        await self._book(await self.with_unknown_orders(await self._session.adapter.get_fills(since_ns)))

    @property
    def has_suspects(self) -> bool:
        """Whether positions differed at the last control and another one has to confirm it."""
        return bool(self._suspects)

    async def _book(self, reports: Sequence[_Bookable]) -> None:
        self._on_missing_fills(await self._booker.book(reports, is_fresh=True))

    async def with_unknown_orders(self, reports: Sequence[_Bookable]) -> list[_Bookable]:
        """Return the reports with those of orders that fills belong to but nobody knows yet."""
        listed = {report.venue_order_id for report in reports if isinstance(report, OrderReport)}
        found: list[_Bookable] = []
        for report in reports:
            if not isinstance(report, FillReport) or report.venue_order_id in listed:
                continue
            if await self._booker.match(report.client_order_id, report.venue_order_id) is not None:
                continue
            listed.add(report.venue_order_id)
            lookup = await self._session.adapter.find_order(
                client_order_id=None,
                venue_order_id=report.venue_order_id,
                instrument_id=report.fill.instrument_id,
                sent_at_ns=None,
            )
            if lookup.report is not None:
                found.append(lookup.report)
        return [*found, *reports]

    async def _book_opening(self, since_ns: int) -> None:
        """Book what was held before the first fill that we can see, so that sums agree from there."""
        fills = await self._session.adapter.get_fills(since_ns)
        reports = await self._read_positions()
        opening = opening_differences(holdings_of_reports(reports, self._contract), fills)
        await self._adjust(opening, OPENING)

    async def _check_positions(self, since_ns: int, *, is_complete: bool) -> None:
        """Compare derived and reported positions; adjust what differs and stays different."""
        found = await self._differences()
        if not found:
            self._suspects = frozenset()
            return
        if is_complete:
            await self._read_records(since_ns)
            confirmed = frozenset(found) & frozenset(await self._differences())
        else:
            confirmed = frozenset(found) & self._suspects
        self._suspects = frozenset(found) - confirmed
        if any(order.outcome_unknown for order in self._journal.open_orders(self._session.connection_id)):
            return  # the answer to that order may be the difference
        await self._adjust(sorted(confirmed, key=str), "the broker's position differs from the fills it lists")

    async def _differences(self) -> list[Difference]:
        reports = await self._read_positions()
        derived = self._journal.positions(self._session.connection_id)
        return differences(holdings_of_positions(derived), holdings_of_reports(reports, self._contract))

    async def _read_positions(self) -> Sequence[PositionReport]:
        reports = await self._session.adapter.get_positions()
        listed = {(report.account_id, report.instrument_id, report.leg): report for report in reports}
        self._session.positions.clear()
        self._session.positions.update(listed)
        return reports

    def _contract(self, instrument_id: str) -> ContractTerms:
        return self._session.adapter.get_instrument(instrument_id).contract

    async def _adjust(self, found: Sequence[Difference], reason: str) -> None:
        events = [
            self._events.reported(
                self._adjustment(difference.target, difference, reason),
                connection_id=self._session.connection_id,
                account_id=difference.target.account_id,
                order=None,
                event_id=self._adjustment_id(difference),
                ts_event_ns=None,
                raw=None,
            )
            for difference in found
        ]
        if events:
            for difference in found:
                _log.warning(
                    "position_adjusted",
                    connection_id=self._session.connection_id,
                    instrument_id=difference.target.instrument_id,
                    ours=str(difference.ours),
                    broker=str(difference.target.quantity),
                    reason=reason,
                )
            await self._journal.append(*events)

    def _adjustment(self, target: Holding, difference: Difference, reason: str) -> PositionAdjusted:
        return PositionAdjusted(
            adjustment_id=self._adjustment_id(difference),
            instrument_id=target.instrument_id,
            contract=target.contract,
            leg=target.leg,
            quantity=target.quantity,
            average_price=target.average_price,
            reason=reason,
        )

    def _adjustment_id(self, difference: Difference) -> str:
        target = difference.target
        return deterministic_id(
            "adjust",
            self._session.connection_id,
            target.account_id,
            target.instrument_id,
            target.leg,
            str(difference.ours.normalize() if difference.ours else Decimal(0)),
            str(target.quantity.normalize()),
            str(difference.last_seq),
        )
