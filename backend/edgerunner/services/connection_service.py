"""Connections: made, kept over restarts, watched, removed."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

import structlog

from edgerunner.adapters.broker import BrokerAdapter, Capabilities, Environment, LinkHealth, LinkStatus
from edgerunner.domain.accounts import Account
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerTimeout,
    Conflict,
    EdgerunnerError,
    InvalidRequest,
    LiveNotAllowed,
    NotConnected,
    NotFound,
    Unsupported,
)
from edgerunner.domain.identifiers import CONNECTION_ID
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task
from edgerunner.services.session import Session, initial_health
from edgerunner.services.sync_service import SyncService
from edgerunner.storage.store import ConnectionStore, StoredConnection

_log = structlog.get_logger(__name__)

LOCAL = "local"
"""The execution without a broker: a paper account of our own on the connection's prices."""

CONNECT_TIMEOUT_S = 30.0
FIRST_RECONCILIATION_S = 30.0
RESTORE_BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """A connection as a caller wants it. ``credentials`` never appear in a repr."""

    broker: str
    environment: Environment
    execution: str = "broker"
    connection_id: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastError:
    """The newest failure of a connection."""

    code: str
    detail: str
    ts_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionView:
    """A connection as callers see it.

    ``status``: ``connecting``, ``reconciling`` (no new orders yet), ``connected``, ``degraded``
    (market data is down), ``disconnected`` (the order link is down; it reconnects by itself),
    ``failed`` (needs the user: ``last_error`` says what).
    """

    connection_id: str
    broker: str
    environment: Environment
    execution: str
    status: str
    accounts: tuple[Account, ...]
    data: LinkHealth
    orders: LinkHealth
    capabilities: Capabilities | None
    last_error: LastError | None
    connected_at_ns: int | None


class AdapterFactory(Protocol):
    """Makes the adapter of one broker; raises ``InvalidRequest`` for wrong credentials or options."""

    async def __call__(
        self,
        *,
        connection_id: str,
        environment: Environment,
        credentials: Mapping[str, str],
        options: Mapping[str, object],
    ) -> BrokerAdapter:
        """Return an adapter that is not connected yet."""
        ...


@dataclass
class _Entry:
    stored: StoredConnection
    closed_at_ns: int
    status: str = "connecting"
    session: Session | None = None
    last_error: LastError | None = None
    connected_at_ns: int | None = None
    restoring: asyncio.Task[None] | None = None


