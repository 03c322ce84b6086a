"""Orders through a TWS that answers late, twice, out of order, or not at all: nothing is lost, doubled or concluded.

Named after the traps that users of TWS report (docs/brokers/ibkr.md lists them).
"""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import CancelOrder, CashReport, FillReport, PlaceOrder
from edgerunner.domain.errors import BrokerRejected, OutcomeUnknown
from edgerunner.domain.orders import OrderStatus, OrderType, Side, StopLoss, TakeProfit
from edgerunner.simulators.faults import FaultMatch
from tests.contract.harness import until
from tests.contract.ibkr_harness import IbkrOnSimulator, adapter_of, ibkr_on_simulator

PLACE, CANCEL = FaultMatch(op="place"), FaultMatch(op="cancel")


@pytest.fixture
async def desk() -> AsyncIterator[IbkrOnSimulator]:
    async with ibkr_on_simulator("AAPL.IBKR") as broker:
        yield broker


@pytest.fixture
async def hasty() -> AsyncIterator[IbkrOnSimulator]:
    """A desk that waits for its answers for a short time only."""
    async with ibkr_on_simulator("AAPL.IBKR", request_timeout_s=4.0, settle_s=0.2) as broker:
        yield broker


async def test_a_placement_whose_frame_was_lost_is_unknown_then_proven_absent(hasty: IbkrOnSimulator) -> None:
    hasty.faults.add("ibkr", "drop_request", match=PLACE)
    key = hasty.new_key()
    sent_ns = hasty.venue.now_ns()
    with pytest.raises(OutcomeUnknown):
        await hasty.place(await hasty.limit_terms(), key)
    found = await hasty.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=hasty.instrument_id, sent_at_ns=sent_ns
    )
    assert (found.report, found.fills, found.is_proof_of_absence) == (None, (), True)


async def test_a_placement_whose_answer_was_lost_is_unknown_then_found_once(hasty: IbkrOnSimulator) -> None:
    hasty.faults.add("ibkr", "drop_reply", match=PLACE)
    key = hasty.new_key()
    terms = await hasty.limit_terms()
    with pytest.raises(OutcomeUnknown):
        await hasty.place(terms, key)
    found = await hasty.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=hasty.instrument_id, sent_at_ns=hasty.venue.now_ns()
    )
    assert found.report is not None
    assert (found.report.status, found.report.terms.price) == (OrderStatus.ACCEPTED, terms.price)
    with pytest.raises(OutcomeUnknown):
        await hasty.place(terms, key)
    assert await hasty.placements_of(key) == 1


@pytest.mark.parametrize("fault", ["close_after_accept", "reset_after_accept"])
async def test_a_socket_that_closes_behind_a_placement_leaves_it_open_and_found(
    desk: IbkrOnSimulator, fault: str
) -> None:
    desk.faults.add("ibkr", fault, match=PLACE)
    key = desk.new_key()
    with pytest.raises(OutcomeUnknown):
        await desk.place(await desk.limit_terms(), key)
    await until(lambda: desk.health("orders")[-2:] == ["down", "up"], lambda: f"a new log-on: {desk.health('orders')}")
    (order,) = await desk.adapter.get_open_orders()
    assert order.client_order_id == key


async def test_code_10349_is_no_cancel(desk: IbkrOnSimulator) -> None:
    desk.faults.add("ibkr", "ibkr.tif_set_to_day", match=PLACE)
    key = await desk.place(await desk.limit_terms())
    await desk.until_status(key, OrderStatus.ACCEPTED)
    await until(lambda: desk.order(key).broker.code == "10349", lambda: f"the notice: {desk.orders(key)}")
    assert desk.order(key).status is OrderStatus.ACCEPTED
    await desk.cancel(key)
    await desk.until_status(key, OrderStatus.CANCELED)


async def test_code_399_is_a_warning(desk: IbkrOnSimulator) -> None:
    desk.faults.add("ibkr", "ibkr.order_warning", match=PLACE)
    key = await desk.place(await desk.limit_terms())
    assert (await desk.until_status(key, OrderStatus.ACCEPTED)).venue_order_id


async def test_inactive_with_404_is_held_and_can_be_canceled(desk: IbkrOnSimulator) -> None:
    desk.faults.add("ibkr", "ibkr.inactive_held", match=PLACE)
    key = await desk.place(await desk.limit_terms())
    await until(lambda: desk.order(key).held == "locate", lambda: f"a held order: {desk.orders(key)}")
    assert desk.order(key).status is OrderStatus.ACCEPTED
    assert [each.client_order_id for each in await desk.adapter.get_open_orders()] == [key]
    await desk.cancel(key)
    await desk.until_status(key, OrderStatus.CANCELED)


