"""Values that a simulated venue takes and gives: orders, fills, positions, money, events.

Neutral on purpose: a wire layer translates its broker's words into these and back. Prices are whole ticks and
quantities whole lots (one lot = ``instrument.lot_step``); money is ``Decimal``; times are UTC nanoseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from edgerunner.matching.words import OrderType, SelfMatchRule, Side, TimeInForce
from edgerunner.simulators.instrument_types import RejectReason, VenueInstrument, VenueReject
from edgerunner.simulators.market_types import Level, Quote, Statistics24h, TradePrinted, VenueBar
from edgerunner.simulators.position_types import ClosedPnl, FundingRate, MarginMode, VenuePosition
from edgerunner.simulators.trigger_types import (
    ExitKind,
    ExitOrder,
    Exits,
    ExitScope,
    GroupRule,
    Leg,
    OrderGroup,
    Trailing,
    Trigger,
    TriggerRule,
    TriggerSource,
)

__all__ = [
    "AccountSummary",
    "BalanceChanged",
    "CashEntry",
    "ClosedPnl",
    "ExitKind",
    "ExitOrder",
    "ExitScope",
    "Exits",
    "FillHappened",
    "FundingRate",
    "GroupRule",
    "HistoryQuery",
    "Leg",
    "Level",
    "MarginMode",
    "OrderChanged",
    "OrderGroup",
    "OrderRequest",
    "OrderState",
    "Origin",
    "PositionChanged",
    "PositionSettled",
    "Quote",
    "RejectReason",
    "Statistics24h",
    "TradePrinted",
    "Trailing",
    "Trigger",
    "TriggerRule",
    "TriggerSource",
    "VenueBalance",
    "VenueBar",
    "VenueEvent",
    "VenueFill",
    "VenueInstrument",
    "VenueOrder",
    "VenuePosition",
    "VenueReject",
]

Origin = Literal["client", "manual", "liquidation", "adl", "delivery"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A wish to trade.

    Attributes:
        symbol: The venue's key, ``product:name``.
        quantity_lots: Whole lots; 0 when ``quote_amount`` says how much to spend.
        price_ticks: The limit; None for a market order.
        client_key: The client's own id, unique per account over all accepted orders, or None.
        quote_amount: Spot market buys only: quote currency to spend at most.
        attributes: Words of the wire layer, kept with the order.
        origin: Who entered it: ``client``, ``manual`` (by hand at the broker), or the broker itself: ``liquidation``,
            ``adl``, ``delivery``.
        trigger: What a conditional order waits for; until then it ties up no money and is in no book.
        leg: ``net`` in netting mode, ``long`` or ``short`` in hedging mode. An order against its leg only reduces it.
        exits: Exits that start to exist as the order fills.
        close_on_trigger: Close at most what the position then holds; with 0 lots and ``reduce_only`` all of it.
        trailing: How the trigger follows the price.
        group: Orders that a fill of this one takes from.
        parent_id: Live order that must fill first; this one is held until then, and ends when that one ends unfilled.
        is_extended: Whether it may trade outside regular hours.
        expires_ns: When it ends if it has not filled, venue time; None = never.
        starts_ns: When it may trade at the earliest, venue time; it is held until then. None = at once.
    """

    account_id: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity_lots: int = 0
    price_ticks: int | None = None
    time_in_force: TimeInForce = "gtc"
    reduce_only: bool = False
    client_key: str | None = None
    quote_amount: Decimal | None = None
    self_match: SelfMatchRule = SelfMatchRule.NONE
    attributes: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = "client"
    trigger: Trigger | None = None
    leg: Leg = Leg.NET
    exits: Exits | None = None
    close_on_trigger: bool = False
    trailing: Trailing | None = None
    group: OrderGroup | None = None
    parent_id: str | None = None
    is_extended: bool = False
    expires_ns: int | None = None
    starts_ns: int | None = None


