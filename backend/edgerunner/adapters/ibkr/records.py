"""TWS's records read back: open orders of every client, completed orders, executions of today.

TWS sometimes leaves out the marker that ends a list (recorded: a list of executions without one). Then a request
that it surely answers after it, the time, shows that the list is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from ib_async import ExecutionFilter
from ib_async.contract import Contract

from edgerunner.adapters.broker import CashReport, FillReport, OrderLookup, OrderReport
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.order_book import Record
from edgerunner.adapters.ibkr.order_desk import Collection, OrderDesk
from edgerunner.adapters.ibkr.values import NS_PER_S
from edgerunner.domain.errors import BrokerTimeout, BrokerUnreachable, InvalidRequest, NotConnected

_log = structlog.get_logger(__name__)

_MARKER_S: Final = 3.0
"""How long the end marker of the executions is waited for before the list counts as ended without."""
_COMMISSIONS_S: Final = 2.0
_EXCHANGE: Final = ZoneInfo("America/New_York")
"""TWS's records of a day begin at midnight of the server's zone; New York's is the latest of its usual ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRule:
    """When empty records prove that a placement never arrived and cannot arrive any more.

    TWS reads a socket's messages in order, so answers to what was asked after the placement on the same or a later
    socket show that it was read or lost. ``settle_ns`` is how long its records may lag.
    """

    settle_ns: int

    def is_over(self, *, now_ns: int, sent_ns: int) -> bool:
        """Tell whether a placement sent at a time must be in the records by now, and still is if it ever was."""
        midnight = datetime.fromtimestamp(now_ns // NS_PER_S, _EXCHANGE).replace(hour=0, minute=0, second=0)
        return now_ns > sent_ns + self.settle_ns and sent_ns >= int(midnight.timestamp()) * NS_PER_S


class Records:
    """Reads lists through the desk; each kind is asked for once at a time."""

    def __init__(
        self,
        api: Callable[[], Api],
        desk: OrderDesk,
        *,
        qualify: Callable[[Contract], Awaitable[object]],
        now_ns: Callable[[], int],
        proof: ProofRule,
        timeout_s: float,
    ) -> None:
        self._api = api
        self._desk = desk
        self._qualify = qualify
        self._now_ns = now_ns
        self._proof = proof
        self._timeout_s = timeout_s
        self._open_lock = asyncio.Lock()
        self._completed_lock = asyncio.Lock()
        self._executions_lock = asyncio.Lock()

    async def open_orders(self) -> list[OrderReport]:
        """Return every working order of all clients; raises a ``BrokerError``."""
        async with self._open_lock:
            collection = self._desk.open_orders = Collection()
            self._desk.book.is_reading = True
            try:
                self._send("open orders", lambda api: api.client.reqAllOpenOrders())
                await self._until(collection.ended, "open orders")
            finally:
                self._desk.open_orders = None
                self._desk.book.is_reading = False
        await self._learn([each.contract for each in collection.records])
        reports = {each.perm_id: self._desk.book.report(each) for each in collection.records if self._known(each)}
        return [report for report in reports.values() if report is not None and not report.status.is_closed]

    async def fills(self, since_ns: int) -> list[FillReport]:
        """Return today's executions since a time, oldest first: TWS keeps no older ones for its API."""
        await self._read_executions()
        return self._desk.executions.reports(since_ns=since_ns)

    async def commissions(self, since_ns: int) -> list[CashReport]:
        """Return today's commissions since a time, as last read with the fills."""
        await self._read_executions()
        return self._desk.executions.commissions(since_ns=since_ns)

    async def find_order(
        self, *, client_order_id: str | None, venue_order_id: str | None, sent_at_ns: int | None
    ) -> OrderLookup:
        """Look an order up in the open and completed orders and in the executions.

        Raises a ``BrokerError`` when any of them cannot be read: then nothing is known.
        """
        if client_order_id is None and venue_order_id is None:
            raise InvalidRequest.of("client_order_id", "required", "an order is looked up by one of its two ids")
        asked_at_ns = self._now_ns()
        wanted = _Wanted(client_order_id=client_order_id, venue_order_id=venue_order_id)
        report = next((each for each in await self.open_orders() if wanted.is_it(each)), None)
        if report is None:
            report = next((each for each in await self._completed() if wanted.is_it(each)), None)
        await self._read_executions()
        fills = [each for each in self._desk.executions.reports(since_ns=0) if wanted.is_it(each)]
        is_absent = report is None and not fills and sent_at_ns is not None
        return OrderLookup(
            report=report,
            fills=tuple(fills),
            is_proof_of_absence=is_absent
            and self._proof.is_over(now_ns=asked_at_ns, sent_ns=sent_at_ns or asked_at_ns),
        )

    async def _completed(self) -> list[OrderReport]:
        async with self._completed_lock:
            found = self._desk.completed_orders = []
            ended = self._desk.completed_end = asyncio.Event()
            try:
                self._send("completed orders", lambda api: api.client.reqCompletedOrders(False))  # noqa: FBT003 - ib_async's
                await self._until(ended, "completed orders")
            finally:
                self._desk.completed_orders = self._desk.completed_end = None
        await self._learn([contract for contract, _, _ in found])
        reports = [self._desk.book.completed(*each) for each in found]
        return [report for report in reports if report is not None]

    async def _read_executions(self) -> None:
        """Ask for all of today's executions; the desk takes them in. Waits a little for their commissions."""
        async with self._executions_lock:
            request_id = int(self._api().client.getReqId())
            ended = self._desk.executions_ended[request_id] = asyncio.Event()
            try:
                self._send("executions", lambda api: api.client.reqExecutions(request_id, ExecutionFilter()))
                await self._executions_end(ended)
                await _quietly(self._desk.executions.whole.wait(), _COMMISSIONS_S)
            finally:
                del self._desk.executions_ended[request_id]
        await self._learn(self._desk.executions.strangers())

    async def _executions_end(self, ended: asyncio.Event) -> None:
        """Wait for the end marker, or for the time and for silence where TWS leaves the marker out."""
        if await _quietly(ended.wait(), _MARKER_S):
            return
        heard = -1
        while heard != self._desk.execution_count and not ended.is_set():
            heard = self._desk.execution_count
            await self._api().ask("the time", self._api().reqCurrentTimeAsync, timeout_s=self._timeout_s, key="time")
            await _quietly(ended.wait(), _MARKER_S)
        if not ended.is_set():
            _log.info("ibkr_executions_without_end", count=heard)

    async def _learn(self, contracts: Iterable[Contract | None]) -> None:
        """Make the instruments of foreign orders known, so that these can be reported."""
        for contract in contracts:
            if contract is not None:
                await self._qualify(contract)
        self._desk.relearn()

    def _known(self, record: Record) -> bool:
        if not self._desk.book.learn(record):
            symbol = record.contract.localSymbol if record.contract is not None else "?"
            raise BrokerUnreachable(f"the instrument of an open order ({symbol}) cannot be read from TWS")
        return True

    def _send(self, what: str, send: Callable[[Api], None]) -> None:
        try:
            send(self._api())
        except ConnectionError as error:
            raise NotConnected(f"TWS is not connected: {what} cannot be read") from error

    async def _until(self, ended: asyncio.Event, what: str) -> None:
        """Wait for an end marker; raises ``BrokerTimeout``, or ``NotConnected`` as soon as the socket is lost."""
        lost = self._api().lost
        waiting = asyncio.create_task(ended.wait())
        try:
            waits: set[asyncio.Future[Any]] = {waiting, lost}
            await asyncio.wait(waits, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if ended.is_set():
            return
        if lost.done():
            raise NotConnected(f"the connection to TWS was lost while {what} were asked for")
        raise BrokerTimeout(f"TWS did not end its list of {what} within {self._timeout_s:g} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """An order by its ids; TWS's own id wins."""

    client_order_id: str | None
    venue_order_id: str | None

    def is_it(self, report: OrderReport | FillReport) -> bool:
        if self.venue_order_id is not None:
            return report.venue_order_id == self.venue_order_id
        return report.client_order_id == self.client_order_id


async def _quietly(waiting: Coroutine[Any, Any, object], seconds: float) -> bool:
    """Wait at most some time; True when what was waited for happened."""
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return False
    return True
