"""Traps about orders, by the numbers of the table in docs/simulators/bybit.md."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import CancelOrder, OrderLookup, OrderReport, PlaceOrder
from edgerunner.domain.errors import BrokerRejected, OutcomeUnknown
from edgerunner.domain.orders import ChildKind, OrderStatus, OrderType, Side, StopLoss, TimeInForce
from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.venue_types import OrderRequest
from tests.contract.bybit_harness import ACCOUNT, BybitOnSimulator, bybit_on_simulator
from tests.contract.harness import until
from tests.wire.bybit_adapter.traps import trap


@pytest.fixture
async def broker() -> AsyncIterator[BybitOnSimulator]:
    async with bybit_on_simulator("linear:BTCUSDT") as connected:
        yield connected


@pytest.fixture
async def spot() -> AsyncIterator[BybitOnSimulator]:
    async with bybit_on_simulator("spot:BTCUSDT") as connected:
        yield connected


async def look_up(broker: BybitOnSimulator, key: str) -> OrderLookup:
    return await broker.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=time.time_ns()
    )


async def test_3_an_order_that_waited_too_long_is_refused_for_sure_and_the_next_one_is_taken(
    broker: BybitOnSimulator,
) -> None:
    trap(broker, "request_waited", match=FaultMatch(op="place"), waited_s=8)
    key = broker.new_key()
    with pytest.raises(BrokerRejected) as caught:
        await broker.place(await broker.limit_terms(), key)
    assert caught.value.broker_code == "10002"
    assert (await look_up(broker, key)).report is None
    await broker.until_status(await broker.place(await broker.limit_terms()), OrderStatus.ACCEPTED)


async def test_4_a_buy_of_a_quote_amount_without_its_unit_is_read_in_base_coin(spot: BybitOnSimulator) -> None:
    await spot.move_price("1")
    trap(spot, "market_unit_blank")
    request = OrderRequest(
        account_id=ACCOUNT,
        symbol="spot:BTCUSDT",
        side="buy",
        order_type="market",
        quantity_lots=0,
        quote_amount=Decimal(500),
        origin="manual",
        attributes={"market_unit_blank": "yes"},
    )
    placed = spot.venue.place(request)
    bought = spot.venue.instruments["spot:BTCUSDT"].quantity(placed.filled_lots)
    await until(lambda: told_of(spot, placed.order_id), lambda: "the order")
    report = told_of(spot, placed.order_id)[-1]
    assert (report.status, report.terms.quantity, report.filled_quantity) == (OrderStatus.FILLED, bought, bought)


def told_of(broker: BybitOnSimulator, order_id: str) -> list[OrderReport]:
    return [u for u in broker.updates if isinstance(u, OrderReport) and u.venue_order_id == order_id]


async def test_5_a_buy_that_is_complete_is_filled_whatever_its_status_says(spot: BybitOnSimulator) -> None:
    await spot.move_price("1")
    trap(spot, "quote_buy_dust")
    key = await spot.place(spot.market_terms())
    await spot.until_filled(key, spot.quantity)
    report = await spot.until_status(key, OrderStatus.FILLED, OrderStatus.CANCELED)
    assert (report.status, report.broker.status) == (OrderStatus.FILLED, "PartiallyFilledCanceled")


async def test_8_a_fee_is_in_the_coin_that_the_execution_names(broker: BybitOnSimulator) -> None:
    trap(broker, "fee_in_other_coin", coin="MNT", price="0.5")
    key = await broker.place(broker.market_terms())
    [told, *_] = await broker.until_filled(key, broker.quantity)
    [listed, *_] = (await look_up(broker, key)).fills
    assert told.fill.fee.currency == listed.fill.fee.currency == "MNT"
    assert told.fill.fee.amount == listed.fill.fee.amount > 0


async def test_9_a_refused_index_makes_the_mode_be_asked_again(broker: BybitOnSimulator) -> None:
    broker.venue.set_position_mode(ACCOUNT, True, symbol="linear:ETHUSDT")
    eth = replace(await broker.limit_terms(), instrument_id="ETHUSDT-LINEAR.BYBIT", price=Decimal(3000))
    eth = replace(eth, quantity=Decimal("0.02"))
    await broker.place(eth)
    broker.venue.cancel_all(ACCOUNT)
    broker.venue.set_position_mode(ACCOUNT, False, symbol="linear:ETHUSDT")
    trap(broker, "position_idx")
    with pytest.raises(BrokerRejected, match="position idx"):
        await broker.place(eth)
    key = await broker.place(eth)
    assert (await broker.until_status(key, OrderStatus.ACCEPTED)).terms.position_id is None


async def test_10_an_exit_without_any_link_id_is_an_exit_and_closes_the_leg(broker: BybitOnSimulator) -> None:
    await broker.move_price("1")
    fields = {"fields": "parentOrderLinkId"}
    broker.faults.add("bybit", "bybit.empty_string_numbers", count=None, match=FaultMatch(op="stream"), params=fields)
    stop = StopLoss(trigger_price=await broker.price("0.98"))
    key = await broker.place(broker.market_terms(stop_loss=stop))
    await broker.until_filled(key, broker.quantity)
    await until(lambda: exits(broker), lambda: "the exit")
    report = exits(broker)[-1]
    assert (report.client_order_id, report.parent_client_order_id) == (None, None)
    assert (report.child_kind, report.terms.trigger_price) == (ChildKind.POSITION_ATTRIBUTE, stop.trigger_price)
    await broker.move_price("0.975")
    await until(
        lambda: told_of(broker, report.venue_order_id)[-1].status is OrderStatus.FILLED, lambda: "the exit to fire"
    )
    assert await broker.held() == {}


def exits(broker: BybitOnSimulator) -> list[OrderReport]:
    return [u for u in broker.updates if isinstance(u, OrderReport) and u.child_kind is not None]


async def test_11_an_order_that_is_not_listed_yet_is_not_taken_for_absent(broker: BybitOnSimulator) -> None:
    broker.faults.add("bybit", "bybit.order_not_visible", count=None, match=FaultMatch(op="query"))
    key = await broker.place(await broker.limit_terms())
    lookup = await look_up(broker, key)
    assert (lookup.report, lookup.is_proof_of_absence) == (None, False)


async def test_12_an_order_closed_before_the_brokers_restart_is_found_in_the_history(broker: BybitOnSimulator) -> None:
    key = await broker.place(broker.market_terms())
    await broker.until_status(key, OrderStatus.FILLED)
    broker.faults.add("bybit", "restart", match=FaultMatch(op="place"))
    lost = broker.new_key()
    with pytest.raises(OutcomeUnknown):
        await broker.place(await broker.limit_terms(), lost)
    await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
    assert broker.venue.closed_orders(ACCOUNT) == []
    found = (await look_up(broker, key)).report
    assert found is not None
    assert found.status is OrderStatus.FILLED
    assert (await look_up(broker, lost)).report is not None
    assert await broker.placements_of(lost) == 1


async def test_13_a_stop_that_fired_and_is_not_found_is_not_taken_for_absent(broker: BybitOnSimulator) -> None:
    await broker.move_price("1")
    terms = broker.market_terms(Side.SELL, order_type=OrderType.STOP_MARKET, trigger_price=await broker.price("0.99"))
    key = await broker.place(terms)
    await broker.until_status(key, OrderStatus.ACCEPTED)
    broker.faults.add("bybit", "bybit.trap_triggered_order_not_found", count=None)
    await broker.move_price("0.98")
    await broker.until_filled(key, broker.quantity)
    lookup = await look_up(broker, key)
    assert not lookup.is_proof_of_absence
    assert sum((each.fill.quantity for each in lookup.fills), Decimal(0)) == broker.quantity
    assert (await broker.until_status(key, OrderStatus.FILLED)).filled_quantity == broker.quantity


async def test_14_the_longest_key_of_ours_fits_where_the_documented_length_is_enforced(
    broker: BybitOnSimulator,
) -> None:
    broker.faults.add("bybit", "bybit.trap_link_id_length", count=None)
    key = await broker.place(await broker.limit_terms(), "K" * 27)
    assert (await broker.until_status(key, OrderStatus.ACCEPTED)).client_order_id == key


async def test_15_changes_and_cancels_name_one_id_only(broker: BybitOnSimulator) -> None:
    broker.faults.add("bybit", "bybit.trap_both_ids", count=None)
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    await broker.modify(key, quantity=broker.quantity * 2)
    await until(lambda: broker.order(key).terms.quantity == broker.quantity * 2, lambda: "the change")
    await broker.cancel(key)
    await broker.until_status(key, OrderStatus.CANCELED)


async def test_16_a_cancel_that_a_fill_beats_is_refused_and_the_order_is_filled(broker: BybitOnSimulator) -> None:
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    trap(broker, "fill_beats_cancel", match=FaultMatch(client_key=key))
    with pytest.raises(BrokerRejected) as caught:
        await broker.cancel(key)
    assert caught.value.broker_code == "110001"
    await broker.until_filled(key, broker.quantity)
    found = (await look_up(broker, key)).report
    assert found is not None
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, broker.quantity)


async def test_18_a_change_to_what_the_order_is_already_is_success(broker: BybitOnSimulator) -> None:
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    for _ in range(2):
        await broker.modify(key, quantity=broker.quantity)


async def test_21_the_answer_has_ids_alone_and_the_state_comes_by_the_stream(broker: BybitOnSimulator) -> None:
    key, terms = broker.new_key(), await broker.limit_terms()
    command = PlaceOrder(client_order_id=key, account_id=broker.account_id, terms=terms)
    ack = await broker.adapter.place_order(command)
    report = await broker.until_status(key, OrderStatus.ACCEPTED)
    assert ack.venue_order_id == report.venue_order_id
    assert (report.terms.price, report.terms.quantity) == (terms.price, terms.quantity)


async def test_23_an_order_that_the_history_shows_twice_is_one(broker: BybitOnSimulator) -> None:
    key = await broker.place(broker.market_terms())
    await broker.until_filled(key, broker.quantity)
    broker.venue.forget_history()
    broker.faults.add("bybit", "bybit.trap_duplicate_history_row", count=None)
    lookup = await look_up(broker, key)
    assert lookup.report is not None
    assert (lookup.report.status, lookup.report.filled_quantity) == (OrderStatus.FILLED, broker.quantity)
    assert sum((each.fill.quantity for each in lookup.fills), Decimal(0)) == broker.quantity


async def test_24_an_order_rejected_with_fills_keeps_them(broker: BybitOnSimulator) -> None:
    trap(broker, "rejected_with_fills")
    part = 4 * broker.instrument.lot_step
    broker.faults.add("bybit", "partial_fill", params={"quantity": str(part)})
    terms = await broker.limit_terms("1.005")
    key = await broker.place(replace(terms, time_in_force=TimeInForce.IOC))
    report = await broker.until_status(key, OrderStatus.CANCELED, OrderStatus.REJECTED)
    assert (report.status, report.broker.status, report.filled_quantity) == (OrderStatus.CANCELED, "Rejected", part)
    assert sum((each.fill.quantity for each in await broker.until_filled(key, part)), Decimal(0)) == part


@pytest.mark.parametrize("fault", ["drop_reply", "reset_after_accept"])
async def test_28_a_placement_without_an_answer_is_never_sent_again(fault: str) -> None:
    async with bybit_on_simulator("linear:BTCUSDT", request_timeout_s=0.5) as broker:
        broker.faults.add("bybit", fault, match=FaultMatch(op="place"))
        key = broker.new_key()
        with pytest.raises(OutcomeUnknown):
            await broker.place(await broker.limit_terms(), key)
        await broker.until_status(key, OrderStatus.ACCEPTED)
        await asyncio.gather(*(look_up(broker, key) for _ in range(3)))
        assert await broker.placements_of(key) == 1


async def test_28_a_cancel_may_be_repeated_without_harm(broker: BybitOnSimulator) -> None:
    key = await broker.place(await broker.limit_terms())
    report = await broker.until_status(key, OrderStatus.ACCEPTED)
    command = CancelOrder(
        client_order_id=key,
        venue_order_id=report.venue_order_id,
        account_id=broker.account_id,
        instrument_id=broker.instrument_id,
    )
    await broker.adapter.cancel_order(command)
    with pytest.raises(BrokerRejected):
        await broker.adapter.cancel_order(command)
    assert (await broker.until_status(key, OrderStatus.CANCELED)).filled_quantity == 0
