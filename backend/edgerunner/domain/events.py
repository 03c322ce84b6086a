"""Events: what the journal records, in past tense, and the envelope each travels in.

Every class here has a stable name in the journal (``EVENT_TYPES``) and a version; a changed
shape gets a new version and an upcaster in ``storage``.
"""

from dataclasses import dataclass
from decimal import Decimal

from edgerunner.domain.instruments import ContractTerms
from edgerunner.domain.orders import BrokerWords, ChildKind, Liquidity, Money, OrderStatus, OrderTerms, Side, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInitialized:
    """We took an order in; it was not sent yet."""

    terms: OrderTerms
    source: Source
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDenied:
    """We refused it ourselves."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSubmitted:
    """Durable permission to send: no byte leaves before this is committed.

    ``magic`` is the 52-bit number that travels with MT5 orders; None elsewhere.
    """

    magic: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAcknowledged:
    """The broker took the request (not yet the order): its id is known, the status is not."""

    venue_order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcomeUnknown:
    """A placement, change or cancel may or may not have arrived."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAdopted:
    """An order that we did not send was found at the broker, in this state.

    ``filled`` and ``partially_filled`` are claims: the order counts as accepted until its fills
    are booked too.
    """

    terms: OrderTerms
    status: OrderStatus
    venue_order_id: str
    held: str | None = None
    parent_id: str | None = None
    child_kind: ChildKind | None = None
    broker: BrokerWords = BrokerWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted:
    """The order works at the broker; ``held`` says why it waits (untriggered, before the open)."""

    venue_order_id: str | None = None
    held: str | None = None
    broker: BrokerWords = BrokerWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTriggered:
    """The trigger price was met."""

    broker: BrokerWords = BrokerWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected:
    """The broker refused the order."""

    broker: BrokerWords


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPendingUpdate:
    """A change is about to be sent; None leaves a term as it is. ``quantity`` is the new total."""

    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdated:
    """The broker's record shows these terms now; None = unchanged."""

    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    venue_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderModifyRejected:
    """The broker refused the change; the order works on unchanged."""

    broker: BrokerWords


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPendingCancel:
    """A cancel is about to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelRejected:
    """The broker refused the cancel."""

    broker: BrokerWords


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCanceled:
    """The order ended with a part unfilled."""

    broker: BrokerWords = BrokerWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired:
    """The order ended because its time was over."""

    broker: BrokerWords = BrokerWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReopened:
    """An order that was rejected or canceled here is alive at the broker."""

    broker: BrokerWords = BrokerWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFlagged:
    """Somebody must look at the order; ``reason`` says why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled:
    """One execution; unique per (account, ``trade_id``).

    Attributes:
        contract: What the quantity means, so that a replay needs no instrument look-up.
        leg: ``net``, ``long``, ``short`` or an MT5 ticket: the position it changes.
        fee: Positive is a cost.
        quantity: Positive.
        derived: True when reconciliation inferred it from totals because the broker no longer
            lists the execution itself. Its fee is zero: the real one's is booked if it turns up.
        rank: The broker's own order among executions of the same stamp and ``line``; 0 = it tells none.
        line: What a rank counts in: ranks of two lines tell nothing about each other.
    """

    trade_id: str
    venue_order_id: str | None
    instrument_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    liquidity: Liquidity
    fee: Money
    contract: ContractTerms
    leg: str = "net"
    derived: bool = False
    rank: int = 0
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMoved:
    """One cash movement of the broker's ledger, unique per (account, ``movement_id``).

    ``kind`` is one of commission funding swap dividend interest deposit withdrawal adjustment;
    ``amount`` is signed: positive is money in. Commissions are booked with fills, so an
    adapter reports only those that no fill carries; one that comes later than its fill has that
    fill's ``fee_movement_id`` and becomes its fee. ``leg`` is the position's that a payment
    belongs to, None when the broker does not say.
    """

    movement_id: str
    kind: str
    currency: str
    amount: Decimal
    instrument_id: str | None = None
    trade_id: str | None = None
    leg: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionAdjusted:
    """The broker's position differs from our fills for good; booked once to agree.

    ``quantity`` is the signed position after the adjustment, ``average_price`` the broker's
    (None when unknown). ``adjustment_id`` is deterministic.
    """

    adjustment_id: str
    instrument_id: str
    contract: ContractTerms
    leg: str
    quantity: Decimal
    average_price: Decimal | None
    reason: str


OrderEvent = (
    OrderInitialized
    | OrderDenied
    | OrderSubmitted
    | OrderAcknowledged
    | OrderOutcomeUnknown
    | OrderAdopted
    | OrderAccepted
    | OrderTriggered
    | OrderRejected
    | OrderPendingUpdate
    | OrderUpdated
    | OrderModifyRejected
    | OrderPendingCancel
    | OrderCancelRejected
    | OrderCanceled
    | OrderExpired
    | OrderReopened
    | OrderFlagged
    | OrderFilled
)
LedgerEvent = CashMoved | PositionAdjusted
EventBody = OrderEvent | LedgerEvent

EVENT_TYPES: dict[str, type[EventBody]] = {
    "order_initialized": OrderInitialized,
    "order_denied": OrderDenied,
    "order_submitted": OrderSubmitted,
    "order_acknowledged": OrderAcknowledged,
    "order_outcome_unknown": OrderOutcomeUnknown,
    "order_adopted": OrderAdopted,
    "order_accepted": OrderAccepted,
    "order_triggered": OrderTriggered,
    "order_rejected": OrderRejected,
    "order_pending_update": OrderPendingUpdate,
    "order_updated": OrderUpdated,
    "order_modify_rejected": OrderModifyRejected,
    "order_pending_cancel": OrderPendingCancel,
    "order_cancel_rejected": OrderCancelRejected,
    "order_canceled": OrderCanceled,
    "order_expired": OrderExpired,
    "order_reopened": OrderReopened,
    "order_flagged": OrderFlagged,
    "order_filled": OrderFilled,
    "cash_moved": CashMoved,
    "position_adjusted": PositionAdjusted,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One journal row before it has a sequence number.

    Attributes:
        event_id: Unique; deterministic for what comes from a broker, so that a repeat is dropped
            by the journal itself.
        client_order_id: None for events that belong to no order.
        actor: Who caused it: an API key's name, ``sync``, ``adapter``, a strategy.
        ts_event_ns: The broker's stamp, UTC nanoseconds, or None.
        ts_arrival_ns: When the message reached this process, or None for our own events.
        ts_init_ns: When we made the event.
        raw: The broker's own words (JSON text), kept for later questions, or None.
    """

    event_id: str
    body: EventBody
    connection_id: str
    account_id: str
    client_order_id: str | None = None
    strategy_id: str | None = None
    actor: str
    source: Source
    ts_event_ns: int | None = None
    ts_arrival_ns: int | None = None
    ts_init_ns: int
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """A journal row: the event, its place in the line, and the owner that wrote it."""

    seq: int
    owner_epoch: int
    event: Event
