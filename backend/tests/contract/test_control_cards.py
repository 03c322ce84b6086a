"""What can be set about an account and its positions: leverage, modes, trailing stops. Setting twice is as once."""

from decimal import Decimal

import pytest

from edgerunner.adapters.account_controls import AccountControls
from edgerunner.adapters.broker import CancelOrder, FillReport, OrderReport
from edgerunner.domain.accounts import AccountMode, MarginMode
from edgerunner.domain.errors import BrokerRejected, InvalidRequest, Unsupported
from edgerunner.domain.orders import OrderStatus, OrderType, Side
from tests.contract.harness import Broker, until


def controls(broker: Broker) -> AccountControls:
    if not isinstance(broker.adapter, AccountControls):
        pytest.skip("declared without any controls")
    return broker.adapter


async def leverages(broker: Broker) -> set[Decimal | None]:
    reports = await broker.adapter.get_positions()
    return {each.leverage for each in reports if each.instrument_id == broker.instrument_id}


async def test_leverage_is_set_and_shown_with_the_position(broker: Broker) -> None:
    adapter = controls(broker)
    if not broker.capabilities.leverage:
        with pytest.raises(Unsupported):
            await adapter.set_leverage(broker.account_id, broker.instrument_id, Decimal(3))
    broker.needs(broker.capabilities.leverage, "leverage")
    for _ in range(2):
        await adapter.set_leverage(broker.account_id, broker.instrument_id, Decimal(3))
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
    assert await leverages(broker) == {Decimal(3)}
    await adapter.set_leverage(broker.account_id, broker.instrument_id, Decimal("4.5"))
    assert await leverages(broker) == {Decimal("4.5")}


async def test_leverage_above_the_instruments_is_refused_and_nothing_changes(broker: Broker) -> None:
    broker.needs(broker.capabilities.leverage, "leverage")
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
    before = await leverages(broker)
    with pytest.raises(BrokerRejected):
        await controls(broker).set_leverage(broker.account_id, broker.instrument_id, Decimal(5000))
    assert await leverages(broker) == before


async def test_margin_mode_is_switched_there_and_back(broker: Broker) -> None:
    adapter, offered = controls(broker), broker.adapter.capabilities.margin_modes
    if not offered >= {MarginMode.CROSS, MarginMode.ISOLATED}:
        pytest.skip(f"declared margin modes: {sorted(offered)}")
    for mode in (MarginMode.ISOLATED, MarginMode.ISOLATED, MarginMode.CROSS):
        after = await adapter.change_settings(broker.account_id, position_mode=None, margin_mode=mode)
        assert after.margin_mode is mode
        assert await adapter.get_settings(broker.account_id) == after


async def test_position_mode_is_switched_and_orders_follow_it(broker: Broker) -> None:
    adapter = controls(broker)
    if not broker.capabilities.hedging:
        pytest.skip(f"declared unsupported: {broker.capabilities.unsupported['hedging']}")
    mode = AccountMode.NETTING if broker.is_hedged else AccountMode.HEDGING
    for _ in range(2):
        after = await adapter.change_settings(broker.account_id, position_mode=mode, margin_mode=None)
        assert after.position_mode is mode
    key = await broker.place(broker.market_terms())
    legs = {each.fill.leg for each in await broker.until_filled(key, broker.quantity)}
    if broker.instrument.expires_at_ns is None:
        assert legs == ({"long"} if mode is AccountMode.HEDGING else {"net"})


async def test_position_mode_with_an_open_position_is_refused(broker: Broker) -> None:
    adapter = controls(broker)
    if not broker.capabilities.hedging or broker.instrument.expires_at_ns is not None:
        pytest.skip("declared without hedge mode on this market")
    before = await adapter.get_settings(broker.account_id)
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
    other = AccountMode.NETTING if broker.is_hedged else AccountMode.HEDGING
    with pytest.raises(BrokerRejected):
        await adapter.change_settings(broker.account_id, position_mode=other, margin_mode=None)
    assert await adapter.get_settings(broker.account_id) == before


async def opened(broker: Broker) -> str | None:
    """Open a long position at a price that stands still; return the leg to name, None where there is one only."""
    broker.needs(broker.capabilities.trailing_stop, "trailing_stop")
    await broker.move_price("1")
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
    return "long" if broker.is_hedged else None


async def set_trailing(broker: Broker, leg: str | None, share: str | None, activation: str | None = None) -> None:
    """Set a trailing stop a share of the price behind; None takes it away."""
    await controls(broker).set_trailing_stop(
        broker.account_id,
        broker.instrument_id,
        position_id=leg,
        offset=None if share is None else await broker.price(share),
        activation_price=None if activation is None else await broker.price(activation),
    )


