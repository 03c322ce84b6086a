"""Channels of the owner's stream, each read once and passed on to any number of readers here.

The owner's numbers end here: a channel has this process's own number line and epoch, so a reader does
not notice that the owner was restarted, except that it is told everything anew by a snapshot.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from websockets.exceptions import ConnectionClosed

from edgerunner.client.errors import StreamRefused
from edgerunner.client.stream import LinkChange, Stream, StreamMessage, SubscriptionRefused
from edgerunner.domain.errors import EdgerunnerError, NotConnected
from edgerunner.routes.book_entries import KINDS, RECENT
from edgerunner.routes.market_topics import RECENT_BARS, RECENT_TRADES
from edgerunner.schemas.scalars import format_time
from edgerunner.services.channel_state import ChannelState, Entry, Keep, ListState, ValueState
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task
from edgerunner.services.hub import Channel, Hub

OPEN_TIMEOUT_S = 10.0
REFUSED_DELAY_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """How a channel lists things: under which name, what names one of them, and how many are kept."""

    name: str
    key: tuple[str, ...]
    recent: int = 0
    is_newest_first: bool = True


_POSITION = ("connection_id", "account_id", "instrument_id", "position_id")
_LISTS: Mapping[str, _List] = {
    "connections": _List(name=KINDS["connections"].list_name, key=("connection_id",)),
    "account": _List(name=KINDS["account"].list_name, key=("connection_id", "account_id")),
    "positions": _List(name=KINDS["positions"].list_name, key=_POSITION),
    "pnl": _List(name=KINDS["pnl"].list_name, key=_POSITION),
    "strategies": _List(name=KINDS["strategies"].list_name, key=("strategy_id",)),
    "risk": _List(name=KINDS["risk"].list_name, key=("scope",)),
    "alerts": _List(name=KINDS["alerts"].list_name, key=("alert_id",), recent=RECENT),
    "trades": _List(name="trades", key=("trade_id",), recent=RECENT_TRADES),
    "bars": _List(name="bars", key=("time",), recent=RECENT_BARS, is_newest_first=False),
}
"""Channels that are none of these (quotes, depth) are one value."""


class RefusedByOwner(EdgerunnerError):
    """The owner refused a channel; ``code`` and ``detail`` are its own."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Mirror:
    """One connection to the owner's stream. ``silent`` says why there is none, None while it stands."""

    def __init__(self, hub: Hub, stream: Stream, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._stream = stream
        self._states: dict[str, ChannelState] = {}
        self._asked: dict[str, asyncio.Future[Channel]] = {}
        self._task: asyncio.Task[None] | None = None
        self.silent: str | None = "not connected to the owner yet"

    async def start(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        self._task = asyncio.create_task(self._run(), name="owner-stream")

    async def stop(self) -> None:
        """Close the connection."""
        await self._stream.close()
        await end_task(self._task)
        self._fail_asked("this process stops")

    async def open(self, name: str) -> Channel:
        """Return a channel once the owner has told its state.

        Raises ``NotConnected`` without an owner, and what the owner says against the channel.
        """
        if self.silent is not None:
            raise NotConnected(f"the process that owns the brokers does not answer: {self.silent}")
        asked: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        self._asked[name] = asked
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._stream.subscribe(name)
                return await asked
        except (ConnectionClosed, TimeoutError) as error:
            await self._forget(name)
            raise NotConnected("the process that owns the brokers did not answer for this channel in time") from error
        except BaseException:
            await self._forget(name)
            raise
        finally:
            self._asked.pop(name, None)

    async def close(self, name: str) -> None:
        """Give a channel up."""
        self._hub.close(name)
        await self._forget(name)

    async def _forget(self, name: str) -> None:
        self._states.pop(name, None)
        with suppress(ConnectionClosed):  # the next connection asks for what is still wanted
            await self._stream.unsubscribe(name)

    async def _run(self) -> None:
        while True:
            try:
                async for event in self._stream.events():
                    self._take(event)
                return
            except StreamRefused as error:
                self._note_silence(f"it refuses this process ({error}): both need the same API key")
                await asyncio.sleep(REFUSED_DELAY_S)

    def _take(self, event: StreamMessage | LinkChange | SubscriptionRefused) -> None:
        match event:
            case LinkChange(is_up=True):
                self.silent = None
            case LinkChange(reason=reason):
                self._note_silence(reason or "connection lost")
            case SubscriptionRefused(channel=name, code=code, detail=detail):
                self._refuse(name, RefusedByOwner(code, detail))
            case StreamMessage(kind="snapshot"):
                self._take_snapshot(event)
            case StreamMessage(kind="delta", channel=name):
                self._hub.publish(name, _entries(name, event.data))

    def _take_snapshot(self, message: StreamMessage) -> None:
        name = message.channel
        channel, state = self._hub.channel(name), self._states.get(name)
        if channel is None or state is None:
            state = self._states[name] = _state_of(name)
        _restate(state, name, message.data)
        if channel is None:
            base = name.partition(":")[0]
            is_conflated = KINDS[base].is_conflated if base in KINDS else True
            channel = self._hub.open(name, state, is_conflated=is_conflated)
        else:
            channel.restate()
        asked = self._asked.get(name)
        if asked is not None and not asked.done():
            asked.set_result(channel)

    def _refuse(self, name: str, error: EdgerunnerError) -> None:
        asked = self._asked.get(name)
        if asked is not None and not asked.done():
            asked.set_exception(error)

    def _note_silence(self, reason: str) -> None:
        if self.silent is None:
            _log.warning("owner_silent", reason=reason)
        self.silent = reason
        self._fail_asked(reason)
        for name, state in self._states.items():
            entries = _when_silent(name, state, format_time(self._clock.now_ns()))
            if entries:
                self._hub.publish(name, entries)

    def _fail_asked(self, reason: str) -> None:
        for name in tuple(self._asked):
            self._refuse(name, NotConnected(f"the process that owns the brokers does not answer: {reason}"))


def _state_of(name: str) -> ChannelState:
    listing = _LISTS.get(name.partition(":")[0])
    if listing is None:
        return ValueState()
    return ListState(listing.name, recent=listing.recent, is_newest_first=listing.is_newest_first)


def _restate(state: ChannelState, name: str, data: Any) -> None:
    entries = _entries(name, data)
    if isinstance(state, ListState):
        is_newest_first = _LISTS[name.partition(":")[0]].is_newest_first
        state.reset(entries[::-1] if is_newest_first else entries)
    elif entries:
        state.put(entries)


def _entries(name: str, data: Any) -> list[Entry]:
    base = name.partition(":")[0]
    listing = _LISTS.get(base)
    if listing is None:
        return [Entry(key=base, body=orjson.dumps(data))]
    return [
        _entry(item, listing, is_flat=base == "positions" and item["side"] == "flat") for item in data[listing.name]
    ]


def _entry(item: Mapping[str, Any], listing: _List, *, is_flat: bool) -> Entry:
    return Entry(
        key="/".join(str(item[name]) for name in listing.key),
        body=orjson.dumps(item),
        connection_id=item.get("connection_id"),
        keep=Keep.NOT if is_flat else Keep.RECENT if listing.recent else Keep.ALWAYS,
    )


def _when_silent(name: str, state: ChannelState, time: str) -> Sequence[Entry]:
    """Return what is known to be otherwise once the owner is silent: quotes are old, connections have no session."""
    base = name.partition(":")[0]
    told = orjson.loads(state.snapshot())
    if base == "quotes" and told is not None:
        return _entries(name, {**told, "stale": True})
    if base == "connections":
        lost = {"code": NotConnected.code, "detail": "The process that owns the brokers does not answer.", "time": time}
        items = [{**item, "status": "disconnected", "last_error": lost} for item in told["connections"]]
        return _entries(name, {"connections": items[::-1]})
    return ()
