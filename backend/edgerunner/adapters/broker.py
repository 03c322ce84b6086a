"""The adapter contract: what every broker must offer, in plain values.

Rules that every adapter keeps:

* A query that fails raises; an empty list means the broker itself said "none".
* ``place_order`` raises ``BrokerRejected`` only on proof that the broker refused, and
  ``OutcomeUnknown`` for everything between the first byte sent and a readable answer. An error
  before the first byte is ``NotConnected`` or ``BrokerUnreachable``. It never sends twice.
* An acknowledgement is not an acceptance: the order's state comes from reports.
* Fills are reported by trade id, repeated at will; whoever reads them drops repeats.
* Every await on the broker has a time-out.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from edgerunner.domain.accounts import Account, AccountMode, AccountSummary, MarginMode
from edgerunner.domain.events import CashMoved, OrderFilled
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.domain.market import Bar, Depth, Funding, MarketTrade, Ticker, Timeframe
from edgerunner.domain.orders import BrokerWords, ChildKind, OrderStatus, OrderTerms, OrderType, TimeInForce


class Environment(StrEnum):
    """Where a connection trades."""

    SIMULATED = "simulated"
    DEMO = "demo"
    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCapabilities:
    """What a broker can do for one product.

    Attributes:
        modify: Terms that a working order lets change: of ``quantity price trigger_price``.
        brackets: ``native``, ``emulated`` or ``none``.
        timeframes: Bar lengths the broker serves.
        leverage: Whether ``AccountControls.set_leverage`` works.
        trailing_stop: Whether ``AccountControls.set_trailing_stop`` works, for whole positions.
        oca: Whether the broker itself cancels the other orders of an ``oca_group`` once one fills.
        unsupported: Reason by capability, e.g. ``{"stop_market": "not in this version"}``.
    """

    order_types: frozenset[OrderType]
    time_in_force: frozenset[TimeInForce]
    post_only: bool
    reduce_only: bool
    modify: frozenset[str]
    brackets: str
    hedging: bool
    depth_levels: int
    timeframes: frozenset[Timeframe]
    funding: bool
    leverage: bool = False
    trailing_stop: bool = False
    oca: bool = False
    unsupported: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a connection can do, by product label (``spot``, ``linear``, ``stock``...).

    ``position_modes`` and ``margin_modes`` are those that ``AccountControls.change_settings`` can switch to.
    ``magic``: orders also carry ``identifiers.magic_number`` of their key, which is journaled before sending.
    """

    products: Mapping[str, ProductCapabilities]
    account_history: bool
    run_ea: bool = False
    position_modes: frozenset[AccountMode] = frozenset()
    margin_modes: frozenset[MarginMode] = frozenset()
    magic: bool = False


