"""Keeps one session's book in line with its broker: the stream, the timer, and what is missing.

Three tasks, owned by one ``SessionSync``: a reader that drains the adapter's updates, a booker
that journals them in batches, and a keeper that reconciles after interruptions and on a timer
and looks up whatever has no answer.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from edgerunner.adapters.broker import (
    BrokerUpdate,
    CashReport,
    FillReport,
    LinkHealth,
    LinkStatus,
    OrderReport,
    PositionReport,
)
from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.errors import EdgerunnerError, JournalUnavailable
from edgerunner.services.booking import Booker
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task
from edgerunner.services.reconciliation import Reconciler
from edgerunner.services.resolver import Resolver
from edgerunner.services.session import Session, newer_health

_log = structlog.get_logger(__name__)

BATCH = 256
"""Most updates journaled in one commit."""

BACKLOG = 50_000
"""Most updates waiting to be booked; beyond it they are dropped and everything is re-read."""

KEEPER_STEP_S = 0.25
RECONCILE_EVERY_S = 30.0
CONFIRM_AFTER_S = 2.0
"""When a position differs: the next control confirms it or finds it gone."""

IN_ORDER_S = 10.0
"""How long news waits for the missed fills to be read; longer, and positions put these in their place later."""
RESTART_S = 1.0
RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0)

_Bookable = OrderReport | FillReport | CashReport


class AccountListener(Protocol):
    """Hears what is not journaled: the broker's positions and account figures."""

    def __call__(self, session: Session, change: PositionReport | AccountSummary) -> None:
        """Take note of a newer report."""
        ...


