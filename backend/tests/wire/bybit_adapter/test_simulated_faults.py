"""The simulator misbehaves in each way that Bybit is known to; the adapter's story still ends in the ledger's state."""

import time
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.adapters.broker import Feed, MarketSubscription
from edgerunner.domain.errors import BrokerError, BrokerRejected, OutcomeUnknown
from edgerunner.domain.market import Depth
from edgerunner.domain.orders import OrderStatus
from edgerunner.simulators.faults import FaultMatch
from tests.contract.bybit_harness import ACCOUNT, BybitOnSimulator, bybit_on_simulator
from tests.contract.harness import Broker, until

_NONE: Mapping[str, object] = {}


@pytest.fixture
async def broker() -> AsyncIterator[BybitOnSimulator]:
    async with bybit_on_simulator("linear:BTCUSDT") as connected:
        yield connected


def add(
    broker: BybitOnSimulator,
    fault: str,
    /,
    *,
    op: str | None = None,
    count: int = 0,
    params: Mapping[str, object] = _NONE,
) -> None:
    broker.faults.add("bybit", fault, count=count, match=FaultMatch(op=op), params=params)


async def story(broker: Broker) -> list[str]:
    """A market order, and a limit order that is filled in part and canceled; their keys."""
    bought = await broker.place(broker.market_terms())
    rested = await broker.place(await broker.limit_terms())
    await until(lambda: broker.orders(rested), lambda: "the resting order")
    await broker.fill_by_hand(rested, 5 * broker.instrument.lot_step)
    await broker.cancel(rested)
    await broker.until_status(rested, OrderStatus.CANCELED)
    await broker.until_status(bought, OrderStatus.FILLED, OrderStatus.CANCELED)
    return [bought, rested]


async def agree(broker: BybitOnSimulator, keys: list[str]) -> None:
    """What lookups, fills and stream tell equals the broker's ledger."""
    ledger = {fill.trade_id: fill for fill in broker.venue.fills(ACCOUNT)}
    listed = await broker.adapter.get_fills(time.time_ns() - 60 * 10**9)
    assert {each.fill.trade_id for each in listed} == set(ledger)
    for key in keys:
        order = broker.venue.find_order(ACCOUNT, client_key=key)
        assert order is not None
        lookup = await broker.adapter.find_order(
            client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=None
        )
        assert lookup.report is not None
        filled = order.filled_lots * broker.instrument.lot_step
        assert lookup.report.filled_quantity == filled
        assert sum((each.fill.quantity for each in lookup.fills), Decimal(0)) == filled
        assert lookup.report.status.is_closed
        assert await broker.placements_of(key) == 1
        await broker.until_filled(key, filled)
        assert {each.fill.trade_id for each in broker.fills(key)} == {each.fill.trade_id for each in lookup.fills}


@pytest.mark.parametrize(
    ("fault", "count", "params"),
    [
        ("duplicate_event", 0, {"copies": 2}),
        ("reorder_events", 1, {}),
        ("late_event", 1, {"delay_s": 0.3}),
        ("bybit.execution_before_order", 0, {}),
        ("bybit.filled_before_new", 0, {}),
        ("bybit.filled_twice", 0, {}),
        ("bybit.unknown_fields", 0, {}),
        ("bybit.empty_string_numbers", 0, {}),
        ("partial_fill", 1, {"fraction": "0.5"}),
    ],
)
async def test_story_ends_in_the_state_of_the_ledger(
    broker: BybitOnSimulator, fault: str, count: int, params: dict[str, object]
) -> None:
    add(broker, fault, count=count, params=params)
    await agree(broker, await story(broker))


async def test_error_frame_makes_the_reader_read_again_and_the_records_are_complete(broker: BybitOnSimulator) -> None:
    add(broker, "bybit.error_frame_without_topic", count=1)
    key = await broker.place(broker.market_terms())
    await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
    lookup = await broker.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=None
    )
    assert sum((each.fill.quantity for each in lookup.fills), Decimal(0)) == broker.quantity


