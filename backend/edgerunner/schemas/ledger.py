"""Fills, cash movements and time lines on the wire."""

from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum

from pydantic import JsonValue

from edgerunner.domain.cash import CashMovement
from edgerunner.domain.events import EVENT_TYPES, RecordedEvent
from edgerunner.domain.fills import Fill
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import Liquidity, Side, Source
from edgerunner.schemas.base import AnswerModel
from edgerunner.schemas.orders import MoneyAnswer
from edgerunner.schemas.paging import PageQuery
from edgerunner.schemas.scalars import ClientOrderId, ConnectionId, DecimalText, TimeText, Word, format_time

_TYPE_NAMES = {body_type: name for name, body_type in EVENT_TYPES.items()}


class LedgerQuery(PageQuery):
    """Which cash movements, newest first."""

    connection_id: ConnectionId | None = None
    account_id: Word | None = None


class FillsQuery(LedgerQuery):
    """Which fills, newest first."""

    client_order_id: ClientOrderId | None = None


class FillAnswer(AnswerModel):
    """One execution; ``realized_pnl`` is before fees, null when the closed part's cost is unknown."""

    trade_id: str
    client_order_id: str | None
    venue_order_id: str | None
    connection_id: str
    account_id: str
    instrument_id: str
    strategy_id: str | None
    side: Side
    quantity: DecimalText
    price: DecimalText
    liquidity: Liquidity
    fee: MoneyAnswer
    realized_pnl: DecimalText | None
    time: TimeText

    @classmethod
    def of(cls, fill: Fill) -> "FillAnswer":
        """Render a fill."""
        return cls(
            trade_id=fill.trade_id,
            client_order_id=fill.client_order_id,
            venue_order_id=fill.venue_order_id,
            connection_id=fill.connection_id,
            account_id=fill.account_id,
            instrument_id=fill.instrument_id,
            strategy_id=fill.strategy_id,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            liquidity=fill.liquidity,
            fee=MoneyAnswer.of(fill.fee),
            realized_pnl=fill.realized_pnl,
            time=fill.ts_event_ns,
        )


class FillPage(AnswerModel):
    """Fills, newest first."""

    fills: list[FillAnswer]
    next_cursor: str | None


class MovementAnswer(AnswerModel):
    """One cash movement; ``amount`` is signed, positive is money in."""

    movement_id: str
    connection_id: str
    account_id: str
    kind: str
    currency: str
    amount: DecimalText
    instrument_id: str | None
    trade_id: str | None
    time: TimeText

    @classmethod
    def of(cls, movement: CashMovement) -> "MovementAnswer":
        """Render a cash movement."""
        return cls(
            movement_id=movement.movement_id,
            connection_id=movement.connection_id,
            account_id=movement.account_id,
            kind=movement.kind,
            currency=movement.currency,
            amount=movement.amount,
            instrument_id=movement.instrument_id,
            trade_id=movement.trade_id,
            time=movement.ts_event_ns,
        )


class LedgerPage(AnswerModel):
    """Cash movements, newest first."""

    movements: list[MovementAnswer]
    next_cursor: str | None


class EventAnswer(AnswerModel):
    """One journal event with its three times: ours, the broker's, and when the message arrived.

    ``data`` is what happened, ``raw`` the broker's own words.
    """

    seq: int
    event_id: str
    type: str
    connection_id: str
    account_id: str
    client_order_id: str | None
    strategy_id: str | None
    actor: str
    source: Source
    recorded_at: TimeText
    broker_time: TimeText | None
    arrived_at: TimeText | None
    data: dict[str, JsonValue]
    raw: str | None

    @classmethod
    def of(cls, recorded: RecordedEvent) -> "EventAnswer":
        """Render a journal row."""
        event = recorded.event
        return cls(
            seq=recorded.seq,
            event_id=event.event_id,
            type=_TYPE_NAMES[type(event.body)],
            connection_id=event.connection_id,
            account_id=event.account_id,
            client_order_id=event.client_order_id,
            strategy_id=event.strategy_id,
            actor=event.actor,
            source=event.source,
            recorded_at=event.ts_init_ns,
            broker_time=event.ts_event_ns,
            arrived_at=event.ts_arrival_ns,
            data=value_fields(event.body),
            raw=event.raw,
        )


class EventList(AnswerModel):
    """One order's time line, oldest first."""

    events: list[EventAnswer]


def value_fields(value: object) -> dict[str, JsonValue]:
    """Render a domain value field by field: decimals plain, ``x_ns`` as the RFC 3339 time ``x``."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} is no value of the domain")
    rendered: dict[str, JsonValue] = {}
    for field in fields(value):
        inner = getattr(value, field.name)
        if field.name.endswith("_ns"):
            rendered[field.name.removesuffix("_ns")] = None if inner is None else format_time(inner)
        else:
            rendered[field.name] = _json(inner)
    return rendered


def _json(value: object) -> JsonValue:
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return str(value.value)
        case str():
            return value
        case Decimal():
            return to_plain(value)
        case tuple() | frozenset():
            return [_json(item) for item in value]
        case _:
            return dict(value_fields(value))