class SessionSync:
    """Owns the synchronisation of one session; ``start`` and ``stop`` bound its tasks."""

    def __init__(
        self,
        session: Session,
        *,
        booker: Booker,
        reconciler: Reconciler,
        resolver: Resolver,
        clock: Clock,
        on_account: AccountListener,
        on_health: Callable[[Session], None],
    ) -> None:
        self._session = session
        self._booker = booker
        self._reconciler = reconciler
        self._resolver = resolver
        self._clock = clock
        self._on_account = on_account
        self._on_health = on_health
        self._backlog: deque[_Bookable] = deque()
        self._arrived = asyncio.Event()
        self._has_caught_up = asyncio.Event()
        self._reconciled = asyncio.Event()
        self._must_reconcile = True
        self._failures = 0
        self._next_reconcile_ns = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read, book and reconcile."""
        self._task = asyncio.create_task(self._run(), name=f"sync-{self._session.connection_id}")

    async def stop(self) -> None:
        """End all tasks; what was read but not booked is re-read at the next start."""
        await end_task(self._task)
        self._task = None

    async def wait_reconciled(self, timeout_s: float) -> None:
        """Wait for the first successful reconciliation; raises ``TimeoutError``."""
        async with asyncio.timeout(timeout_s):
            await self._reconciled.wait()

    def reconcile_soon(self) -> None:
        """Ask for a reconciliation now."""
        self._next_reconcile_ns = 0
        self._session.wake.set()

    async def _run(self) -> None:
        """Run the three tasks; a defect in one is logged, and all start again with a full re-read."""
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read())
                    tasks.create_task(self._book())
                    tasks.create_task(self._keep())
            except* Exception:  # noqa: BLE001 - the root of the tasks: log, re-read, go on
                _log.exception("sync_failed", connection_id=self._session.connection_id)
            self._interrupt("the synchronisation was started again")
            self._on_health(self._session)
            await asyncio.sleep(RESTART_S)

    async def _read(self) -> None:
        async for update in self._session.adapter.stream_updates():
            self._receive(update)

    def _receive(self, update: BrokerUpdate) -> None:
        match update:
            case LinkHealth():
                self._on_link(update)
            case PositionReport():
                self._session.positions[(update.account_id, update.instrument_id, update.leg)] = update
                self._on_account(self._session, update)
            case AccountSummary():
                self._session.summaries[update.account_id] = update
                self._on_account(self._session, update)
            case OrderReport() | FillReport() | CashReport():
                if len(self._backlog) >= BACKLOG:
                    self._backlog.clear()
                    self._interrupt("more updates than can be booked")
                self._backlog.append(update)
                self._arrived.set()

    def _on_link(self, health: LinkHealth) -> None:
        if health.link == "data":
            self._session.data = newer_health(self._session.data, health)
        else:
            was = self._session.orders.status
            self._session.orders = newer_health(self._session.orders, health)
            if was is not LinkStatus.UP or health.status is not LinkStatus.UP:
                self._interrupt(health.reason or str(health.status))
        self._on_health(self._session)

    def _interrupt(self, reason: str) -> None:
        """Note that events may have been missed: no new risk until everything was re-read."""
        _log.info("updates_interrupted", connection_id=self._session.connection_id, reason=reason)
        self._session.is_reconciled = False
        self._must_reconcile = True
        self._has_caught_up.clear()
        self.reconcile_soon()

    async def _book(self) -> None:
        while True:
            await self._arrived.wait()
            await self._until_caught_up()
            self._arrived.clear()
            while self._backlog:
                batch = [self._backlog.popleft() for _ in range(min(BATCH, len(self._backlog)))]
                batch = await self._completed(batch)
                try:
                    self._resolver.expect_fills(await self._booker.book(batch))
                except JournalUnavailable as error:
                    _log.error("booking_failed", connection_id=self._session.connection_id, reason=error.detail)
                    self._interrupt("the journal cannot be written")
                    self._on_health(self._session)

    async def _until_caught_up(self) -> None:
        """Let fills that were missed be booked before newer ones: an average cost depends on their order."""
        with suppress(TimeoutError):
            async with asyncio.timeout(IN_ORDER_S):
                await self._has_caught_up.wait()

    async def _completed(self, batch: list[_Bookable]) -> list[_Bookable]:
        """Add the orders of fills that belong to none we know; without them the fills still count."""
        try:
            return await self._reconciler.with_unknown_orders(batch)
        except (EdgerunnerError, TimeoutError) as error:
            _log.warning("lookup_failed", connection_id=self._session.connection_id, reason=str(error))
            self.reconcile_soon()
            return batch

    async def _keep(self) -> None:
        while True:
            if self._session.orders.status is LinkStatus.UP:
                if self._clock.monotonic_ns() >= self._next_reconcile_ns:
                    await self._reconcile()
                await self._resolve()
            with suppress(TimeoutError):
                async with asyncio.timeout(KEEPER_STEP_S):
                    await self._session.wake.wait()
            self._session.wake.clear()

    async def _reconcile(self) -> None:
        must = self._must_reconcile
        self._must_reconcile = False
        try:
            summaries = await self._reconciler.reconcile(is_complete=must)
        except (EdgerunnerError, TimeoutError) as error:
            self._must_reconcile = self._must_reconcile or must
            delay_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
            self._failures += 1
            _log.warning("reconciliation_failed", connection_id=self._session.connection_id, reason=str(error))
        else:
            delay_s = CONFIRM_AFTER_S if self._reconciler.has_suspects else RECONCILE_EVERY_S
            self._failures = 0
            for summary in summaries:
                self._on_account(self._session, summary)
            if not self._must_reconcile:
                self._has_caught_up.set()
                if not self._session.is_reconciled:
                    self._session.is_reconciled = True
                    self._on_health(self._session)
            self._reconciled.set()
        if self._must_reconcile and self._failures == 0:
            delay_s = 0.0
        self._next_reconcile_ns = self._clock.monotonic_ns() + int(delay_s * 1e9)

    async def _resolve(self) -> None:
        try:
            await self._resolver.step()
        except (EdgerunnerError, TimeoutError) as error:
            _log.warning("lookup_failed", connection_id=self._session.connection_id, reason=str(error))
