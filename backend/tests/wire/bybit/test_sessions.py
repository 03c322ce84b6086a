"""Connections: malformed frames, slow readers, idle ones, restarts."""

import asyncio

import aiohttp
import pytest

from edgerunner.simulators.bybit.server import WireSettings, create_server
from edgerunner.simulators.bybit.session import SocketLimits, parse_active_time
from tests.wire.bybit.kit import Simulator, limit_order, market_order, running_simulator, until

SOCKETS = ["/v5/public/linear", "/v5/public/spot", "/v5/public/option", "/v5/private", "/v5/trade"]


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '{"op":{}}', '{"op":"subscribe"}', '{"args":[1]}', "{}", "\x00"]
)
async def test_malformed_frames_get_an_error_and_the_socket_lives_on(
    simulator: Simulator, path: str, text: str
) -> None:
    socket = await simulator.open(path)
    await socket.connection.send_str(text)
    await socket.send({"op": "ping"})
    frames = await socket.wait_for_many(lambda frame: True, 2)
    assert frames[0].get("success", False) is False
    assert frames[0].get("retCode", -1) != 0
    assert "pong" in str(frames[1])


@pytest.mark.parametrize("path", SOCKETS)
async def test_huge_and_undecodable_frames_hurt_only_their_sender(simulator: Simulator, path: str) -> None:
    neighbour = await simulator.open(path)
    huge = await simulator.open(path)
    await huge.connection.send_str("x" * 100_000)
    await huge.wait_closed()
    assert huge.connection.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    garbled = await simulator.open(path)
    await garbled.connection.send_frame(b'{"op":"ping\xff"}', aiohttp.WSMsgType.TEXT)
    binary = await simulator.open(path)
    await binary.connection.send_bytes(b"\x00\x01")
    assert "pong" in str(await neighbour.ask({"op": "ping"}))
    assert (await simulator.get("/v5/market/time")).code == 0


async def test_a_reader_that_does_not_read_is_cut_and_others_are_served() -> None:
    settings = WireSettings(sockets=SocketLimits(queue_messages=20, write_timeout_s=1))
    async with running_simulator(settings) as simulator:
        healthy = await simulator.open("/v5/public/linear")
        await healthy.ask({"op": "subscribe", "args": ["orderbook.1000.BTCUSDT"]})
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.server.port, limit=2**10)
        writer.write(
            b"GET /v5/public/linear HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        ping = b"\x81\x8d\x00\x00\x00\x00" + b'{"op":"ping"}'

        async def flood() -> None:
            while True:
                writer.write(ping * 1000)
                await writer.drain()

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flood(), 20)
        writer.close()
        del reader
        assert (await healthy.wait_for_many(lambda frame: frame.get("type") == "delta", 1))[0]["topic"]
        assert not healthy.is_closed


async def test_a_silent_connection_is_cut_and_a_pinging_one_is_not() -> None:
    settings = WireSettings(sockets=SocketLimits(idle_s=1.5))
    async with running_simulator(settings) as simulator:
        silent, pinging = await simulator.open("/v5/private"), await simulator.open("/v5/private")

        async def ping_until_the_other_is_gone() -> None:
            while not silent.is_closed:
                await pinging.ask({"op": "ping"})

        await asyncio.wait_for(ping_until_the_other_is_gone(), 10)
        assert not pinging.is_closed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("600s", 600),
        ("1m", 60),
        ("10m", 600),
        ("29s", 600),
        ("11m", 600),
        ("x", 600),
        (None, 600),
        ("", 600),
    ],
)
def test_the_alive_time_is_read_within_its_bounds(text: str | None, seconds: int) -> None:
    assert parse_active_time(text, 600) == seconds


async def test_a_restart_drops_every_connection_and_listens_on_the_same_port(simulator: Simulator) -> None:
    await simulator.post("/v5/order/create", limit_order(simulator, "kept"))
    sockets = [await simulator.open(path) for path in SOCKETS]
    private = await simulator.open_private("order")
    port = simulator.server.port
    simulator.faults.add("bybit", "drop_request")
    waiting = asyncio.create_task(simulator.read("/v5/account/info"))
    await until(lambda: simulator.faults.active() == [], "a request that gets no answer")
    await simulator.server.restart()
    for socket in (*sockets, private):
        await socket.wait_closed()
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert simulator.server.port == port
    [order] = (await simulator.read("/v5/order/realtime", category="linear", symbol="BTCUSDT")).result["list"]
    assert order["orderLinkId"] == "kept"
    again = await simulator.open_private("execution")
    await simulator.post("/v5/order/create", market_order("after"))
    frame = await again.wait_for(lambda frame: frame.get("topic") == "execution")
    assert frame["data"][0]["orderLinkId"] == "after"


async def test_two_servers_do_not_fit_on_one_port(simulator: Simulator) -> None:
    second = create_server(simulator.venue, simulator.faults, host="127.0.0.1", port=simulator.server.port)
    with pytest.raises(OSError, match="bind on address"):
        await second.start()
    await second.stop()
