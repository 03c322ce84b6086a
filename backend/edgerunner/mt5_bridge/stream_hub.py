"""The stream's channels: each polls while somebody reads it, and numbers what it says."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from edgerunner.mt5_bridge.calls import symbol_of
from edgerunner.mt5_bridge.connection import WORKER_ERRORS, TerminalConnection
from edgerunner.mt5_bridge.problems import Code, Problem
from edgerunner.mt5_bridge.settings import BridgeSettings
from edgerunner.mt5_bridge.stream_client import StreamClient
from edgerunner.mt5_bridge.terminal_module import CallAnswer
from edgerunner.mt5_bridge.trackers import AccountTracker, HistoryTracker, TableTracker, TickTracker, Tracker
from edgerunner.mt5_bridge.wire import encode, timestamp
from edgerunner.mt5_bridge.worker import Priority, TerminalWorker

MOST_CHANNELS: Final = 256
MOST_CHANNELS_PER_CLIENT: Final = 64
CONNECTION: Final = "connection"
READ_ANEW_S: Final = 1.0
LEAST_PAUSE_S: Final = 0.02
"""Between two reads of a channel that is woken again and again."""
_TICKS: Final = "ticks:"
_MOVING: Final = frozenset({"price_current", "profit"})

Kind = Literal["snapshot", "delta", "heartbeat"]

logger = logging.getLogger(__name__)


class Channel:
    """One number line and its readers."""

    def __init__(
        self, name: str, epoch: str, *, is_conflated: bool, snapshot: Callable[[], Mapping[str, Any]] | None
    ) -> None:
        """``snapshot`` None = nothing has been read yet."""
        self.name = name
        self.is_conflated = is_conflated
        self.clients: set[StreamClient] = set()
        self._epoch = epoch
        self._seq = 0
        self._snapshot = snapshot

    def add(self, client: StreamClient) -> None:
        """Let a client read; a snapshot follows as soon as there is one."""
        self.clients.add(client)
        self.resync(client)

    def resync(self, client: StreamClient) -> None:
        """Send a client a snapshot, if there is one."""
        if self._snapshot is not None:
            client.put(self, self.snapshot_frame())

    def become(self, snapshot: Callable[[], Mapping[str, Any]] | None) -> None:
        """Say everything anew to everybody; None = nothing is known any more."""
        self._snapshot = snapshot
        if snapshot is not None:
            self._seq += 1
            self._put(self.snapshot_frame())

    def publish(self, data: Mapping[str, Any]) -> None:
        """Say a change."""
        self._seq += 1
        self._put(self._frame("delta", data))

    def beat(self) -> None:
        """Repeat the number."""
        self._put(self._frame("heartbeat", None))

    def snapshot_frame(self) -> bytes:
        """Return everything as one frame."""
        return self._frame("snapshot", self._snapshot() if self._snapshot is not None else None)

    def _frame(self, kind: Kind, data: Mapping[str, Any] | None) -> bytes:
        return encode(
            {
                "channel": self.name,
                "kind": kind,
                "seq": self._seq,
                "epoch": self._epoch,
                "ts": timestamp(time.time()),
                "data": data,
            }
        )

    def _put(self, frame: bytes) -> None:
        for client in self.clients:
            client.put(self, frame)


class PolledChannel:
    """Reads a tracker's thing again and again and says on a channel what changed."""

    def __init__(
        self,
        channel: Channel,
        make_tracker: Callable[[], Tracker],
        every_s: float,
        *,
        worker: TerminalWorker,
        connection: TerminalConnection,
        timeout_s: float,
    ) -> None:
        self.channel = channel
        self._make_tracker = make_tracker
        self._every_s = every_s
        self._worker = worker
        self._connection = connection
        self._timeout_s = timeout_s
        self._is_stale = False
        self._awake = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"mt5-poll {channel.name}")

    def forget(self) -> None:
        """Start anew with the next poll: what was read may be another account's."""
        self._is_stale = True

    def wake(self) -> None:
        """Read soon, not only at the next poll."""
        self._awake.set()

    async def stop(self) -> None:
        """End the polling."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._follow(self._make_tracker())
            except Exception:  # whatever the module answers, its readers must not wait for ever
                logger.exception("%s is read anew", self.channel.name)
                await asyncio.sleep(READ_ANEW_S)

    async def _follow(self, tracker: Tracker) -> None:
        """Say what a tracker sees until it has to be forgotten."""
        self._is_stale, is_fresh = False, True
        self.channel.become(None)
        while not self._is_stale:
            answer = await self._ask(tracker)
            if answer is not None and not self._is_stale:
                data = tracker.take(answer.result, time.time())
                if is_fresh:
                    self.channel.become(tracker.snapshot)
                    is_fresh = False
                elif data is not None:
                    self.channel.publish(data)
            await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(min(LEAST_PAUSE_S, self._every_s))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._every_s - LEAST_PAUSE_S):
                await self._awake.wait()
        self._awake.clear()

    async def _ask(self, tracker: Tracker) -> CallAnswer | None:
        """Return the terminal's answer; None = it could not be read, for now."""
        try:
            answer = await self._worker.run(tracker.fetch, priority=Priority.POLL, timeout_s=self._timeout_s)
        except WORKER_ERRORS as error:
            logger.debug("%s could not be read: %s", self.channel.name, error)
            return None
        self._connection.note(answer)
        return answer if answer.result is not None else None


