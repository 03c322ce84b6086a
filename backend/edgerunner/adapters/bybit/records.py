"""Bybit's records read back: open orders, one order, executions, the transaction log.

Ranges are read in windows of seven days, the longest Bybit allows. Only ``startTime`` is given, so
that each window ends where Bybit's own clock says.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from edgerunner.adapters.broker import CashReport, FillReport, OrderLookup, OrderReport
from edgerunner.adapters.bybit.cash import cash_report
from edgerunner.adapters.bybit.executions import ExecutionMapper, is_fill
from edgerunner.adapters.bybit.instruments import Catalogue, Listing
from edgerunner.adapters.bybit.legs import PositionModes
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.rest import Parameters, RestClient
from edgerunner.adapters.bybit.values import NS_PER_MS, Malformed, Strangers, required_text
from edgerunner.adapters.bybit.wire import CashRow, Execution, Order, decoded, raw_text
from edgerunner.domain.errors import BrokerUnreachable, EdgerunnerError, InvalidRequest

T = TypeVar("T")

_WINDOW_NS: Final = 7 * 86_400 * 10**9
_KEPT_NS: Final = 730 * 86_400 * 10**9
"""Bybit keeps executions and the transaction log for two years."""

_WINDOWS_AT_ONCE: Final = 8
_ORDER_PAGE: Final = 50
_EXECUTION_PAGE: Final = 100
_LOG_PAGE: Final = 50
_RECENT_NS: Final = 6 * 86_400 * 10**9
"""A placement younger than this lies in the seven days that queries cover by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRule:
    """When empty records prove that a placement never arrived and cannot arrive any more.

    Bybit refuses a copy older than the receive window, so the server's clock must have passed the
    sending by the longest wait in our own queue, that window, and the time its records may lag.
    """

    queue_ns: int
    recv_window_ns: int
    settle_ns: int

    def is_over(self, *, server_now_ns: int, server_sent_ns: int) -> bool:
        """Tell whether the placement is too old to arrive or to be missing from the records."""
        return server_now_ns > server_sent_ns + self.queue_ns + self.recv_window_ns + self.settle_ns


