"""What no module of ours sends: the connection is cut, the terminal goes on for everybody else."""

import asyncio
import json
from typing import Any

import pytest

from edgerunner.simulators.mt5.ipc import MAXIMUM_REQUEST_BYTES, PREFIX
from tests.wire.mt5.kit import HOST, Site


def framed(message: object) -> bytes:
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    return PREFIX.pack(len(text), 0) + text


INITIALIZE = framed({"id": 1, "call": "initialize", "arguments": {}})


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        PREFIX.pack(MAXIMUM_REQUEST_BYTES, 1),
        framed(b"{"),
        framed(b"[" * 100_000),
        framed([]),
        framed({}),
        framed({"id": "1", "call": "initialize", "arguments": {}}),
        framed({"id": 1, "call": "initialize", "arguments": []}),
        framed({"id": 1, "call": "account_info", "arguments": {}}),
        INITIALIZE + framed({"id": 2, "call": "eval", "arguments": {}}),
        INITIALIZE + framed({"id": 2, "call": "_log_in", "arguments": {}}),
        INITIALIZE + framed({"id": 2, "call": "order_send", "arguments": {}}),
        INITIALIZE + framed({"id": 2, "call": "order_send", "arguments": {"request": 5}}),
    ],
)
async def test_a_frame_that_is_none_of_ours_cuts_its_connection(site: Site, data: bytes) -> None:
    reader, writer = await asyncio.open_connection(HOST, site.server.port)
    writer.write(data)
    async with asyncio.timeout(5):
        await _until_cut(reader)
    writer.close()
    assert (await site.ask(site.mt5.account_info)).login == 1_000_001


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("symbol_info", {}),
        ("symbol_info", {"symbol": 5}),
        ("copy_rates_from_pos", {"symbol": "EURUSD", "timeframe": "M1", "start_pos": None, "count": 1}),
        ("copy_ticks_from", {"symbol": "EURUSD", "date_from": "now", "count": 1, "flags": -1}),
        ("order_send", {"request": {"action": 1, "symbol": "EURUSD", "volume": "much"}}),
        ("order_send", {"request": {"action": [], "symbol": {}, "comment": []}}),
        ("history_deals_get", {"date_from": None, "date_to": 1}),
        ("login", {"login": "1000001"}),
    ],
)
async def test_arguments_of_a_wrong_kind_fail_and_the_connection_stays(
    site: Site, call: str, arguments: dict[str, object]
) -> None:
    reader, writer = await asyncio.open_connection(HOST, site.server.port)
    writer.write(INITIALIZE + framed({"id": 2, "call": call, "arguments": arguments}))
    async with asyncio.timeout(5):
        assert (await _answer(reader))["error"][0] == 1
        answer = await _answer(reader)
    writer.close()
    assert answer["error"][0] < 0
    assert answer["value"] == {"plain": None}


async def _until_cut(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(1 << 16):
            pass
    except ConnectionError:
        return


async def _answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    text, array = PREFIX.unpack(await reader.readexactly(PREFIX.size))
    answer: dict[str, Any] = json.loads(await reader.readexactly(text + array))
    return answer
