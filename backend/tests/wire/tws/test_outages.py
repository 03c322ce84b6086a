"""What happens to a TWS as a whole: lost connections, broken farms, restarts, switches in its settings."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire.account import RequestPositions
from edgerunner.simulators.tws.wire.executions import RequestExecutions
from edgerunner.simulators.tws.wire.market_messages import TickPrice
from edgerunner.simulators.tws.wire.market_requests import (
    CancelMarketData,
    RequestHistoricalData,
    RequestMarketData,
)
from edgerunner.simulators.tws.wire.session import CurrentTime, NextValidId, RequestCurrentTime, RequestIds, StartApi
from tests.wire.tws.kit import NOW_NS, Client, listening, running_tws
from tests.wire.tws.orders_kit import AAPL, limit, market, told, word, words

RESTS = ["open Submitted", "Submitted"]


@pytest.fixture
async def tws() -> AsyncIterator[TwsServer]:
    async with running_tws(TwsSettings(profile="direct")) as server:
        yield server


@pytest.fixture
async def client(tws: TwsServer) -> AsyncIterator[Client]:
    async with Client(tws.port) as connected:
        await connected.log_on(1)
        yield connected


def add(tws: TwsServer, name: str, *, count: int = 0, **params: object) -> str:
    return tws.gateway.faults.add("ibkr", name, count=count, params=params).fault_id


def end(tws: TwsServer, fault_id: str) -> None:
    tws.gateway.faults.remove(fault_id)


async def watch(client: Client, request_id: int = 5) -> None:
    """Subscribe to AAPL and read until the first price."""
    client.send(RequestMarketData(request_id=request_id, contract=AAPL))
    while not isinstance(await client.message(), TickPrice):
        pass


async def test_a_lost_connection_is_told_and_restored(tws: TwsServer, client: Client) -> None:
    fault = add(tws, "ibkr.connection_lost")
    assert await words(client, 1) == ["error 1100"]
    end(tws, fault)
    assert await words(client, 1) == ["error 1102"]


async def test_a_lost_connection_comes_back_by_itself(tws: TwsServer, client: Client) -> None:
    add(tws, "ibkr.connection_lost", restored="1101", after_s=0.1)
    assert await words(client, 2) == ["error 1100", "error 1101"]


async def test_orders_wait_for_a_lost_connection_and_questions_do_not(tws: TwsServer, client: Client) -> None:
    fault = add(tws, "ibkr.connection_lost")
    client.send(limit(1))
    client.send(RequestPositions())
    assert await told(client) == ["error 1100", "PositionEnd"]
    assert tws.gateway.venue.dump()["orders"] == []
    end(tws, fault)
    assert await words(client, 3) == ["error 1102", *RESTS]


async def test_a_fill_during_a_lost_connection_is_only_told_when_asked_for(tws: TwsServer, client: Client) -> None:
    client.send(limit(1))
    assert await told(client) == RESTS
    fault = add(tws, "ibkr.connection_lost")
    (order,) = tws.gateway.desk.live_orders()
    tws.gateway.venue.operator.fill(order)
    assert await told(client) == ["error 1100"]
    end(tws, fault)
    assert await told(client) == ["error 1102"]
    client.send(RequestExecutions(request_id=3))
    assert await told(client) == ["execution 5", "commission", "ExecutionDetailsEnd"]


@pytest.mark.parametrize(("restored", "is_known"), [("1102", True), ("1101", False)])
async def test_market_data_survives_1102_and_not_1101(
    tws: TwsServer, client: Client, restored: str, is_known: bool
) -> None:
    await watch(client)
    fault = add(tws, "ibkr.connection_lost", restored=restored)
    end(tws, fault)
    while (said := word(await client.message())) != f"error {restored}":
        assert said in {"error 1100", "TickPrice", "TickSize", "TickString", "TickGeneric"}, said
    client.send(CancelMarketData(request_id=5))
    assert ("error 300" in await told(client)) is not is_known


async def test_account_and_positions_stand_still_while_the_connection_is_lost(tws: TwsServer, client: Client) -> None:
    client.send(limit(1))
    client.send(RequestPositions())
    assert await told(client) == [*RESTS, "PositionEnd"]
    fault = add(tws, "ibkr.connection_lost")
    (order,) = tws.gateway.desk.live_orders()
    tws.gateway.venue.operator.fill(order)
    tws.gateway.pulse.beat()
    assert await told(client) == ["error 1100"]
    end(tws, fault)
    tws.gateway.pulse.beat()
    assert await words(client, 2) == ["error 1102", "Position"]


async def test_a_broken_farm_silences_data_and_leaves_orders_alone() -> None:
    clock = [NOW_NS]
    async with running_tws(TwsSettings(profile="direct"), wall=lambda: clock[0]) as tws, Client(tws.port) as client:
        await client.log_on(1)
        await watch(client)
        await told(client)
        fault = add(tws, "ibkr.farm_broken")
        clock[0] += 60 * NANOSECONDS
        tws.gateway.pulse.beat()
        client.send(limit(1))
        assert await told(client) == ["error 2103", *RESTS]
        end(tws, fault)
        tws.gateway.pulse.beat()
        back, *ticks = await told(client)
        assert back == "error 2104"
        assert ticks
        assert all(tick.startswith("Tick") for tick in ticks)


async def test_the_clock_can_be_wrong(tws: TwsServer, client: Client) -> None:
    add(tws, "clock_offset", offset_s=-90)
    answer = await client.ask(RequestCurrentTime())
    assert answer == CurrentTime(time_s=NOW_NS // NANOSECONDS - 90)


@pytest.mark.parametrize(("name", "expected"), [("rate_limit", "error 100"), ("reject", "error 321")])
async def test_a_question_can_be_refused(tws: TwsServer, client: Client, name: str, expected: str) -> None:
    tws.gateway.faults.add("ibkr", name, match=FaultMatch(op="query"))
    client.send(RequestPositions())
    assert await told(client) == [expected]
    client.send(RequestPositions())
    assert await told(client) == ["PositionEnd"]


async def test_the_answer_to_a_question_can_be_lost_or_late(tws: TwsServer, client: Client) -> None:
    tws.gateway.faults.add("ibkr", "drop_reply", match=FaultMatch(op="query"))
    client.send(RequestPositions())
    assert await told(client) == []
    tws.gateway.faults.add("ibkr", "delay_reply", match=FaultMatch(op="query"), params={"delay_s": 0.2})
    client.send(RequestPositions())
    assert await told(client) == []
    assert await words(client, 1) == ["PositionEnd"]


async def test_a_competing_session_takes_the_data(tws: TwsServer, client: Client) -> None:
    await watch(client)
    add(tws, "ibkr.competing_session")
    while (said := word(await client.message())) != "error 10197":
        assert not said.startswith("error"), said


async def test_new_data_are_told_that_a_competing_session_has_them(tws: TwsServer, client: Client) -> None:
    add(tws, "ibkr.competing_session")
    client.send(RequestMarketData(request_id=6, contract=AAPL))
    assert (await told(client))[-1] == "error 10197"


@pytest.mark.parametrize(("name", "codes"), [("connection_lost", [2110]), ("farm_broken", [2103, 2106, 2158])])
async def test_a_client_that_logs_on_is_told_of_an_outage(tws: TwsServer, name: str, codes: list[int]) -> None:
    add(tws, f"ibkr.{name}")
    async with Client(tws.port) as client:
        await client.shake_hands()
        client.send(StartApi(client_id=1))
        greeting = [await client.message() for _ in range(2 + len(codes))]
        assert [notice.code for notice in greeting[2:]] == codes


async def test_an_error_of_the_simulator_is_told_and_the_connection_goes_on(
    tws: TwsServer, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tws.gateway.desk.reports, "owner", fail)
    client.send(limit(1))
    assert await told(client) == ["error 322"]
    assert "PlaceOrder could not be carried out" in caplog.text
    monkeypatch.undo()
    client.send(limit(2))
    assert await told(client) == RESTS


async def test_a_restart_at_night_closes_everything_and_gives_ids_again(tws: TwsServer, client: Client) -> None:
    client.send(limit(1))
    client.send(limit(2))
    assert await told(client) == RESTS * 2
    add(tws, "ibkr.nightly_restart", count=1, down_s=0.3, ids=1)
    (notice,) = await client.ended()
    assert b"1100" in notice
    await listening(tws.port, wanted=False)
    await listening(tws.port)
    async with Client(tws.port) as again:
        greeting = await again.log_on(1)
        assert greeting[1].order_id == 2


async def test_ids_roll_back(tws: TwsServer, client: Client) -> None:
    for number in (1, 2, 3):
        client.send(limit(number))
    assert await told(client) == RESTS * 3
    add(tws, "ibkr.roll_back_ids", count=1, ids=2)
    client.send(RequestIds())
    assert await client.message() == NextValidId(order_id=2)


async def test_an_api_that_is_switched_off_has_no_port(tws: TwsServer, client: Client) -> None:
    fault = add(tws, "ibkr.api_disabled")
    assert await client.ended() == []
    await listening(tws.port, wanted=False)
    end(tws, fault)
    await listening(tws.port)


async def test_a_restart_opens_no_port_that_is_switched_off(tws: TwsServer) -> None:
    fault = add(tws, "ibkr.api_disabled")
    await listening(tws.port, wanted=False)
    await tws.restart()
    await listening(tws.port, wanted=False)
    end(tws, fault)
    await listening(tws.port)


async def test_a_read_only_api_refuses_orders_as_long_as_it_is(tws: TwsServer, client: Client) -> None:
    fault = add(tws, "ibkr.read_only")
    client.send(market(1))
    assert await told(client) == ["error 321"]
    end(tws, fault)
    client.send(limit(1))
    assert await told(client) == RESTS


async def test_a_connection_that_died_unnoticed_holds_its_client_id(tws: TwsServer) -> None:
    fault = add(tws, "ibkr.client_id_in_use", client_id=4)
    async with Client(tws.port) as client:
        await client.shake_hands()
        client.send_fields(71, 2, 4, "")
        (refusal,) = await client.ended()
        assert b"326" in refusal
    async with Client(tws.port) as other:
        await other.log_on(5)
    end(tws, fault)
    async with Client(tws.port) as again:
        await again.log_on(4)


@pytest.mark.parametrize("marker", ["open_orders", "account", "executions", "positions", "completed_orders"])
async def test_a_list_can_lack_its_end(tws: TwsServer, client: Client, marker: str) -> None:
    requests = {
        "open_orders": (5, 1),
        "account": (6, 2, 1, ""),
        "executions": (7, 3, 8, "", "", "", "", "", "", ""),
        "positions": (61, 1),
        "completed_orders": (99, 0),
    }
    ends = {
        "open_orders": "OpenOrderEnd",
        "account": "AccountDownloadEnd",
        "executions": "ExecutionDetailsEnd",
        "positions": "PositionEnd",
        "completed_orders": "CompletedOrdersEnd",
    }
    add(tws, "ibkr.missing_end_marker", count=1, marker=marker)
    client.send_fields(*requests[marker])
    assert ends[marker] not in await told(client)
    client.send_fields(*requests[marker])
    assert ends[marker] in await told(client)


async def test_history_can_fail_with_162(tws: TwsServer, client: Client) -> None:
    add(tws, "ibkr.history_error", count=1, text="Historical data request pacing violation")
    request = RequestHistoricalData(
        request_id=4,
        contract=AAPL,
        end="",
        bar_size="1 hour",
        duration="1 D",
        is_regular_hours=True,
        what_to_show="TRADES",
        date_format=1,
    )
    error = await client.ask(request)
    assert (error.code, error.text.endswith("pacing violation")) == (162, True)


async def test_an_order_that_waits_for_a_locate_comes_back_at_its_time() -> None:
    clock = [NOW_NS]
    async with running_tws(TwsSettings(profile="direct"), wall=lambda: clock[0]) as tws, Client(tws.port) as client:
        await client.log_on(1)
        add(tws, "ibkr.inactive_held", count=1, after_s=60)
        client.send(limit(1, Decimal(13)))
        assert (await told(client))[-1] == "error 404"
        clock[0] += 61 * NANOSECONDS
        tws.gateway.venue.step("STK:AAPL")
        assert await words(client, 2) == RESTS