class Records:
    """Reads an account's orders, executions and cash movements by REST."""

    def __init__(
        self,
        rest: RestClient,
        catalogue: Catalogue,
        *,
        account_id: str,
        strangers: Strangers,
        proof: ProofRule,
        modes: PositionModes,
    ) -> None:
        self._rest = rest
        self._modes = modes
        self._catalogue = catalogue
        self._account_id = account_id
        self._strangers = strangers
        self._proof = proof
        self._orders = OrderMapper(account_id, strangers)
        self._executions = ExecutionMapper(account_id)

    async def open_orders(self) -> list[OrderReport]:
        """Return every working order, all pages; raises a ``BrokerError``."""
        queries: list[Parameters] = [{"category": "spot"}]
        queries += self._catalogue.contract_queries()
        found: dict[str, OrderReport] = {}
        for query in queries:
            parameters = {**query, "openOnly": 0, "limit": _ORDER_PAGE}
            async for row, _ in self._rest.pages("/v5/order/realtime", parameters):
                report = await self._order(row, str(query["category"]))
                found[report.venue_order_id] = report
        return sorted(found.values(), key=lambda report: report.created_at_ns or 0)

    async def find_order(
        self, listing: Listing, *, client_order_id: str | None, venue_order_id: str | None, sent_at_ns: int | None
    ) -> OrderLookup:
        """Look an order up in the open, recent and older orders and in the executions.

        ``sent_at_ns`` is on this machine's wall clock. Raises a ``BrokerError`` when any of the
        records cannot be read: then nothing is known.
        """
        if client_order_id is None and venue_order_id is None:
            raise InvalidRequest.of("client_order_id", "required", "an order is looked up by one of its two ids")
        asked_at_ns = self._rest.server_clock.now_ns()
        key = {"orderId": venue_order_id} if venue_order_id else {"orderLinkId": client_order_id or ""}
        query: Parameters = {"category": listing.category, "symbol": listing.symbol, **key}
        sent_ns = None if sent_at_ns is None else self._rest.server_clock.at(sent_at_ns)
        is_old = sent_ns is not None and asked_at_ns - sent_ns > _RECENT_NS
        window = {"startTime": (sent_ns or 0) // NS_PER_MS - 60_000} if is_old else {}
        reports = await self._orders_of("/v5/order/realtime", query, listing)
        if not reports:
            reports = await self._orders_of("/v5/order/history", {**query, **window}, listing)
        fills = await self._fills_of({**query, **window}, listing.category)
        report = max(reports, key=lambda report: (report.ts_event_ns, report.status.is_closed), default=None)
        is_absent = report is None and not fills and sent_ns is not None
        return OrderLookup(
            report=report,
            fills=tuple(fills),
            is_proof_of_absence=is_absent
            and self._proof.is_over(server_now_ns=asked_at_ns, server_sent_ns=sent_ns or asked_at_ns),
        )

    async def fills(self, since_ns: int) -> list[FillReport]:
        """Return executions since a time (Bybit keeps two years), oldest first, each once."""
        queries: list[Parameters] = [
            {"category": category, "startTime": start // NS_PER_MS}
            for category in self._catalogue.categories()
            for start in self._windows(since_ns)
        ]
        found: dict[str, FillReport] = {}

        async def read(query: Parameters) -> None:
            for report in await self._fills_of(query, str(query["category"])):
                if report.ts_event_ns >= since_ns:
                    found[report.fill.trade_id] = report

        await _each(queries, read)
        return sorted(found.values(), key=lambda report: report.ts_event_ns)

    async def cash(self, since_ns: int) -> list[CashReport]:
        """Return cash movements that no execution carries (two years), oldest first, each once."""
        found: dict[str, CashReport] = {}

        async def read(query: Parameters) -> None:
            async for raw, _ in self._rest.pages("/v5/account/transaction-log", query):
                report = self._movement(raw)
                if report is not None and report.ts_event_ns >= since_ns:
                    found[report.movement.movement_id] = report

        queries: list[Parameters] = [
            {"accountType": "UNIFIED", "startTime": start // NS_PER_MS, "limit": _LOG_PAGE}
            for start in self._windows(since_ns)
        ]
        await _each(queries, read)
        return sorted(found.values(), key=lambda report: (report.ts_event_ns, report.movement.movement_id))

    def _windows(self, since_ns: int) -> Iterable[int]:
        now_ns = self._rest.server_clock.now_ns()
        oldest_ns = max(since_ns, now_ns - _KEPT_NS)
        return range(oldest_ns, max(now_ns, oldest_ns + 1), _WINDOW_NS)

    async def _orders_of(self, path: str, query: Parameters, listing: Listing) -> list[OrderReport]:
        return [await self._order(row, listing.category) async for row, _ in self._rest.pages(path, query)]

    async def _fills_of(self, query: Parameters, category: str) -> list[FillReport]:
        found: list[FillReport] = []
        async for raw, _ in self._rest.pages("/v5/execution/list", {**query, "limit": _EXECUTION_PAGE}):
            execution = _decoded(raw, Execution)
            if is_fill(execution.exec_type, self._strangers):
                found.append(await self._fill(execution, category, raw_text(raw)))
        return _oldest_first(found)

    async def _fill(self, execution: Execution, category: str, raw: str) -> FillReport:
        try:
            listing = await self._catalogue.find(category, required_text(execution.symbol, "symbol"))
            is_hedged = await self._modes.is_hedged(listing)
            return self._executions.report(execution, listing, raw, is_hedged=is_hedged)
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable execution in Bybit's records: {error}") from error

    async def _order(self, raw: msgspec.Raw, category: str) -> OrderReport:
        order = _decoded(raw, Order)
        try:
            listing = await self._catalogue.find(category, required_text(order.symbol, "symbol"))
            return self._orders.report(order, listing, raw_text(raw))
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable order in Bybit's records: {error}") from error

    def _movement(self, raw: msgspec.Raw) -> CashReport | None:
        row = _decoded(raw, CashRow)
        try:
            report = cash_report(
                row,
                account_id=self._account_id,
                catalogue=self._catalogue,
                strangers=self._strangers,
                modes=self._modes,
            )
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable row in Bybit's transaction log: {error}") from error
        return None if report is None else replace(report, raw=raw_text(raw))


def _oldest_first(newest_first: Iterable[FillReport]) -> list[FillReport]:
    """Turn Bybit's order round; executions of one millisecond keep the order in which Bybit lists them."""
    turned = list(newest_first)[::-1]
    return sorted(turned, key=lambda report: report.ts_event_ns)


def _decoded(raw: msgspec.Raw, into: type[T]) -> T:
    try:
        return decoded(raw, into)
    except Malformed as error:
        raise BrokerUnreachable(f"unreadable row in Bybit's records: {error}") from error


async def _each(queries: Sequence[Parameters], read: Callable[[Parameters], Awaitable[None]]) -> None:
    """Run ``read`` for every query, a few at once; the first error ends all."""
    gate = asyncio.Semaphore(_WINDOWS_AT_ONCE)

    async def guarded(query: Parameters) -> None:
        async with gate:
            await read(query)

    try:
        async with asyncio.TaskGroup() as group:
            for query in queries:
                group.create_task(guarded(query))
    except* EdgerunnerError as errors:
        raise errors.exceptions[0] from None