@pytest.mark.parametrize("fault", ["drop_request", "drop_reply", "close_after_accept", "reset_after_accept"])
@pytest.mark.parametrize("road", [{}, {"trade_url": None}], ids=["stream", "rest"])
async def test_lost_answer_is_unknown_and_the_records_tell(fault: str, road: dict[str, Any]) -> None:
    async with bybit_on_simulator("linear:BTCUSDT", request_timeout_s=0.5, **road) as broker:
        add(broker, fault, op="place", count=1)
        key = broker.new_key()
        with pytest.raises(OutcomeUnknown):
            await broker.place(await broker.limit_terms(), key)
        lookup = await broker.adapter.find_order(
            client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=time.time_ns()
        )
        assert (lookup.report is None) == (fault == "drop_request")
        assert not lookup.is_proof_of_absence
        assert await broker.placements_of(key) == (0 if lookup.report is None else 1)


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_http_error_after_acceptance_is_unknown(status: int) -> None:
    async with bybit_on_simulator("linear:BTCUSDT", trade_url=None) as broker:
        add(broker, "bybit.http_status", op="place", count=1, params={"status": status, "after_accept": True})
        key = broker.new_key()
        with pytest.raises(OutcomeUnknown):
            await broker.place(await broker.limit_terms(), key)
        assert [o.client_order_id for o in await broker.adapter.get_open_orders()] == [key]


async def test_order_missing_from_the_lists_for_a_while_is_not_proven_absent(broker: BybitOnSimulator) -> None:
    add(broker, "bybit.order_not_visible", op="query")
    key = await broker.place(await broker.limit_terms())
    lookup = await broker.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=time.time_ns()
    )
    assert not lookup.is_proof_of_absence


async def test_forced_rejection_keeps_code_and_text(broker: BybitOnSimulator) -> None:
    add(broker, "reject", op="place", count=1, params={"code": "110007", "text": "ab not enough for new order"})
    with pytest.raises(BrokerRejected) as caught:
        await broker.place(broker.market_terms())
    assert (caught.value.broker_code, caught.value.text) == ("110007", "ab not enough for new order")


async def test_wrong_clock_of_the_broker_is_followed(broker: BybitOnSimulator) -> None:
    add(broker, "clock_offset", params={"offset_s": -8})
    assert await broker.adapter.get_open_orders() == []
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)


async def test_restart_of_the_broker_is_told_and_lookups_still_find_closed_orders(broker: BybitOnSimulator) -> None:
    key = await broker.place(broker.market_terms())
    await broker.until_status(key, OrderStatus.FILLED)
    broker.venue.forget_history()
    await broker.cut_streams()
    await until(lambda: broker.health("orders")[-2:] == ["down", "up"], lambda: str(broker.health("orders")))
    lookup = await broker.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=broker.instrument_id, sent_at_ns=None
    )
    assert lookup.report is not None
    assert lookup.report.status is OrderStatus.FILLED
    assert {each.fill.trade_id for each in lookup.fills} == {fill.trade_id for fill in broker.venue.fills(ACCOUNT)}


@pytest.mark.parametrize("fault", ["bybit.book_gap", "bybit.book_restart_u1", "bybit.book_unknown_delete"])
async def test_book_survives_its_faults(broker: BybitOnSimulator, fault: str) -> None:
    await broker.adapter.subscribe([MarketSubscription(feed=Feed.DEPTH, instrument_id=broker.instrument_id)])
    await until(lambda: len(broker.market) > 2, lambda: "a book")
    add(broker, fault, count=1)
    await until(lambda: not broker.faults.active(), lambda: "the fault to happen")
    seen = len(broker.market)
    await until(lambda: len(broker.market) > seen + 3, lambda: "books after the fault")
    newest = broker.market[-1]
    assert isinstance(newest, Depth)
    assert newest.bids[0][0] < newest.asks[0][0]


async def test_queries_during_a_rate_limit_are_repeated_until_they_are_answered(broker: BybitOnSimulator) -> None:
    add(broker, "bybit.rate_reset_in_past", op="query", count=2)
    try:
        assert await broker.adapter.get_open_orders() == []
    except BrokerError as error:
        pytest.fail(f"gave up: {error}")