@pytest.mark.parametrize("status", ["Inactive", "Cancelled"])
async def test_a_rejection_is_told_whichever_status_follows_its_code(desk: IbkrOnSimulator, status: str) -> None:
    desk.faults.add("ibkr", "ibkr.inactive_rejected", match=PLACE, params={"text": "no margin", "status": status})
    key, codes = desk.new_key(), []
    try:
        await desk.place(await desk.limit_terms(), key)
        codes.append((await desk.until_status(key, OrderStatus.REJECTED)).broker.code)
    except BrokerRejected as error:
        codes.append(error.broker_code)
    assert codes == ["201"]
    assert await desk.adapter.get_open_orders() == []


async def test_code_110_refuses_a_price_off_its_step(desk: IbkrOnSimulator) -> None:
    desk.faults.add("ibkr", "ibkr.price_increment", match=PLACE)
    with pytest.raises(BrokerRejected) as refused:
        await desk.place(await desk.limit_terms())
    assert refused.value.broker_code == "110"


@pytest.mark.parametrize("fault", ["ibkr.cancel_not_found", "ibkr.cancel_wrong_state"])
async def test_codes_10147_and_10148_end_the_wait_of_a_cancel(desk: IbkrOnSimulator, fault: str) -> None:
    key = await desk.place(await desk.limit_terms())
    await desk.until_status(key, OrderStatus.ACCEPTED)
    desk.faults.add("ibkr", fault, match=CANCEL)
    with pytest.raises(BrokerRejected):
        await desk.cancel(key)
    assert [each.client_order_id for each in await desk.adapter.get_open_orders()] == [key]


@pytest.mark.parametrize("fault", ["ibkr.fill_after_cancelled", "ibkr.fill_beats_cancel"])
async def test_a_fill_after_cancelled_is_told(desk: IbkrOnSimulator, fault: str) -> None:
    key = await desk.place(await desk.limit_terms())
    await desk.until_status(key, OrderStatus.ACCEPTED)
    desk.faults.add("ibkr", fault, match=CANCEL)
    await desk.cancel(key)
    fills = await desk.until_filled(key, desk.quantity)
    assert sum((each.fill.quantity for each in fills), Decimal(0)) == desk.quantity


async def test_a_commission_that_comes_late_is_booked_as_the_fills_fee(desk: IbkrOnSimulator) -> None:
    desk.faults.add("ibkr", "ibkr.late_commission", params={"delay_s": 2.5})
    key = await desk.place(desk.market_terms())
    (fill,) = await desk.until_filled(key, desk.quantity)
    assert fill.fill.fee.amount == 0

    def late() -> list[CashReport]:
        return [each for each in desk.updates if isinstance(each, CashReport)]

    await until(late, lambda: "a commission")
    (report,) = late()
    assert (report.movement.movement_id, report.movement.trade_id) == (
        f"fee:{fill.fill.trade_id}", fill.fill.trade_id,
    )  # fmt: skip
    assert report.movement.amount < 0


async def test_a_commission_that_never_comes_is_read_with_the_executions(desk: IbkrOnSimulator) -> None:
    desk.faults.add("ibkr", "ibkr.missing_commission")
    key = await desk.place(desk.market_terms())
    (fill,) = await desk.until_filled(key, desk.quantity)
    movements = await desk.adapter.get_cash_movements(0)
    assert [each.movement.trade_id for each in movements] == [fill.fill.trade_id]


async def test_a_list_of_executions_without_its_end_is_a_list(desk: IbkrOnSimulator) -> None:
    key = await desk.place(desk.market_terms())
    await desk.until_filled(key, desk.quantity)
    desk.faults.add("ibkr", "ibkr.missing_end_marker", params={"marker": "executions"})
    fills = await desk.adapter.get_fills(0)
    assert [each.client_order_id for each in fills] == [key]


@pytest.mark.parametrize(
    "profile", ["paper_2026", "direct", "stepped", "fast_fill_2023", "late_execution", "no_status", "duplicates"]
)
async def test_every_order_of_messages_ends_in_the_same_book(desk: IbkrOnSimulator, profile: str) -> None:
    desk.faults.add("ibkr", "ibkr.profile", params={"name": profile})
    bought = await desk.place(desk.market_terms())
    fills = await desk.until_filled(bought, desk.quantity)
    assert {each.client_order_id for each in fills} == {bought}
    assert len({each.fill.trade_id for each in fills}) == len(fills)
    assert sum((each.fill.fee.amount for each in fills), Decimal(0)) > 0
    rested = await desk.place(await desk.limit_terms())
    await desk.until_status(rested, OrderStatus.ACCEPTED)
    await desk.cancel(rested)
    await desk.until_status(rested, OrderStatus.CANCELED)
    assert await desk.adapter.get_open_orders() == []