class StreamHub:
    """All channels, made when first read and ended with their last reader."""

    def __init__(
        self,
        worker: TerminalWorker,
        connection: TerminalConnection,
        settings: BridgeSettings,
        *,
        epoch: str,
        state: Callable[[], Mapping[str, Any]],
    ) -> None:
        """``state`` is what the channel ``connection`` says."""
        self._worker = worker
        self._connection = connection
        self._settings = settings
        self._epoch = epoch
        self._state = state
        self._said: Mapping[str, Any] = {}
        self._told = Channel(CONNECTION, epoch, is_conflated=True, snapshot=state)
        self._polled: dict[str, PolledChannel] = {}
        self._beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to send heartbeats."""
        self._beat = asyncio.create_task(self._beats(), name="mt5-stream-heartbeat")

    async def stop(self) -> None:
        """End all polling."""
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
        await asyncio.gather(*(polled.stop() for polled in self._polled.values()))
        self._polled.clear()

    def check(self, name: str, client: StreamClient) -> None:
        """Raise ``Problem`` for a channel that is none, or one too many."""
        if name == CONNECTION:
            return
        self._tracker(name)
        if name in client.channels:
            return
        if len(client.channels) >= MOST_CHANNELS_PER_CLIENT:
            raise Problem(Code.OVERLOADED, f"a client may read {MOST_CHANNELS_PER_CLIENT} channels")
        if name not in self._polled and len(self._polled) >= MOST_CHANNELS:
            raise Problem(Code.OVERLOADED, f"{MOST_CHANNELS} channels are being read")

    def subscribe(self, name: str, client: StreamClient) -> None:
        """Let a client read a channel that ``check`` let pass; a second time gives it a snapshot."""
        client.channels.add(name)
        self._channel(name).add(client)

    async def unsubscribe(self, name: str, client: StreamClient) -> None:
        """Send a client nothing more of a channel, and end the polling for the last one."""
        client.channels.discard(name)
        channel = self._told if name == CONNECTION else self._polled[name].channel if name in self._polled else None
        if channel is None:
            return
        channel.clients.discard(client)
        client.forget(channel)
        if name != CONNECTION and not channel.clients:
            await self._polled.pop(name).stop()

    async def leave(self, client: StreamClient) -> None:
        """Forget a client."""
        for name in tuple(client.channels):
            await self.unsubscribe(name, client)

    def forget_all(self) -> None:
        """Read everything anew: the terminal was gone, or has another account."""
        for polled in self._polled.values():
            polled.forget()

    def wake(self, name: str) -> None:
        """Read a channel soon; nothing happens when nobody reads it."""
        if name in self._polled:
            self._polled[name].wake()

    def tell_state(self) -> None:
        """Say the connection's state, when it has changed."""
        state = self._state()
        if state != self._said:
            self._said = state
            self._told.publish(state)

    def _channel(self, name: str) -> Channel:
        if name == CONNECTION:
            return self._told
        if name not in self._polled:
            make_tracker, every_s, is_conflated = self._tracker(name)
            self._polled[name] = PolledChannel(
                Channel(name, self._epoch, is_conflated=is_conflated, snapshot=None),
                make_tracker,
                every_s,
                worker=self._worker,
                connection=self._connection,
                timeout_s=self._settings.call_timeout_s,
            )
        return self._polled[name].channel

    def _tracker(self, name: str) -> tuple[Callable[[], Tracker], float, bool]:
        """Return how a channel is read, how often, and whether it is conflated. Raises ``Problem``."""
        polls = self._settings.polls
        if name.startswith(_TICKS):
            symbol = symbol_of(name.removeprefix(_TICKS))
            return lambda: TickTracker(symbol), polls.ticks_s, True
        match name:
            case "orders":
                return lambda: TableTracker("orders", "orders_get"), polls.trades_s, False
            case "positions":
                return lambda: TableTracker("positions", "positions_get", _MOVING), polls.trades_s, True
            case "deals":
                return lambda: HistoryTracker(name, "history_deals_get", "time", time.time), polls.trades_s, False
            case "history_orders":
                return lambda: HistoryTracker(name, "history_orders_get", "time_done", time.time), polls.trades_s, False
            case "account":
                return AccountTracker, polls.account_s, True
            case _:
                raise Problem(Code.NOT_FOUND, "there is no such channel; the list is in docs/mt5-bridge.md")

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            self.tell_state()  # a lease may have run out
            for channel in (self._told, *(polled.channel for polled in self._polled.values())):
                channel.beat()
