"""What became of an order: every record is asked, and absence is proven or not claimed."""

import pytest

from edgerunner.adapters.broker import OrderLookup
from edgerunner.domain.errors import BrokerError, InvalidRequest
from edgerunner.domain.orders import OrderStatus
from tests.wire.bybit_adapter.conftest import LINEAR_ID, Client, Connect
from tests.wire.bybit_adapter.scripted import Json, ScriptedBybit, answer, refusal
from tests.wire.bybit_adapter.test_private_stream import execution, order

OPEN, HISTORY, EXECUTIONS = "/v5/order/realtime", "/v5/order/history", "/v5/execution/list"
WINDOW_S = 0.5 + 5.0 + 5.0
"""Longest wait in our queue, receive window, settling time of the records."""


async def look(client: Client, *, sent_at_ns: int | None = None, key: str | None = "KEY1") -> OrderLookup:
    return await client.adapter.find_order(
        client_order_id=key, venue_order_id=None, instrument_id=LINEAR_ID, sent_at_ns=sent_at_ns
    )


async def test_open_order_is_found_by_its_key(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    server.then(OPEN, answer({"list": [order()]}))
    lookup = await look(client)
    assert lookup.report is not None
    assert lookup.report.status is OrderStatus.ACCEPTED
    assert server.sent(OPEN)[-1].parameters["orderLinkId"] == "KEY1"
    assert not lookup.is_proof_of_absence


async def test_old_order_is_found_in_the_history_with_its_fills(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    server.then(HISTORY, answer({"list": [order(orderStatus="Filled", cumExecQty="0.010", avgPrice="60000")]}))
    server.then(EXECUTIONS, answer({"list": [execution()]}))
    lookup = await look(client)
    assert lookup.report is not None
    assert lookup.report.status is OrderStatus.FILLED
    assert [fill.fill.trade_id for fill in lookup.fills] == ["e1"]


async def test_newest_of_repeated_rows_counts(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    rows = [order(orderStatus="Cancelled", updatedTime="1700000009000"), order(updatedTime="1700000005000")]
    server.then(HISTORY, answer({"list": rows}))
    lookup = await look(client)
    assert lookup.report is not None
    assert lookup.report.status is OrderStatus.CANCELED


async def test_broker_id_is_used_alone_when_it_is_known(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    await client.adapter.find_order(
        client_order_id="KEY1", venue_order_id="o1", instrument_id=LINEAR_ID, sent_at_ns=None
    )
    for path in (OPEN, HISTORY, EXECUTIONS):
        assert server.sent(path)[-1].parameters["orderId"] == "o1"
        assert "orderLinkId" not in server.sent(path)[-1].parameters


async def test_absence_is_proven_only_after_the_window_has_passed(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    sent_at_ns = client.clock.time_ns()
    assert not (await look(client, sent_at_ns=sent_at_ns)).is_proof_of_absence
    client.clock.advance(WINDOW_S - 1)
    assert not (await look(client, sent_at_ns=sent_at_ns)).is_proof_of_absence
    client.clock.advance(2)
    lookup = await look(client, sent_at_ns=sent_at_ns)
    assert lookup.is_proof_of_absence
    assert lookup.report is None


async def test_without_the_time_of_sending_nothing_is_proven(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    client.clock.advance(3600)
    assert not (await look(client)).is_proof_of_absence


async def test_execution_without_an_order_is_no_absence(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    sent_at_ns = client.clock.time_ns()
    client.clock.advance(60)
    server.then(EXECUTIONS, answer({"list": [execution()]}))
    lookup = await look(client, sent_at_ns=sent_at_ns)
    assert not lookup.is_proof_of_absence
    assert len(lookup.fills) == 1


@pytest.mark.parametrize("path", [OPEN, HISTORY, EXECUTIONS])
async def test_record_that_cannot_be_read_is_an_error(server: ScriptedBybit, connect: Connect, path: str) -> None:
    client = await connect()
    client.clock.advance(60)
    server.then(path, refusal(10005))
    with pytest.raises(BrokerError):
        await look(client, sent_at_ns=client.clock.time_ns())


async def test_old_placement_is_looked_for_in_its_own_week(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    sent_at_ns = client.clock.time_ns() - 20 * 86_400 * 10**9

    def week(parameters: Json) -> Json:
        start = int(parameters.get("startTime", 0))
        return {"list": [order(orderStatus="Cancelled")] if start <= sent_at_ns // 10**6 <= start + 604_800_000 else []}

    server.baseline[HISTORY] = week
    lookup = await look(client, sent_at_ns=sent_at_ns)
    assert lookup.report is not None


async def test_look_up_without_any_id_is_refused(server: ScriptedBybit, connect: Connect) -> None:
    client = await connect()
    with pytest.raises(InvalidRequest):
        await look(client, key=None)