def product_label(instrument: Instrument) -> str:
    """Return the label under which ``Capabilities.products`` describes the instrument's kind.

    Crypto derivatives are told apart by settlement (``linear``, ``inverse``), the rest by product.
    """
    if instrument.contract.is_inverse:
        return "inverse"
    is_crypto_future = instrument.product is Product.FUTURE and instrument.quantity_unit is QuantityUnit.COINS
    if instrument.product is Product.PERPETUAL or is_crypto_future:
        return "linear"
    return instrument.product.value


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """One order to send, once. ``client_order_id`` is the key that travels to the broker."""

    client_order_id: str
    account_id: str
    terms: OrderTerms
    magic: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyOrder:
    """A change of a working order; None = leave. ``quantity`` is the new total."""

    client_order_id: str
    venue_order_id: str | None
    account_id: str
    instrument_id: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """A cancel of a working order."""

    client_order_id: str
    venue_order_id: str | None
    account_id: str
    instrument_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAck:
    """The broker took a command; ``venue_order_id`` when it said one."""

    venue_order_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """One order as the broker's records show it.

    Attributes:
        client_order_id: The key it carries, or None for an order we did not send.
        status: Mapped status; ``FILLED`` and ``PARTIALLY_FILLED`` only say what the broker
            claims, quantities are booked from fills.
        filled_quantity: Cumulative, to know whether fills are missing.
        ts_event_ns: The broker's last-change stamp.
        created_at_ns: The broker's creation stamp, or None.
        parent_venue_order_id, parent_client_order_id: Of the order that an exit was attached to,
            where the broker tells one of them.
        child_kind: Set for exits that the broker made of attached terms.
    """

    client_order_id: str | None
    venue_order_id: str
    account_id: str
    terms: OrderTerms
    status: OrderStatus
    held: str | None
    filled_quantity: Decimal
    average_price: Decimal | None
    broker: BrokerWords
    ts_event_ns: int
    created_at_ns: int | None
    parent_venue_order_id: str | None = None
    parent_client_order_id: str | None = None
    child_kind: ChildKind | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FillReport:
    """One execution as the broker's records show it."""

    client_order_id: str | None
    venue_order_id: str
    account_id: str
    fill: OrderFilled
    ts_event_ns: int
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashReport:
    """One cash movement as the broker's records show it; the ids are the order's that it was paid for, if any."""

    account_id: str
    movement: CashMoved
    ts_event_ns: int
    client_order_id: str | None = None
    venue_order_id: str | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReport:
    """One position as the broker reports it; ``quantity`` is signed, 0 = flat.

    For spot, ``instrument_id`` is the coin's main market and ``average_price`` None.
    ``average_has_fees``: the broker counts commissions into the average (IB does), so it is good to begin with and
    never compared with ours, which leaves them out.
    """

    account_id: str
    instrument_id: str
    leg: str
    quantity: Decimal
    average_price: Decimal | None
    mark_price: Decimal | None
    unrealized_pnl: Decimal | None
    leverage: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    ts_event_ns: int
    average_has_fees: bool = False


class LinkStatus(StrEnum):
    """Health of one link of a connection."""

    CONNECTING = "connecting"
    UP = "up"
    STALE = "stale"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHealth:
    """A change of the data or order link.

    ``orders`` UP after DOWN means: re-read everything, events may have been missed.
    """

    link: str
    """``data`` or ``orders``."""
    status: LinkStatus
    latency_ms: float | None
    reason: str | None
    ts_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLookup:
    """Answer to "what became of this order?".

    ``report`` is the order when any of the broker's records has it. Otherwise
    ``is_proof_of_absence`` tells whether the broker's rules prove that the order never arrived
    and cannot arrive any more; without that proof nothing may be concluded.
    """

    report: OrderReport | None
    fills: tuple[FillReport, ...]
    is_proof_of_absence: bool


