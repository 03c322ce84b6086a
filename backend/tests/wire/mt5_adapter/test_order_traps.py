"""What users of MetaTrader 5 stumble over with orders; the numbers are those of the project's list of traps."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import OrderReport
from edgerunner.domain.errors import BrokerRejected, NotConnected, OutcomeUnknown, Unsupported
from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.mt5_surface import constants
from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.mt5.settings import Mt5Settings
from tests.contract.harness import until
from tests.contract.mt5_harness import HEDGING, NETTING, Mt5OnSimulator, mt5_on_simulator


@pytest.fixture
async def broker() -> AsyncIterator[Mt5OnSimulator]:
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False) as connected:
        yield connected


@pytest.mark.parametrize("mask", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "execution", [constants.SYMBOL_TRADE_EXECUTION_INSTANT, constants.SYMBOL_TRADE_EXECUTION_MARKET]
)
async def test_trap_1_market_and_pending_orders_fit_every_filling_mask(mask: int, execution: int) -> None:
    if not mask and execution == constants.SYMBOL_TRADE_EXECUTION_MARKET:
        pytest.skip("market execution without any filling mode takes no market orders at all")
    settings = Mt5Settings(execution={"EURUSD": execution}, filling={"EURUSD": mask})
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, settings=settings) as broker:
        await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
        key = await broker.place(await broker.limit_terms())
        await broker.until_status(key, OrderStatus.ACCEPTED)


async def test_trap_2_longest_key_fits_the_comment_of_every_server() -> None:
    settings = Mt5Settings(comment_limit=27)
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, settings=settings) as broker:
        key = "K" * 27
        await broker.place(broker.market_terms(), key)
        assert (await broker.until_status(key, OrderStatus.FILLED)).broker.text == key


async def test_trap_2_order_with_a_rewritten_comment_is_known_by_its_magic(broker: Mt5OnSimulator) -> None:
    broker.faults.add("mt5", "mt5.comment_rewritten", params={"text": "[ours now]"})
    key = await broker.place(await broker.limit_terms())
    working = await broker.until_status(key, OrderStatus.ACCEPTED)
    assert working.broker.text == "[ours now]"
    await broker.cancel(key)
    await broker.until_status(key, OrderStatus.CANCELED)


async def test_trap_2_rewritten_order_of_an_earlier_life_is_known_once_its_key_is_told() -> None:
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False) as first:
        first.faults.add("mt5", "mt5.comment_rewritten", params={"text": "rewritten"})
        key = await first.place(await first.limit_terms())
        await first.adapter.disconnect()
        await first.adapter.connect()
        assert [report.client_order_id for report in await first.adapter.get_open_orders()] == [None]
        first.adapter.remember_keys([key])
        assert [report.client_order_id for report in await first.adapter.get_open_orders()] == [key]
        lookup = await first.adapter.find_order(
            client_order_id=key, venue_order_id=None, instrument_id="EURUSD.MT5", sent_at_ns=first.now_ns()
        )
        assert lookup.report is not None


async def test_comment_that_pretends_to_be_ours_is_not_believed(broker: Mt5OnSimulator) -> None:
    await broker.place_by_hand(1)
    (foreign,) = await broker.adapter.get_open_orders()
    assert (foreign.client_order_id, foreign.broker.code) == (None, "client")


async def test_trap_5_symbol_of_instant_execution_gets_a_price() -> None:
    settings = Mt5Settings(execution={"EURUSD": constants.SYMBOL_TRADE_EXECUTION_INSTANT})
    async with mt5_on_simulator("EURUSD.MT5", login=NETTING, has_bridge=False, settings=settings) as broker:
        await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("10006", BrokerRejected),
        ("10014", BrokerRejected),
        ("10018", BrokerRejected),
        ("10019", BrokerRejected),
        ("10030", BrokerRejected),
        ("10011", OutcomeUnknown),
        ("10012", OutcomeUnknown),
        ("10031", OutcomeUnknown),
    ],
)
async def test_trap_6_result_that_is_no_success_is_none(
    broker: Mt5OnSimulator, code: str, error: type[Exception]
) -> None:
    broker.faults.add("mt5", "reject", match=FaultMatch(op="place"), params={"code": code})
    with pytest.raises(error) as caught:
        await broker.place(broker.market_terms())
    assert code in str(caught.value)


@pytest.mark.parametrize(("fault", "code"), [("mt5.requote", "10004"), ("mt5.price_off", "10021")])
async def test_moved_price_is_a_refusal_and_nothing_is_sent_again(
    broker: Mt5OnSimulator, fault: str, code: str
) -> None:
    broker.faults.add("mt5", fault)
    key = broker.new_key()
    with pytest.raises(BrokerRejected) as caught:
        await broker.place(broker.market_terms(), key)
    assert caught.value.broker_code == code
    assert await broker.placements_of(key) <= 1
    assert await broker.adapter.get_positions() == []


async def test_trap_6_partly_executed_order_keeps_what_it_got() -> None:
    settings = Mt5Settings(filling={"EURUSD": 2})
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, settings=settings) as broker:
        broker.faults.add("mt5", "partial_fill", match=FaultMatch(op="place"), params={"quantity": "0.04"})
        key = await broker.place(broker.market_terms())
        await broker.until_filled(key, Decimal("0.04"))
        ended = await broker.until_status(key, OrderStatus.CANCELED)
        assert ended.filled_quantity == Decimal("0.04")


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("mt5.autotrading_off", "AutoTrading"),
        ("mt5.api_disabled", "Python API"),
        ("mt5.investor", "investor"),
        ("mt5.experts_off", "automated trading"),
    ],
)
async def test_trap_7_switch_that_is_off_is_told_before_an_order_is_tried(
    broker: Mt5OnSimulator, fault: str, word: str
) -> None:
    broker.faults.add("mt5", fault, count=1_000)
    await until(
        lambda: word in (broker.adapter.capabilities.products["forex"].unsupported.get("orders") or ""),
        lambda: f"the switch to show: {broker.adapter.capabilities.products['forex'].unsupported}",
    )
    key = broker.new_key()
    with pytest.raises(Unsupported, match=word):
        await broker.place(broker.market_terms(), key)
    assert await broker.placements_of(key) == 0
    await broker.adapter.get_ticker(broker.instrument_id)
    assert broker.health("orders")[-1] == "up"
    broker.faults.remove()
    await until(
        lambda: broker.adapter.capabilities.products["forex"].order_types,
        lambda: "orders to be possible again",
    )
    await broker.place(broker.market_terms())


async def test_trap_8_symbol_outside_of_the_market_watch_is_shown_before_it_is_used() -> None:
    settings = Mt5Settings(symbols_shown=("EURUSD",))
    async with mt5_on_simulator("GER40.MT5", login=HEDGING, has_bridge=False, settings=settings) as broker:
        assert (await broker.adapter.get_ticker("GER40.MT5")).bid
        assert len(await broker.adapter.get_chart_data("GER40.MT5", next(iter(broker.capabilities.timeframes)))) > 0
        await broker.place(replace(broker.market_terms(), quantity=broker.instrument.min_quantity))


async def test_trap_13_no_match_is_an_empty_list_and_an_error_is_none(broker: Mt5OnSimulator) -> None:
    assert await broker.adapter.get_open_orders() == []
    assert await broker.adapter.get_positions() == []


@pytest.mark.parametrize("quantity", ["0.01", "0.07", "0.29", "0.30", "1.13"])
async def test_trap_16_volumes_arrive_as_they_were_meant(broker: Mt5OnSimulator, quantity: str) -> None:
    key = await broker.place(await broker.limit_terms(quantity=Decimal(quantity)))
    assert (await broker.until_status(key, OrderStatus.ACCEPTED)).terms.quantity == Decimal(quantity)
    orders = json.loads(broker.venue.snapshot().to_json())["orders"]
    assert [order["quantity"] for order in orders] == [format(Decimal(quantity).normalize(), "f")]


async def test_trap_17_closed_market_refuses_and_its_quote_is_as_old_as_it_is(broker: Mt5OnSimulator) -> None:
    broker.venue.operator.set_halt("EURUSD", halted=True)
    first = await broker.adapter.get_ticker(broker.instrument_id)
    with pytest.raises(BrokerRejected) as caught:
        await broker.place(broker.market_terms())
    assert caught.value.broker_code == "10018"
    assert (await broker.adapter.get_ticker(broker.instrument_id)).ts_event_ns == first.ts_event_ns


async def test_trap_20_order_executed_after_its_time_out_is_unknown_then_found_and_never_sent_again() -> None:
    settings = Mt5Settings(call_timeout_s=0.4)
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, settings=settings) as broker:
        broker.faults.add("mt5", "mt5.slow_calls", match=FaultMatch(op="place"), params={"delay_s": 1})
        key = broker.new_key()
        with pytest.raises(OutcomeUnknown):
            await broker.place(broker.market_terms(), key)
        with pytest.raises(OutcomeUnknown):
            await broker.place(broker.market_terms(), key)
        await broker.until_filled(key, broker.quantity)
        assert await broker.placements_of(key) == 1
        lookup = await broker.adapter.find_order(
            client_order_id=key, venue_order_id=None, instrument_id="EURUSD.MT5", sent_at_ns=broker.now_ns()
        )
        assert lookup.report is not None
        assert sum(each.fill.quantity for each in lookup.fills) == broker.quantity


async def test_trap_23_positions_that_lag_behind_an_order_lose_and_double_nothing() -> None:
    settings = Mt5Settings(position_lag_s=0.5)
    async with mt5_on_simulator("EURUSD.MT5", login=HEDGING, has_bridge=False, settings=settings) as broker:
        keys = [await broker.place(broker.market_terms(side)) for side in Side]
        for key in keys:
            assert len(await broker.until_filled(key, broker.quantity)) == 1
        resting = await broker.place(await broker.limit_terms())
        await broker.until_status(resting, OrderStatus.ACCEPTED)
        await until(lambda: _legs(broker), lambda: "both positions")


def _legs(broker: Mt5OnSimulator) -> bool:
    from edgerunner.adapters.broker import PositionReport

    told = {u.leg: u.quantity for u in broker.updates if isinstance(u, PositionReport)}
    return sorted(told.values()) == [-broker.quantity, broker.quantity]


async def test_trap_23_first_deposit_is_a_cash_movement_and_no_trade(broker: Mt5OnSimulator) -> None:
    movements = [report.movement for report in await broker.adapter.get_cash_movements(0)]
    assert [(each.kind, each.amount, each.instrument_id) for each in movements] == [("deposit", Decimal(100_000), None)]
    assert await broker.adapter.get_fills(0) == []


async def test_terminal_without_its_broker_takes_no_orders_and_proves_nothing(broker: Mt5OnSimulator) -> None:
    broker.faults.add("mt5", "mt5.disconnected", count=1_000)
    await until(lambda: broker.health("orders")[-1] == "down", lambda: str(broker.health("orders")))
    with pytest.raises(NotConnected):
        await broker.place(broker.market_terms())
    with pytest.raises(NotConnected):
        await broker.adapter.find_order(
            client_order_id="NEVER", venue_order_id=None, instrument_id="EURUSD.MT5", sent_at_ns=1
        )
    broker.faults.remove()
    await until(lambda: broker.health("orders")[-1] == "up", lambda: str(broker.health("orders")))


async def test_order_ended_while_nobody_looked_is_told_after_the_break(broker: Mt5OnSimulator) -> None:
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)
    broker.faults.add("mt5", "mt5.crash")
    await until(lambda: "down" in broker.health("orders"), lambda: str(broker.health("orders")))
    await broker.fill_by_hand(key, broker.quantity)
    await broker.until_filled(key, broker.quantity)
    assert (await broker.until_status(key, OrderStatus.FILLED)).filled_quantity == broker.quantity
    told = [u for u in broker.updates if isinstance(u, OrderReport) and u.status is OrderStatus.FILLED]
    assert len(told) == 1


async def test_limit_order_that_would_trade_at_once_is_refused_with_the_remedy(broker: Mt5OnSimulator) -> None:
    with pytest.raises(BrokerRejected, match="market order") as caught:
        await broker.place(await broker.limit_terms("1.01"))
    assert caught.value.broker_code == "10015"


async def test_trap_4_order_send_gets_one_argument_and_not_even_an_empty_set_of_names(broker: Mt5OnSimulator) -> None:
    """The simulated package tells ``f(request, **{})`` from ``f(request)`` as the vendor's does."""
    await broker.until_filled(await broker.place(broker.market_terms()), broker.quantity)
