"""The stream client against a scripted server: resync after holes, reconnection, refusals."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from edgerunner.client import LinkChange, Stream, StreamMessage, StreamRefused, SubscriptionRefused
from edgerunner.client.stream import StreamEvent

Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's side of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket

    async def receive(self) -> dict[str, Any]:
        request = json.loads(await self._socket.recv())
        assert isinstance(request, dict)
        return request

    async def send(self, **frame: object) -> None:
        await self._socket.send(json.dumps(frame))

    async def message(self, kind: str, seq: int, *, epoch: str = "a", channel: str = "orders") -> None:
        await self.send(channel=channel, kind=kind, seq=seq, epoch=epoch, ts="2026-11-23T04:00:00.000000Z", data=None)

    async def welcome(self) -> dict[str, Any]:
        assert (await self.receive())["op"] == "authenticate"
        await self.send(kind="ack", op="authenticate", channel=None, ok=True)
        request = await self.receive()
        await self.send(kind="ack", op=request["op"], channel=request["channel"], ok=True)
        return request

    async def close(self, code: int, reason: str) -> None:
        await self._socket.close(code, reason)

    async def wait_closed(self) -> None:
        await self._socket.wait_closed()


@asynccontextmanager
async def stream_to(*scripts: Script) -> AsyncIterator[Stream]:
    """Serve each connection by the next script; a script's failure is the test's."""
    waiting = list(scripts)
    failures: list[BaseException] = []

    async def handle(socket: ServerConnection) -> None:
        try:
            await waiting.pop(0)(Peer(socket))
        except AssertionError as error:
            failures.append(error)

    async with asyncio.timeout(10), serve(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Stream(f"http://127.0.0.1:{port}", "the-key", first_delay_s=0.001) as stream:
            yield stream
    assert failures == []


async def collect(stream: Stream, count: int) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    async for event in stream.events():
        events.append(event)
        if len(events) == count:
            return events
    return events


def seqs(events: list[StreamEvent]) -> list[int]:
    return [event.seq for event in events if isinstance(event, StreamMessage)]


async def test_a_hole_is_resynchronized_before_anything_else_is_delivered() -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        await peer.message("snapshot", 1)
        await peer.message("delta", 2)
        await peer.message("delta", 4)
        await peer.message("delta", 5)
        assert await peer.receive() == {"op": "resync", "channel": "orders", "from_seq": 2, "epoch": "a"}
        await peer.message("snapshot", 5)
        await peer.message("delta", 6)
        await peer.wait_closed()

    async with stream_to(script) as stream:
        await stream.subscribe("orders")
        events = await collect(stream, 5)
    assert events[0] == LinkChange(is_up=True, reason=None)
    assert seqs(events) == [1, 2, 5, 6]


async def test_a_lost_connection_is_made_again_and_continues_where_it_was() -> None:
    async def first(peer: Peer) -> None:
        assert "from_seq" not in await peer.welcome()
        await peer.message("snapshot", 7)
        await peer.close(1012, "restarting")

    async def second(peer: Peer) -> None:
        request = await peer.welcome()
        assert (request["op"], request["from_seq"], request["epoch"]) == ("subscribe", 7, "a")
        await peer.message("delta", 8)
        await peer.wait_closed()

    async with stream_to(first, second) as stream:
        await stream.subscribe("orders")
        events = await collect(stream, 5)
    assert events[2] == LinkChange(is_up=False, reason="restarting")
    assert events[3] == LinkChange(is_up=True, reason=None)
    assert seqs(events) == [7, 8]


async def test_a_wrong_key_ends_the_stream_instead_of_trying_again() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.receive()
        await peer.close(4401, "wrong API key")

    async with stream_to(refuse) as stream:
        with pytest.raises(StreamRefused, match="wrong API key"):
            await collect(stream, 1)


async def test_a_refused_channel_leaves_the_others_alone() -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        assert (await peer.receive())["channel"] == "quotes:x:NONE.X"
        await peer.send(kind="error", op="subscribe", channel="quotes:x:NONE.X", code="not_found", detail="no such")
        await peer.message("snapshot", 1)
        await peer.wait_closed()

    async with stream_to(script) as stream:
        await stream.subscribe("orders", "quotes:x:NONE.X")
        events = await collect(stream, 3)
    assert events[1] == SubscriptionRefused(channel="quotes:x:NONE.X", code="not_found", detail="no such")
    assert seqs(events) == [1]


def test_the_key_is_not_in_the_repr() -> None:
    assert "the-key" not in repr(Stream("http://127.0.0.1:1", "the-key"))
