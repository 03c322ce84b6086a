"""Conditional orders: they wait for a price, fire once it is there, and say so."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.domain.errors import BrokerRejected, InvalidRequest
from edgerunner.domain.orders import OrderStatus, OrderTerms, OrderType, Side
from tests.contract.harness import Broker, until

ABOVE, BELOW = "1.01", "0.99"
BEYOND = {ABOVE: "1.011", BELOW: "0.989"}
KINDS = [
    (OrderType.STOP_MARKET, Side.BUY, ABOVE),
    (OrderType.STOP_MARKET, Side.SELL, BELOW),
    (OrderType.MARKET_IF_TOUCHED, Side.BUY, BELOW),
    (OrderType.MARKET_IF_TOUCHED, Side.SELL, ABOVE),
    (OrderType.STOP_LIMIT, Side.BUY, ABOVE),
    (OrderType.STOP_LIMIT, Side.SELL, BELOW),
    (OrderType.LIMIT_IF_TOUCHED, Side.BUY, BELOW),
    (OrderType.LIMIT_IF_TOUCHED, Side.SELL, ABOVE),
]


async def conditional(broker: Broker, kind: OrderType, side: Side, share: str) -> OrderTerms:
    """Terms that trade at once when the trigger is met: a limit is well through the market, where it may be."""
    broker.needs(kind in broker.capabilities.order_types, kind)
    is_above = (side is Side.BUY) != broker.limits_behind_triggers
    through = Decimal("1.005") if is_above else Decimal("0.995")
    terms = replace(broker.market_terms(side), order_type=kind, trigger_price=await broker.price(share))
    return replace(terms, price=await broker.price(str(Decimal(share) * through))) if kind.has_price else terms


@pytest.mark.parametrize(("kind", "side", "share"), KINDS)
async def test_conditional_order_waits_and_then_fills(broker: Broker, kind: OrderType, side: Side, share: str) -> None:
    await broker.move_price("1")
    terms = await conditional(broker, kind, side, share)
    key = await broker.place(terms)
    waiting = await broker.until_status(key, OrderStatus.ACCEPTED)
    assert waiting.held == "untriggered"
    assert (waiting.terms.order_type, waiting.terms.side) == (kind, side)
    assert (waiting.terms.trigger_price, waiting.terms.price) == (terms.trigger_price, terms.price)
    assert broker.fills(key) == []
    assert key in {report.client_order_id for report in await broker.adapter.get_open_orders()}
    await broker.move_price(BEYOND[share])
    if kind.has_price and broker.limits_behind_triggers:
        await broker.until_status(key, OrderStatus.TRIGGERED)
        await broker.move_price("0.99" if side is Side.BUY else "1.01")
    await broker.until_filled(key, broker.quantity)
    filled = await broker.until_status(key, OrderStatus.FILLED)
    assert filled.venue_order_id == waiting.venue_order_id
    assert OrderStatus.TRIGGERED in {report.status for report in broker.orders(key)}


async def test_trigger_of_a_waiting_order_is_moved(broker: Broker) -> None:
    broker.needs("trigger_price" in broker.capabilities.modify, "trigger_price")
    await broker.move_price("1")
    key = await broker.place(await conditional(broker, OrderType.STOP_MARKET, Side.SELL, "0.98"))
    await broker.until_status(key, OrderStatus.ACCEPTED)
    moved = await broker.price("0.97")
    await broker.modify(key, trigger_price=moved)
    await until(lambda: broker.order(key).terms.trigger_price == moved, lambda: f"the new trigger: {broker.order(key)}")
    assert broker.order(key).held == "untriggered"


async def test_waiting_order_is_canceled_before_its_trigger(broker: Broker) -> None:
    await broker.move_price("1")
    key = await broker.place(await conditional(broker, OrderType.STOP_LIMIT, Side.SELL, BELOW))
    await broker.until_status(key, OrderStatus.ACCEPTED)
    await broker.cancel(key)
    assert (await broker.until_status(key, OrderStatus.CANCELED)).filled_quantity == 0
    assert await broker.adapter.get_open_orders() == []


@pytest.mark.parametrize(("kind", "side", "share"), KINDS[:4])
async def test_trigger_that_the_market_has_passed_is_refused(
    broker: Broker, kind: OrderType, side: Side, share: str
) -> None:
    wrong = BELOW if share == ABOVE else ABOVE
    terms = await conditional(broker, kind, side, wrong)
    key = broker.new_key()
    with pytest.raises((InvalidRequest, BrokerRejected)):
        await broker.place(terms, key)
    assert await broker.placements_of(key) == 0
