"""Builders of recorded events with everything that a test does not care about filled in."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from edgerunner.domain.events import Event, EventBody, OrderFilled, OrderInitialized, RecordedEvent
from edgerunner.domain.instruments import ContractTerms, Product, QuantityUnit
from edgerunner.domain.order_machine import apply
from edgerunner.domain.orders import Liquidity, Money, Order, OrderTerms, OrderType, Side, Source

CONNECTION = "bybit-sim"
ACCOUNT = "1"
ORDER_ID = "ORDER-1"

LINEAR = ContractTerms(
    product=Product.PERPETUAL, base="BTC", quote="USDT", settle="USDT", quantity_unit=QuantityUnit.COINS
)
INVERSE = ContractTerms(
    product=Product.PERPETUAL, base="BTC", quote="USD", settle="BTC", quantity_unit=QuantityUnit.CONTRACTS
)
SPOT = ContractTerms(product=Product.SPOT, base="BTC", quote="USDT", settle="USDT", quantity_unit=QuantityUnit.COINS)

INSTRUMENTS = {"BTCUSDT-LINEAR.BYBIT": LINEAR, "BTCUSD-INVERSE.BYBIT": INVERSE, "BTCUSDT-SPOT.BYBIT": SPOT}


def terms(*, quantity: str = "1", side: Side = Side.BUY, instrument_id: str = "BTCUSDT-LINEAR.BYBIT") -> OrderTerms:
    return OrderTerms(
        instrument_id=instrument_id,
        side=side,
        order_type=OrderType.LIMIT,
        quantity=Decimal(quantity),
        quantity_unit=QuantityUnit.COINS,
        price=Decimal(100),
    )


def initialized(quantity: str = "1") -> OrderInitialized:
    return OrderInitialized(terms=terms(quantity=quantity), source=Source.API)


def filled(
    trade_id: str,
    quantity: str | Decimal,
    price: str | Decimal = "100",
    *,
    side: Side = Side.BUY,
    instrument_id: str = "BTCUSDT-LINEAR.BYBIT",
    fee: str | Decimal = "0",
    fee_currency: str = "USDT",
    leg: str = "net",
    derived: bool = False,
) -> OrderFilled:
    return OrderFilled(
        trade_id=trade_id,
        venue_order_id="V1",
        instrument_id=instrument_id,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        liquidity=Liquidity.TAKER,
        fee=Money(currency=fee_currency, amount=Decimal(fee)),
        contract=INSTRUMENTS[instrument_id],
        leg=leg,
        derived=derived,
    )


def recorded(
    body: EventBody,
    *,
    seq: int = 1,
    stamp: int | None = None,
    client_order_id: str | None = ORDER_ID,
    account_id: str = ACCOUNT,
) -> RecordedEvent:
    """``stamp`` is the broker's time; our own time is the sequence number."""
    event = Event(
        event_id=f"event-{seq}",
        body=body,
        connection_id=CONNECTION,
        account_id=account_id,
        client_order_id=client_order_id,
        actor="test",
        source=Source.API,
        ts_event_ns=stamp,
        ts_init_ns=seq,
    )
    return RecordedEvent(seq=seq, owner_epoch=1, event=event)


def order_after(*bodies: EventBody, before: Order | None = None) -> Order:
    """Return the order after unstamped events, starting at ``before`` or at nothing."""
    order = fold((recorded(body, seq=seq) for seq, body in enumerate(bodies, start=1)), before=before)
    if order is None:
        raise AssertionError("these events make no order")
    return order


def fold(line: Iterable[RecordedEvent], *, before: Order | None = None) -> Order | None:
    order = before
    for item in line:
        order = apply(order, item)
    return order


def renumbered(line: Iterable[RecordedEvent]) -> list[RecordedEvent]:
    """Return the events with sequence numbers in their present order."""
    return [replace(item, seq=seq) for seq, item in enumerate(line, start=1)]
