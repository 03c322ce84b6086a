"""The live stream: subscriptions that survive lost connections, without a hole unnoticed."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from edgerunner.client.cursor import Cursor, Verdict, advance
from edgerunner.client.errors import StreamRefused

_OPEN_TIMEOUT_S: Final = 10
_SILENCE_S: Final = 15
"""Three missed heartbeats: the connection is taken for dead."""
_LONGEST_DELAY_S: Final = 30
_MAXIMUM_FRAME_BYTES: Final = 16 * 1024 * 1024
_FINAL_CLOSE_CODES: Final = {4400: "protocol", 4401: "unauthorized"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMessage:
    """One message of a channel, in order and without holes since the last snapshot.

    ``kind`` is ``snapshot`` (``data`` is the whole state), ``delta`` or ``heartbeat``.
    """

    channel: str
    kind: str
    seq: int
    epoch: str
    ts: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange:
    """The connection came up or was lost; after it came up every channel continues or starts with a snapshot."""

    is_up: bool
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRefused:
    """The API refused one subscription; the others go on."""

    channel: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The API has done what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The API has refused what was asked; ``channel`` None = it was about the connection."""

    channel: str | None
    code: str
    detail: str


class UnreadableFrame(ValueError):
    """A frame that no Edgerunner sends: something else is at this address, or a proxy changed it."""


def frame_of(data: bytes) -> StreamMessage | Acknowledged | Refused:
    """Return what a frame says; raises ``UnreadableFrame``."""
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnreadableFrame(f"a frame is no JSON: {error}") from error
    match frame:
        case {"kind": "ack"}:
            return Acknowledged()
        case {"kind": "error", "code": str(code), "detail": str(detail), "channel": str() | None as channel}:
            return Refused(channel=channel, code=code, detail=detail)
        case {"kind": "snapshot" | "delta" | "heartbeat" as kind, "channel": str(channel), "seq": int(seq),
              "epoch": str(epoch), "ts": str(ts), "data": data}:  # fmt: skip
            return StreamMessage(channel=channel, kind=kind, seq=seq, epoch=epoch, ts=ts, data=data)
        case _:
            raise UnreadableFrame("a frame is no message of the stream")


StreamEvent = StreamMessage | LinkChange | SubscriptionRefused


@dataclass(slots=True)
class Stream:
    """One connection to the stream, made again whenever it is lost; use it as ``async with``.

    Subscribe, then iterate ``events()``. Reading is all the buffering there is: a caller that does not
    read is closed by the API (4408) and starts again with snapshots.
    """

    url: str
    api_key: str = field(repr=False)
    first_delay_s: float = 0.5
    """Wait before the first reconnection; doubled each time up to ``longest_delay_s``, with jitter."""
    longest_delay_s: float = _LONGEST_DELAY_S
    _cursors: dict[str, Cursor] = field(default_factory=dict, init=False)
    _socket: ClientConnection | None = field(default=None, init=False)
    _is_closed: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection and end ``events()``."""
        self._is_closed = True
        if self._socket is not None:
            await self._socket.close()

    async def subscribe(self, *channels: str) -> None:
        """Follow channels from now on, over reconnections too."""
        for channel in channels:
            if channel not in self._cursors:
                self._cursors[channel] = Cursor()
                await self._send({"op": "subscribe", "channel": channel})

    async def unsubscribe(self, *channels: str) -> None:
        """Stop following channels."""
        for channel in channels:
            if self._cursors.pop(channel, None) is not None:
                await self._send({"op": "unsubscribe", "channel": channel})

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield messages and changes of the link until ``close``; one reader.

        Raises ``StreamRefused`` when the key is wrong; every other trouble is a ``LinkChange`` and a new try.
        """
        failures = 0
        while not self._is_closed:
            reason = "closed"
            try:
                async with self._session() as socket:
                    failures = 0
                    yield LinkChange(is_up=True, reason=None)
                    async for event in self._read(socket):
                        yield event
            except ConnectionClosed as error:
                reason = _closing_reason(error)
            except InvalidStatus as error:
                reason = _refused_handshake(error)
            except (OSError, TimeoutError, WebSocketException, UnreadableFrame) as error:
                reason = str(error) or type(error).__name__
            if not self._is_closed:
                yield LinkChange(is_up=False, reason=reason)
                await asyncio.sleep(_delay_s(self.first_delay_s, failures, self.longest_delay_s))
                failures += 1

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[ClientConnection]:
        address = "ws" + self.url.removeprefix("http") + "/ws/broker"
        async with connect(
            address, open_timeout=_OPEN_TIMEOUT_S, close_timeout=2, max_size=_MAXIMUM_FRAME_BYTES, proxy=None
        ) as socket:
            await _authenticate(socket, self.api_key)
            self._socket = socket
            try:
                for channel, cursor in self._cursors.items():
                    await self._send({"op": "subscribe", "channel": channel, **_position(cursor)})
                yield socket
            finally:
                self._socket = None

    async def _read(self, socket: ClientConnection) -> AsyncIterator[StreamMessage | SubscriptionRefused]:
        while True:
            async with asyncio.timeout(_SILENCE_S if self._cursors else None):
                frame = frame_of(await socket.recv(decode=False))
            match frame:
                case Acknowledged():
                    continue
                case Refused():
                    yield self._refused(frame)
                case StreamMessage():
                    if await self._is_in_order(frame):
                        yield frame

    async def _is_in_order(self, message: StreamMessage) -> bool:
        channel = message.channel
        if channel not in self._cursors:
            return False
        cursor, verdict = advance(self._cursors[channel], kind=message.kind, seq=message.seq, epoch=message.epoch)
        self._cursors[channel] = cursor
        if verdict is Verdict.RESYNC:
            await self._send({"op": "resync", "channel": channel, **_position(cursor)})
        return verdict is Verdict.DELIVER

    def _refused(self, refused: Refused) -> SubscriptionRefused:
        channel = str(refused.channel)
        self._cursors.pop(channel, None)
        return SubscriptionRefused(channel=channel, code=refused.code, detail=refused.detail)

    async def _send(self, request: dict[str, object]) -> None:
        if self._socket is not None:
            await self._socket.send(orjson.dumps(request), text=True)


async def _authenticate(socket: ClientConnection, api_key: str) -> None:
    await socket.send(orjson.dumps({"op": "authenticate", "token": api_key}), text=True)
    async with asyncio.timeout(_OPEN_TIMEOUT_S):
        answer = frame_of(await socket.recv(decode=False))
    if isinstance(answer, Refused):
        raise StreamRefused(answer.code, answer.detail)


def _position(cursor: Cursor) -> dict[str, object]:
    return {} if cursor.seq is None else {"from_seq": cursor.seq, "epoch": cursor.epoch}


def _closing_reason(error: ConnectionClosed) -> str:
    if error.rcvd is None:
        return "connection lost"
    detail = error.rcvd.reason or f"closed by the API with code {error.rcvd.code}"
    if code := _FINAL_CLOSE_CODES.get(error.rcvd.code):
        raise StreamRefused(code, detail) from error
    return detail


def _refused_handshake(error: InvalidStatus) -> str:
    status = error.response.status_code
    if status in {401, 403, 404}:
        raise StreamRefused(f"http_{status}", "The stream is not offered at this address") from error
    return f"HTTP {status}"


def _delay_s(first_s: float, failures: int, longest_s: float) -> float:
    delay_s = min(first_s * 2.0**failures, longest_s)
    return delay_s * (0.5 + secrets.randbelow(1000) / 2000)
