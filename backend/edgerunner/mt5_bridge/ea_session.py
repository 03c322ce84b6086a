"""One EA's connection: lines in, commands out, silence noticed."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edgerunner.mt5_bridge.ea_messages import (
    BadLine,
    EaGoodbye,
    EaHeartbeat,
    EaHello,
    EaMessage,
    EaReply,
    EaTick,
    EaTransaction,
    encode_line,
    parse_message,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EaLimits:
    """Bounds of a link.

    Attributes:
        hello_timeout_s: From the connection to the hello.
        silence_s: An EA that says nothing so long is dropped; it sends a heartbeat every third of it.
        maximum_sessions, maximum_waiting: Connections with and without a hello; further ones are closed.
        messages_per_s: An EA that sends more over a second is dropped.
        maximum_commands: Commands without an answer per EA; further ones are refused.
        write_timeout_s: An EA that does not read so long is dropped.
    """

    hello_timeout_s: float = 5.0
    silence_s: float = 15.0
    maximum_sessions: int = 16
    maximum_waiting: int = 8
    messages_per_s: int = 2_000
    maximum_commands: int = 64
    write_timeout_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EaGap:
    """The EA could not send ``missing`` of its pushes: whoever counts on them has to ask the terminal."""

    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EaClosed:
    """The connection ended; ``reason`` is a word such as ``goodbye silent closed protocol too_fast stopped``."""

    reason: str


EaEvent = EaHello | EaTick | EaTransaction | EaGap | EaClosed
EaListener = Callable[[str, EaEvent], None]
"""Called with the session's name, in order, on the link's own loop; must not block and not raise."""


class EaSession:
    """An EA that has said hello. ``run`` reads until the connection ends and returns why it did."""

    def __init__(
        self,
        hello: EaHello,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        limits: EaLimits,
        publish: Callable[[EaEvent], None],
    ) -> None:
        self.hello = hello
        self.gaps = 0
        self._reader, self._writer = reader, writer
        self._limits = limits
        self._publish = publish
        self._seq = hello.seq
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[EaReply]] = {}
        self._closing = "closed"

    async def run(self) -> str:
        """Read lines until the end; returns the reason, and fails every command that still waits."""
        try:
            await self.send({"type": "welcome", "protocol": 1, "silence_ms": round(self._limits.silence_s * 1000)})
            return await self._read()
        except (ConnectionError, TimeoutError):
            return "closed"
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the EA's connection ended"))
                    waiting.exception()  # read, so that a caller who has left is no warning

    def close(self, reason: str) -> None:
        """End the connection; ``run`` returns ``reason``."""
        self._closing = reason
        self._writer.close()

    async def command(self, name: str, args: Mapping[str, object], *, timeout_s: float) -> EaReply:
        """Send a command and return its answer.

        Raises ``TimeoutError`` (it may have been carried out), ``ConnectionError``, and ``BlockingIOError`` when too
        many wait already (nothing was sent).
        """
        if len(self._waiting) >= self._limits.maximum_commands:
            raise BlockingIOError("the EA has too many commands to answer already")
        number = next(self._ids)
        answer: asyncio.Future[EaReply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(timeout_s):
                await self.send({"type": "command", "id": number, "name": name, "args": dict(args)})
                return await answer
        finally:
            del self._waiting[number]

    async def send(self, message: Mapping[str, object]) -> None:
        """Write one line; raises ``ConnectionError`` or ``TimeoutError``."""
        self._writer.write(encode_line(message))
        async with asyncio.timeout(self._limits.write_timeout_s):
            await self._writer.drain()

    async def _read(self) -> str:
        loop = asyncio.get_running_loop()
        window, count = loop.time(), 0
        while True:
            try:
                async with asyncio.timeout(self._limits.silence_s):
                    line = await self._reader.readline()
            except TimeoutError:
                return "silent"
            except ValueError:  # longer than the reader's limit
                return "protocol"
            if not line.endswith(b"\n"):
                return self._closing
            if loop.time() - window >= 1:
                window, count = loop.time(), 0
            count += 1
            if count > self._limits.messages_per_s:
                return "too_fast"
            try:
                message = parse_message(line)
            except BadLine:
                return "protocol"
            if (end := await self._take(message)) is not None:
                return end

    async def _take(self, message: EaMessage) -> str | None:
        missing = message.seq - self._seq - 1
        if missing < 0 or isinstance(message, EaHello):
            return "protocol"
        if missing:
            self.gaps += missing
            self._publish(EaGap(missing=missing))
        self._seq = message.seq
        match message:
            case EaTick() | EaTransaction():
                self._publish(message)
            case EaHeartbeat():
                await self.send({"type": "heartbeat"})
            case EaReply():
                waiting = self._waiting.get(message.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case EaGoodbye():
                return "goodbye"
        return None
