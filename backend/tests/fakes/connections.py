"""Connections without a store: sessions over fake brokers, opened and closed by the test."""

from collections.abc import Callable

from edgerunner.adapters.broker import Environment, LinkHealth, LinkStatus
from edgerunner.domain.errors import NotConnected, NotFound
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.session import Session
from tests.fakes.broker import FakeBroker


class FakeConnections:
    """What services need of ``ConnectionService``: sessions, views and news of them."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session | None] = {}
        self._listeners: list[Callable[[ConnectionView], None]] = []

    def open(self, connection_id: str, broker: FakeBroker) -> Session:
        """Have a ready session."""
        session = Session(
            connection_id=connection_id,
            broker="bybit",
            environment=Environment.SIMULATED,
            execution="broker",
            adapter=broker,
            accounts=broker.accounts,
            started_at_ns=broker.clock.now_ns(),
            data=health("data"),
            orders=health("orders"),
            is_reconciled=True,
        )
        self.sessions[connection_id] = session
        self._notify(connection_id)
        return session

    def close(self, connection_id: str) -> None:
        """Have the connection, but no session."""
        self.sessions[connection_id] = None
        self._notify(connection_id)

    def session(self, connection_id: str) -> Session:
        if connection_id not in self.sessions:
            raise NotFound(f"no connection is called {connection_id!r}")
        session = self.sessions[connection_id]
        if session is None:
            raise NotConnected(f"{connection_id} is disconnected")
        return session

    def views(self) -> list[ConnectionView]:
        return [self.view(connection_id) for connection_id in self.sessions]

    def view(self, connection_id: str) -> ConnectionView:
        if connection_id not in self.sessions:
            raise NotFound(f"no connection is called {connection_id!r}")
        session = self.sessions[connection_id]
        return ConnectionView(
            connection_id=connection_id,
            broker="bybit",
            environment=Environment.SIMULATED,
            execution="broker",
            status="disconnected" if session is None else "connected",
            accounts=session.accounts if session else (),
            data=session.data if session else health("data", LinkStatus.DOWN),
            orders=session.orders if session else health("orders", LinkStatus.DOWN),
            capabilities=session.adapter.capabilities if session else None,
            last_error=None,
            connected_at_ns=None,
        )

    def add_listener(self, listener: Callable[[ConnectionView], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _notify(self, connection_id: str) -> None:
        for listener in list(self._listeners):
            listener(self.view(connection_id))


def health(link: str, status: LinkStatus = LinkStatus.UP) -> LinkHealth:
    return LinkHealth(link=link, status=status, latency_ms=None, reason=None, ts_ns=0)
