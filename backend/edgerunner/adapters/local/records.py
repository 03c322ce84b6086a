"""What the paper broker keeps: orders, fills, cash movements, and how they are reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import CashReport, FillReport, OrderReport
from edgerunner.domain.events import CashMoved, OrderFilled
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import (
    BrokerWords,
    ChildKind,
    Liquidity,
    Money,
    OrderStatus,
    OrderTerms,
    Side,
)
from edgerunner.matching.position import NetPosition
from edgerunner.matching.working_order import WorkingOrder

ACCOUNT_ID: Final = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOrder:
    """One order with everything that a restart needs.

    Attributes:
        client_order_id: None for exits and liquidations, which nobody sent.
        terms: As asked for, with later changes.
        parent_client_order_id: Of the order whose position this exit closes.
        code: Why it ended, or ``liquidation`` for an order that nobody sent.
        filled_value: Sum of price times quantity over its fills.
    """

    number: int
    client_order_id: str | None
    terms: OrderTerms
    working: WorkingOrder
    status: OrderStatus
    parent_client_order_id: str | None = None
    code: str | None = None
    filled_value: Decimal = Decimal(0)
    created_ns: int
    updated_ns: int

    @property
    def venue_order_id(self) -> str:
        """Return the order's id here."""
        return self.working.order_id

    @property
    def is_live(self) -> bool:
        """Tell whether it still works."""
        return not self.status.is_closed


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFill:
    """One execution; ``fee`` positive is a cost, in ``fee_currency``."""

    number: int
    trade_id: str
    venue_order_id: str
    client_order_id: str | None
    instrument_id: str
    side: Side
    lots: int
    quantity: Decimal
    price: Decimal
    is_maker: bool
    fee: Decimal
    fee_currency: str
    ts_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCash:
    """One movement of money that no fill carries; ``ts_ns`` when it was due, ``booked_ns`` when it was booked."""

    number: int
    movement_id: str
    kind: str
    currency: str
    amount: Decimal
    instrument_id: str | None
    ts_ns: int
    booked_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position of one instrument.

    ``funded_ns``: until when its funding is booked; ``changed_ns``: its newest fill, UTC nanoseconds.
    """

    net: NetPosition = field(default_factory=NetPosition)
    realized_pnl: Decimal = Decimal(0)
    funded_ns: int = 0
    changed_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBook:
    """Everything a start begins with.

    ``book_id`` is made once and stands in every id, so that a new book never repeats an old one's ids.
    """

    book_id: str
    balances: Mapping[str, Decimal]
    holdings: Mapping[str, Holding]
    live_orders: tuple[LocalOrder, ...]
    instruments: Mapping[str, Instrument]
    numbers: tuple[int, int, int]
    """Highest numbers of orders, fills and cash movements."""


@dataclass(slots=True)
class Change:
    """What one step writes as a whole; ``instruments`` are those it met for the first time."""

    orders: dict[str, LocalOrder] = field(default_factory=dict)
    fills: list[LocalFill] = field(default_factory=list)
    cash: list[LocalCash] = field(default_factory=list)
    balances: dict[str, Decimal] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    reports: list[OrderReport | FillReport | CashReport] = field(default_factory=list)
    """What to tell once it is written, in order."""

    def __bool__(self) -> bool:
        return bool(self.orders or self.fills or self.cash or self.holdings)


_WORDS: Final = {
    "post_only": "would have taken liquidity",
    "ioc": "what could not fill at once",
    "fok": "could not fill whole at once",
    "no_liquidity": "the market showed, and was assumed to have, no more",
    "stale_market": "no fresh quote",
    "reduce_only": "nothing left to reduce",
    "oco": "the other exit filled",
    "liquidation": "closed because the margin was used up",
    "delivery": "the contract was delivered at its last mark",
}


def order_report(order: LocalOrder, lot_step: Decimal) -> OrderReport:
    """Return an order as a broker reports it."""
    filled = order.working.filled * lot_step
    is_child = order.working.parent_id is not None
    return OrderReport(
        client_order_id=order.client_order_id,
        venue_order_id=order.venue_order_id,
        account_id=ACCOUNT_ID,
        terms=order.terms,
        status=order.status,
        held="untriggered" if order.is_live and order.working.is_waiting else None,
        filled_quantity=filled,
        average_price=order.filled_value / filled if filled else None,
        broker=BrokerWords(
            status=order.status.value, code=order.code, text=None if order.code is None else _WORDS.get(order.code)
        ),
        ts_event_ns=order.updated_ns,
        created_at_ns=order.created_ns,
        parent_venue_order_id=order.working.parent_id,
        parent_client_order_id=order.parent_client_order_id,
        child_kind=ChildKind.ORDER if is_child else None,
    )


def fill_report(fill: LocalFill, instrument: Instrument) -> FillReport:
    """Return an execution as a broker reports it."""
    return FillReport(
        client_order_id=fill.client_order_id,
        venue_order_id=fill.venue_order_id,
        account_id=ACCOUNT_ID,
        fill=OrderFilled(
            trade_id=fill.trade_id,
            venue_order_id=fill.venue_order_id,
            instrument_id=fill.instrument_id,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            liquidity=Liquidity.MAKER if fill.is_maker else Liquidity.TAKER,
            fee=Money(currency=fill.fee_currency, amount=fill.fee),
            contract=instrument.contract,
        ),
        ts_event_ns=fill.ts_ns,
    )


def cash_report(cash: LocalCash) -> CashReport:
    """Return a cash movement as a broker reports it."""
    return CashReport(
        account_id=ACCOUNT_ID,
        movement=CashMoved(
            movement_id=cash.movement_id,
            kind=cash.kind,
            currency=cash.currency,
            amount=cash.amount,
            instrument_id=cash.instrument_id,
        ),
        ts_event_ns=cash.ts_ns,
    )