def stops(broker: Broker) -> list[OrderReport]:
    """The trailing stops the stream told of, newest report of each."""
    told = [u for u in broker.updates if isinstance(u, OrderReport)]
    told = [u for u in told if u.terms.order_type is OrderType.TRAILING_STOP_MARKET]
    return list({report.venue_order_id: report for report in told}.values())


async def test_trailing_stop_follows_the_price_and_closes_the_whole_position(broker: Broker) -> None:
    leg = await opened(broker)
    await set_trailing(broker, leg, "0.01")
    await until(lambda: stops(broker), lambda: "the trailing stop's order")
    await broker.move_price("1.03")
    assert broker.opened_leg(Side.BUY) in await broker.held()
    await broker.move_price("0.985")
    await until(
        lambda: [r.status for r in stops(broker)] == [OrderStatus.FILLED],
        lambda: f"it to fire: {stops(broker)}",
    )
    [stop] = stops(broker)
    assert (stop.client_order_id, stop.terms.side, stop.filled_quantity) == (None, Side.SELL, broker.quantity)
    told = [u for u in broker.updates if isinstance(u, FillReport) and u.venue_order_id == stop.venue_order_id]
    assert {each.fill.leg for each in told} == {broker.opened_leg(Side.BUY)}
    assert await broker.held() == {}


async def test_trailing_stop_waits_for_its_activation(broker: Broker) -> None:
    leg = await opened(broker)
    await set_trailing(broker, leg, "0.01", "1.02")
    await broker.move_price("0.98")
    assert broker.opened_leg(Side.BUY) in await broker.held()
    await broker.move_price("1.05")
    await broker.move_price("0.98")
    await until(
        lambda: OrderStatus.FILLED in {r.status for r in stops(broker)},
        lambda: f"it to fire: {stops(broker)}",
    )


async def test_trailing_stop_is_replaced_and_taken_away_and_repeats_do_no_harm(broker: Broker) -> None:
    leg = await opened(broker)
    for share in ("0.01", "0.01", "0.02", None, None):
        await set_trailing(broker, leg, share)
    assert await broker.adapter.get_open_orders() == []
    await until(
        lambda: {r.status for r in stops(broker)} == {OrderStatus.CANCELED},
        lambda: f"both to end: {stops(broker)}",
    )
    assert len(stops(broker)) == 2
    await broker.move_price("0.95")
    assert broker.opened_leg(Side.BUY) in await broker.held()


async def test_trailing_stop_ends_with_its_position(broker: Broker) -> None:
    leg = await opened(broker)
    await set_trailing(broker, leg, "0.01")
    closing = broker.market_terms(Side.SELL, reduce_only=True)
    await broker.until_filled(await broker.place(closing), broker.quantity)
    await until(
        lambda: [r.status for r in stops(broker)] == [OrderStatus.CANCELED],
        lambda: f"it to end: {stops(broker)}",
    )


async def test_trailing_stops_order_is_canceled_like_any_other(broker: Broker) -> None:
    leg = await opened(broker)
    await set_trailing(broker, leg, "0.01")
    await until(lambda: stops(broker), lambda: "the trailing stop's order")
    command = CancelOrder(
        client_order_id="XADOPTED",
        venue_order_id=stops(broker)[0].venue_order_id,
        account_id=broker.account_id,
        instrument_id=broker.instrument_id,
    )
    await broker.adapter.cancel_order(command)
    await until(lambda: [r.status for r in stops(broker)] == [OrderStatus.CANCELED], lambda: f"{stops(broker)}")
    await broker.move_price("0.95")
    assert broker.opened_leg(Side.BUY) in await broker.held()


async def test_trailing_stop_without_a_position_is_refused(broker: Broker) -> None:
    broker.needs(broker.capabilities.trailing_stop, "trailing_stop")
    with pytest.raises(BrokerRejected):
        await set_trailing(broker, "long" if broker.is_hedged else None, "0.01")


async def test_trailing_stop_of_a_leg_that_the_mode_does_not_have_is_refused_before_sending(broker: Broker) -> None:
    await opened(broker)
    with pytest.raises(InvalidRequest):
        await set_trailing(broker, None if broker.is_hedged else "long", "0.01")


async def test_trailing_stop_order_is_refused_with_the_way_to_set_one(broker: Broker) -> None:
    if OrderType.TRAILING_STOP_MARKET in broker.capabilities.order_types:
        pytest.skip("declared as an order type")
    reason = broker.capabilities.unsupported["trailing_stop_market"]
    assert "/positions/trailing-stop" in reason
