"""Starts and stops the synchronisation of sessions and hands out what brokers last reported."""

from collections.abc import Callable, Mapping

from edgerunner.adapters.broker import PositionReport
from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.errors import NotFound
from edgerunner.services.booking import Booker
from edgerunner.services.clock import Clock, EventMaker
from edgerunner.services.reconciliation import Reconciler, Watermarks
from edgerunner.services.resolver import Resolver
from edgerunner.services.session import PositionAddress, Session
from edgerunner.services.session_sync import SessionSync
from edgerunner.storage.journal import Journal

AccountChange = PositionReport | AccountSummary


class SyncService:
    """One ``SessionSync`` per running session."""

    def __init__(self, *, journal: Journal, events: EventMaker, clock: Clock, watermarks: Watermarks) -> None:
        self._journal = journal
        self._events = events
        self._clock = clock
        self._watermarks = watermarks
        self._running: dict[str, tuple[Session, SessionSync]] = {}
        self._listeners: list[Callable[[Session, AccountChange], None]] = []

    def start(self, session: Session, *, on_health: Callable[[Session], None]) -> SessionSync:
        """Begin to keep a session in line with its broker."""
        booker = Booker(session, self._journal, self._events)
        resolver = Resolver(session, journal=self._journal, booker=booker, events=self._events, clock=self._clock)
        reconciler = Reconciler(
            session,
            journal=self._journal,
            booker=booker,
            events=self._events,
            clock=self._clock,
            watermarks=self._watermarks,
            on_missing_fills=resolver.expect_fills,
        )
        resolver.book_all_fills = reconciler.book_fills
        sync = SessionSync(
            session,
            booker=booker,
            reconciler=reconciler,
            resolver=resolver,
            clock=self._clock,
            on_account=self._notify,
            on_health=on_health,
        )
        self._running[session.connection_id] = (session, sync)
        sync.start()
        return sync

    async def stop(self, connection_id: str) -> None:
        """End the synchronisation of one session."""
        running = self._running.pop(connection_id, None)
        if running is not None:
            await running[1].stop()

    async def wait_reconciled(self, connection_id: str, timeout_s: float) -> None:
        """Wait for a session's first reconciliation; raises ``TimeoutError``."""
        if connection_id not in self._running:
            raise NotFound(f"no running connection {connection_id!r}")
        await self._running[connection_id][1].wait_reconciled(timeout_s)

    def add_listener(self, listener: Callable[[Session, AccountChange], None]) -> Callable[[], None]:
        """Call ``listener`` on each newer position or account report; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def position_reports(self, connection_id: str) -> Mapping[PositionAddress, PositionReport]:
        """Return the broker's newest report per position."""
        return self._session(connection_id).positions

    def summaries(self, connection_id: str) -> Mapping[str, AccountSummary]:
        """Return each account's newest figures."""
        return self._session(connection_id).summaries

    def _session(self, connection_id: str) -> Session:
        if connection_id not in self._running:
            raise NotFound(f"no running connection {connection_id!r}")
        return self._running[connection_id][0]

    def _notify(self, session: Session, change: AccountChange) -> None:
        for listener in list(self._listeners):
            listener(session, change)
