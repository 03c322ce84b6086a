"""Defects that other client libraries and raw abuse of the wire brought to light."""

import asyncio
from functools import partial

import pytest

from tests.wire.bybit.kit import PATIENCE_S, Frame, Simulator, market_order, signed_headers

OPEN_ORDERS = "/v5/order/realtime"
QUERY = "category=linear&symbol=BTCUSDT"


def is_about(topic: str, category: str, frame: Frame) -> bool:
    return frame.get("topic") == topic and frame["data"][0]["category"] == category


async def raw_status(simulator: Simulator, request: bytes) -> bytes:
    """Send bytes that no HTTP library would, and return the status line."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.server.port)
        try:
            writer.write(request)
            return (await reader.readline()).strip()
        finally:
            writer.close()
            await writer.wait_closed()


async def test_every_linear_ticker_is_listed_although_dated_futures_have_no_funding(simulator: Simulator) -> None:
    rows = {row["symbol"]: row for row in (await simulator.get("/v5/market/tickers", category="linear")).result["list"]}
    instruments = (await simulator.get("/v5/market/instruments-info", category="linear")).result["list"]
    assert set(rows) == {each["symbol"] for each in instruments}
    for each in instruments:
        row = rows[each["symbol"]]
        assert row["deliveryTime"] == each["deliveryTime"]
        assert (row["fundingRate"] == "") == (row["nextFundingTime"] == "0") == (each["fundingInterval"] == 0)


async def test_a_dated_future_has_a_ticker_topic(simulator: Simulator) -> None:
    instruments = (await simulator.get("/v5/market/instruments-info", category="linear")).result["list"]
    dated = next(each["symbol"] for each in instruments if each["contractType"] == "LinearFutures")
    socket = await simulator.open("/v5/public/linear")
    await socket.send({"op": "subscribe", "args": [f"tickers.{dated}"]})
    snapshot = await socket.wait_for(lambda frame: frame.get("topic") == f"tickers.{dated}", "the ticker")
    assert snapshot["data"]["symbol"] == dated


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
async def test_a_body_that_is_announced_as_compressed_is_read_as_it_is(simulator: Simulator, encoding: str) -> None:
    headers = {**signed_headers("{}"), "Content-Encoding": encoding}
    reply = await simulator.request("POST", "/v5/order/create", text="{}", headers=headers)
    assert (reply.status, reply.code) == (200, 10001)


async def test_a_signature_of_bytes_that_are_no_text_is_a_wrong_signature(simulator: Simulator) -> None:
    lines = [f"GET {OPEN_ORDERS}?{QUERY} HTTP/1.1".encode(), b"Host: localhost"]
    lines += [f"{name}: {value}".encode() for name, value in signed_headers(QUERY).items() if name != "X-BAPI-SIGN"]
    status = await raw_status(simulator, b"\r\n".join([*lines, b"X-BAPI-SIGN: \xff\xfe", b"", b""]))
    assert status == b"HTTP/1.1 200 OK"


async def test_the_book_of_rest_counts_by_the_same_sequence_as_the_stream(simulator: Simulator) -> None:
    socket = await simulator.open("/v5/public/linear")
    await socket.send({"op": "subscribe", "args": ["orderbook.50.BTCUSDT"]})
    before = await socket.wait_for(lambda frame: frame.get("type") == "snapshot", "the snapshot")
    book = (await simulator.get("/v5/market/orderbook", category="linear", symbol="BTCUSDT", limit=50)).result
    count = len(socket.topic("orderbook.50.BTCUSDT"))
    after = (await socket.wait_for_many(lambda frame: "topic" in frame, count + 2, "two more deltas"))[-1]
    assert before["data"]["seq"] <= book["seq"] <= after["data"]["seq"]


async def test_a_book_depth_in_other_digits_is_no_topic(simulator: Simulator) -> None:
    socket = await simulator.open("/v5/public/linear")
    answer = await socket.ask({"op": "subscribe", "args": ["orderbook.\u0665\u0660.BTCUSDT"]})
    assert answer["success"] is False


async def test_spot_orders_and_executions_have_no_create_type(simulator: Simulator) -> None:
    stream = await simulator.open_private("order", "execution")
    await simulator.post("/v5/order/create", market_order("spot", category="spot", qty="100"))
    await simulator.post("/v5/order/create", market_order("linear"))
    for category, expected in (("spot", None), ("linear", "CreateByUser")):
        for path in ("/v5/order/history", "/v5/execution/list"):
            [row] = (await simulator.read(path, category=category)).result["list"]
            assert row.get("createType") == expected, path
        for topic in ("order", "execution"):
            frames = await stream.wait_for_many(partial(is_about, topic, category), 1, f"{topic} of {category}")
            assert frames[0]["data"][0].get("createType") == expected, topic


async def test_fee_rates_of_derivatives_name_no_category(simulator: Simulator) -> None:
    assert "category" not in (await simulator.read("/v5/account/fee-rate", category="linear")).result
    assert (await simulator.read("/v5/account/fee-rate", category="spot")).result["category"] == "spot"


async def test_the_order_stream_leaves_unset_triggers_empty_where_rest_says_unknown(simulator: Simulator) -> None:
    stream = await simulator.open_private("order")
    await simulator.post("/v5/order/create", market_order("plain"))
    [frame] = await stream.wait_for_many(partial(is_about, "order", "linear"), 1, "the order")
    [row] = (await simulator.read("/v5/order/history", category="linear")).result["list"]
    for name in ("triggerBy", "tpTriggerBy", "slTriggerBy"):
        assert (frame["data"][0][name], row[name]) == ("", "UNKNOWN"), name
