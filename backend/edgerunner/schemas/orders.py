"""Orders on the wire: what may be asked for and how an order is shown."""

from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import Field
from pydantic_core import to_json

from edgerunner.domain.errors import FieldError
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import ChildKind, Money, Order, OrderStatus, OrderType, Side, Source, TimeInForce
from edgerunner.schemas.base import AnswerModel, Flag, RequestModel, WholeNumber
from edgerunner.schemas.paging import PageQuery
from edgerunner.schemas.scalars import (
    ClientOrderId,
    ConnectionId,
    DecimalText,
    InstrumentId,
    OcaGroup,
    PositiveDecimal,
    RequestTime,
    TimeText,
    Word,
)


class WaitQuery(RequestModel):
    """How long a command may wait for the broker's word before it answers."""

    wait_ms: Annotated[
        WholeNumber, Field(ge=0, le=30_000, description="Milliseconds to wait for the broker's word before answering.")
    ] = 2_000


class TakeProfitRequest(RequestModel):
    """Attached target."""

    price: PositiveDecimal


class StopLossRequest(RequestModel):
    """Attached stop: market at ``trigger_price``, or limit at ``price`` when given."""

    trigger_price: PositiveDecimal
    price: PositiveDecimal | None = None


class TradeRequest(RequestModel):
    """One order to place."""

    connection_id: ConnectionId
    account_id: Word | None = None
    instrument_id: InstrumentId
    side: Side
    order_type: OrderType
    quantity: PositiveDecimal
    price: PositiveDecimal | None = None
    trigger_price: PositiveDecimal | None = None
    trailing_offset: PositiveDecimal | None = None
    time_in_force: TimeInForce | None = None
    expires_at: RequestTime | None = None
    post_only: Flag | None = None
    reduce_only: Flag | None = None
    position_id: Word | None = None
    oca_group: OcaGroup | None = None
    take_profit: TakeProfitRequest | None = None
    stop_loss: StopLossRequest | None = None
    client_order_id: ClientOrderId | None = None

    def fingerprint(self) -> str:
        """Return a hash of the meaning: field order, blanks, explicit nulls, ``1.0`` or ``1`` do not matter."""
        return sha256(to_json(_canonical(self))).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, Decimal):
        return to_plain(value)
    if isinstance(value, RequestModel):
        return {name: _canonical(inner) for name, inner in value if inner is not None}
    return value


def _order_fields(order: Order) -> dict[str, Any]:
    terms = order.terms
    unknown, denied, broker = order.outcome_unknown, order.denied, order.broker
    return {
        "client_order_id": order.client_order_id,
        "venue_order_id": order.venue_order_id,
        "connection_id": order.connection_id,
        "account_id": order.account_id,
        "instrument_id": terms.instrument_id,
        "strategy_id": order.strategy_id,
        "source": order.source,
        "side": terms.side,
        "order_type": terms.order_type,
        "quantity": terms.quantity,
        "quantity_unit": terms.quantity_unit,
        "price": terms.price,
        "trigger_price": terms.trigger_price,
        "trailing_offset": terms.trailing_offset,
        "time_in_force": terms.time_in_force,
        "post_only": terms.post_only,
        "reduce_only": terms.reduce_only,
        "position_id": terms.position_id,
        "status": order.status,
        "outcome_unknown": unknown and OutcomeUnknownAnswer(since=unknown.since_ns, reason=unknown.reason),
        "held": order.held,
        "needs_operator": order.needs_operator,
        "filled_quantity": order.filled_quantity,
        "average_price": order.average_price,
        "fees": [MoneyAnswer.of(fee) for fee in order.fees],
        "parent_id": order.parent_id,
        "denied": denied and DeniedAnswer(code=denied.code, text=denied.text),
        "broker": BrokerWordsAnswer(status=broker.status, code=broker.code, text=broker.text),
        "created_at": order.created_at_ns,
        "updated_at": order.updated_at_ns,
    }


class ModifyRequest(RequestModel):
    """New terms of a working order; null leaves a term, ``quantity`` is the new total."""

    quantity: PositiveDecimal | None = None
    price: PositiveDecimal | None = None
    trigger_price: PositiveDecimal | None = None


