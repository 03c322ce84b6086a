"""The private stream stays up, says when it was not, and maps what it brings."""

import asyncio
import itertools

import pytest

from edgerunner.adapters.broker import CashReport, FillReport, OrderReport, PositionReport
from edgerunner.domain.accounts import AccountSummary
from edgerunner.domain.orders import OrderStatus
from tests.wire.bybit_adapter.conftest import LINEAR_ID, Client, Connect, until
from tests.wire.bybit_adapter.scripted import LINEAR, Json, ScriptedBybit

WEBSOCKETS = ["picows", "aiohttp"]


def order(**changes: object) -> Json:
    return {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "o1",
        "orderLinkId": "KEY1",
        "side": "Buy",
        "orderType": "Limit",
        "orderStatus": "New",
        "timeInForce": "GTC",
        "price": "60000",
        "qty": "0.010",
        "cumExecQty": "0",
        "createdTime": "1700000000000",
        "updatedTime": "1700000005000",
    } | changes


def execution(**changes: object) -> Json:
    return {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "o1",
        "orderLinkId": "KEY1",
        "side": "Buy",
        "execId": "e1",
        "execType": "Trade",
        "execPrice": "60000",
        "execQty": "0.010",
        "execFee": "0.33",
        "execTime": "1700000005000",
        "isMaker": False,
    } | changes


def push(topic: str, *rows: Json) -> Json:
    return {"id": "1", "topic": topic, "creationTime": 1700000005000, "data": list(rows)}


async def ready(connect: Connect, **options: object) -> Client:
    client = await connect(**options)
    await until(lambda: client.health("orders")[-1:] == ["up"], "the orders link")
    return client


@pytest.mark.parametrize("websocket", WEBSOCKETS)
async def test_every_topic_is_mapped(server: ScriptedBybit, connect: Connect, websocket: str) -> None:
    client = await ready(connect, websocket=websocket)
    await server.push("private", push("order", order(), order(orderStatus="Filled", cumExecQty="0.010")))
    await server.push("private", push("execution", execution()))
    position = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "size": "0.01", "positionIdx": 0}
    await server.push("private", push("position", position | {"entryPrice": "60000", "updatedTime": "1700000005000"}))
    await server.push("private", push("wallet", {"totalEquity": "5", "coin": [{"coin": "BTC", "walletBalance": "1"}]}))
    await until(lambda: [u for u in client.updates if isinstance(u, AccountSummary)], "the wallet")
    orders = [u.status for u in client.updates if isinstance(u, OrderReport)]
    assert orders == [OrderStatus.ACCEPTED, OrderStatus.FILLED]
    (fill,) = [u.fill for u in client.updates if isinstance(u, FillReport)]
    assert (fill.trade_id, fill.fee.currency) == ("e1", "USDT")
    positions = [(u.instrument_id, u.quantity) for u in client.updates if isinstance(u, PositionReport)]
    assert positions[0][0] == LINEAR_ID
    assert positions[0][1] > 0


