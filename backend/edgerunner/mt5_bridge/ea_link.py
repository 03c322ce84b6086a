"""The EA link: the TCP port to which Expert Advisors connect, because pure MQL5 can only be a client.

Rules are the bridge's: loopback unless there is TLS, a token compared in constant time, bounded lines, sessions and
commands. An EA that we launch gets a token of its own, which is good for its session alone.
"""

import asyncio
import hmac
import ipaddress
import secrets
import ssl
from collections.abc import Callable, Mapping
from typing import Final

from edgerunner.mt5_bridge.ea_messages import (
    MAXIMUM_LINE,
    PROTOCOL,
    TRADE_COMMANDS,
    BadLine,
    EaHello,
    EaReply,
    encode_line,
    parse_message,
)
from edgerunner.mt5_bridge.ea_session import EaClosed, EaEvent, EaLimits, EaListener, EaSession

TradeCheck = Callable[[str, Mapping[str, object]], str | None]
"""Gets a trading command and its arguments; returns why it is refused, None = it may go."""

_CLOSE_TIMEOUT_S: Final = 5.0
_HANDSHAKE_S: Final = 10.0


class EaLinkRefused(Exception):
    """The link must not be opened as asked: an address that others reach, without TLS."""


class TradingRefused(PermissionError):
    """A trading command that this link does not pass on; nothing was sent."""


def no_trading(name: str, args: Mapping[str, object]) -> str | None:
    """Refuse every trading command: what a link does unless it is given limits."""
    del name, args
    return "this EA link passes no trading commands; orders go by the order path"


class EaLink:
    """Listens for EAs. Sessions are named by their launch, or ``ea-<login>-<number>`` when attached by hand.

    ``token`` admits EAs attached by hand; None = only launched ones. Start and stop it on one loop.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        limits: EaLimits | None = None,
        check_trade: TradeCheck = no_trading,
    ) -> None:
        if tls is None and not _is_loopback(host):
            raise EaLinkRefused(f"the EA link on {host} needs TLS: only loopback may go without")
        self.host, self._port = host, port
        self._token, self._tls = token, tls
        self._limits = limits or EaLimits()
        self._check_trade = check_trade
        self._server: asyncio.Server | None = None
        self._expected: dict[str, str] = {}
        self._sessions: dict[str, EaSession] = {}
        self._hellos: dict[str, asyncio.Future[EaHello | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._by_hand = 0
        self._listeners: list[EaListener] = []

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self._port

    @property
    def sessions(self) -> Mapping[str, EaHello]:
        """Return the EAs that are connected, by session."""
        return {name: session.hello for name, session in self._sessions.items()}

    def add_listener(self, listener: EaListener) -> Callable[[], None]:
        """Call ``listener`` on each event; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """Open the port; raises ``OSError``."""
        self._server = await asyncio.start_server(
            self._accept,
            self.host,
            self._port,
            limit=MAXIMUM_LINE,
            ssl=self._tls,
            ssl_handshake_timeout=_HANDSHAKE_S if self._tls else None,
            backlog=16,
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every session."""
        if self._server is None:
            return
        self._server.close()
        for session in self._sessions.values():
            session.close("stopped")
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_TIMEOUT_S)
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await self._server.wait_closed()
        self._server = None

    def expect(self, session: str) -> str:
        """Admit an EA that we are about to launch; returns the token it must show."""
        self._expected[session] = secrets.token_urlsafe(24)
        self._hellos[session] = asyncio.get_running_loop().create_future()
        return self._expected[session]

    def forget(self, session: str) -> None:
        """Admit a launch no longer, and end its session."""
        self._expected.pop(session, None)
        if (hello := self._hellos.pop(session, None)) is not None and not hello.done():
            hello.set_result(None)
        if (running := self._sessions.get(session)) is not None:
            running.close("stopped")

    async def wait_hello(self, session: str, timeout_s: float) -> EaHello | None:
        """Return the hello of an expected launch; None = not in time, or forgotten meanwhile."""
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(self._hellos[session])
        except TimeoutError:
            return None

    def is_connected(self, session: str) -> bool:
        """Tell whether the session's EA is connected now."""
        return session in self._sessions

    async def command(self, session: str, name: str, args: Mapping[str, object], *, timeout_s: float) -> EaReply:
        """Send a command to an EA and return its answer.

        Raises ``TradingRefused``, ``ConnectionError`` (no such session, or it ended), ``BlockingIOError`` (too many
        wait), ``TimeoutError``: after that a trading command may have been carried out.
        """
        if name in TRADE_COMMANDS and (reason := self._check_trade(name, args)):
            raise TradingRefused(reason)
        if (running := self._sessions.get(session)) is None:
            raise ConnectionError("the EA is not connected")
        return await running.command(name, args, timeout_s=timeout_s)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - streams call this in a task of its own
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:  # `stop` ends it; the stream's own callback would report it as an error
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._waiting >= self._limits.maximum_waiting or len(self._sessions) >= self._limits.maximum_sessions:
            return
        self._waiting += 1
        try:
            hello = await self._hello(reader)
        finally:
            self._waiting -= 1
        name = self._admit(hello) if hello is not None else None
        if hello is None or name is None:
            writer.write(encode_line({"type": "refused", "code": "unauthorized" if hello else "protocol"}))
            return
        session = EaSession(
            hello, reader, writer, limits=self._limits, publish=lambda event: self._publish(name, event)
        )
        self._sessions[name] = session
        if (waiting := self._hellos.get(name)) is not None and not waiting.done():
            waiting.set_result(hello)
        self._publish(name, hello)
        reason = "stopped"
        try:
            reason = await session.run()
        finally:
            del self._sessions[name]
            self._publish(name, EaClosed(reason=reason))

    async def _hello(self, reader: asyncio.StreamReader) -> EaHello | None:
        try:
            async with asyncio.timeout(self._limits.hello_timeout_s):
                message = parse_message(await reader.readline())
        except (BadLine, ConnectionError, TimeoutError, ValueError):
            return None
        return message if isinstance(message, EaHello) and message.protocol == PROTOCOL else None

    def _admit(self, hello: EaHello) -> str | None:
        """Return the session's name; None = wrong token, or that session is connected already."""
        wanted = self._expected.get(hello.session) if hello.session else self._token
        if wanted is None or not hmac.compare_digest(hello.token.encode(), wanted.encode()):
            return None
        if not hello.session:
            self._by_hand += 1
            return f"ea-{hello.login}-{self._by_hand}"
        return None if hello.session in self._sessions else hello.session

    def _publish(self, session: str, event: EaEvent) -> None:
        for listener in tuple(self._listeners):
            listener(session, event)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