BrokerUpdate = OrderReport | FillReport | CashReport | PositionReport | AccountSummary | LinkHealth
"""What ``stream_updates`` yields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarUpdate:
    """A live bar: replaced until ``bar.is_complete``."""

    instrument_id: str
    timeframe: Timeframe
    bar: Bar


class Feed(StrEnum):
    """Kinds of live market data."""

    QUOTES = "quotes"
    DEPTH = "depth"
    TRADES = "trades"
    BARS = "bars"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSubscription:
    """One live feed of one instrument; ``timeframe`` only for bars."""

    feed: Feed
    instrument_id: str
    timeframe: Timeframe | None = None


MarketUpdate = Ticker | Depth | MarketTrade | BarUpdate
"""What ``stream_market_data`` yields."""


def subscription_of(update: MarketUpdate) -> MarketSubscription:
    """Return the feed that an update belongs to."""
    match update:
        case Ticker():
            return MarketSubscription(feed=Feed.QUOTES, instrument_id=update.instrument_id)
        case Depth():
            return MarketSubscription(feed=Feed.DEPTH, instrument_id=update.instrument_id)
        case MarketTrade():
            return MarketSubscription(feed=Feed.TRADES, instrument_id=update.instrument_id)
        case BarUpdate():
            return MarketSubscription(feed=Feed.BARS, instrument_id=update.instrument_id, timeframe=update.timeframe)


class MarketDataAdapter(Protocol):
    """One session that tells about markets: what local execution needs of a connection.

    Every ``BrokerAdapter`` is one. A broker whose prices are public can also offer it alone, without any account.
    """

    @property
    def capabilities(self) -> Capabilities:
        """Return what this connection can do; complete after ``connect``."""
        ...

    async def connect(self) -> Sequence[Account]:
        """Open the session; return the accounts behind it, none for public data."""
        ...

    async def disconnect(self) -> None:
        """Close everything; running streams end. Idempotent."""
        ...

    def get_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument; raises ``NotFound``. Answers from memory after ``connect``."""
        ...

    async def search_instruments(self, query: str) -> Sequence[Instrument]:
        """Return instruments whose id, symbol or base contains ``query``; all for an empty one."""
        ...

    async def get_chart_data(
        self,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return bars oldest first, the newest ``limit`` of the interval; pages as needed.

        Raises ``Unsupported`` for a bar length the broker does not serve.
        """
        ...

    async def get_ticker(self, instrument_id: str) -> Ticker:
        """Return the newest quote, last, mark and index price."""
        ...

    async def get_depth(self, instrument_id: str, levels: int) -> Depth:
        """Return at least the best ``levels`` of both sides, or all there are."""
        ...

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:
        """Return past funding rates and the next one; raises ``Unsupported`` without funding."""
        ...

    def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        """Yield the health of the ``data`` link, and whatever else the session has to tell; one reader."""
        ...

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these; raises ``NotFound`` or ``Unsupported`` by name."""
        ...

    def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        """Yield live market data; one reader. Quotes, depth and growing bars are conflated."""
        ...


class BrokerAdapter(MarketDataAdapter, Protocol):
    """One session with one broker. Methods are safe to call concurrently."""

    async def connect(self) -> Sequence[Account]:
        """Open the session, load instruments, verify credentials; return the accounts.

        Raises ``BrokerAuthFailed``, ``BrokerUnreachable``, ``BrokerTimeout``, ``InvalidRequest``
        (wrong options), ``Conflict`` (our place at the broker is taken by another program).
        Afterwards the adapter keeps its streams alive by itself: it reconnects with back-off and
        jitter, resubscribes, and reports each change as ``LinkHealth``.
        """
        ...

    async def get_account_summary(self) -> Sequence[AccountSummary]:
        """Return each account's money."""
        ...

    async def get_positions(self) -> Sequence[PositionReport]:
        """Return all positions that are not flat."""
        ...

    async def check_order(self, account_id: str, terms: OrderTerms) -> None:
        """Raise what would keep the order from being sent; called before anything is recorded.

        ``InvalidRequest`` (a wrong field, a trigger on the wrong side of the price),
        ``Unsupported``, ``NotConnected`` or ``BrokerUnreachable`` (no price to check against).
        Sends no order; what it accepts can still be refused by ``place_order``.
        """
        ...

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        """Send one order; see the module's rules for what each error proves."""
        ...

    async def modify_order(self, command: ModifyOrder) -> OrderAck:
        """Change a working order. "Not modified" answers are success.

        Raises ``BrokerRejected`` (nothing changed), ``OutcomeUnknown``, ``NotConnected``.
        """
        ...

    async def cancel_order(self, command: CancelOrder) -> OrderAck:
        """Cancel a working order; overtakes queued placements.

        Raises ``BrokerRejected`` (for example already closed: look it up), ``OutcomeUnknown``,
        ``NotConnected``.
        """
        ...

    async def get_open_orders(self) -> Sequence[OrderReport]:
        """Return every working order of the accounts, ours and foreign, all pages."""
        ...

    async def find_order(
        self, *, client_order_id: str | None, venue_order_id: str | None, instrument_id: str, sent_at_ns: int | None
    ) -> OrderLookup:
        """Look an order up in every record the broker keeps (open, recent, history, executions).

        ``sent_at_ns`` is when a placement was last sent, for the proof of absence.
        """
        ...

    async def get_fills(self, since_ns: int) -> Sequence[FillReport]:
        """Return executions since a time, oldest first, all pages."""
        ...

    async def get_cash_movements(self, since_ns: int) -> Sequence[CashReport]:
        """Return cash movements since a time that no fill carries, oldest first, all pages."""
        ...

    def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        """Yield orders, fills, positions, account and health as they arrive; one reader.

        Order, fill and cash reports are never dropped: the buffer is bounded, and when it would
        overflow the ``orders`` link is reported DOWN and then UP so that the reader re-reads.
        """
        ...
