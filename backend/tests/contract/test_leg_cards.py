"""Hedge mode: a long and a short leg side by side; and funding on the position that pays it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.domain.accounts import AccountMode
from edgerunner.domain.errors import BrokerRejected, InvalidRequest, Unsupported
from edgerunner.domain.orders import OrderStatus, Side
from tests.contract.harness import Broker

MINUTE_NS = 60 * 10**9


async def test_account_says_whether_it_nets_or_hedges(broker: Broker) -> None:
    mode = broker.accounts[0].mode
    assert broker.is_hedged == (mode is AccountMode.HEDGING)
    if not broker.is_hedged:
        with pytest.raises((Unsupported, InvalidRequest)):
            await broker.place(broker.market_terms(position_id="long"))


async def test_buys_and_sells_open_a_leg_each(broker: Broker) -> None:
    broker.needs_legs()
    for side, leg in ((Side.BUY, "long"), (Side.SELL, "short")):
        key = await broker.place(broker.market_terms(side))
        assert {each.fill.leg for each in await broker.until_filled(key, broker.quantity)} == {leg}
        assert (await broker.until_status(key, OrderStatus.FILLED)).terms.position_id == leg
    assert await broker.held() == {"long": broker.quantity, "short": -broker.quantity}


@pytest.mark.parametrize("is_named", [False, True])
async def test_each_leg_is_closed_by_itself(broker: Broker, is_named: bool) -> None:
    broker.needs_legs()
    for side in Side:
        await broker.until_filled(await broker.place(broker.market_terms(side)), broker.quantity)
    for side, leg in ((Side.SELL, "long"), (Side.BUY, "short")):
        terms = replace(broker.market_terms(side, reduce_only=True), position_id=leg if is_named else None)
        key = await broker.place(terms)
        assert {each.fill.leg for each in await broker.until_filled(key, broker.quantity)} == {leg}
        assert leg not in await broker.held()
    with pytest.raises(BrokerRejected):
        await broker.place(broker.market_terms(Side.SELL, reduce_only=True))


async def test_fills_read_back_have_the_legs_the_stream_told(broker: Broker) -> None:
    keys = [await broker.place(broker.market_terms(side)) for side in Side]
    told = {each.fill.trade_id: each.fill for key in keys for each in await broker.until_filled(key, broker.quantity)}
    listed = {each.fill.trade_id: each.fill for each in await broker.adapter.get_fills(broker.now_ns() - MINUTE_NS)}
    assert {trade_id: listed[trade_id] for trade_id in told} == told


async def test_funding_is_a_movement_of_the_leg_that_pays_it(broker: Broker) -> None:
    import time

    broker.needs(broker.capabilities.funding, "funding")
    if not broker.has_funding:
        pytest.skip("dated contracts pay no funding: declared by the instrument's expiry")
    key = await broker.place(broker.market_terms())
    await broker.until_filled(key, broker.quantity)
    since = time.time_ns() - MINUTE_NS
    await broker.settle_funding("0.0001")
    paid = [
        report.movement
        for report in await broker.adapter.get_cash_movements(since)
        if report.movement.kind == "funding"
    ]
    assert [movement.instrument_id for movement in paid] == [broker.instrument_id]
    assert paid[0].amount < Decimal(0)
    assert paid[0].currency == broker.instrument.settle
    assert paid[0].leg == (broker.opened_leg(Side.BUY) if broker.is_hedged else None)
