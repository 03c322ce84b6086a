"""What the routes need of the services, and how a handler gets at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated, Literal, Protocol, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from edgerunner.adapters.broker import MarketSubscription, MarketUpdate
from edgerunner.domain.cash import CashMovement
from edgerunner.domain.events import RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Timeframe
from edgerunner.domain.orders import Order, Source
from edgerunner.domain.positions import Position
from edgerunner.services.alert_service import Alert
from edgerunner.services.connection_service import ConnectionView, ConnectRequest
from edgerunner.services.hub import Hub
from edgerunner.services.market_service import Quote, Unsubscribe
from edgerunner.services.order_checks import Changes, PlaceRequest
from edgerunner.services.order_service import IdempotencyKey, ItemResult, Placed
from edgerunner.services.portfolio import Portfolio, SummaryView
from edgerunner.services.position_view import PositionView
from edgerunner.settings import Settings, read_api_key
from edgerunner.storage.store import EquityPoint
from edgerunner.storage.values import Commit, Page

VERSION = version("edgerunner")

ACTOR = "api-key"
"""Who acts with the API key: the journal's actor and the scope of idempotency keys."""


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

    async def append(self) -> Commit:
        """Record nothing, which proves that something could be; raises ``JournalUnavailable``."""
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


class Accounts(Protocol):
    """Money and positions of all connections."""

    async def summary(self, connection_id: str | None = None, account_id: str | None = None) -> list[SummaryView]:
        """Return each account's money."""
        ...

    def positions(self, connection_id: str | None = None) -> list[PositionView]:
        """Return the positions that are not flat."""
        ...

    def position_view(self, position: Position) -> PositionView:
        """Return one position at the newest known mark."""
        ...

    async def portfolio(self, currency: str | None = None) -> Portfolio:
        """Return everything in one currency."""
        ...

    async def history(
        self, *, connection_id: str | None = None, account_id: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[EquityPoint]:
        """Return equity over time, newest first."""
        ...


class Markets(Protocol):
    """Instruments and market data."""

    async def instruments(
        self, connection_id: str, *, query: str | None = None, instrument_id: str | None = None
    ) -> Sequence[Instrument]:
        """Return the instrument with an id, or those that match."""
        ...

    async def ohlc(
        self,
        connection_id: str,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return bars, oldest first."""
        ...

    async def ticker(self, connection_id: str, instrument_id: str) -> Quote:
        """Return the newest quote."""
        ...

    def quote(self, connection_id: str, instrument_id: str) -> Quote | None:
        """Return the streamed quote, if it is subscribed."""
        ...

    async def depth(self, connection_id: str, instrument_id: str, levels: int) -> Depth:
        """Return the best levels of the book."""
        ...

    async def funding(self, connection_id: str, instrument_id: str, limit: int) -> Funding:
        """Return funding rates."""
        ...

    async def subscribe(
        self, connection_id: str, subscription: MarketSubscription, listener: Callable[[MarketUpdate], None]
    ) -> Unsubscribe:
        """Let ``listener`` hear a live feed; returns how to stop that."""
        ...


class Alerts(Protocol):
    """What a person should know."""

    def recent(self) -> list[Alert]:
        """Return the newest alerts, newest first."""
        ...

    def add_listener(self, listener: Callable[[Alert], None], /) -> Callable[[], None]:
        """Call ``listener`` on each new alert; returns how to stop that."""
        ...


class Services(Protocol):
    """Everything the routes call."""

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        ...

    @property
    def journal(self) -> Journal:
        """What was recorded."""
        ...

    @property
    def connections(self) -> Connections:
        """Broker sessions."""
        ...

    @property
    def orders(self) -> Orders:
        """The one path of every order."""
        ...

    @property
    def accounts(self) -> Accounts:
        """Money and positions."""
        ...

    @property
    def markets(self) -> Markets:
        """Instruments and market data."""
        ...

    @property
    def alerts(self) -> Alerts:
        """What a person should know."""
        ...

    @property
    def hub(self) -> Hub:
        """The stream's number lines."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may call, and from where.

    Attributes:
        allowed_hosts: Host names that requests may carry, without port; ``*`` allows any.
        cors_origins: Exact origins of foreign pages that may call.
    """

    api_key: str = field(repr=False)
    allowed_hosts: tuple[str, ...]
    cors_origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "Access":
        """Return what the settings say; raises ``DataFolderError`` when there is no key yet."""
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return cls(
            api_key=read_api_key(settings).get_secret_value(),
            allowed_hosts=("127.0.0.1", "localhost", "[::1]", host, *settings.allowed_hosts),
            cors_origins=settings.cors_origins,
        )


async def services_of(connection: HTTPConnection) -> Services:
    """Return the application's services; a coroutine, because others are sent to a thread."""
    return cast("Services", connection.app.state.services)


ServicesOf = Annotated[Services, Depends(services_of)]
