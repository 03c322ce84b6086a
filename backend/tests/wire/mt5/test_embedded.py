"""A terminal in a thread of the program's own process."""

import asyncio
import threading
from pathlib import Path

import pytest

from edgerunner.simulators.faults import FaultMatch
from edgerunner.simulators.mt5.client import Connection
from edgerunner.simulators.mt5.embedded import EmbeddedTerminal
from edgerunner.simulators.mt5.finding import ensure_terminal, is_terminal_listening
from edgerunner.simulators.mt5.module import create_module
from edgerunner.simulators.mt5.settings import TERMINAL_VARIABLE, Mt5Settings


def test_it_serves_until_it_is_stopped_and_takes_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = EmbeddedTerminal(settings=Mt5Settings(server_zone="UTC"))
    terminal.start()
    monkeypatch.setenv(TERMINAL_VARIABLE, f"127.0.0.1:{terminal.port}")
    mt5 = create_module("MetaTrader5", Connection())
    try:
        assert is_terminal_listening()
        ensure_terminal()
        assert sum(thread.name == "simulated-terminal" for thread in threading.enumerate()) == 1
        assert mt5.initialize()
        terminal.faults.add("mt5", "mt5.requote", match=FaultMatch(op="place"))
        order = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "type_filling": mt5.ORDER_FILLING_IOC}
        assert mt5.order_send(order).retcode == mt5.TRADE_RETCODE_REQUOTE
        assert mt5.order_send(order).retcode == mt5.TRADE_RETCODE_DONE
    finally:
        terminal.stop()
    assert mt5.account_info() is None
    assert mt5.last_error() == (-10004, "No IPC connection")
    assert not is_terminal_listening()
    assert not any(thread.name == "simulated-terminal" for thread in threading.enumerate())


def test_a_terminal_that_cannot_start_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RuntimeError, match="did not start") as refusal:
        EmbeddedTerminal(tmp_path / "file").start()
    assert refusal.value.__cause__ is not None


async def test_it_runs_beside_a_loop_of_the_program_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = EmbeddedTerminal()
    await asyncio.to_thread(terminal.start)
    monkeypatch.setenv(TERMINAL_VARIABLE, f"127.0.0.1:{terminal.port}")
    mt5 = create_module("MetaTrader5", Connection())
    try:
        assert await asyncio.to_thread(mt5.initialize)
        infos = await asyncio.gather(*(asyncio.to_thread(mt5.symbol_info, "EURUSD") for _ in range(20)))
        assert {info.name for info in infos} == {"EURUSD"}
        mt5.shutdown()
    finally:
        await asyncio.to_thread(terminal.stop)