async def test_streamed_and_queried_fill_are_identical(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    await server.push("private", push("execution", execution()))
    listed = [execution(feeCurrency="USDT")]
    server.baseline["/v5/execution/list"] = lambda p: {"list": listed if p["category"] == "linear" else []}
    queried = await client.adapter.get_fills(1_699_999_000_000 * 10**6)
    await until(lambda: [u for u in client.updates if isinstance(u, FillReport)], "the fill")
    (streamed,) = [u for u in client.updates if isinstance(u, FillReport)]
    assert queried
    assert streamed.fill == queried[0].fill


@pytest.mark.parametrize("websocket", WEBSOCKETS)
async def test_lost_connection_is_told_and_everything_subscribed_again(
    server: ScriptedBybit, connect: Connect, websocket: str
) -> None:
    client = await ready(connect, websocket=websocket)
    server.hang_up("private")
    await until(lambda: client.health("orders")[-2:] == ["down", "up"], "down and up again")
    assert server.topics("private") == ["order", "execution", "position", "wallet"] * 2
    await server.push("private", push("order", order()))
    await until(lambda: [u for u in client.updates if isinstance(u, OrderReport)], "an order after the reconnect")


@pytest.mark.parametrize("websocket", WEBSOCKETS)
async def test_silent_peer_is_given_up(server: ScriptedBybit, connect: Connect, websocket: str) -> None:
    client = await ready(connect, heartbeat_s=0.2, websocket=websocket)
    server.answers_pings = False
    await until(lambda: client.health("orders")[-1:] == ["down"], "the silence to be noticed")
    server.answers_pings = True
    await until(lambda: client.health("orders")[-1:] == ["up"], "the new connection")


async def test_pings_keep_a_quiet_connection(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect, heartbeat_s=0.1)
    pings = len(server.received["private"])
    await until(lambda: len(server.received["private"]) >= pings + 5, "five heartbeats")
    assert client.health("orders") == ["connecting", "up"]
    assert len(server.opened["private"]) == 1


async def test_restart_of_the_server_is_survived_without_a_storm_of_logins(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await ready(connect)
    await server.stop()
    await until(lambda: client.health("orders")[-1:] == ["down"], "the outage")
    await server.start()
    await until(lambda: client.health("orders")[-1:] == ["up"], "the new connection")
    opened = server.opened["private"]
    assert all(later - earlier >= 0.99 for earlier, later in itertools.pairwise(opened))


@pytest.mark.parametrize(
    "message",
    ['{"topic":"order","data":[{', push("order", order(qty="abc")), push("execution", execution(execId=""))],
    ids=["cut", "number", "id"],
)
async def test_unreadable_event_makes_the_reader_read_again(
    server: ScriptedBybit, connect: Connect, message: object
) -> None:
    client = await ready(connect)
    await server.push("private", message)
    await until(lambda: client.health("orders")[-2:] == ["down", "up"], "down and up again")


async def test_unknown_words_fields_and_topics_break_nothing(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    await server.push("private", push("greeks", {"baseCoin": "BTC"}))
    await server.push("private", push("execution", execution(execType="CorporateAction", futureField={"a": [1]})))
    await server.push("private", push("order", order(orderStatus="Frozen", cancelType=None, future=[1, 2])))
    await until(lambda: [u for u in client.updates if isinstance(u, OrderReport)], "the order")
    counts = client.adapter._session.strangers.counts
    assert set(counts) == {("topic", "greeks"), ("execType", "CorporateAction"), ("orderStatus", "Frozen")}
    assert client.health("orders") == ["connecting", "up"]


async def test_other_products_are_left_alone(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    await server.push("private", push("order", order(category="option", symbol="BTC-1"), order()))
    await until(lambda: [u for u in client.updates if isinstance(u, OrderReport)], "the linear order")
    assert [u.terms.instrument_id for u in client.updates if isinstance(u, OrderReport)] == [LINEAR_ID]


async def test_event_of_a_new_instrument_fetches_it_and_makes_the_reader_read_again(
    server: ScriptedBybit, connect: Connect
) -> None:
    client = await ready(connect)
    new = LINEAR | {"symbol": "NEWUSDT", "baseCoin": "NEW"}
    server.baseline["/v5/market/instruments-info"] = lambda _: {"list": [new]}
    await server.push("private", push("order", order(symbol="NEWUSDT")))
    await until(lambda: client.health("orders")[-2:] == ["down", "up"], "down and up again")
    assert client.adapter.get_instrument("NEWUSDT-LINEAR.BYBIT").base == "NEW"


async def test_event_of_an_instrument_nobody_knows_is_dropped_once(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    server.baseline["/v5/market/instruments-info"] = lambda _: {"list": []}
    await server.push("private", push("order", order(symbol="GHOST"), order(symbol="GHOST")))
    await until(lambda: len(server.sent("/v5/market/instruments-info")) >= 6, "the look-up of every status")
    await server.push("private", push("order", order(symbol="GHOST"), order()))
    await until(lambda: [u for u in client.updates if isinstance(u, OrderReport)], "the known order")
    assert client.health("orders") == ["connecting", "up"]


async def test_funding_execution_brings_the_movement_from_the_log(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    now_ms = client.clock.time_ns() // 10**6
    row = {
        "id": "1",
        "type": "SETTLEMENT",
        "symbol": "BTCUSDT",
        "category": "linear",
        "currency": "USDT",
        "funding": "-0.5",
        "change": "-0.5",
        "tradeId": "t1",
        "transactionTime": str(now_ms),
    }
    server.baseline["/v5/account/transaction-log"] = lambda _: {"list": [row]}
    await server.push("private", push("execution", execution(execType="Funding", execTime=str(now_ms))))
    await until(lambda: [u for u in client.updates if isinstance(u, CashReport)], "the movement")
    (streamed,) = [u for u in client.updates if isinstance(u, CashReport)]
    (queried,) = await client.adapter.get_cash_movements((now_ms - 1000) * 10**6)
    assert streamed == queried
    assert not [u for u in client.updates if isinstance(u, FillReport)]


async def test_mode_seen_in_a_push_decides_the_legs_of_what_follows(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    row = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "size": "1", "positionIdx": 1}
    await server.push("private", push("position", row | {"entryPrice": "1", "updatedTime": "1700000005000"}))
    opening, closing = execution(closedSize="0"), execution(execId="e2", side="Sell", closedSize="0.010")
    await server.push("private", push("execution", opening, closing))
    await until(lambda: len([u for u in client.updates if isinstance(u, FillReport)]) == 2, "both fills")
    assert [u.fill.leg for u in client.updates if isinstance(u, FillReport)] == ["long", "long"]


async def test_execution_of_a_contract_of_unknown_mode_waits_for_it(server: ScriptedBybit, connect: Connect) -> None:
    new = LINEAR | {"symbol": "NEWUSDT", "baseCoin": "NEW"}
    server.baseline["/v5/market/instruments-info"] = lambda p: {
        "list": [LINEAR, new] if p["category"] == "linear" else []
    }
    client = await ready(connect)
    legs = [{"symbol": "NEWUSDT", "size": "0", "positionIdx": index} for index in (1, 2)]
    server.baseline["/v5/position/list"] = lambda p: {"list": legs if p.get("symbol") == "NEWUSDT" else []}
    told = execution(symbol="NEWUSDT", closedSize="0")
    await server.push("private", push("execution", told))
    await until(lambda: client.health("orders")[-2:] == ["down", "up"], "down and up again")
    await server.push("private", push("execution", told))
    await until(lambda: [u for u in client.updates if isinstance(u, FillReport)], "the fill")
    assert [u.fill.leg for u in client.updates if isinstance(u, FillReport)] == ["long"]


async def test_streams_end_with_disconnect(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    stream = client.adapter.stream_updates()
    await client.adapter.disconnect()
    async with asyncio.timeout(5):
        assert [update async for update in stream] == []


async def test_unreadable_position_is_reported_and_the_stream_goes_on(server: ScriptedBybit, connect: Connect) -> None:
    client = await ready(connect)
    row = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "size": "much", "positionIdx": 0}
    await server.push("private", push("position", row))
    await server.push("private", push("order", order()))
    await until(lambda: [u for u in client.updates if isinstance(u, OrderReport)], "the order")
    assert client.health("orders") == ["connecting", "up"]
    assert [field for field, _ in client.adapter._session.strangers.counts] == ["unreadable position"]
