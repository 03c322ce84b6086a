"""A link outlives everything, and does not storm a server that refuses it."""

import asyncio
import importlib.util
import random
import sys
from types import ModuleType

import pytest

from edgerunner.adapters.broker import LinkStatus
from edgerunner.adapters.bybit import sockets
from edgerunner.adapters.bybit.link import Link, LinkSettings
from edgerunner.adapters.bybit.sockets import OnClose, OnMessage
from edgerunner.domain.errors import BrokerAuthFailed, BrokerTimeout
from tests.unit.adapters.bybit.samples import HandClock


class FakeSocket:
    def __init__(self, on_message: OnMessage, on_close: OnClose) -> None:
        self.on_message, self.on_close = on_message, on_close
        self.is_closed = False

    async def send(self, message: bytes) -> None:
        if self.is_closed:
            raise ConnectionError("closed")

    async def close(self) -> None:
        self.is_closed = True


class FakeSession:
    """Greets at once; ``surprise`` is raised by the next message, ``refusal`` by every greeting."""

    def __init__(self) -> None:
        self.surprise: Exception | None = None
        self.refusal: Exception | None = None

    def ping(self) -> bytes:
        return b"ping"

    async def greet(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def receive(self, message: bytes) -> None:
        if self.surprise is not None:
            surprise, self.surprise = self.surprise, None
            raise surprise

    def lost(self, reason: str) -> None:
        pass


class NoJitter(random.Random):
    """Never waits, and remembers how long the wait might have been."""

    def __init__(self) -> None:
        super().__init__(0)
        self.longest: list[float] = []

    def uniform(self, a: float, b: float) -> float:
        self.longest.append(b)
        return 0.0


class Bench:
    """A link on fakes; each connection takes a second of the clock."""

    def __init__(self) -> None:
        self.clock, self.random, self.session = HandClock(), NoJitter(), FakeSession()
        self.sockets: list[FakeSocket] = []
        self.statuses: list[LinkStatus] = []
        self.failures = 0
        self.link = Link(
            LinkSettings(name="test", url="ws://test", heartbeat_s=30, timeout_s=5),
            self.session,
            open_socket=self.open,
            clock=self.clock,
            random=self.random,
            on_status=lambda status, reason: self.statuses.append(status),
        )

    async def open(self, url: str, *, on_message: OnMessage, on_close: OnClose, timeout_s: float) -> FakeSocket:
        self.clock.advance(1)
        if self.failures:
            self.failures -= 1
            raise ConnectionRefusedError("nobody there")
        self.sockets.append(FakeSocket(on_message, on_close))
        return self.sockets[-1]


async def test_pauses_grow_to_half_a_minute() -> None:
    bench = Bench()
    bench.failures = 10
    bench.link.start()
    await bench.link.wait_up(5)
    await bench.link.stop()
    assert bench.random.longest == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert bench.statuses == [LinkStatus.CONNECTING, LinkStatus.DOWN, LinkStatus.UP]


@pytest.mark.parametrize("surprise", [TypeError("?"), KeyError("?"), ZeroDivisionError()])
async def test_surprise_in_a_message_makes_a_new_connection(surprise: Exception) -> None:
    bench = Bench()
    bench.link.start()
    await bench.link.wait_up(5)
    bench.session.surprise = surprise
    bench.sockets[0].on_message(b"{}")
    async with asyncio.timeout(5):
        while len(bench.sockets) < 2:
            await asyncio.get_running_loop().run_in_executor(None, int)
    await bench.link.wait_up(5)
    await bench.link.stop()
    assert bench.sockets[0].is_closed
    assert bench.statuses[-2:] == [LinkStatus.DOWN, LinkStatus.UP]


async def test_refused_login_is_told_to_who_waits() -> None:
    bench = Bench()
    bench.session.refusal = BrokerAuthFailed("no")
    bench.link.start()
    with pytest.raises(BrokerAuthFailed):
        await bench.link.wait_up(5)
    await bench.link.stop()


async def test_link_that_does_not_come_up_is_a_time_out() -> None:
    bench = Bench()
    with pytest.raises(BrokerTimeout):
        await bench.link.wait_up(0.01)


async def test_stop_closes_the_connection_and_can_be_repeated() -> None:
    bench = Bench()
    bench.link.start()
    await bench.link.wait_up(5)
    await bench.link.stop()
    await bench.link.stop()
    assert bench.sockets[0].is_closed


def sockets_without_picows(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setitem(sys.modules, "picows", None)
    spec = importlib.util.find_spec(sockets.__name__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_aiohttp_stands_in_where_picows_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sockets_without_picows(monkeypatch)
    assert module.opener("auto") is module.open_with_aiohttp
    assert sockets.opener("auto") is sockets.open_with_picows
    assert sockets.opener("aiohttp") is sockets.open_with_aiohttp
