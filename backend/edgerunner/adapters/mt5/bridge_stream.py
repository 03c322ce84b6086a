"""The bridge's stream: ticks as they come, and word that orders, deals, positions or money changed.

What changed is read again by calls, whole, so that a gap loses nothing: of the channels about the account only the
fact is used. A hole in a channel's numbers or another bridge process counts as a gap.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import aiohttp
import msgspec
import structlog

from edgerunner.adapters.mt5.bridge_http import BridgeHttp
from edgerunner.adapters.mt5.bridge_wire import Malformed, struct_of
from edgerunner.adapters.mt5.terminal import TerminalListener
from edgerunner.domain.errors import BrokerUnreachable
from edgerunner.mt5_surface.structs import Tick

_log = structlog.get_logger(__name__)

CHANGES: Final = ("orders", "positions", "deals", "history_orders", "account", "connection")
SILENCE_S: Final = 15.0
"""Three heartbeats of the bridge: a stream that is silent for longer is given up."""

_TICKS: Final = "ticks:"


class BridgeStream:
    """One WebSocket; ``start`` connects it, and when it ends ``on_lost`` is told once."""

    def __init__(self, http: BridgeHttp, listener: Callable[[], TerminalListener | None]) -> None:
        self._http = http
        self._listener = listener
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._wanted: frozenset[str] = frozenset()
        self._numbers: dict[str, tuple[str, int]] = {}
        self._generation: object = None

    @property
    def is_open(self) -> bool:
        """Tell whether the stream flows."""
        return self._reader is not None and not self._reader.done()

    async def start(self, timeout_s: float) -> None:
        """Connect and subscribe; raises ``BrokerUnreachable``."""
        await self.stop()
        try:
            async with asyncio.timeout(timeout_s):
                self._socket = await self._http.session.ws_connect(
                    self._http.address.url + "/v1/stream", max_msg_size=2**24, autoping=True
                )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise BrokerUnreachable(
                f"the bridge's stream is not reached: {str(error) or type(error).__name__}"
            ) from error
        self._numbers.clear()
        self._generation = None
        for channel in (*CHANGES, *(_TICKS + symbol for symbol in self._wanted)):
            await self._say("subscribe", channel)
        self._reader = asyncio.create_task(self._read(self._socket), name="mt5-stream")

    async def stop(self) -> None:
        """Close the stream. Idempotent."""
        reader, self._reader = self._reader, None
        socket, self._socket = self._socket, None
        if reader is not None:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
        if socket is not None:
            await socket.close()

    async def watch(self, symbols: frozenset[str]) -> None:
        """Subscribe to the ticks of exactly these symbols."""
        before, self._wanted = self._wanted, symbols
        if self.is_open:
            for symbol in before - symbols:
                await self._say("unsubscribe", _TICKS + symbol)
                self._numbers.pop(_TICKS + symbol, None)
            for symbol in symbols - before:
                await self._say("subscribe", _TICKS + symbol)

    async def _say(self, operation: str, channel: str) -> None:
        socket = self._socket
        if socket is None:
            return
        try:
            await socket.send_str(msgspec.json.encode({"op": operation, "channel": channel}).decode())
        except (aiohttp.ClientError, ConnectionError) as error:
            raise BrokerUnreachable(f"the bridge's stream broke off: {str(error) or type(error).__name__}") from error

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        reason = "the bridge ended its stream"
        try:
            while True:
                async with asyncio.timeout(SILENCE_S):
                    message = await socket.receive()
                if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                    reason = f"the bridge ended its stream ({socket.close_code or message.type.name})"
                    break
                await self._hear(message.data)
        except TimeoutError:
            reason = f"the bridge's stream was silent for {SILENCE_S:g} s"
        except (Malformed, BrokerUnreachable, aiohttp.ClientError) as error:
            reason = f"the bridge's stream is not readable: {error}"
        listener = self._listener()
        if listener is not None:
            listener.on_lost(reason)

    async def _hear(self, raw: str | bytes) -> None:
        told = _message(raw)
        kind, channel = told["kind"], str(told.get("channel"))
        if kind == "error":
            _log.warning("bridge_stream_refused", channel=channel, code=told.get("code"), detail=told.get("detail"))
        if channel not in CHANGES and channel.removeprefix(_TICKS) not in self._wanted:
            return
        if kind in {"snapshot", "delta", "heartbeat"} and not self._is_next(channel, told):
            await self._say("resync", channel)
            return
        if kind in {"snapshot", "delta"}:
            self._tell(channel, kind, told.get("data"))

    def _is_next(self, channel: str, told: Mapping[str, Any]) -> bool:
        """Tell whether nothing is missing before a message; a snapshot begins a new line of numbers."""
        epoch, number = str(told.get("epoch")), told.get("seq") or 0
        if not isinstance(number, int):
            raise Malformed("a message has no number")
        known = self._numbers.get(channel)
        if told["kind"] == "snapshot":
            self._numbers[channel] = (epoch, number)
            return True
        if known is None:
            return bool(told["kind"] == "heartbeat")
        expected = known[1] + (1 if told["kind"] == "delta" else 0)
        if (epoch, number) != (known[0], expected):
            del self._numbers[channel]
            return False
        self._numbers[channel] = (epoch, number)
        return True

    def _tell(self, channel: str, kind: str, data: Any) -> None:
        listener = self._listener()
        if listener is None:
            return
        if channel.startswith(_TICKS):
            ticks = data.get("ticks") if isinstance(data, dict) else None
            if not isinstance(ticks, list):
                raise Malformed("ticks are no list")
            if ticks:
                listener.on_ticks(channel.removeprefix(_TICKS), [struct_of(Tick, each) for each in ticks])
        elif channel == "connection":
            terminal = data.get("terminal") if isinstance(data, dict) else None
            self._tell_terminal(listener, kind, terminal if isinstance(terminal, dict) else {})
        else:
            listener.on_change()

    def _tell_terminal(self, listener: TerminalListener, kind: str, terminal: Mapping[str, Any]) -> None:
        """A terminal that was started again may have missed anything, though it is connected before and after."""
        before, self._generation = self._generation, terminal.get("generation")
        state = terminal.get("state")
        if kind == "delta" and state not in {"connected", None}:
            listener.on_lost(f"the bridge's terminal is {state}: {terminal.get('detail') or 'no reason told'}")
        elif before is not None and self._generation != before:
            listener.on_lost("the bridge's terminal was started again")
        else:
            listener.on_change()


def _message(raw: str | bytes) -> dict[str, Any]:
    """Return a message of the stream, which has a word for its kind; raises ``Malformed``."""
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
        raise Malformed("a message is no object with a kind")
    return told