class ConnectionService:
    """Owns every session of this process."""

    def __init__(
        self,
        *,
        factories: Mapping[str, AdapterFactory],
        absent: Mapping[str, str],
        store: ConnectionStore,
        sync: SyncService,
        clock: Clock,
        allow_live: bool,
        local: Mapping[str, AdapterFactory] | None = None,
    ) -> None:
        """``absent`` maps brokers that this version does not have to the reason.

        ``local`` makes the adapters of local execution, by the broker whose prices they trade on.
        """
        self._factories = factories
        self._local = local or {}
        self._absent = absent
        self._store = store
        self._sync = sync
        self._clock = clock
        self._allow_live = allow_live
        self._entries: dict[str, _Entry] = {}
        self._listeners: list[Callable[[ConnectionView], None]] = []

    async def start(self) -> None:
        """Bring stored connections back, in the background."""
        for stored in await self._store.list():
            entry = _Entry(stored, self._clock.now_ns())
            self._entries[stored.connection_id] = entry
            entry.restoring = asyncio.create_task(self._restore(entry), name=f"restore-{stored.connection_id}")

    async def stop(self) -> None:
        """Close every session; stored connections come back at the next start."""
        for entry in list(self._entries.values()):
            await self._close(entry)

    async def connect(self, request: ConnectRequest) -> ConnectionView:
        """Open, verify, store and reconcile a connection.

        Raises ``InvalidRequest``, ``Unsupported``, ``Conflict`` (id in use), ``LiveNotAllowed``,
        ``BrokerAuthFailed``, ``BrokerUnreachable``, ``BrokerTimeout``; nothing is stored then.
        """
        self._check(request)
        connection_id = request.connection_id or self._free_id(request)
        if connection_id in self._entries:
            raise Conflict(f"connection {connection_id!r} exists; delete it first or choose another connection_id")
        stored = StoredConnection(
            connection_id=connection_id,
            broker=request.broker,
            environment=request.environment,
            execution=request.execution,
            options=dict(request.options),
            credentials=dict(request.credentials),
            created_at_ns=self._clock.now_ns(),
            desired="connected",
        )
        entry = _Entry(stored, stored.created_at_ns)
        self._entries[connection_id] = entry
        try:
            await self._open(entry)
            await self._store.save(stored)
        except BaseException:
            await self._close(entry)
            del self._entries[connection_id]
            raise
        return await self._first_reconciliation(entry)

    async def delete(self, connection_id: str) -> ConnectionView:
        """Close a connection and forget its credentials; its orders stay in the journal."""
        entry = self._entry(connection_id)
        await self._close(entry)
        await self._store.delete(connection_id)
        self._entries.pop(connection_id, None)
        entry.status = "disconnected"
        view = self._view(entry)
        self._notify(view)
        return view

    def views(self) -> list[ConnectionView]:
        """Return all connections, oldest first."""
        return [self._view(entry) for entry in self._entries.values()]

    def view(self, connection_id: str) -> ConnectionView:
        """Return one connection; raises ``NotFound``."""
        return self._view(self._entry(connection_id))

    def session(self, connection_id: str) -> Session:
        """Return a running session; raises ``NotFound``, or ``NotConnected`` while there is none."""
        entry = self._entry(connection_id)
        if entry.session is None:
            reason = f": {entry.last_error.detail}" if entry.last_error else ""
            raise NotConnected(f"{connection_id} is {entry.status}{reason}")
        return entry.session

    def sessions(self) -> list[Session]:
        """Return every session that is open."""
        return [entry.session for entry in self._entries.values() if entry.session is not None]

    def execution_of(self, connection_id: str) -> str | None:
        """Return ``broker`` or ``local``; None for a connection that does not exist (any more)."""
        entry = self._entries.get(connection_id)
        return None if entry is None else entry.stored.execution

    def add_listener(self, listener: Callable[[ConnectionView], None]) -> Callable[[], None]:
        """Call ``listener`` on each change of a connection; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _check(self, request: ConnectRequest) -> None:
        if request.broker in self._absent:
            raise Unsupported(self._absent[request.broker])
        if request.broker not in self._factories:
            known = ", ".join(sorted({*self._factories, *self._absent}))
            raise InvalidRequest.of("broker", "unknown", f"must be one of {known}")
        if request.execution == LOCAL and request.broker not in self._local:
            raise Unsupported(f"local execution is not offered on the market data of {request.broker}")
        if request.connection_id is not None and not CONNECTION_ID.fullmatch(request.connection_id):
            raise InvalidRequest.of(
                "connection_id", "invalid", "1 to 32 of a-z, 0-9 and '-', beginning with a letter or digit"
            )
        if request.environment is Environment.LIVE and request.execution != LOCAL and not self._allow_live:
            raise LiveNotAllowed("live trading is off; start with EDGERUNNER_ALLOW_LIVE=true when you mean real money")

    def _free_id(self, request: ConnectRequest) -> str:
        suffix = "sim" if request.environment is Environment.SIMULATED else request.environment.value
        base = f"{request.broker}-{suffix}" + ("-local" if request.execution == LOCAL else "")
        names = (base if number == 1 else f"{base}-{number}" for number in count(1))
        return next(name for name in names if name not in self._entries)

    async def _open(self, entry: _Entry) -> None:
        """Connect the adapter, check what it turned out to be, and start to follow it."""
        stored = entry.stored
        factories = self._local if stored.execution == LOCAL else self._factories
        adapter = await factories[stored.broker](
            connection_id=stored.connection_id,
            environment=Environment(stored.environment),
            credentials=stored.credentials,
            options=stored.options,
        )
        try:
            accounts = await _log_in(adapter)
            self._check_live(stored, accounts)
        except BaseException:
            await adapter.disconnect()
            raise
        now_ns = self._clock.now_ns()
        entry.session = Session(
            connection_id=stored.connection_id,
            broker=stored.broker,
            environment=Environment(stored.environment),
            execution=stored.execution,
            adapter=adapter,
            accounts=accounts,
            started_at_ns=now_ns,
            data=initial_health("data", now_ns),
            orders=initial_health("orders", now_ns),
        )
        entry.connected_at_ns, entry.last_error = now_ns, None
        self._sync.start(entry.session, on_health=lambda _: self._notify(self._view(entry)))
        self._notify(self._view(entry))

    def _check_live(self, stored: StoredConnection, accounts: tuple[Account, ...]) -> None:
        """Believe what the broker reports, never the flag: a live account elsewhere is refused."""
        is_live = any(account.is_live for account in accounts)
        if is_live and stored.environment != Environment.LIVE:
            raise LiveNotAllowed(
                f"the broker reports a live account, but the connection says {stored.environment}; nothing was stored"
            )

    async def _first_reconciliation(self, entry: _Entry) -> ConnectionView:
        with suppress(TimeoutError):
            await self._sync.wait_reconciled(entry.stored.connection_id, FIRST_RECONCILIATION_S)
        return self._view(entry)

    async def _restore(self, entry: _Entry) -> None:
        """Reopen a stored connection, again and again; bad credentials wait longest."""
        for attempt in count():
            try:
                await self._open(entry)
            except EdgerunnerError as error:
                entry.last_error = LastError(code=error.code, detail=error.detail, ts_ns=self._clock.now_ns())
                is_final = isinstance(error, BrokerAuthFailed | InvalidRequest | LiveNotAllowed | Unsupported)
                entry.status = "failed" if is_final else "connecting"
                _log.warning("restore_failed", connection_id=entry.stored.connection_id, reason=error.detail)
                self._notify(self._view(entry))
                delay_s = RESTORE_BACK_OFF_S[-1 if is_final else min(attempt, len(RESTORE_BACK_OFF_S) - 1)]
                await asyncio.sleep(delay_s * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, no secret
            else:
                return

    async def _close(self, entry: _Entry) -> None:
        await end_task(entry.restoring)
        await self._sync.stop(entry.stored.connection_id)
        if entry.session is not None:
            session, entry.session, entry.closed_at_ns = entry.session, None, self._clock.now_ns()
            await session.adapter.disconnect()

    def _entry(self, connection_id: str) -> _Entry:
        if connection_id not in self._entries:
            raise NotFound(f"no connection is called {connection_id!r}; GET /broker/connections lists them")
        return self._entries[connection_id]

    def _view(self, entry: _Entry) -> ConnectionView:
        stored, session = entry.stored, entry.session
        return ConnectionView(
            connection_id=stored.connection_id,
            broker=stored.broker,
            environment=Environment(stored.environment),
            execution=stored.execution,
            status=entry.status if session is None else _status(session),
            accounts=session.accounts if session else (),
            data=session.data if session else _down("data", entry.closed_at_ns),
            orders=session.orders if session else _down("orders", entry.closed_at_ns),
            capabilities=session.adapter.capabilities if session else None,
            last_error=entry.last_error or _link_error(session),
            connected_at_ns=entry.connected_at_ns,
        )

    def _notify(self, view: ConnectionView) -> None:
        for listener in list(self._listeners):
            listener(view)


def _status(session: Session) -> str:
    match session.orders.status:
        case LinkStatus.CONNECTING:
            return "connecting"
        case LinkStatus.UP if not session.is_reconciled:
            return "reconciling"
        case LinkStatus.UP:
            return "degraded" if session.data.status is LinkStatus.DOWN else "connected"
        case _:
            return "disconnected"


def _link_error(session: Session | None) -> LastError | None:
    """Return why the order link is down, or why it takes no orders although it is up (a switch at the broker)."""
    if session is None or session.orders.reason is None:
        return None
    code = "unsupported" if session.orders.status is LinkStatus.UP else "not_connected"
    return LastError(code=code, detail=session.orders.reason, ts_ns=session.orders.ts_ns)


def _down(link: str, now_ns: int) -> LinkHealth:
    return LinkHealth(link=link, status=LinkStatus.DOWN, latency_ms=None, reason=None, ts_ns=now_ns)


async def _log_in(adapter: BrokerAdapter) -> tuple[Account, ...]:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return tuple(await adapter.connect())
    except TimeoutError as error:
        raise BrokerTimeout(f"the broker did not complete the log-in within {CONNECT_TIMEOUT_S:.0f} s") from error
