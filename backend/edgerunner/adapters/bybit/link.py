"""A WebSocket that stays up: connects, greets, pings, notices silence, reconnects.

Pauses between attempts grow with full jitter from 0.25 s to 30 s, and two connections never
start within one second. A socket from which no byte came for two heartbeats is given up.
"""

import asyncio
import random as random_module
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from edgerunner.adapters.broker import LinkStatus
from edgerunner.adapters.bybit.limits import NS_PER_S
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.sockets import Opener, Socket
from edgerunner.adapters.bybit.values import NS_PER_MS, Malformed
from edgerunner.domain.errors import BrokerAuthFailed, BrokerError, BrokerTimeout, NotConnected

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 30.0
_LEAST_BETWEEN_NS: Final = NS_PER_S
_PROVEN_AFTER_NS: Final = 10 * NS_PER_S
"""A connection that lived so long resets the growth of the pauses."""


class Session(Protocol):
    """What is said over a link."""

    def ping(self) -> bytes:
        """Return a heartbeat message."""
        ...

    async def greet(self) -> None:
        """Log in and subscribe on a fresh connection; raises ``BrokerError`` when the server refuses."""
        ...

    def receive(self, message: bytes) -> None:
        """Take in a message; raises ``Malformed`` when the connection must be renewed."""
        ...

    def lost(self, reason: str) -> None:
        """Forget what belonged to the connection."""
        ...


StatusListener = Callable[[LinkStatus, str | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Address and patience of a link, times in seconds."""

    name: str
    url: str
    heartbeat_s: float
    timeout_s: float


class Link:
    """Owns one connection and the task that keeps it up; ``start`` and ``stop`` bound it."""

    def __init__(
        self,
        settings: LinkSettings,
        session: Session,
        *,
        open_socket: Opener,
        clock: Clock,
        random: random_module.Random,
        on_status: StatusListener,
    ) -> None:
        self._settings = settings
        self._session = session
        self._open_socket = open_socket
        self._clock = clock
        self._random = random
        self._on_status = on_status
        self._socket: Socket | None = None
        self._closed: asyncio.Future[str] | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._started_ns: int | None = None
        self._heard_ns = 0
        self._pinged_ns = 0
        self._up_since_ns = 0
        self._failures = 0
        self.generation = 0
        self.is_up = False
        self.latency_ms: float | None = None
        self.refusal: BrokerAuthFailed | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._on_status(LinkStatus.CONNECTING, None)
        self._task = asyncio.create_task(self._run(), name=f"bybit-{self._settings.name}")

    async def stop(self) -> None:
        """Close the connection and end the task. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def wait_up(self, timeout_s: float) -> None:
        """Wait until the session was greeted.

        Raises ``BrokerAuthFailed`` when the login is refused, ``BrokerTimeout`` after ``timeout_s``.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self.is_up:
                    if self.refusal is not None:
                        raise self.refusal
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BrokerTimeout(f"{self._settings.url} was not ready within {timeout_s:g} s") from None

    async def send(self, message: bytes) -> None:
        """Send a message on the open connection; raises ``NotConnected`` before any byte."""
        if self._socket is None:
            raise NotConnected(f"{self._settings.name} is not connected")
        try:
            await self._socket.send(message)
        except ConnectionError as error:
            raise NotConnected(f"{self._settings.name}: {error}") from error

    def renew(self, reason: str) -> None:
        """Give the present connection up and make a new one."""
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(reason)
            self._session.lost(reason)

    def pong(self) -> None:
        """Note the answer to the last ping."""
        self.latency_ms = (self._clock.monotonic_ns() - self._pinged_ns) / NS_PER_MS
        if self.is_up:
            self._on_status(LinkStatus.UP, None)

    async def _run(self) -> None:
        while True:
            await self._pause()
            self._started_ns = self._clock.monotonic_ns()
            try:
                reason = await self._live()
            except (BrokerError, OSError, TimeoutError) as error:
                if isinstance(error, BrokerAuthFailed):
                    self.refusal = error
                reason = str(error) or f"no answer within {self._settings.timeout_s:g} s"
            except Exception as error:  # noqa: BLE001 - a surprise must not end the link for good: it is logged whole and told
                _log.exception("bybit_link_failed", link=self._settings.name)
                reason = f"{type(error).__name__}: {error}"
            self._down(reason)

    async def _pause(self) -> None:
        """Wait before the next attempt; none before the first."""
        if self._started_ns is None:
            return
        since_ns = self._clock.monotonic_ns() - self._started_ns
        longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0**self._failures)
        least_s = max(_LEAST_BETWEEN_NS - since_ns, 0) / NS_PER_S
        await asyncio.sleep(max(self._random.uniform(0, longest_s), least_s))

    async def _live(self) -> str:
        """Run one connection; return why it ended."""
        closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._closed = closed
        self.generation += 1
        socket = await self._open_socket(
            self._settings.url, on_message=self._heard, on_close=self.renew, timeout_s=self._settings.timeout_s
        )
        try:
            self._socket = socket
            self._heard_ns = self._clock.monotonic_ns()
            async with asyncio.timeout(self._settings.timeout_s):
                await self._session.greet()
            self._up()
            return await self._beat(closed)
        finally:
            self._socket = None
            self._closed = None
            await socket.close()

    async def _beat(self, closed: asyncio.Future[str]) -> str:
        """Ping every heartbeat until the connection ends or stays silent for two of them."""
        heartbeat_ns = int(self._settings.heartbeat_s * NS_PER_S)
        while True:
            self._pinged_ns = self._clock.monotonic_ns()
            await self.send(self._session.ping())
            done, _ = await asyncio.wait({closed}, timeout=self._settings.heartbeat_s)
            if done:
                return closed.result()
            if self._clock.monotonic_ns() - self._heard_ns >= 2 * heartbeat_ns:
                return f"silent for {2 * self._settings.heartbeat_s:g} s"

    def _heard(self, message: bytes) -> None:
        self._heard_ns = self._clock.monotonic_ns()
        try:
            self._session.receive(message)
        except Malformed as error:
            _log.warning("bybit_message_unreadable", link=self._settings.name, reason=str(error))
            self.renew(f"unreadable message: {error}")
        except Exception as error:  # noqa: BLE001 - never into the socket's callback, where it would be lost
            _log.exception("bybit_message_failed", link=self._settings.name)
            self.renew(f"{type(error).__name__}: {error}")

    def _up(self) -> None:
        self.is_up = True
        self.refusal = None
        self._up_since_ns = self._clock.monotonic_ns()
        _log.info("bybit_link_up", link=self._settings.name, generation=self.generation)
        self._changed.set()
        self._on_status(LinkStatus.UP, None)

    def _down(self, reason: str) -> None:
        was_up, self.is_up = self.is_up, False
        if was_up and self._clock.monotonic_ns() - self._up_since_ns >= _PROVEN_AFTER_NS:
            self._failures = 0
        self._failures += 1
        self._session.lost(reason)
        self._changed.set()
        if was_up or self._failures == 1:
            _log.warning("bybit_link_down", link=self._settings.name, reason=reason)
            self._on_status(LinkStatus.DOWN, reason)
