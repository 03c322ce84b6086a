"""Slow, silent, oversized and too many clients, over real sockets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import websockets
from websockets.asyncio.client import connect

from edgerunner.routes.connection_limits import ConnectionLimits, Doors, is_loopback
from tests.api.harness import API_KEY, Api, Json, order_body, served_api
from tests.waiting import until

QUICK = ConnectionLimits(head_s=0.2, body_window_s=0.2, stalled_s=0.3, total=40)
TIMEOUT_S = 15


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """A served application with short times and little room."""
    async with served_api(tmp_path, limits=QUICK) as running:
        await running.connect()
        yield running


class Wire:
    """Raw bytes to the server and back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, api: Api) -> "Wire":
        port = api.http.base_url.port
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def answer(self) -> tuple[int | None, Json]:
        """Return status and body of what comes until the server closes; None = it closed without a word."""
        async with asyncio.timeout(TIMEOUT_S):
            raw = await self.reader.read()
        self.writer.close()
        if not raw:
            return None, {}
        head, _, body = raw.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)


def head(method: str = "POST", path: str = "/trade", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {API_KEY}", *headers, "", ""]
    return "\r\n".join(lines).encode()


async def drip(wire: Wire, piece: bytes) -> None:
    """Send a piece again and again, until the server closes."""
    while not wire.reader.at_eof():
        wire.writer.write(piece)
        try:
            await wire.writer.drain()
        except ConnectionError:
            return
        await pause()


async def pause() -> None:
    """Let 20 ms go by, as a slow client does."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.02):
            await asyncio.Event().wait()


async def assert_still_trading(api: Api) -> None:
    assert (await api.http.get("/readyz")).status_code == 200
    assert (await api.trade()).status_code == 201


async def test_a_silent_connection_is_closed(api: Api) -> None:
    assert await (await Wire.open(api)).answer() == (None, {})
    await assert_still_trading(api)


async def test_a_head_that_drips_is_given_up_however_long_it_drips(api: Api) -> None:
    wire = await Wire.open(api)
    wire.writer.write(b"GET /positions HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    dripping = asyncio.create_task(drip(wire, b"X-Drop: 1\r\n"))
    status, answer = await wire.answer()
    await dripping
    assert (status, answer["code"]) == (408, "request_timeout")
    await assert_still_trading(api)


async def test_blank_lines_do_not_keep_a_connection_alive(api: Api) -> None:
    wire = await Wire.open(api)
    wire.writer.write(head("GET", "/healthz") + b"\r\n")
    dripping = asyncio.create_task(drip(wire, b"\r\n"))
    async with asyncio.timeout(TIMEOUT_S):
        raw = await wire.reader.read()
    await dripping
    wire.writer.close()
    assert raw.startswith(b"HTTP/1.1 200")
    await assert_still_trading(api)


async def test_a_body_that_drips_is_given_up_and_places_no_order(api: Api) -> None:
    wire = await Wire.open(api)
    wire.writer.write(head("POST", "/trade", "Content-Type: application/json", "Content-Length: 1000"))
    dripping = asyncio.create_task(drip(wire, b" "))
    status, answer = await wire.answer()
    await dripping
    assert (status, answer["code"]) == (408, "request_timeout")
    assert (await api.http.get("/orders/status", params={"status": "all"})).json()["orders"] == []
    await assert_still_trading(api)


async def test_a_slow_but_steady_body_is_taken(tmp_path: Path) -> None:
    window = ConnectionLimits(body_window_s=1.0, body_window_bytes=10)
    async with served_api(tmp_path, limits=window) as api:
        await api.connect()
        body = json.dumps(order_body()).encode()
        size = len(body) + 40 * 70
        wire = await Wire.open(api)
        wire.writer.write(head("POST", "/trade", "Content-Type: application/json", f"Content-Length: {size}"))
        for _ in range(70):
            wire.writer.write(b" " * 40)
            await pause()
        wire.writer.write(body)
        async with asyncio.timeout(TIMEOUT_S):
            assert (await wire.reader.readline()).startswith(b"HTTP/1.1 201")
        wire.writer.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /" + b"a" * 90_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 400_000,
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: 1\r\n" * 60_000,
    ],
)
async def test_an_endless_head_is_refused_before_it_ends(api: Api, raw: bytes) -> None:
    wire = await Wire.open(api)
    wire.writer.write(raw)
    status, answer = await wire.answer()
    assert (status, answer["code"]) in {(431, "headers_too_large"), (400, "bad_request")}
    await assert_still_trading(api)


SMUGGLED = [
    head("POST", "/trade", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\nG",
    head("POST", "/trade", "Transfer-Encoding: chunked", "Content-Length: 5") + b"0\r\n\r\nG",
    head("POST", "/trade", "Content-Length: 5", "Content-Length: 6") + b"{}    ",
    head("POST", "/trade", "Content-Length: 5, 5") + b"{}   ",
    head("POST", "/trade", "Content-Length: -1"),
    head("POST", "/trade", "Content-Length: +5") + b"{}   ",
    head("POST", "/trade", "Content-Length: 0x5") + b"{}   ",
    head("POST", "/trade", "Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    head("POST", "/trade", "Transfer-Encoding: chunked, identity") + b"0\r\n\r\n",
    head("POST", "/trade", "Transfer-Encoding: chunked") + b"fffffffffffffffff\r\n",
    head("POST", "/trade", "Transfer-Encoding: chunked") + b"-1\r\n\r\n",
    head("POST", "/trade", "Transfer-Encoding: chunked") + b"zz\r\n\r\n",
    head("GET", "/healthz", "X: a", " folded: b"),
    head("GET", "/healthz", "X : a"),
    head("GET", "/healthz", "X: a\x00b"),
    head("GET", "/healthz", "X\x00: a"),
    b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n",
    b"GET /healthz HTTP/3.7\r\nHost: 127.0.0.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://evil.example/healthz HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("raw", SMUGGLED, ids=range(len(SMUGGLED)))
async def test_what_two_servers_could_read_differently_is_refused(api: Api, raw: bytes) -> None:
    wire = await Wire.open(api)
    wire.writer.write(raw)
    status, answer = await wire.answer()
    assert status in {400, 403, 408, 422}
    assert answer["code"] in {"bad_request", "forbidden", "request_timeout", "validation_error"}
    assert (await api.http.get("/orders/status", params={"status": "all"})).json()["orders"] == []


async def test_a_client_that_does_not_read_its_answers_is_cut_off(api: Api) -> None:
    wire = await Wire.open(api)
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    request = head("GET", "/openapi.json")
    wire.writer.write(request * 200)

    async def is_cut() -> bool:
        wire.writer.write(request)
        return wire.writer.transport.is_closing()

    await until(is_cut, timeout_s=TIMEOUT_S, what="the connection is cut")
    await assert_still_trading(api)


async def test_a_flood_of_connections_leaves_room_again_when_it_ends(api: Api) -> None:
    wires = [await Wire.open(api) for _ in range(QUICK.total + 5)]
    answers = await asyncio.gather(*(wire.answer() for wire in wires))
    refused = [answer for status, answer in answers if status == 503]
    assert len(refused) >= 5
    assert {answer["code"] for answer in refused} == {"overloaded"}
    await assert_still_trading(api)


async def test_streams_keep_their_place_until_they_end(api: Api) -> None:
    url = str(api.http.base_url.join("/ws/broker")).replace("http", "ws")
    for _ in range(QUICK.total * 2):
        async with connect(url, proxy=None) as stream:
            await stream.send(json.dumps({"op": "authenticate", "token": API_KEY}))
            assert json.loads(await stream.recv())["ok"]
    await assert_still_trading(api)


async def test_a_message_of_endless_fragments_is_refused(api: Api) -> None:
    url = str(api.http.base_url.join("/ws/broker")).replace("http", "ws")

    async def fragments() -> AsyncIterator[str]:
        for _ in range(100_000):
            yield ""

    async with connect(url, proxy=None) as stream:
        with contextlib.suppress(websockets.ConnectionClosed):  # the server may be quicker than the last fragment
            await stream.send(fragments())
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await stream.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009
    await assert_still_trading(api)


def test_connections_are_counted_by_address_and_loopback_is_not() -> None:
    doors = Doors(ConnectionLimits(per_address=2, total=5))
    for address in ("192.0.2.1", "192.0.2.1", "127.0.0.1", "127.0.0.1"):
        assert doors.refusal(address) is None
        doors.enter(address)
    assert "Your address has 2 connections" in (doors.refusal("192.0.2.1") or "")
    assert doors.refusal("192.0.2.2") is None
    assert doors.refusal("127.0.0.1") is None
    doors.enter("::1")
    assert "all it can keep" in (doors.refusal("127.0.0.1") or "")
    doors.leave("192.0.2.1")
    assert doors.refusal("192.0.2.1") is None


def test_addresses_that_are_none_are_not_loopback() -> None:
    assert [is_loopback(text) for text in ("127.0.0.1", "::1", "", "unix", "192.0.2.1")] == [True, True] + [False] * 3
