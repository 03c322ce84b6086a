"""The stream hub: number lines of channels, their snapshots, and one bounded queue per client.

A channel is one number line. What it says is JSON that was put together once for all clients.
It keeps its state, to make a snapshot at any moment without waiting, and its newest deltas, to
replay them to a client that comes back. Publishing never waits for anybody:

* kept channels (orders, fills, alerts, risk) queue every frame; a client whose queue is full is
  too slow and gets closed;
* conflated channels replace what a lagging client has not read by one snapshot, made when the
  client's turn comes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from itertools import groupby
from time import perf_counter_ns

import orjson

from edgerunner.metrics import STREAM_CLOSED_SLOW, STREAM_LAG_SECONDS
from edgerunner.schemas.scalars import format_time
from edgerunner.services.channel_state import ChannelState, Entry

REPLAY_FRAMES = 1_000
"""Most deltas a kept channel keeps for clients that come back; a conflated one has its snapshot."""

CONFLATED_REPLAY_FRAMES = 32
REPLAY_BYTES = 4_000_000

_KEPT_LAG = STREAM_LAG_SECONDS.labels("kept")
_CONFLATED_LAG = STREAM_LAG_SECONDS.labels("conflated")

CONFLATE_AFTER = 16
"""Most deltas of one conflated channel waiting for one client before a snapshot replaces them."""


class Kind(StrEnum):
    """What a message of a channel is."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"
    HEARTBEAT = "heartbeat"


class Channel:
    """One number line. ``seq`` is the number of the newest delta."""

    def __init__(
        self, name: str, state: ChannelState, *, is_conflated: bool, epoch: str, seq: int, clock_ns: Callable[[], int]
    ) -> None:
        self.name = name
        self.is_conflated = is_conflated
        self.seq = seq
        self.clients: set[StreamClient] = set()
        self._state = state
        self._epoch = epoch
        self._clock_ns = clock_ns
        self._replay: deque[str] = deque()
        self._replay_bytes = 0
        self._replay_limit = CONFLATED_REPLAY_FRAMES if is_conflated else REPLAY_FRAMES
        self._snapshot: str | None = None

    def publish(self, entries: Sequence[Entry], *, restates: bool = False) -> None:
        """Take a change in, give it the next number and queue it for every client.

        ``restates`` says it as a snapshot, for what a delta cannot say: that something is gone.
        """
        data = self._state.put(entries)
        if restates:
            self.restate()
            return
        self._advance()
        self._say(self._frame(Kind.DELTA, data))

    def restate(self) -> None:
        """Give the whole state, which was set anew, the next number and queue it for every client."""
        self._advance()
        self._say(self.snapshot())

    def heartbeat(self) -> None:
        """Tell every client the current number; a heartbeat takes no number of its own."""
        if self.clients:
            frame = self._frame(Kind.HEARTBEAT, b"null")
            for client in tuple(self.clients):
                client.queue(self, frame)

    def snapshot(self) -> str:
        """Return the whole state as a frame that sets the expected number; made once per number."""
        if self._snapshot is None:
            self._snapshot = self._frame(Kind.SNAPSHOT, self._state.snapshot())
        return self._snapshot

    def catch_up(self, from_seq: int | None, epoch: str | None) -> list[str]:
        """Return what a client that last saw ``from_seq`` of ``epoch`` needs: deltas, or a snapshot."""
        missing = self.seq - from_seq if from_seq is not None and epoch == self._epoch else -1
        if 0 <= missing <= len(self._replay):
            return list(self._replay)[len(self._replay) - missing :]
        return [self.snapshot()]

    def _frame(self, kind: Kind, data: bytes) -> str:
        message = {
            "channel": self.name,
            "kind": kind,
            "seq": self.seq,
            "epoch": self._epoch,
            "ts": format_time(self._clock_ns()),
            "data": orjson.Fragment(data),
        }
        return orjson.dumps(message).decode()

    def _advance(self) -> None:
        self.seq += 1
        self._snapshot = None

    def _say(self, frame: str) -> None:
        self._remember(frame)
        for client in tuple(self.clients):
            client.queue(self, frame)

    def _remember(self, frame: str) -> None:
        self._replay.append(frame)
        self._replay_bytes += len(frame)
        while len(self._replay) > self._replay_limit or self._replay_bytes > REPLAY_BYTES:
            self._replay_bytes -= len(self._replay.popleft())


