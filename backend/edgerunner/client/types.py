"""Shapes of the API's answers. No key is ever omitted; prices, quantities and money are decimal strings."""

from decimal import Decimal
from typing import Literal, TypedDict

Number = str | int | Decimal
"""A price, quantity or amount that the caller passes; never a float."""


def plain_number(value: Number) -> str:
    """Write a number as a plain decimal string, without exponent."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


StatusFilter = Literal["open", "closed", "all"]


class LinkHealth(TypedDict):
    """Health of one link of a connection."""

    status: str
    since: str
    latency_ms: float | None


class ConnectionHealth(TypedDict):
    """Health of the market data and of the order link."""

    data: LinkHealth
    orders: LinkHealth


class ConnectionAccount(TypedDict):
    """One account of a connection; ``live`` = real money."""

    account_id: str
    mode: str
    currency: str
    live: bool


class LastError(TypedDict):
    """A connection's newest error."""

    code: str
    detail: str
    time: str


class Connection(TypedDict):
    """One broker session."""

    connection_id: str
    broker: str
    environment: str
    execution: str
    status: str
    accounts: list[ConnectionAccount]
    health: ConnectionHealth
    capabilities: dict[str, object] | None
    last_error: LastError | None
    connected_at: str | None


class Money(TypedDict):
    """An amount in one currency."""

    currency: str
    amount: str


class Unknown(TypedDict):
    """Why and since when an outcome is unknown."""

    since: str
    reason: str


class Denial(TypedDict):
    """Our own refusal."""

    code: str
    text: str


class BrokerWords(TypedDict):
    """The broker's last words about an order."""

    status: str | None
    code: str | None
    text: str | None


class Order(TypedDict):
    """All that is known of one order."""

    client_order_id: str
    venue_order_id: str | None
    connection_id: str
    account_id: str
    instrument_id: str
    strategy_id: str | None
    source: str
    side: str
    order_type: str
    quantity: str
    quantity_unit: str
    price: str | None
    trigger_price: str | None
    trailing_offset: str | None
    time_in_force: str
    post_only: bool
    reduce_only: bool
    position_id: str | None
    status: str
    outcome_unknown: Unknown | None
    held: str | None
    needs_operator: str | None
    filled_quantity: str
    average_price: str | None
    fees: list[Money]
    parent_id: str | None
    denied: Denial | None
    broker: BrokerWords
    created_at: str
    updated_at: str


class ChildOrder(Order):
    """A child of a bracket; ``kind`` is ``order`` (of its own size) or ``position_attribute`` (whole position)."""

    kind: str


class OrderEstimate(TypedDict):
    """A broker's estimate for the account after an order; None = it does not say."""

    currency: str
    margin_initial: str | None
    margin_initial_change: str | None
    margin_maintenance: str | None
    margin_maintenance_change: str | None
    equity: str | None
    fee: Money | None
    fee_least: Money | None
    fee_most: Money | None
    warning: str | None


class OrderPreview(TypedDict):
    """What an order would meet now; nothing was placed."""

    connection_id: str
    account_id: str
    notional: Money | None
    denied: Denial | None
    refused: BrokerWords | None
    estimate: OrderEstimate | None
    unsupported: str | None


class Placed(TypedDict):
    """Answer to a placement."""

    order: Order
    children: list[ChildOrder]


class ItemResult(TypedDict):
    """What became of one order of a request about many; ``code`` and ``detail`` say why not."""

    client_order_id: str | None
    ok: bool
    order: Order | None
    code: str | None
    detail: str | None


class OrderPage(TypedDict):
    """Orders, newest first."""

    orders: list[Order]
    next_cursor: str | None


class Fill(TypedDict):
    """One execution."""

    trade_id: str
    client_order_id: str | None
    venue_order_id: str | None
    connection_id: str
    account_id: str
    instrument_id: str
    strategy_id: str | None
    side: str
    quantity: str
    price: str
    liquidity: str
    fee: Money
    realized_pnl: str | None
    time: str


class FillPage(TypedDict):
    """Fills, newest first."""

    fills: list[Fill]
    next_cursor: str | None


class OrderEvent(TypedDict):
    """One event of an order with its three times: ours, the broker's, its arrival."""

    seq: int
    event_id: str
    type: str
    connection_id: str
    account_id: str
    client_order_id: str | None
    strategy_id: str | None
    actor: str
    source: str
    recorded_at: str
    broker_time: str | None
    arrived_at: str | None
    data: dict[str, object]
    raw: str | None
