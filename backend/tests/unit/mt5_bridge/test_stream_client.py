"""A reader that does not keep up."""

import asyncio
import contextlib

import pytest

from edgerunner.mt5_bridge.stream_client import MOST_FRAMES, StreamClient, TooSlow
from tests.waiting import until


class Channel:
    def __init__(self, name: str, *, is_conflated: bool) -> None:
        self.name = name
        self.is_conflated = is_conflated

    def snapshot_frame(self) -> bytes:
        return f"snapshot of {self.name}".encode()


class Sink:
    def __init__(self) -> None:
        self.frames: list[bytes] = []

    async def send(self, frame: bytes) -> None:
        self.frames.append(frame)


async def written(client: StreamClient) -> None:
    """Let the writer write what is queued."""
    writer = asyncio.create_task(client.write())

    async def is_idle() -> bool:
        return writer.done() or not (client._queue or client._behind)

    await until(is_idle, timeout_s=5, what="the queue is drained")
    writer.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writer


async def test_a_reader_that_is_behind_gets_one_snapshot_in_place_of_its_deltas() -> None:
    sink, ticks, deals = Sink(), Channel("ticks", is_conflated=True), Channel("deals", is_conflated=False)
    client = StreamClient(sink.send)
    client.put(deals, b"deal")
    for number in range(MOST_FRAMES + 50):
        client.put(ticks, b"tick %d" % number)
    await written(client)
    assert sink.frames == [b"deal", b"snapshot of ticks"]
    client.put(ticks, b"tick after")
    await written(client)
    assert sink.frames[-1] == b"tick after"


async def test_what_must_not_be_dropped_closes_a_reader_that_is_behind() -> None:
    sink, deals = Sink(), Channel("deals", is_conflated=False)
    client = StreamClient(sink.send)
    for _ in range(MOST_FRAMES + 1):
        client.put(deals, b"deal")
    with pytest.raises(TooSlow):
        await written(client)
    assert len(client._queue) == MOST_FRAMES + 1
    client.put(deals, b"more")
    assert len(client._queue) == MOST_FRAMES + 1


async def test_many_bytes_are_as_bad_as_many_frames() -> None:
    sink, ticks = Sink(), Channel("ticks", is_conflated=True)
    client = StreamClient(sink.send)
    for _ in range(9):
        client.put(ticks, b"x" * 1_000_000)
    await written(client)
    assert sink.frames == [b"snapshot of ticks"]


async def test_a_channel_that_was_left_sends_nothing_more() -> None:
    sink, ticks, deals = Sink(), Channel("ticks", is_conflated=True), Channel("deals", is_conflated=False)
    client = StreamClient(sink.send)
    client.put(ticks, b"tick")
    client.put(deals, b"deal")
    client.forget(ticks)
    await written(client)
    assert sink.frames == [b"deal"]