class StreamClient:
    """One reader: its queue, bounded in frames and bytes, and the writer that drains it.

    ``too_slow`` is set when a frame that must not be dropped finds the queue full; nothing more
    is queued then.
    """

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        *,
        queue_frames: int,
        queue_bytes: int,
    ) -> None:
        self._send = send
        self._queue_frames = queue_frames
        self._queue_bytes = queue_bytes
        self._queue: deque[tuple[str | Channel, int]] = deque()
        self._bytes = 0
        self._lagging: dict[Channel, list[str] | None] = {}
        self._wake = asyncio.Event()
        self.too_slow = asyncio.Event()

    @property
    def queued(self) -> int:
        """How many frames and conflated channels wait to be sent."""
        return len(self._queue)

    @property
    def queued_conflated(self) -> int:
        """How many of these are conflated channels."""
        return len(self._lagging)

    def queue(self, channel: Channel, frame: str) -> None:
        """Queue a message of a channel."""
        if channel.is_conflated:
            self._queue_conflated(channel, frame)
        else:
            self.queue_reply(frame)

    def queue_reply(self, frame: str) -> None:
        """Queue a frame that must not be dropped."""
        if self.too_slow.is_set():
            return
        self._bytes += len(frame)
        self._queue.append((frame, perf_counter_ns()))
        self._wake.set()
        if len(self._queue) > self._queue_frames or self._bytes > self._queue_bytes:
            self.too_slow.set()
            STREAM_CLOSED_SLOW.inc()
            self._queue.clear()
            self._lagging.clear()

    def forget(self, channel: Channel) -> None:
        """Drop what a channel has not said yet."""
        self._lagging.pop(channel, None)

    def _queue_conflated(self, channel: Channel, frame: str) -> None:
        if self.too_slow.is_set():
            return
        if channel not in self._lagging:
            self._lagging[channel] = [frame]
            self._queue.append((channel, perf_counter_ns()))
            self._wake.set()
            return
        waiting = self._lagging[channel]
        if waiting is not None:
            waiting.append(frame)
            if len(waiting) > CONFLATE_AFTER:
                self._lagging[channel] = None

    async def write(self) -> None:
        """Send what is queued, forever; ends with the error of ``send``."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        """Send what is queued now."""
        while self._queue:
            turn, queued_ns = self._queue.popleft()
            for frame in self._frames_of(turn):
                await self._send(frame)
            lag = _KEPT_LAG if isinstance(turn, str) else _CONFLATED_LAG
            lag.observe((perf_counter_ns() - queued_ns) / 1e9)

    def _frames_of(self, turn: "str | Channel") -> Sequence[str]:
        if isinstance(turn, str):
            self._bytes -= len(turn)
            return (turn,)
        waiting = self._lagging.pop(turn, [])
        return (turn.snapshot(),) if waiting is None else waiting


class Hub:
    """All channels of this process.

    Args:
        epoch: Differs from every earlier process's; clients that see a new one start over.
        clock_ns: UTC nanoseconds to stamp on messages.
    """

    def __init__(self, *, epoch: str, clock_ns: Callable[[], int]) -> None:
        self.epoch = epoch
        self._clock_ns = clock_ns
        self._channels: dict[str, Channel] = {}
        self._highest_seq = 0

    def open(self, name: str, state: ChannelState, *, is_conflated: bool) -> Channel:
        """Begin a number line.

        It starts beyond every number given so far, so that a line that was closed and begun
        again never repeats a number within one epoch.
        """
        channel = Channel(
            name, state, is_conflated=is_conflated, epoch=self.epoch, seq=self._highest_seq, clock_ns=self._clock_ns
        )
        self._channels[name] = channel
        return channel

    def close(self, name: str) -> None:
        """End a number line that nobody reads any more."""
        channel = self._channels.pop(name, None)
        if channel is not None:
            self._highest_seq = max(self._highest_seq, channel.seq)

    def channel(self, name: str) -> Channel | None:
        """Return an open number line."""
        return self._channels.get(name)

    def publish(self, name: str, entries: Sequence[Entry], *, restates: bool = False) -> None:
        """Publish a change on a channel; one that is not open has no readers and says nothing."""
        channel = self._channels.get(name)
        if channel is not None and entries:
            channel.publish(entries, restates=restates)

    def publish_book(self, base: str, entries: Sequence[Entry], *, restates: bool = False) -> None:
        """Publish on a channel over all connections and on each connection's own."""
        self.publish(base, entries, restates=restates)
        by_connection = sorted(entries, key=lambda entry: entry.connection_id or "")
        for connection_id, group in groupby(by_connection, key=lambda entry: entry.connection_id):
            if connection_id is not None:
                self.publish(f"{base}:{connection_id}", list(group), restates=restates)

    def subscribe(self, client: StreamClient, channel: Channel, *, from_seq: int | None, epoch: str | None) -> None:
        """Bring a client up to date and keep it there; again for a resync."""
        client.forget(channel)
        for frame in channel.catch_up(from_seq, epoch):
            client.queue(channel, frame)
        channel.clients.add(client)

    def unsubscribe(self, client: StreamClient, channel: Channel) -> None:
        """Stop telling a client about a channel."""
        channel.clients.discard(client)
        client.forget(channel)

    def beat(self) -> None:
        """Send a heartbeat on every channel that has readers."""
        for channel in tuple(self._channels.values()):
            channel.heartbeat()

    @property
    def client_count(self) -> int:
        """Return how many clients read at least one channel."""
        return len(self._clients())

    @property
    def longest_queue(self) -> int:
        """Return how many frames wait for the slowest client."""
        return max((client.queued for client in self._clients()), default=0)

    @property
    def queued(self) -> tuple[int, int]:
        """Return how many kept frames, and how many conflated channels, wait for all clients together."""
        clients = self._clients()
        conflated = sum(client.queued_conflated for client in clients)
        return sum(client.queued for client in clients) - conflated, conflated

    def _clients(self) -> set[StreamClient]:
        return {client for channel in self._channels.values() for client in channel.clients}
