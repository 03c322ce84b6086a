"""What the routes need of the services, and how a handler gets at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from edgerunner.adapters.broker import MarketSubscription
from edgerunner.domain.cash import CashMovement
from edgerunner.domain.events import RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Timeframe
from edgerunner.domain.orders import Order, Source
from edgerunner.services.connection_service import ConnectionView, ConnectRequest
from edgerunner.services.hub import Hub
from edgerunner.services.order_checks import Changes, PlaceRequest
from edgerunner.services.order_service import IdempotencyKey, ItemResult, Placed
from edgerunner.storage.journal import Commit, Page


class Connections(Protocol):
    """Broker sessions."""

    async def connect(self, request: ConnectRequest) -> ConnectionView:
        """Open a session and reconcile it once."""
        ...

    async def delete(self, connection_id: str) -> ConnectionView:
        """Close a session and forget its credentials."""
        ...

    def views(self) -> list[ConnectionView]:
        """Return all connections."""
        ...

    def view(self, connection_id: str) -> ConnectionView:
        """Return one connection; raises ``NotFound``."""
        ...

    def add_listener(self, listener: Callable[[ConnectionView], None], /) -> Callable[[], None]:
        """Call ``listener`` on each change; returns how to stop that."""
        ...


class Orders(Protocol):
    """The one path of every order."""

    async def place(
        self,
        request: PlaceRequest,
        *,
        actor: str,
        source: Source,
        idempotency: IdempotencyKey | None,
        wait_ms: int,
    ) -> Placed:
        """Check, journal and send one order."""
        ...

    async def modify(self, client_order_id: str, changes: Changes, *, actor: str, wait_ms: int) -> Order:
        """Change a working order."""
        ...

    async def cancel(self, client_order_id: str, *, actor: str, wait_ms: int) -> Order:
        """Cancel a working order."""
        ...

    async def cancel_all(
        self,
        *,
        connection_id: str | None,
        account_id: str | None,
        instrument_id: str | None,
        actor: str,
        wait_ms: int,
    ) -> list[ItemResult]:
        """Cancel the working orders of a selection."""
        ...

    async def close_positions(
        self,
        *,
        connection_id: str,
        account_id: str | None,
        instrument_id: str | None,
        position_id: str | None,
        actor: str,
        source: Source,
        wait_ms: int,
    ) -> list[ItemResult]:
        """Close the positions of a selection."""
        ...


class Journal(Protocol):
    """What was recorded."""

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event."""
        ...

    def add_listener(self, listener: Callable[[Commit], None], /) -> Callable[[], None]:
        """Call ``listener`` after each commit; returns how to stop that."""
        ...

    def open_orders(self, connection_id: str | None = None) -> list[Order]:
        """Return the orders that can still change."""
        ...

    async def order(self, client_order_id: str) -> Order | None:
        """Return one order."""
        ...

    async def orders(
        self,
        *,
        connection_id: str | None = None,
        status: Literal["open", "closed", "all"] = "all",
        limit: int,
        cursor: str | None = None,
    ) -> Page[Order]:
        """Return a page of orders, newest first."""
        ...

    async def fills(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        client_order_id: str | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[Fill]:
        """Return a page of fills, newest first."""
        ...

    async def movements(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[CashMovement]:
        """Return a page of cash movements, newest first."""
        ...

    async def events(self, client_order_id: str) -> list[RecordedEvent]:
        """Return everything that happened to one order, oldest first."""
        ...

    async def export(self, after_seq: int, limit: int) -> list[RecordedEvent]:
        """Return at most ``limit`` events after ``after_seq``, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """One reason why new orders are not taken everywhere."""

    code: str
    detail: str
    connection_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """What the HTTP side must know of the settings.

    Attributes:
        api_key_name: Who acts with the key: the actor in the journal, the scope of idempotency keys.
        allowed_hosts: Host names that requests may carry, without port; ``*`` allows any.
        cors_origins: Exact origins of foreign pages that may call.
    """

    api_key: str = field(repr=False)
    api_key_name: str = "api-key"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    cors_origins: tuple[str, ...] = ()
    base_currency: str = "USD"
    live_allowed: bool = False


def services_of(connection: HTTPConnection) -> "Services":
    """Return the application's services."""
    return cast("Services", connection.app.state.services)
