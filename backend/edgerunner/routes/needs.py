"""What the routes need of each service, as protocols: the fakes of tests have the same shape."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import BinaryIO, Literal, Protocol

from edgerunner.adapters.broker import MarketSubscription, MarketUpdate
from edgerunner.domain.accounts import AccountMode, MarginMode
from edgerunner.domain.accounts import AccountSettings as Modes
from edgerunner.domain.cash import CashMovement
from edgerunner.domain.events import RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Timeframe
from edgerunner.domain.order_preview import OrderPreview
from edgerunner.domain.orders import Order, Source
from edgerunner.domain.positions import Position
from edgerunner.services.account_settings import Target, TrailingStop
from edgerunner.services.alert_service import Alert
from edgerunner.services.close_by import PositionPair
from edgerunner.services.connection_service import ConnectionView, ConnectRequest
from edgerunner.services.dataset_import import ImportRequest
from edgerunner.services.dataset_service import DownloadRequest
from edgerunner.services.item_results import ItemResult
from edgerunner.services.market_service import Quote, Unsubscribe
from edgerunner.services.order_checks import Changes, PlaceRequest
from edgerunner.services.order_drafts import IdempotencyKey, Placed
from edgerunner.services.portfolio import Portfolio, SummaryView
from edgerunner.services.position_view import PositionView
from edgerunner.services.session import Session
from edgerunner.storage.datasets import Dataset
from edgerunner.storage.market_files.byte_source import Limits
from edgerunner.storage.store import EquityPoint
from edgerunner.storage.values import Commit, Page


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

    def session(self, connection_id: str) -> Session:
        """Return a running session; raises ``NotFound`` or ``NotConnected``."""
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

    async def close_by(self, pair: PositionPair, *, actor: str, source: Source, wait_ms: int) -> Order:
        """Close a position by an opposite one."""
        ...


class Journal(Protocol):
    """What was recorded."""

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event."""
        ...

    @property
    def waiting(self) -> int:
        """How many writes have no answer yet."""
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

    async def newest_seq(self) -> int:
        """Return the sequence number of the newest event."""
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


class OrderPreviews(Protocol):
    """What orders would meet and cost."""

    async def preview(self, request: PlaceRequest) -> OrderPreview:
        """Return what a placement would meet; nothing is placed."""
        ...


class AccountSettings(Protocol):
    """What accounts and positions are set to at their brokers."""

    async def settings(self, target: Target) -> Modes:
        """Return an account's modes."""
        ...

    async def change(
        self, target: Target, *, position_mode: AccountMode | None, margin_mode: MarginMode | None, actor: str
    ) -> Modes:
        """Switch an account's modes."""
        ...

    async def set_leverage(self, target: Target, instrument_id: str, leverage: Decimal, *, actor: str) -> str:
        """Set an instrument's leverage; returns the account."""
        ...

    async def set_trailing_stop(self, target: Target, wanted: TrailingStop, *, actor: str) -> str:
        """Set or take away a position's trailing stop; returns the account."""
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


class Datasets(Protocol):
    """Stored history."""

    @property
    def limits(self) -> Limits:
        """How large a file may be."""
        ...

    async def list(self, *, before: str | None = None, limit: int | None = None) -> Sequence[Dataset]:
        """Return datasets, newest first."""
        ...

    async def get(self, dataset_id: str) -> Dataset:
        """Return one dataset; raises ``NotFound``."""
        ...

    async def delete(self, dataset_id: str) -> Dataset:
        """Remove a dataset and return what it was."""
        ...

    async def import_file(self, file: BinaryIO, request: ImportRequest) -> Dataset:
        """Store a file's rows as a dataset."""
        ...

    async def download(self, request: DownloadRequest) -> Dataset:
        """Start or continue fetching history."""
        ...

    async def cancel_download(self, dataset_id: str) -> Dataset:
        """Stop fetching and keep what is there."""
        ...


class Alerts(Protocol):
    """What a person should know."""

    def recent(self) -> list[Alert]:
        """Return the newest alerts, newest first."""
        ...

    def add_listener(self, listener: Callable[[Alert], None], /) -> Callable[[], None]:
        """Call ``listener`` on each new alert; returns how to stop that."""
        ...
