"""Orders: how each kind lives and ends, told by reports."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import CancelOrder, PlaceOrder
from edgerunner.adapters.wire_mark import telling
from edgerunner.domain.errors import (
    BrokerRejected,
    BrokerUnreachable,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    Unsupported,
)
from edgerunner.domain.orders import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from tests.contract.harness import FOK, IOC, Broker, until


async def test_market_order_fills(broker: Broker) -> None:
    key = await broker.place(broker.market_terms())
    report = await broker.until_status(key, OrderStatus.FILLED)
    fills = await broker.until_filled(key, broker.quantity)
    assert report.filled_quantity == broker.quantity == sum(each.fill.quantity for each in fills)
    assert report.terms.order_type is OrderType.MARKET
    value = sum((each.fill.quantity * each.fill.price for each in fills), Decimal(0))
    assert report.average_price is not None
    assert abs(report.average_price - value / broker.quantity) < broker.instrument.tick_size
    for each in fills:
        assert each.fill.liquidity is Liquidity.TAKER
        assert each.fill.fee.amount > 0 or not broker.charges_fees
        assert each.fill.instrument_id == broker.instrument_id
        assert each.venue_order_id == report.venue_order_id


async def test_placing_tells_when_the_order_leaves_our_hands(broker: Broker) -> None:
    """Metrics tell our own waiting from the broker's by it."""
    marks: list[str] = []
    with telling(lambda: marks.append("handed over")):
        key = await broker.place(broker.market_terms())
        assert "handed over" in marks
    await broker.until_status(key, OrderStatus.FILLED)


async def test_market_sell_fills(broker: Broker) -> None:
    key = await broker.place(broker.market_terms(Side.SELL))
    await broker.until_status(key, OrderStatus.FILLED)
    assert all(each.fill.side is Side.SELL for each in await broker.until_filled(key, broker.quantity))


async def test_limit_order_rests_until_it_is_canceled(broker: Broker) -> None:
    terms = await broker.limit_terms()
    key = await broker.place(terms)
    working = await broker.until_status(key, OrderStatus.ACCEPTED)
    leg = broker.opened_leg(Side.BUY)
    assert working.terms == replace(terms, position_id=None if leg == "net" else leg)
    assert working.created_at_ns is not None
    assert [o.client_order_id for o in await broker.adapter.get_open_orders()] == [key]
    await broker.cancel(key)
    canceled = await broker.until_status(key, OrderStatus.CANCELED)
    assert canceled.filled_quantity == 0
    assert canceled.venue_order_id == working.venue_order_id
    assert await broker.adapter.get_open_orders() == []


async def test_price_and_quantity_of_a_working_order_change(broker: Broker) -> None:
    broker.needs({"price", "quantity"} <= broker.capabilities.modify, "modify")
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    price, quantity = await broker.price("0.96"), broker.quantity + 10 * broker.instrument.lot_step
    await broker.modify(key, price=price, quantity=quantity)
    await until(
        lambda: (broker.order(key).terms.price, broker.order(key).terms.quantity) == (price, quantity),
        lambda: f"the changed terms; told: {broker.order(key)}",
    )
    await broker.cancel(key)
    await broker.until_status(key, OrderStatus.CANCELED)


async def test_change_to_the_present_terms_is_success(broker: Broker) -> None:
    key = await broker.place(await broker.limit_terms())
    working = await broker.until_status(key, OrderStatus.ACCEPTED)
    await broker.modify(key, price=working.terms.price)


async def test_partial_fill_then_cancel_keeps_the_filled_part(broker: Broker) -> None:
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    part = 5 * broker.instrument.lot_step
    await broker.fill_by_hand(key, part)
    assert (await broker.until_status(key, OrderStatus.PARTIALLY_FILLED)).filled_quantity == part
    await broker.cancel(key)
    assert (await broker.until_status(key, OrderStatus.CANCELED)).filled_quantity == part
    (fill,) = await broker.until_filled(key, part)
    assert fill.fill.liquidity is Liquidity.MAKER


async def test_quantity_cannot_be_lowered_below_what_is_filled(broker: Broker) -> None:
    broker.needs("quantity" in broker.capabilities.modify, "modify")
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    await broker.fill_by_hand(key, 5 * broker.instrument.lot_step)
    await broker.until_status(key, OrderStatus.PARTIALLY_FILLED)
    with pytest.raises(BrokerRejected):
        await broker.modify(key, quantity=3 * broker.instrument.lot_step)


async def test_ioc_below_the_market_is_canceled_unfilled(broker: Broker) -> None:
    broker.needs(IOC in broker.capabilities.time_in_force, "ioc")
    key = await broker.place(await broker.limit_terms(time_in_force=IOC))
    assert (await broker.until_status(key, OrderStatus.CANCELED)).filled_quantity == 0


async def test_fok_through_the_market_fills_whole(broker: Broker) -> None:
    broker.needs(FOK in broker.capabilities.time_in_force, "fok")
    key = await broker.place(await broker.limit_terms("1.01", time_in_force=FOK))
    await broker.until_status(key, OrderStatus.FILLED)
    await broker.until_filled(key, broker.quantity)


async def test_fok_that_cannot_fill_whole_is_canceled_unfilled(broker: Broker) -> None:
    broker.needs(FOK in broker.capabilities.time_in_force, "fok")
    key = await broker.place(await broker.limit_terms(time_in_force=FOK))
    assert (await broker.until_status(key, OrderStatus.CANCELED)).filled_quantity == 0


