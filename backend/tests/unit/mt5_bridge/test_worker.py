"""The thread that owns the module: order of work, bounds, and what a hanging call does to the others."""

import asyncio
import threading
from collections.abc import AsyncIterator
from types import ModuleType

import pytest

from edgerunner.mt5_bridge.terminal_module import TerminalModule
from edgerunner.mt5_bridge.worker import NotAnswering, Priority, QueueFull, StillRunning, TerminalWorker
from tests.unit.mt5_bridge import quiet_terminal

LONG_S = 30.0
SHORT_S = 0.05


class Gate:
    """A job that ends when it is told to."""

    def __init__(self) -> None:
        self.is_inside = threading.Event()
        self.may_leave = threading.Event()

    def __call__(self, _module: TerminalModule) -> str:
        self.is_inside.set()
        self.may_leave.wait(LONG_S)
        return "left"

    async def entered(self) -> None:
        assert await asyncio.to_thread(self.is_inside.wait, LONG_S)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def worker(gate: Gate) -> AsyncIterator[TerminalWorker]:
    worker = TerminalWorker(lambda: TerminalModule(quiet_terminal), capacity=2)
    await worker.start()
    yield worker
    gate.may_leave.set()
    await worker.stop()


async def test_a_hanging_call_gives_up_whatever_waits_at_once(worker: TerminalWorker, gate: Gate) -> None:
    done: list[str] = []
    hanging = asyncio.create_task(worker.run(gate, priority=Priority.CALL, timeout_s=SHORT_S))
    await gate.entered()
    patient = asyncio.create_task(
        worker.run(lambda _: done.append("patient"), priority=Priority.ORDER, timeout_s=LONG_S)
    )
    with pytest.raises(StillRunning) as running:
        await hanging
    async with asyncio.timeout(LONG_S / 2):
        with pytest.raises(NotAnswering):
            await patient
    with pytest.raises(NotAnswering):
        await worker.run(lambda _: done.append("later"), priority=Priority.CALL, timeout_s=LONG_S)
    gate.may_leave.set()
    assert await running.value.future == "left"
    assert worker.is_answering
    assert await worker.run(lambda _: "fine", priority=Priority.CALL, timeout_s=LONG_S) == "fine"
    assert done == []


async def test_orders_go_before_calls_and_calls_before_polls(worker: TerminalWorker, gate: Gate) -> None:
    done: list[Priority] = []

    def queue(priority: Priority) -> "asyncio.Task[None]":
        return asyncio.create_task(worker.run(lambda _: done.append(priority), priority=priority, timeout_s=LONG_S))

    first = asyncio.create_task(worker.run(gate, priority=Priority.POLL, timeout_s=LONG_S))
    await gate.entered()
    waiting = [queue(priority) for priority in (Priority.POLL, Priority.CALL, Priority.ORDER, Priority.CALL)]
    while worker.waiting < 4:
        await asyncio.wait([first], timeout=SHORT_S)
    gate.may_leave.set()
    await asyncio.gather(first, *waiting)
    assert done == [Priority.ORDER, Priority.CALL, Priority.CALL, Priority.POLL]


async def test_a_full_queue_refuses_and_another_priority_is_not_full(worker: TerminalWorker, gate: Gate) -> None:
    first = asyncio.create_task(worker.run(gate, priority=Priority.CALL, timeout_s=LONG_S))
    await gate.entered()
    waiting = [asyncio.create_task(worker.run(lambda _: 1, priority=Priority.CALL, timeout_s=LONG_S)) for _ in range(2)]
    while worker.waiting < 2:
        await asyncio.wait([first], timeout=SHORT_S)
    with pytest.raises(QueueFull):
        await worker.run(lambda _: 1, priority=Priority.CALL, timeout_s=LONG_S)
    order = asyncio.create_task(worker.run(lambda _: 2, priority=Priority.ORDER, timeout_s=LONG_S))
    while worker.waiting < 3:
        await asyncio.wait([first], timeout=SHORT_S)
    gate.may_leave.set()
    assert await asyncio.gather(first, *waiting, order) == ["left", 1, 1, 2]


async def test_a_caller_that_leaves_takes_its_waiting_job_along(worker: TerminalWorker, gate: Gate) -> None:
    done: list[str] = []
    first = asyncio.create_task(worker.run(gate, priority=Priority.CALL, timeout_s=LONG_S))
    await gate.entered()
    leaving = asyncio.create_task(worker.run(lambda _: done.append("left"), priority=Priority.ORDER, timeout_s=LONG_S))
    while not worker.waiting:
        await asyncio.wait([first], timeout=SHORT_S)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    gate.may_leave.set()
    await first
    assert (done, worker.waiting) == ([], 0)


async def test_what_a_job_raises_reaches_its_caller(worker: TerminalWorker) -> None:
    def broken(_module: TerminalModule) -> None:
        raise LookupError("it broke")

    with pytest.raises(LookupError, match="it broke"):
        await worker.run(broken, priority=Priority.CALL, timeout_s=LONG_S)


async def test_a_module_that_cannot_be_loaded_fails_the_start() -> None:
    def load() -> TerminalModule:
        raise OSError("no such library")

    worker = TerminalWorker(load, capacity=2)
    with pytest.raises(OSError, match="no such library"):
        await worker.start()
    await worker.stop()


async def test_a_stopped_worker_takes_nothing(worker: TerminalWorker) -> None:
    await worker.stop()
    with pytest.raises(NotAnswering):
        await worker.run(lambda _: 1, priority=Priority.CALL, timeout_s=LONG_S)
    assert isinstance(quiet_terminal, ModuleType)
