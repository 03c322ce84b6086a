"""Faults of orders, as a client sees them on the wire and the ledger knows them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.simulators.faults import FaultMatch, HoldPoint
from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.executions import RequestExecutions
from edgerunner.simulators.tws.wire.market_requests import RequestMarketData
from edgerunner.simulators.tws.wire.orders import RequestOpenOrders
from edgerunner.simulators.tws.wire.session import RequestCurrentTime
from tests.waiting import until
from tests.wire.tws.kit import Client, listening, running_tws
from tests.wire.tws.orders_kit import AAPL, cancel, limit, market, told, words

FILL = ["open Submitted", "Submitted", "execution 5", "Filled", "commission"]
RESTS = ["open Submitted", "Submitted"]
ENDS = ["Cancelled", "error 202"]


@pytest.fixture
async def tws() -> AsyncIterator[TwsServer]:
    async with running_tws(TwsSettings(profile="direct")) as server:
        yield server


@pytest.fixture
async def client(tws: TwsServer) -> AsyncIterator[Client]:
    async with Client(tws.port) as connected:
        await connected.log_on(1)
        yield connected


def add(tws: TwsServer, name: str, params: dict[str, object] | None = None, match: FaultMatch | None = None) -> None:
    tws.gateway.faults.add("ibkr", name, match=match, params=params)


def ledger(tws: TwsServer) -> dict[str, Any]:
    return tws.gateway.venue.dump()


def best_bid(tws: TwsServer) -> Decimal:
    bids, _ = tws.gateway.venue.depth("STK:AAPL", 1)
    return tws.gateway.venue.instrument("STK:AAPL").price(bids[0][0])


async def held(tws: TwsServer, at: HoldPoint) -> None:
    async def is_held() -> bool:
        return any(each.at is at for each in tws.gateway.faults.held("ibkr"))

    await until(is_held, timeout_s=5, what=f"a frame at {at}")


async def test_nothing_is_disturbed_without_a_fault(tws: TwsServer, client: Client) -> None:
    client.send(market(1))
    assert await told(client) == FILL


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("ibkr.tif_set_to_day", {}, ["error 10349", *FILL]),
        ("ibkr.order_warning", {"text": "later"}, ["error 399", *FILL]),
        ("ibkr.fill_before_status", {}, ["execution 5", "open Submitted", "Submitted", "Filled", "commission"]),
        ("ibkr.missing_status", {}, ["open Submitted", "execution 5", "commission"]),
        ("ibkr.missing_commission", {}, FILL[:-1]),
        ("drop_reply", {}, FILL[2:]),
        ("duplicate_event", {"copies": 2}, [*FILL[:2], *["execution 5"] * 3, "Filled", "commission"]),
        ("reorder_events", {}, [*FILL[:2], "Filled", "execution 5", "commission"]),
        ("partial_fill", {"quantity": 2}, [*FILL[:2], "execution 2", "Submitted", "commission", "Cancelled"]),
    ],
)
async def test_a_fault_changes_what_is_told_of_a_fill(
    tws: TwsServer, client: Client, name: str, params: dict[str, object], expected: list[str]
) -> None:
    add(tws, name, params)
    client.send(market(1))
    assert await told(client) == expected
    (order,) = ledger(tws)["orders"]
    assert order["filled_quantity"] == ("2" if name == "partial_fill" else "5")
    client.send(market(2))
    assert await told(client) == FILL


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("ibkr.inactive_rejected", {}, ["error 201", "Inactive"]),
        ("ibkr.inactive_rejected", {"status": "Cancelled"}, ["error 201", "Cancelled"]),
        ("ibkr.price_increment", {}, ["error 110"]),
        ("reject", {}, ["error 201"]),
        ("reject", {"code": 103, "text": "Duplicate order id"}, ["error 103"]),
        ("rate_limit", {}, ["error 100"]),
    ],
)
async def test_a_refused_order_is_no_order(
    tws: TwsServer, client: Client, name: str, params: dict[str, object], expected: list[str]
) -> None:
    add(tws, name, params, FaultMatch(client_key="mine", symbol="AAPL", op="place"))
    client.send(market(1, ref="mine"))
    assert await told(client) == expected
    assert ledger(tws)["orders"] == []
    assert [row["client_key"] for row in ledger(tws)["refused"]] == ["mine"]


async def test_a_request_that_is_dropped_never_reaches_the_book(tws: TwsServer, client: Client) -> None:
    add(tws, "drop_request")
    client.send(market(1))
    assert await told(client) == []
    assert ledger(tws)["orders"] == ledger(tws)["refused"] == []


@pytest.mark.parametrize(("name", "code"), [("ibkr.cancel_not_found", 10147), ("ibkr.cancel_wrong_state", 10148)])
async def test_a_cancel_that_is_refused_leaves_the_order_alive(
    tws: TwsServer, client: Client, name: str, code: int
) -> None:
    client.send(limit(1))
    assert await told(client) == RESTS
    add(tws, name)
    client.send(cancel(1))
    assert await told(client) == [f"error {code}"]
    client.send(cancel(1))
    assert await told(client) == ENDS


@pytest.mark.parametrize(
    ("name", "first"),
    [("ibkr.fill_after_cancelled", ["Cancelled", "error 202"]), ("ibkr.fill_beats_cancel", ["PendingCancel"])],
)
async def test_an_order_fills_in_spite_of_its_cancel(
    tws: TwsServer, client: Client, name: str, first: list[str]
) -> None:
    client.send(limit(1))
    assert await told(client) == RESTS
    add(tws, name)
    client.send(cancel(1))
    assert await told(client) == [*first, "execution 5", "Filled", "commission"]
    assert [order["status"] for order in ledger(tws)["orders"]] == ["filled"]


async def test_a_late_commission_comes_after_everything_else(tws: TwsServer, client: Client) -> None:
    add(tws, "ibkr.late_commission", {"delay_s": 0.3})
    client.send(market(1))
    assert await told(client) == FILL[:-1]
    assert await words(client, 1) == ["commission"]


async def test_a_commission_that_never_came_is_told_with_the_executions(tws: TwsServer, client: Client) -> None:
    add(tws, "ibkr.missing_commission")
    client.send(market(1))
    assert await told(client) == FILL[:-1]
    client.send(RequestExecutions(request_id=9))
    assert await told(client) == ["execution 5", "commission", "ExecutionDetailsEnd"]


async def test_an_event_that_is_late_is_passed_by_the_others(tws: TwsServer, client: Client) -> None:
    add(tws, "late_event", {"delay_s": 0.3})
    client.send(market(1))
    assert await told(client) == [*FILL[:2], "Filled", "commission"]
    assert await words(client, 1) == ["execution 5"]


async def test_a_late_reply_is_passed_by_the_events(tws: TwsServer, client: Client) -> None:
    add(tws, "delay_reply", {"delay_s": 0.3})
    client.send(market(1))
    assert await told(client) == FILL[2:]
    assert await words(client, 2) == FILL[:2]


async def test_an_order_waits_for_shares_to_borrow_and_comes_back(tws: TwsServer, client: Client) -> None:
    add(tws, "ibkr.inactive_held")
    client.send(market(1))
    assert await told(client) == ["open Inactive", "Inactive locate", "open Inactive", "Inactive locate", "error 404"]
    client.send(RequestOpenOrders())
    assert await told(client) == ["open Inactive", "Inactive locate", "OpenOrderEnd"]
    (order,) = ledger(tws)["orders"]
    assert (order["live"], order["filled_quantity"]) == (True, "0")
    client.send(cancel(1))
    assert await told(client) == ENDS


@pytest.mark.parametrize(("name", "ends"), [("close_after_accept", True), ("reset_after_accept", True)])
async def test_a_connection_ends_before_the_reply_and_the_order_lives(
    tws: TwsServer, client: Client, name: str, ends: bool
) -> None:
    add(tws, name)
    client.send(limit(1, ref="mine"))
    assert await client.ended() == []
    async with Client(tws.port) as again:
        await again.log_on(1)
        again.send(RequestOpenOrders())
        assert await told(again) == ["open Submitted", "Submitted", "OpenOrderEnd"]


async def test_the_other_side_of_a_trade_hears_of_it_when_the_reply_to_its_counterpart_is_lost(
    tws: TwsServer, client: Client
) -> None:
    client.send(limit(1, best_bid(tws)))
    assert await told(client) == RESTS
    async with Client(tws.port) as seller:
        await seller.log_on(2)
        add(tws, "close_after_accept", match=FaultMatch(op="place"))
        seller.send(market(1, action="SELL"))
        assert await seller.ended() == []
    assert await told(client) == FILL[2:]


async def test_a_restart_cuts_everyone_and_keeps_the_order(tws: TwsServer, client: Client) -> None:
    async with Client(tws.port) as bystander:
        await bystander.log_on(2)
        add(tws, "restart", match=FaultMatch(op="place"))
        client.send(limit(1))
        assert (await client.ended(), await bystander.ended()) == ([], [])
    await listening(tws.port)
    async with Client(tws.port) as again:
        await again.log_on(1)
        again.send(RequestOpenOrders())
        assert await told(again) == ["open Submitted", "Submitted", "OpenOrderEnd"]


async def test_a_stalled_connection_stays_open_and_says_nothing_more(tws: TwsServer, client: Client) -> None:
    add(tws, "stall_stream", match=FaultMatch(op="stream", client_key="mine"))
    client.send(market(1, ref="mine"))
    assert await words(client, 2) == FILL[:2]
    client.send(market(2))

    async def is_booked() -> bool:
        return len(ledger(tws)["orders"]) == 2

    await until(is_booked, timeout_s=5, what="the second order")
    async with Client(tws.port) as other:
        await other.log_on(2)
        other.send(market(1))
        assert await told(other) == FILL
    assert tws.gateway.sessions.get(1) is not None
    await tws.stop()
    assert await client.ended() == []


async def test_a_stream_of_market_data_can_stall_its_connection(tws: TwsServer, client: Client) -> None:
    add(tws, "stall_stream", match=FaultMatch(symbol="AAPL"))
    client.send(RequestMarketData(request_id=1, contract=AAPL))

    async def is_used() -> bool:
        return tws.gateway.faults.active() == []

    await until(is_used, timeout_s=5, what="the stalled stream")
    client.send(RequestCurrentTime())
    await tws.stop()
    assert not any(payload.startswith(b"49") for payload in await client.ended())


async def test_a_frame_waits_where_it_is_held(tws: TwsServer, client: Client) -> None:
    faults = tws.gateway.faults
    faults.hold("ibkr", HoldPoint.RECEIVED)
    client.send(market(1, ref="mine"))
    await held(tws, HoldPoint.RECEIVED)
    assert [each.client_key for each in faults.held("ibkr")] == ["mine"]
    assert await told(client) == []
    assert ledger(tws)["orders"] == []
    faults.hold("ibkr", HoldPoint.ACCEPTED)
    faults.release("ibkr", HoldPoint.RECEIVED)
    await held(tws, HoldPoint.ACCEPTED)
    assert await told(client) == []
    assert ledger(tws)["orders"][0]["status"] == "filled"
    faults.hold("ibkr", HoldPoint.ACK_SENT)
    faults.release("ibkr", HoldPoint.ACCEPTED)
    await held(tws, HoldPoint.ACK_SENT)
    assert await told(client) == FILL[:2]
    faults.hold("ibkr", HoldPoint.FILL_SENT)
    faults.release("ibkr", HoldPoint.ACK_SENT)
    await held(tws, HoldPoint.FILL_SENT)
    assert await told(client) == FILL[2:3]
    assert [each.client_key for each in faults.held("ibkr")] == ["mine"]
    faults.release("ibkr", HoldPoint.FILL_SENT)
    assert await words(client, 2) == FILL[3:]


async def test_a_held_frame_can_be_dropped(tws: TwsServer, client: Client) -> None:
    faults = tws.gateway.faults
    faults.hold("ibkr", HoldPoint.RECEIVED)
    client.send(market(1))
    await held(tws, HoldPoint.RECEIVED)
    faults.release("ibkr", action="drop")
    assert await told(client) == []
    assert ledger(tws)["orders"] == []


async def test_a_held_frame_goes_on_when_its_client_has_gone(tws: TwsServer) -> None:
    tws.gateway.faults.hold("ibkr", HoldPoint.RECEIVED)
    async with Client(tws.port) as client:
        await client.log_on(1)
        client.send(limit(1, ref="mine"))
        await held(tws, HoldPoint.RECEIVED)
    tws.gateway.faults.release("ibkr")

    async def is_booked() -> bool:
        return [order["client_key"] for order in ledger(tws)["orders"]] == ["mine"]

    await until(is_booked, timeout_s=5, what="the order in the book")


async def test_a_question_what_an_order_would_cost_is_no_placement(tws: TwsServer, client: Client) -> None:
    add(tws, "ibkr.inactive_rejected", match=FaultMatch(op="place"))
    asked = market(1)
    client.send(replace(asked, order=replace(asked.order, what_if=True)))
    (answer,) = await told(client)
    assert answer.startswith("open ")
    client.send(market(1))
    assert await told(client) == ["error 201", "Inactive"]


async def test_a_fault_hits_only_what_it_matches(tws: TwsServer, client: Client) -> None:
    add(tws, "reject", match=FaultMatch(client_key="1/2"))
    client.send(limit(1))
    assert await told(client) == RESTS
    client.send(limit(2))
    assert await told(client) == ["error 201"]


async def test_a_change_of_an_order_can_fail_alone(tws: TwsServer, client: Client) -> None:
    add(tws, "reject", match=FaultMatch(op="amend"))
    client.send(limit(1))
    assert await told(client) == RESTS
    client.send(limit(1, Decimal(14)))
    assert await told(client) == ["error 201"]
    client.send(limit(1, Decimal(15)))
    assert await told(client) == RESTS