async def test_fills_while_the_socket_was_down_are_read_from_the_executions(desk: IbkrOnSimulator) -> None:
    key = await desk.place(await desk.limit_terms())
    working = await desk.until_status(key, OrderStatus.ACCEPTED)
    await desk.cut_streams()
    await desk.fill_by_hand(key, desk.quantity)
    await until(lambda: desk.health("orders")[-2:] == ["down", "up"], lambda: f"a new log-on: {desk.health('orders')}")
    (fill,) = [each for each in await desk.adapter.get_fills(0) if each.client_order_id == key]
    assert (fill.venue_order_id, fill.fill.quantity) == (working.venue_order_id, desk.quantity)


@pytest.mark.parametrize("restored", ["1101", "1102"])
async def test_everything_is_read_again_after_1101_and_1102(desk: IbkrOnSimulator, restored: str) -> None:
    desk.faults.add("ibkr", "ibkr.connection_lost", params={"restored": restored, "after_s": 0.2})
    await until(lambda: desk.health("orders")[-2:] == ["down", "up"], lambda: f"down and up: {desk.health('orders')}")


async def test_ids_that_a_restarted_tws_gives_again_change_no_other_order(desk: IbkrOnSimulator) -> None:
    first = await desk.place(await desk.limit_terms())
    await desk.until_status(first, OrderStatus.ACCEPTED)
    desk.faults.add("ibkr", "ibkr.roll_back_ids", params={"ids": 5})
    await desk.cut_streams()
    await until(lambda: desk.health("orders")[-2:] == ["down", "up"], lambda: f"a new log-on: {desk.health('orders')}")
    second = await desk.place(await desk.limit_terms("0.96"))
    await desk.until_status(second, OrderStatus.ACCEPTED)
    assert {each.client_order_id for each in await desk.adapter.get_open_orders()} == {first, second}


async def test_a_bracket_sends_parent_and_exits_as_one_and_an_exit_ends_the_other(desk: IbkrOnSimulator) -> None:
    terms = desk.market_terms(
        take_profit=TakeProfit(price=await desk.price("1.02")),
        stop_loss=StopLoss(trigger_price=await desk.price("0.98")),
    )
    key = await desk.place(terms)
    await desk.until_filled(key, desk.quantity)
    exits = [each for each in await desk.adapter.get_open_orders() if each.parent_client_order_id == key]
    assert {each.terms.order_type for each in exits} == {OrderType.LIMIT, OrderType.STOP_MARKET}
    assert {each.terms.side for each in exits} == {Side.SELL}
    await desk.move_price("0.97")

    def stopped() -> list[FillReport]:
        return [each for each in desk.updates if isinstance(each, FillReport) and each.fill.side is Side.SELL]

    await until(stopped, lambda: "the stop to trade")
    assert await desk.adapter.get_open_orders() == []


async def test_a_what_if_tells_margin_and_commission_and_places_nothing(desk: IbkrOnSimulator) -> None:
    estimate = await desk.adapter.preview_order(desk.account_id, desk.market_terms())
    assert estimate.margin_initial_change is not None
    assert estimate.margin_initial_change > 0
    fee = estimate.fee or estimate.fee_most
    assert fee is not None
    assert (fee.currency, fee.amount > 0) == ("USD", True)
    assert await desk.adapter.get_open_orders() == []
    assert desk.venue.dump()["orders"] == []


async def test_an_order_that_another_client_placed_can_be_canceled_here(desk: IbkrOnSimulator) -> None:
    other = adapter_of(desk.venue, desk.port, client_id=8)
    await other.connect()
    try:
        await other.load_instrument(desk.instrument_id)
        command = PlaceOrder(client_order_id="OTHER-1", account_id=desk.account_id, terms=await desk.limit_terms())
        ack = await other.place_order(command)
        (seen,) = await desk.adapter.get_open_orders()
        assert (seen.client_order_id, seen.venue_order_id) == ("OTHER-1", ack.venue_order_id)
        desk.updates.append(seen)
        await desk.cancel("OTHER-1")
        assert await desk.adapter.get_open_orders() == []
    finally:
        await other.disconnect()


async def test_a_working_order_of_an_earlier_session_is_commanded_at_once(desk: IbkrOnSimulator) -> None:
    key = await desk.place(await desk.limit_terms())
    working = await desk.until_status(key, OrderStatus.ACCEPTED)
    await desk.adapter.disconnect()
    again = adapter_of(desk.venue, desk.port)
    await again.connect()
    try:
        ack = await again.cancel_order(
            CancelOrder(
                client_order_id=key,
                venue_order_id=working.venue_order_id,
                account_id=desk.account_id,
                instrument_id=desk.instrument_id,
            )
        )
        assert ack.venue_order_id == working.venue_order_id
    finally:
        await again.disconnect()