async def test_post_only_rests(broker: Broker) -> None:
    broker.needs(broker.capabilities.post_only, "post_only")
    key = await broker.place(await broker.limit_terms(post_only=True))
    working = await broker.until_status(key, OrderStatus.ACCEPTED)
    assert working.terms.post_only
    assert working.terms.time_in_force is TimeInForce.GTC


async def test_crossing_post_only_never_takes(broker: Broker) -> None:
    broker.needs(broker.capabilities.post_only, "post_only")
    key = broker.new_key()
    refusal = None
    try:
        await broker.place(await broker.limit_terms("1.01", post_only=True), key)
    except BrokerRejected as error:
        refusal = error.broker_code
    ended = None if refusal else await broker.until_status(key, OrderStatus.CANCELED, OrderStatus.REJECTED)
    assert refusal or (ended is not None and ended.broker.code)
    assert broker.fills(key) == []


async def test_reduce_only_closes_and_never_opens(broker: Broker) -> None:
    if not broker.capabilities.reduce_only:
        with pytest.raises(Unsupported):
            await broker.place(broker.market_terms(Side.SELL, reduce_only=True))
        pytest.skip(f"declared unsupported: {broker.capabilities.unsupported['reduce_only']}")
    with pytest.raises(BrokerRejected):
        await broker.place(broker.market_terms(Side.SELL, reduce_only=True))
    opened = await broker.place(broker.market_terms())
    await broker.until_status(opened, OrderStatus.FILLED)
    closed = await broker.place(broker.market_terms(Side.SELL, reduce_only=True))
    await broker.until_status(closed, OrderStatus.FILLED)
    contracts = [p for p in await broker.adapter.get_positions() if p.instrument_id == broker.instrument_id]
    assert contracts == []


async def test_order_below_the_minimum_is_rejected_with_code_and_text(broker: Broker) -> None:
    key = broker.new_key()
    with pytest.raises(BrokerRejected) as caught:
        await broker.place(await broker.limit_terms(quantity=broker.instrument.lot_step / 10), key)
    assert caught.value.broker_code
    assert caught.value.text
    assert await broker.adapter.get_open_orders() == []


async def test_order_for_an_unknown_instrument_is_not_found(broker: Broker) -> None:
    with pytest.raises(NotFound, match="NOSUCH"):
        await broker.place(broker.market_terms(instrument_id="NOSUCH.VENUE"))


@pytest.mark.parametrize("kind", [OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP_MARKET])
async def test_declared_lack_of_an_order_type_is_refused_before_sending(broker: Broker, kind: OrderType) -> None:
    if kind in broker.capabilities.order_types:
        pytest.skip("offered: see its own card")
    key = broker.new_key()
    with pytest.raises(Unsupported):
        await broker.place(broker.market_terms(order_type=kind, trigger_price=Decimal(1)), key)
    assert broker.capabilities.unsupported[kind]
    assert await broker.placements_of(key) == 0


async def test_second_order_with_the_same_key_is_never_a_second_order(broker: Broker) -> None:
    terms = await broker.limit_terms()
    key = await broker.place(terms)
    await broker.until_status(key, OrderStatus.ACCEPTED)
    with pytest.raises((OutcomeUnknown, BrokerRejected)):
        await broker.place(terms, key)
    assert [o.client_order_id for o in await broker.adapter.get_open_orders()] == [key]


async def test_cancel_of_a_closed_order_is_rejected(broker: Broker) -> None:
    key = await broker.place(broker.market_terms())
    await broker.until_status(key, OrderStatus.FILLED)
    with pytest.raises(BrokerRejected):
        await broker.cancel(key)


async def test_cancel_of_an_order_that_never_was_is_rejected(broker: Broker) -> None:
    command = CancelOrder(
        client_order_id="NEVER-SENT",
        venue_order_id=None,
        account_id=broker.account_id,
        instrument_id=broker.instrument_id,
    )
    with pytest.raises(BrokerRejected):
        await broker.adapter.cancel_order(command)


async def test_many_orders_at_once_all_arrive_once_under_the_rate_limit(broker: Broker) -> None:
    terms = await broker.limit_terms()
    keys = [broker.new_key() for _ in range(25)]
    await asyncio.gather(*(broker.place(terms, key) for key in keys))
    working = {report.client_order_id for report in await broker.adapter.get_open_orders()}
    assert working == set(keys)
    assert [await broker.placements_of(key) for key in keys] == [1] * len(keys)


async def test_rate_limit_loses_and_doubles_nothing(broker: Broker) -> None:
    await broker.exceed_rate()
    key, other = broker.new_key(), broker.new_key()
    terms = await broker.limit_terms()
    command = PlaceOrder(client_order_id=key, account_id=broker.account_id, terms=terms)
    with pytest.raises((OutcomeUnknown, BrokerRejected, BrokerUnreachable)):
        await broker.adapter.place_order(command)
    await broker.place(terms, other)
    assert [o.client_order_id for o in await broker.adapter.get_open_orders()] == [other]
    assert await broker.placements_of(key) <= 1


async def test_what_cannot_be_sent_is_refused_before_it_is_recorded_anywhere(broker: Broker) -> None:
    terms = await broker.limit_terms()
    await broker.adapter.check_order(broker.account_id, terms)
    with pytest.raises((InvalidRequest, Unsupported)):
        await broker.adapter.check_order(broker.account_id, replace(terms, position_id="elsewhere"))
    assert await broker.adapter.get_open_orders() == []
