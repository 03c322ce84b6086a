"""The package in this process: one thread, one step with ``last_error``, and what its silence proves."""

import asyncio
import sys
import threading
import types
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from edgerunner.adapters.mt5.in_process import InProcessTerminal, Launch
from edgerunner.adapters.mt5.terminal import CallFailed, Calls, Pace, Urgency
from edgerunner.adapters.mt5.worker import NotBegun, StillRunning, Worker
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerTimeout,
    BrokerUnreachable,
    InvalidRequest,
    NotConnected,
    OutcomeUnknown,
    Unsupported,
)
from edgerunner.mt5_surface.structs import AccountInfo, OrderSendResult
from tests.unit.adapters.mt5.rows import row

NAME = "a_terminal_package_of_tests"
PACE = Pace(call_s=2, order_s=0.2, history_s=2, changes_s=60, ticks_s=60)


class Package(types.ModuleType):
    """Answers what it is told to, and notes how it was called and by whom."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any] | None]] = []
        self.threads: set[str] = set()
        self.answers: dict[str, Any] = {
            "initialize": True,
            "account_info": row(AccountInfo, login=5, server="There"),
            "order_send": row(OrderSendResult, retcode=10009, order=7),
        }
        self.error = (1, "Success")
        self.gate: threading.Event | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **named: Any) -> Any:
            self.threads.add(threading.current_thread().name)
            self.calls.append((name, arguments, named or None))
            if name == "last_error":
                return self.error
            if name == "order_send" and self.gate is not None:
                self.gate.wait(5)
            answer = self.answers.get(name, ())
            self.error = (-1, f"{name} failed") if answer is None else (1, "Success")
            return answer

        return call


async def turn() -> None:
    """Let tasks that were made begin."""
    await asyncio.get_running_loop().run_in_executor(None, threading.get_ident)


@pytest.fixture
def package() -> Iterator[Package]:
    package = Package()
    sys.modules[NAME] = package
    yield package
    del sys.modules[NAME]


def terminal(**changes: Any) -> InProcessTerminal:
    launch = {"module": NAME, "path": None, "login": 5, "password": "pw", "server": "There", "portable": False}
    return InProcessTerminal(Launch(**{**launch, "timeout_s": 3.0, **changes}), PACE)


async def test_trap_27_launch_is_told_path_account_and_portable(package: Package) -> None:
    opened = terminal(path="C:\\MT5\\terminal64.exe", portable=True)
    await opened.open()
    assert package.calls[0] == (
        "initialize",
        ("C:\\MT5\\terminal64.exe",),
        {"timeout": 3000, "login": 5, "password": "pw", "server": "There", "portable": True},
    )
    await opened.close()
    assert package.calls[-1][0] == "shutdown"


async def test_password_is_shown_nowhere() -> None:
    assert "pw" not in repr(terminal()._launch)


async def test_trap_4_call_without_names_passes_no_keywords(package: Package) -> None:
    opened = terminal()
    await opened.open()
    await opened.call("orders_get")
    await opened.call("positions_get", named={"symbol": "EURUSD"})
    assert [named for name, _, named in package.calls if name.endswith("_get")] == [None, {"symbol": "EURUSD"}]
    await opened.close()


async def test_trap_13_none_is_an_error_and_an_empty_tuple_is_an_answer(package: Package) -> None:
    opened = terminal()
    await opened.open()
    assert await Calls(opened).orders() == ()
    package.answers["orders_get"] = None
    with pytest.raises(CallFailed, match="orders_get failed"):
        await opened.call("orders_get")
    with pytest.raises(BrokerUnreachable):
        await Calls(opened).orders()
    await opened.close()


async def test_trap_19_calls_and_their_errors_are_one_step_on_one_thread(package: Package) -> None:
    opened = terminal()
    await opened.open()
    package.answers |= {"bad_one": None, "bad_two": None}

    async def fails(name: str) -> str:
        with pytest.raises(CallFailed) as caught:
            await opened.call(name)
        return caught.value.text

    names = ["bad_one", "bad_two"] * 50
    assert await asyncio.gather(*map(fails, names)) == [f"{name} failed" for name in names]
    assert package.threads == {f"{NAME}-calls"}
    await opened.close()


async def test_trap_20_order_without_an_answer_in_time_is_unknown(package: Package) -> None:
    opened = terminal()
    await opened.open()
    package.gate = threading.Event()
    with pytest.raises(OutcomeUnknown):
        await opened.send({"action": 1}, key="K", urgency=Urgency.ORDER)
    package.gate.set()
    await opened.close()


async def test_trap_20_order_that_waits_behind_another_call_is_not_sent_at_all(package: Package) -> None:
    opened = terminal()
    await opened.open()
    gate = package.gate = threading.Event()
    first = asyncio.create_task(opened.send({"action": 1}, key="A", urgency=Urgency.ORDER))
    await turn()
    with pytest.raises(BrokerUnreachable, match="not sent"):
        await opened.send({"action": 5}, key="B", urgency=Urgency.ORDER)
    with pytest.raises(OutcomeUnknown):
        await first
    gate.set()
    await opened.call("orders_get")
    assert [arguments for name, arguments, _ in package.calls if name == "order_send"] == [({"action": 1},)]
    await opened.close()


async def test_trap_18_order_is_not_sent_on_another_account(package: Package) -> None:
    opened = terminal()
    await opened.open()
    package.answers["account_info"] = row(AccountInfo, login=6, server="There")
    with pytest.raises(NotConnected, match="logged in as 6"):
        await opened.send({"action": 1}, key="K", urgency=Urgency.ORDER)
    assert "order_send" not in {name for name, _, _ in package.calls}
    await opened.close()


@pytest.mark.parametrize(
    ("error", "path", "kind"),
    [
        ((-6, "Terminal: Authorization failed"), None, BrokerAuthFailed),
        ((-10003, "IPC initialize failed, MetaTrader 5 x64 not found"), None, BrokerUnreachable),
        ((-10003, "IPC initialize failed, MetaTrader 5 x64 not found"), "C:\\x\\terminal64.exe", InvalidRequest),
        ((-10005, "IPC timeout"), None, BrokerTimeout),
        ((-8, "Auto-Trading using Python API disabled in Terminal"), None, Unsupported),
        ((-5, "Terminal: Incompatible versions"), None, Unsupported),
        ((-10004, "No IPC connection"), None, NotConnected),
        ((-1, "Terminal: Call failed"), None, BrokerUnreachable),
    ],
)
async def test_trap_21_refused_launch_is_said_by_its_cause(
    package: Package, error: tuple[int, str], path: str | None, kind: type[Exception]
) -> None:
    package.__dict__["initialize"] = lambda *_, **__: False
    package.__dict__["last_error"] = lambda: error
    opened = terminal(path=path)
    with pytest.raises(kind):
        await opened.open()
    await opened.close()


async def test_urgent_jobs_overtake_those_that_wait() -> None:
    worker, gate, done = Worker("jobs"), threading.Event(), list[Urgency]()
    worker.start()
    first = asyncio.create_task(worker.run(lambda: gate.wait(5), urgency=Urgency.QUERY, timeout_s=5))
    await turn()
    rest = [
        asyncio.create_task(worker.run(partial(done.append, each), urgency=each, timeout_s=5))
        for each in (Urgency.HISTORY, Urgency.QUERY, Urgency.ORDER, Urgency.CANCEL)
    ]
    await turn()
    gate.set()
    await asyncio.gather(first, *rest)
    assert done == sorted(done)
    worker.stop()


async def test_stopped_worker_runs_nothing_that_waits() -> None:
    worker, gate = Worker("jobs"), threading.Event()
    worker.start()
    first = asyncio.create_task(worker.run(lambda: gate.wait(5), urgency=0, timeout_s=0.05))
    await turn()
    second = asyncio.create_task(worker.run(lambda: "done", urgency=1, timeout_s=5))
    await turn()
    with pytest.raises(StillRunning):
        await first
    worker.stop()
    with pytest.raises(NotBegun):
        await second
    gate.set()
    with pytest.raises(NotBegun):
        await worker.run(lambda: None, urgency=0, timeout_s=1)
