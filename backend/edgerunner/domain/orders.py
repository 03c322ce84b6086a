"""Orders: the words, and one immutable value that holds what is known of one order."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.numbers import exact_arithmetic


class Side(StrEnum):
    """Direction of an order or a fill."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """Return +1 for buy and -1 for sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """Return the other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """Order types, in NautilusTrader's and FIX's words."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"
    STOP_LIMIT = "stop_limit"
    MARKET_IF_TOUCHED = "market_if_touched"
    LIMIT_IF_TOUCHED = "limit_if_touched"
    TRAILING_STOP_MARKET = "trailing_stop_market"

    @property
    def has_price(self) -> bool:
        """Tell whether the type carries a limit price."""
        return self in {OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED}

    @property
    def has_trigger(self) -> bool:
        """Tell whether the type carries a trigger price."""
        return self in {
            OrderType.STOP_MARKET,
            OrderType.STOP_LIMIT,
            OrderType.MARKET_IF_TOUCHED,
            OrderType.LIMIT_IF_TOUCHED,
        }


class TimeInForce(StrEnum):
    """How long an order works."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    DAY = "day"
    GTD = "gtd"


class OrderStatus(StrEnum):
    """Where an order stands. ``denied`` is ours, ``rejected`` the broker's."""

    INITIALIZED = "initialized"
    DENIED = "denied"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TRIGGERED = "triggered"
    PENDING_UPDATE = "pending_update"
    PENDING_CANCEL = "pending_cancel"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_closed(self) -> bool:
        """Tell whether the status is terminal (a late fill can still be booked on it)."""
        return self in _CLOSED


_CLOSED = frozenset(
    {OrderStatus.DENIED, OrderStatus.REJECTED, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
)


class Source(StrEnum):
    """Who wanted an order."""

    API = "api"
    UI = "ui"
    STRATEGY = "strategy"
    SIGNAL = "signal"
    EXTERNAL = "external"


class Liquidity(StrEnum):
    """Whether a fill took liquidity or gave it."""

    MAKER = "maker"
    TAKER = "taker"


class ChildKind(StrEnum):
    """What the child of a bracket is: an order of its own size, or a mark on the whole position."""

    ORDER = "order"
    POSITION_ATTRIBUTE = "position_attribute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in one currency; for fees positive is a cost, negative a rebate."""

    currency: str
    amount: Decimal


def add_fee(fees: tuple[Money, ...], fee: Money) -> tuple[Money, ...]:
    """Return the totals by currency with ``fee`` added, sorted by currency."""
    if not fee.amount:
        return fees
    totals = {known.currency: known.amount for known in fees}
    with exact_arithmetic():
        totals[fee.currency] = totals.get(fee.currency, Decimal(0)) + fee.amount
    return tuple(Money(currency=currency, amount=totals[currency]) for currency in sorted(totals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Why and since when the outcome of a command is unknown."""

    since_ns: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Our own refusal: a stable code and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerWords:
    """What the broker itself said last about an order, unchanged."""

    status: str | None = None
    code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeProfit:
    """Attached target: closes at ``price`` or better."""

    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLoss:
    """Attached stop: market at ``trigger_price``, or limit at ``price`` when given."""

    trigger_price: Decimal
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What was asked for; modifications replace quantity, price and trigger price.

    ``expires_at_ns`` belongs to ``gtd``; ``position_id`` names the leg or ticket to act on, and
    ``opposite_position_id`` the one that it is closed by; ``oca_group`` joins orders of an account of which a fill of
    one cancels the others (one cancels all).
    """

    instrument_id: str
    side: Side
    order_type: OrderType
    quantity: Decimal
    quantity_unit: QuantityUnit
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_at_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    position_id: str | None = None
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    oca_group: str | None = None
    opposite_position_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedFill:
    """What is left of a fill that reconciliation inferred, until real executions replace it."""

    trade_id: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTimes:
    """Broker stamps of the newest known value of each changeable term, UTC nanoseconds."""

    quantity: int = 0
    price: int = 0
    trigger_price: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All that is known of one order; made by ``order_machine`` and changed by nothing else.

    ``status`` follows from the facts ``stage``, ``closed_as``, the pending marks and the filled
    quantity, so that the order in which a broker tells them does not matter.

    Attributes:
        stage: How far the order got apart from fills and endings: ``initialized``, ``submitted``,
            ``accepted`` or ``triggered``; never goes back.
        closed_as: How the order ended other than by being filled, or None. Kept under
            ``filled`` too: a change of quantity that arrives late can show that it was not.
        pending_update: A change was sent and not answered yet.
        pending_cancel: A cancel was sent and not answered yet.
        term_times: Broker stamps of the terms; an older value changes nothing.
        reopened_ns: Broker stamp of the newest reopening; an ending that is not newer is void.
        filled_value: Sum of price * quantity over the fills, so that the average stays exact.
        trade_ids: Trade ids already booked; brokers repeat fills.
        derived: Fills in ``filled_quantity`` that reconciliation inferred from totals, oldest
            first; a real execution that turns up later takes their place.
        parent_id: Client order id of the parent of a bracket's child, or None.
        child_kind: What kind of child it is, or None for an order that is none.
        broker_time_ns: Newest broker stamp seen in a status; an older status changes nothing.
        last_seq: Journal sequence of the last event that touched it.
    """

    client_order_id: str
    connection_id: str
    account_id: str
    strategy_id: str | None
    source: Source
    terms: OrderTerms
    status: OrderStatus
    stage: OrderStatus = OrderStatus.INITIALIZED
    closed_as: OrderStatus | None = None
    pending_update: bool = False
    pending_cancel: bool = False
    term_times: TermTimes = TermTimes()
    reopened_ns: int = 0
    venue_order_id: str | None = None
    outcome_unknown: Unknown | None = None
    held: str | None = None
    needs_operator: str | None = None
    filled_quantity: Decimal = Decimal(0)
    filled_value: Decimal = Decimal(0)
    fees: tuple[Money, ...] = ()
    trade_ids: frozenset[str] = frozenset()
    derived: tuple[DerivedFill, ...] = ()
    parent_id: str | None = None
    child_kind: ChildKind | None = None
    denied: Denial | None = None
    broker: BrokerWords = BrokerWords()
    broker_time_ns: int = 0
    created_at_ns: int
    updated_at_ns: int
    last_seq: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether the order can still change at the broker."""
        return not self.status.is_closed

    @property
    def derived_quantity(self) -> Decimal:
        """Return the part of ``filled_quantity`` that no real execution accounts for yet."""
        return sum((fill.quantity for fill in self.derived), Decimal(0))

    @property
    def leaves_quantity(self) -> Decimal:
        """Return what is still to be filled, never negative."""
        return max(self.terms.quantity - self.filled_quantity, Decimal(0))

    @property
    def average_price(self) -> Decimal | None:
        """Return the exact average fill price (28 significant digits), or None without fills."""
        return self.filled_value / self.filled_quantity if self.filled_quantity else None
