"""The watch over the terminal's connection."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgerunner.mt5_bridge.connection import TerminalConnection
from edgerunner.mt5_bridge.terminal_module import TerminalModule, load_module
from edgerunner.mt5_bridge.worker import Priority, TerminalWorker
from tests.waiting import until
from tests.wire.mt5_bridge.fake_terminal import FakeTerminal, install
from tests.wire.mt5_bridge.harness import settings_for

MODULE = "unit_fake_mt5"


class Watched:
    def __init__(self, terminal: FakeTerminal, worker: TerminalWorker, connection: TerminalConnection) -> None:
        self.terminal = terminal
        self.worker = worker
        self.connection = connection

    async def until_initialized(self, times: int) -> None:
        async def is_so() -> bool:
            return self.terminal.count("initialize") >= times

        await until(is_so, timeout_s=10, what=f"initialize was called {times} times")

    async def call(self) -> None:
        def job(module: TerminalModule) -> None:
            self.connection.note(module.call("symbols_total"))

        await self.worker.run(job, priority=Priority.CALL, timeout_s=10)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    terminal = FakeTerminal()
    terminal.is_up = False
    install(terminal, MODULE)
    worker = TerminalWorker(lambda: load_module(MODULE), capacity=8)
    connection = TerminalConnection(worker, settings_for(tmp_path, MODULE), back_off_s=(0.01, 0.02, 600))
    await worker.start()
    await connection.start()
    yield Watched(terminal, worker, connection)
    await connection.stop()
    await worker.stop()


async def test_calls_that_fail_do_not_hurry_the_next_try(watched: Watched) -> None:
    await watched.until_initialized(3)
    for _ in range(200):
        await watched.call()
    assert watched.terminal.count("initialize") == 3


async def test_a_client_that_initializes_is_not_kept_waiting(watched: Watched) -> None:
    await watched.until_initialized(3)
    watched.terminal.is_up = True
    assert (await watched.connection.initialize(None)).result is True
    assert watched.connection.view.state == "connected"
    assert watched.terminal.login == 1001
    watched.terminal.is_initialized = False
    await watched.call()
    await watched.until_initialized(5)  # a lost connection is noticed by the first call that fails


async def test_a_terminal_that_was_away_between_two_looks_has_another_generation(watched: Watched) -> None:
    await watched.until_initialized(1)
    watched.terminal.is_up = True
    await watched.connection.initialize(None)
    before = watched.connection.view
    watched.terminal.is_initialized = False
    await watched.call()

    async def is_another() -> bool:
        return watched.connection.view.generation == before.generation + 1

    await until(is_another, timeout_s=10, what="the generation has changed")
    after = watched.connection.view
    assert (after.state, after.login) == (before.state, before.login)
    assert after.body()["generation"] == after.generation
    assert (await watched.connection.initialize(None)).result is True
    assert watched.connection.view.generation == after.generation