class OrderState(StrEnum):
    """Life of an order at the venue.

    ``held`` waits for its parent or for trading to open; ``untriggered`` waits for its trigger; ``triggered`` is told
    for an instant when it fires; ``deactivated`` was canceled while it waited.
    """

    HELD = "held"

    UNTRIGGERED = "untriggered"
    TRIGGERED = "triggered"
    DEACTIVATED = "deactivated"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """One order after its latest change.

    Attributes:
        number: Rising number of the order at this venue (creation order).
        quantity_lots: The total wanted. A buy by ``quote_amount`` gets it when it is done: what it bought.
        filled_value: Sum of the values of the fills: quote currency, base coins for inverse contracts.
        fees: Fee paid per currency.
        cancel_reason: None, or ``user ioc fok post_only reduce_only no_liquidity quote_dust self_match admin
            liquidation insufficient_funds position_closed oco adl expired`` or any word given to ``Venue.cancel``.
        live: Still able to trade, or waiting for its trigger.
        trigger: What it waits or waited for; of a trailing stop where it stands now.
        parent_id: Order whose fill made this exit or releases this order, or None.
        exit_kind: Which exit of a position it is, or None.
        oco_id: Shared by two exits of which one cancels the other when it is triggered.
        sequence: Rising number of the change (one line over orders, fills and positions).
        is_triggered: Whether its trigger has fired.
    """

    number: int
    order_id: str
    client_key: str | None
    account_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    reduce_only: bool
    quantity_lots: int
    price_ticks: int | None
    quote_amount: Decimal | None = None
    self_match: SelfMatchRule = SelfMatchRule.NONE
    filled_lots: int = 0
    filled_value: Decimal = Decimal(0)
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    state: OrderState = OrderState.NEW
    cancel_reason: str | None = None
    live: bool = True
    created_ns: int
    updated_ns: int
    last_price_ticks: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = "client"
    sequence: int = 0
    trigger: Trigger | None = None
    leg: Leg = Leg.NET
    exits: Exits | None = None
    close_on_trigger: bool = False
    parent_id: str | None = None
    exit_kind: ExitKind | None = None
    oco_id: str | None = None
    trailing: Trailing | None = None
    group: OrderGroup | None = None
    is_extended: bool = False
    expires_ns: int | None = None
    starts_ns: int | None = None
    is_triggered: bool = False

    @property
    def is_waiting(self) -> bool:
        """Tell whether it waits, for its trigger, its parent or trading hours, beside the book."""
        return self.state in {OrderState.UNTRIGGERED, OrderState.HELD}

    @property
    def manual(self) -> bool:
        """Tell whether it was entered by hand at the broker."""
        return self.origin == "manual"

    @property
    def leaves_lots(self) -> int:
        """Lots that may still trade: 0 once the order is closed."""
        return self.quantity_lots - self.filled_lots if self.live else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFill:
    """One trade of one order.

    Attributes:
        value: price * quantity in quote currency; quantity / price in coins for inverse contracts.
        fee: Positive = cost, in ``fee_currency``.
        leaves_lots: What the order still had to trade after this fill.
        closed_lots: Part of the quantity that reduced a position.
        realized_pnl: Profit of the closed part before fees, settle currency.
        kind: ``trade liquidation adl delivery``, or ``funding``: no trade but a payment on a position (quantity and
            side are the position's, ``order_id`` is empty, ``fee`` is what was paid, negative when received).
        open_fee: Share of the opening fills' fees that the closed part carried, settle currency.
    """

    number: int
    trade_id: str
    order_id: str
    client_key: str | None
    account_id: str
    symbol: str
    side: Side
    price_ticks: int
    quantity_lots: int
    value: Decimal
    fee: Decimal
    fee_currency: str
    fee_rate: Decimal
    is_maker: bool
    time_ns: int
    leaves_lots: int
    sequence: int
    closed_lots: int
    realized_pnl: Decimal
    kind: str = "trade"
    leg: Leg = Leg.NET
    open_fee: Decimal = Decimal(0)
    leverage: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueBalance:
    """Money in one currency. ``locked`` = tied up by open spot orders."""

    account_id: str
    currency: str
    total: Decimal
    locked: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """One account in one settle currency.

    Attributes:
        equity: Balance plus unrealized profit.
        position_margin: Initial margin of open positions.
        order_margin: Further initial margin that open orders hold.
        available: What new orders may still use.
    """

    account_id: str
    currency: str
    balance: Decimal
    locked: Decimal
    equity: Decimal
    unrealized_pnl: Decimal
    position_margin: Decimal
    order_margin: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CashEntry:
    """One movement of money; the entries of a currency add up to its balance.

    ``kind``: ``start trade fee transfer funding variation adjustment``. ``amount`` is signed: negative leaves the
    account.
    """

    number: int
    entry_id: str
    account_id: str
    kind: str
    currency: str
    amount: Decimal
    balance_after: Decimal
    symbol: str | None
    trade_id: str | None
    time_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """An order was accepted or changed."""

    order: VenueOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class FillHappened:
    """A trade of an order; ``order`` is the order right after it."""

    fill: VenueFill
    order: VenueOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChanged:
    """A position or its leverage changed."""

    position: VenuePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChanged:
    """Total or locked money of an account changed."""

    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSettled:
    """Funding was paid on a position: a fill of kind ``funding`` without an order."""

    fill: VenueFill


VenueEvent = OrderChanged | FillHappened | PositionChanged | PositionSettled | BalanceChanged | TradePrinted


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """Which rows of the full history to return, newest first.

    Attributes:
        start_ns: First time included (orders: created; fills and cash: their time).
        end_ns: First time not included.
        before: ``number`` of the last row of the page before; None = from the newest.
    """

    account_id: str
    symbols: frozenset[str] | None = None
    order_id: str | None = None
    client_key: str | None = None
    currency: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    limit: int = 50
    before: int | None = None
