"""Positions by ticket on a hedging account, one position per symbol on a netting one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, OrderReport
from edgerunner.domain.errors import BrokerRejected, InvalidRequest, Unsupported
from edgerunner.domain.orders import ChildKind, OrderStatus, OrderTerms, OrderType, Side, StopLoss, TakeProfit
from tests.contract.harness import until
from tests.contract.mt5_harness import HEDGING, NETTING, Mt5OnSimulator, mt5_on_simulator


@pytest.fixture
async def hedging() -> AsyncIterator[Mt5OnSimulator]:
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False) as broker:
        yield broker


@pytest.fixture
async def netting() -> AsyncIterator[Mt5OnSimulator]:
    async with mt5_on_simulator("EURUSD.MT5", login=NETTING, has_bridge=False) as broker:
        yield broker


async def opened(broker: Mt5OnSimulator, side: Side = Side.BUY, **changes: object) -> str:
    """Open a position; return its ticket, or ``net``."""
    key = await broker.place(replace(broker.market_terms(side), **changes))  # type: ignore[arg-type]
    fills = await broker.until_filled(key, Decimal("0.01"))
    return fills[0].fill.leg


async def test_trap_14_opposite_order_opens_a_second_position_on_a_hedging_account(hedging: Mt5OnSimulator) -> None:
    bought, sold = await opened(hedging), await opened(hedging, Side.SELL)
    assert await hedging.held() == {bought: hedging.quantity, sold: -hedging.quantity}


async def test_trap_14_opposite_order_turns_the_position_of_a_netting_account(netting: Mt5OnSimulator) -> None:
    await opened(netting)
    key = await netting.place(netting.market_terms(Side.SELL, quantity=3 * netting.quantity))
    (fill,) = await netting.until_filled(key, 3 * netting.quantity)
    assert (fill.fill.leg, fill.fill.side, fill.fill.quantity) == ("net", Side.SELL, 3 * netting.quantity)
    assert await netting.held() == {"net": -2 * netting.quantity}


async def test_ticket_is_closed_in_parts(hedging: Mt5OnSimulator) -> None:
    kept, ticket = await opened(hedging), await opened(hedging)
    part = 4 * hedging.instrument.lot_step
    key = await hedging.place(hedging.market_terms(Side.SELL, quantity=part, position_id=ticket))
    (fill,) = await hedging.until_filled(key, part)
    assert fill.fill.leg == ticket
    assert (await hedging.until_status(key, OrderStatus.FILLED)).terms.position_id == ticket
    assert await hedging.held() == {kept: hedging.quantity, ticket: hedging.quantity - part}


async def test_trap_16_closing_more_than_the_position_is_refused_and_opens_nothing(hedging: Mt5OnSimulator) -> None:
    ticket = await opened(hedging)
    with pytest.raises(BrokerRejected) as caught:
        await hedging.place(hedging.market_terms(Side.SELL, quantity=2 * hedging.quantity, position_id=ticket))
    assert caught.value.broker_code == "10038"
    assert await hedging.held() == {ticket: hedging.quantity}


async def test_reduce_only_without_a_ticket_needs_a_single_position_that_it_can_mean(hedging: Mt5OnSimulator) -> None:
    first, second = await opened(hedging), await opened(hedging)
    with pytest.raises(InvalidRequest, match=f"{first}, {second}"):
        await hedging.adapter.check_order(hedging.account_id, hedging.market_terms(Side.SELL, reduce_only=True))


async def test_ticket_of_nothing_or_of_the_same_side_is_refused_before_sending(hedging: Mt5OnSimulator) -> None:
    ticket = await opened(hedging)
    for side, named in ((Side.SELL, "99999999"), (Side.BUY, ticket)):
        key = hedging.new_key()
        with pytest.raises(InvalidRequest):
            await hedging.place(hedging.market_terms(side, position_id=named), key)
        assert await hedging.placements_of(key) == 0


async def test_pending_orders_cannot_close_a_ticket(hedging: Mt5OnSimulator) -> None:
    ticket = await opened(hedging)
    with pytest.raises(Unsupported):
        await hedging.place(await hedging.limit_terms("1.01", side=Side.SELL, position_id=ticket))


async def test_positions_close_each_other_and_the_rest_stays(hedging: Mt5OnSimulator) -> None:
    big, small = await opened(hedging, quantity=Decimal("0.3")), await opened(hedging, Side.SELL)
    key = hedging.new_key()
    await hedging.adapter.close_by(key, big, small)
    report = await hedging.until_status(key, OrderStatus.FILLED)
    assert report.filled_quantity == hedging.quantity
    halves = [
        u for u in hedging.updates if isinstance(u, OrderReport) and u.venue_order_id == f"{report.venue_order_id}-by"
    ]
    assert [half.filled_quantity for half in halves] == [hedging.quantity]
    assert await hedging.held() == {big: Decimal("0.3") - hedging.quantity}
    legs = {each.fill.leg: each.fill.side for each in await hedging.adapter.get_fills(0) if each.ts_event_ns}
    assert legs == {big: Side.SELL, small: Side.BUY}


async def test_netting_account_has_no_close_by(netting: Mt5OnSimulator) -> None:
    with pytest.raises(Unsupported):
        await netting.adapter.close_by(netting.new_key(), "1", "2")


async def protected(broker: Mt5OnSimulator) -> dict[OrderType, OrderReport]:
    """Open a position with both exits; return these."""
    await broker.move_price("1")
    terms: OrderTerms = replace(
        broker.market_terms(),
        take_profit=TakeProfit(price=await broker.price("1.02")),
        stop_loss=StopLoss(trigger_price=await broker.price("0.98")),
    )
    await broker.until_filled(await broker.place(terms), broker.quantity)
    await until(lambda: len(marks(broker)) == 2, lambda: f"two exits; told: {marks(broker)}")
    return {report.terms.order_type: report for report in marks(broker)}


def marks(broker: Mt5OnSimulator) -> list[OrderReport]:
    told = [u for u in broker.updates if isinstance(u, OrderReport) and u.child_kind is ChildKind.POSITION_ATTRIBUTE]
    return list({report.venue_order_id: report for report in told}.values())


@pytest.mark.parametrize("login", [HEDGING, NETTING])
async def test_trap_15_taking_one_exit_away_keeps_the_other(login: int) -> None:
    async with mt5_on_simulator("EURUSD.MT5", login=login, has_bridge=False) as broker:
        exits = await protected(broker)
        target = exits[OrderType.MARKET_IF_TOUCHED]
        await broker.adapter.cancel_order(
            CancelOrder(
                client_order_id="XADOPTED",
                venue_order_id=target.venue_order_id,
                account_id=broker.account_id,
                instrument_id=broker.instrument_id,
            )
        )
        (position,) = await broker.adapter.get_positions()
        assert position.take_profit is None
        assert position.stop_loss == exits[OrderType.STOP_MARKET].terms.trigger_price
        await until(
            lambda: (
                {m.terms.order_type: m.status for m in marks(broker)}[OrderType.MARKET_IF_TOUCHED]
                is OrderStatus.CANCELED
            ),
            lambda: f"the target to end; told: {marks(broker)}",
        )


async def test_trap_15_moving_one_exit_keeps_the_other(hedging: Mt5OnSimulator) -> None:
    exits = await protected(hedging)
    moved = await hedging.price("0.97")
    await hedging.adapter.modify_order(
        ModifyOrder(
            client_order_id="XADOPTED",
            venue_order_id=exits[OrderType.STOP_MARKET].venue_order_id,
            account_id=hedging.account_id,
            instrument_id=hedging.instrument_id,
            trigger_price=moved,
        )
    )
    (position,) = await hedging.adapter.get_positions()
    assert position.stop_loss == moved
    assert position.take_profit == exits[OrderType.MARKET_IF_TOUCHED].terms.trigger_price
    await until(
        lambda: {m.terms.order_type: m.terms.trigger_price for m in marks(hedging)}[OrderType.STOP_MARKET] == moved,
        lambda: f"the moved stop; told: {marks(hedging)}",
    )


async def test_trap_15_unchanged_exits_are_success(hedging: Mt5OnSimulator) -> None:
    exits = await protected(hedging)
    stop = exits[OrderType.STOP_MARKET]
    await hedging.adapter.modify_order(
        ModifyOrder(
            client_order_id="XADOPTED",
            venue_order_id=stop.venue_order_id,
            account_id=hedging.account_id,
            instrument_id=hedging.instrument_id,
            trigger_price=stop.terms.trigger_price,
        )
    )


async def test_trap_24_closing_trade_of_a_stop_is_the_exits_and_not_the_entrys(hedging: Mt5OnSimulator) -> None:
    exits = await protected(hedging)
    stop = exits[OrderType.STOP_MARKET]
    await hedging.move_price("0.975")
    await until(
        lambda: {m.venue_order_id: m.status for m in marks(hedging)}[stop.venue_order_id] is OrderStatus.FILLED,
        lambda: f"the stop to fire; told: {marks(hedging)}",
    )
    fills = await hedging.adapter.get_fills(0)
    assert [(each.fill.side, each.client_order_id is None) for each in fills] == [(Side.BUY, False), (Side.SELL, True)]
    assert fills[1].venue_order_id == stop.venue_order_id
    lookup = await hedging.adapter.find_order(
        client_order_id=None,
        venue_order_id=stop.venue_order_id,
        instrument_id=hedging.instrument_id,
        sent_at_ns=None,
    )
    assert lookup.report is not None
    assert (lookup.report.status, lookup.report.broker.code) == (OrderStatus.FILLED, "sl")
    assert [each.fill for each in lookup.fills] == [fills[1].fill]


async def test_stop_out_is_an_order_of_the_brokers_own_with_its_reason(hedging: Mt5OnSimulator) -> None:
    ticket = await opened(hedging)
    hedging.venue.hand.liquidate(hedging.account_id, "EURUSD")
    await until(lambda: stranger(hedging), lambda: "the stop-out's order")
    report = stranger(hedging)
    assert report is not None
    assert (report.client_order_id, report.status, report.broker.code) == (None, OrderStatus.FILLED, "so")
    assert ticket not in await hedging.held()


def stranger(broker: Mt5OnSimulator) -> OrderReport | None:
    """The closed order that nobody here has sent."""
    told = [u for u in broker.updates if isinstance(u, OrderReport) and u.client_order_id is None]
    return next((u for u in reversed(told) if u.status.is_closed), None)
