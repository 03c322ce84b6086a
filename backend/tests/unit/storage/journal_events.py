"""Events for journal tests: each with its own id unless a test says one."""

from decimal import Decimal
from itertools import count

from edgerunner.domain.events import (
    CashMoved,
    Event,
    EventBody,
    OrderAccepted,
    OrderCanceled,
    OrderInitialized,
    OrderSubmitted,
)
from edgerunner.domain.orders import Source
from edgerunner.storage.values import IdempotencyRecord
from tests.fakes.events import ACCOUNT, CONNECTION, filled, terms

_numbers = count(1)


def event(
    body: EventBody,
    order_id: str | None = "ORDER-1",
    *,
    event_id: str | None = None,
    connection_id: str = CONNECTION,
    stamp: int | None = None,
    raw: str | None = None,
) -> Event:
    number = next(_numbers)
    return Event(
        event_id=event_id or f"event-{number}",
        body=body,
        connection_id=connection_id,
        account_id=ACCOUNT,
        client_order_id=order_id,
        strategy_id="sma",
        actor="test",
        source=Source.API,
        ts_event_ns=stamp,
        ts_arrival_ns=None if stamp is None else stamp + 1,
        ts_init_ns=number,
        raw=raw,
    )


def new(order_id: str = "ORDER-1", *, connection_id: str = CONNECTION, event_id: str | None = None) -> Event:
    body = OrderInitialized(terms=terms(), source=Source.API)
    return event(body, order_id, connection_id=connection_id, event_id=event_id)


def working(order_id: str = "ORDER-1", *, connection_id: str = CONNECTION) -> list[Event]:
    """An order from our intent to its place in the broker's book."""
    accepted = OrderAccepted(venue_order_id=f"V-{order_id}")
    return [
        new(order_id, connection_id=connection_id),
        event(OrderSubmitted(), order_id, connection_id=connection_id),
        event(accepted, order_id, connection_id=connection_id),
    ]


def canceled(order_id: str = "ORDER-1") -> list[Event]:
    return [*working(order_id), event(OrderCanceled(), order_id)]


def bought(order_id: str = "ORDER-1", *, trade_id: str | None = None, fee: str = "0.5") -> list[Event]:
    """An order that is filled at once: opens or adds to a long position of 1."""
    fill = filled(trade_id or f"T-{order_id}", "1", fee=fee)
    return [*working(order_id), event(fill, order_id, stamp=1_000)]


def key(name: str = "k1", *, order_id: str = "ORDER-1", created_ns: int = 0) -> IdempotencyRecord:
    return IdempotencyRecord(scope="api", key=name, fingerprint="f1", client_order_id=order_id, created_ns=created_ns)


def commission(trade_id: str, amount: str) -> CashMoved:
    return CashMoved(
        movement_id=f"fee:{trade_id}",
        kind="commission",
        currency="USDT",
        amount=-Decimal(amount),
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        trade_id=trade_id,
    )


def funding(movement_id: str, amount: str, *, stamp: int) -> Event:
    body = CashMoved(
        movement_id=movement_id,
        kind="funding",
        currency="USDT",
        amount=Decimal(amount),
        instrument_id="BTCUSDT-LINEAR.BYBIT",
    )
    return event(body, None, stamp=stamp)