class CancelAllRequest(RequestModel):
    """Which working orders to cancel; null means any."""

    connection_id: ConnectionId | None = None
    account_id: Word | None = None
    instrument_id: InstrumentId | None = None


class ClosePositionsRequest(RequestModel):
    """Which positions to close; null means any of the connection."""

    connection_id: ConnectionId
    account_id: Word | None = None
    instrument_id: InstrumentId | None = None
    position_id: Word | None = None


class CloseByRequest(RequestModel):
    """Two opposite positions of one instrument that close each other (MetaTrader 5, hedging)."""

    connection_id: ConnectionId
    account_id: Word | None = None
    position_id: Word
    opposite_position_id: Word


class OrdersQuery(PageQuery):
    """One order by ``client_order_id``, or a page of orders, newest first."""

    client_order_id: ClientOrderId | None = None
    connection_id: ConnectionId | None = None
    status: Literal["open", "closed", "all"] = "all"

    def rule_errors(self) -> tuple[FieldError, ...]:
        """Return an error per list parameter beside ``client_order_id``, which names one order."""
        if self.client_order_id is None:
            return ()
        lists = self.model_fields_set & {"status", "limit", "cursor"}
        return tuple(
            FieldError(field=name, code="forbidden", message="does not go with client_order_id, which names one order")
            for name in sorted(lists)
        )


class MoneyAnswer(AnswerModel):
    """An amount in one currency; for fees positive is a cost."""

    currency: str
    amount: DecimalText

    @classmethod
    def of(cls, money: Money) -> Self:
        """Render a sum of money."""
        return cls(currency=money.currency, amount=money.amount)


class OutcomeUnknownAnswer(AnswerModel):
    """Since when and why the outcome of a command is unknown."""

    since: TimeText
    reason: str


class DeniedAnswer(AnswerModel):
    """Our own refusal."""

    code: str
    text: str


class BrokerWordsAnswer(AnswerModel):
    """What the broker said last about the order, unchanged."""

    status: str | None
    code: str | None
    text: str | None


class OrderAnswer(AnswerModel):
    """All that is known of one order."""

    client_order_id: str
    venue_order_id: str | None
    connection_id: str
    account_id: str
    instrument_id: str
    strategy_id: str | None
    source: Source
    side: Side
    order_type: OrderType
    quantity: DecimalText
    quantity_unit: QuantityUnit
    price: DecimalText | None
    trigger_price: DecimalText | None
    trailing_offset: DecimalText | None
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    position_id: str | None
    status: OrderStatus
    outcome_unknown: OutcomeUnknownAnswer | None
    held: str | None
    needs_operator: str | None
    filled_quantity: DecimalText
    average_price: DecimalText | None
    fees: list[MoneyAnswer]
    parent_id: str | None
    denied: DeniedAnswer | None
    broker: BrokerWordsAnswer
    created_at: TimeText
    updated_at: TimeText

    @classmethod
    def of(cls, order: Order) -> "OrderAnswer":
        """Render an order."""
        return cls(**_order_fields(order))


class ChildAnswer(OrderAnswer):
    """A child of a bracket: an order of its own size, or a mark on the whole position."""

    kind: ChildKind

    @classmethod
    def of(cls, order: Order) -> "ChildAnswer":
        """Render a child order."""
        return cls(**_order_fields(order), kind=order.child_kind or ChildKind.ORDER)


class PlacedAnswer(AnswerModel):
    """A placed order and, of a bracket, the orders attached to it."""

    order: OrderAnswer
    children: list[ChildAnswer]


class OrderEnvelope(AnswerModel):
    """One order after a command."""

    order: OrderAnswer


class OrderPage(AnswerModel):
    """Orders, newest first."""

    orders: list[OrderAnswer]
    next_cursor: str | None


class ItemAnswer(AnswerModel):
    """What became of one item of a command on several; ``code`` and ``detail`` say why not."""

    client_order_id: str | None
    ok: bool
    order: OrderAnswer | None
    code: str | None
    detail: str | None


class ItemResults(AnswerModel):
    """A result per item."""

    results: list[ItemAnswer]
