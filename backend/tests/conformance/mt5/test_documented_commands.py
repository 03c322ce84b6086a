"""The commands of the documents: `edgerunner sim mt5`, and a program on its terminal and through its bridge."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from edgerunner.simulators.mt5.settings import TERMINAL_VARIABLE
from tests.conformance.mt5.clients import HERE, HOST, WAYS, credentials, on_terminal, run_client
from tests.conformance.mt5.ledger_check import check_ledger

pytestmark = [pytest.mark.conformance, pytest.mark.system]

START_S = 60
STOP_S = 20


@dataclass(frozen=True)
class Simulators:
    """Where the running command listens."""

    control: int
    bridge: int
    terminal: int

    def environment(self, way: str) -> dict[str, str]:
        """Return what the documents tell a user to set."""
        if way == "simulated":
            return {TERMINAL_VARIABLE: f"{HOST}:{self.terminal}"}
        return {
            "EDGERUNNER_MT5_BRIDGE_URL": f"http://{HOST}:{self.bridge}",
            "EDGERUNNER_MT5_BRIDGE_TOKEN": "sim-token",
        }

    async def ledger(self) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            answer = await http.get(f"http://{HOST}:{self.control}/sim/ledger", params={"broker": "mt5"})
        assert answer.status_code == 200, answer.text
        ledger: dict[str, Any] = answer.json()
        return ledger


@pytest.fixture
async def simulators(tmp_path: Path) -> AsyncIterator[Simulators]:
    terminal = free_port()
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "edgerunner.cli", "sim", "mt5", "--json", "--port", "0", "--control-port", "0"],
        *["--data-dir", str(tmp_path / "data")],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "EDGERUNNER_SIM_MT5_TERMINAL_PORT": str(terminal)},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            ready = json.loads(await process.stdout.readline())["simulators"]
        yield Simulators(control=ready["control"], bridge=ready["mt5"], terminal=terminal)
    finally:
        await end(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        pytest.fail(f"`edgerunner sim mt5` did not end within {STOP_S} s")


@pytest.mark.parametrize("way", WAYS)
async def test_a_program_runs_on_edgerunner_sim_mt5(way: str, simulators: Simulators, tmp_path: Path) -> None:
    command = on_terminal(way, HERE / "pymt5adapter_session.py", json.dumps(credentials(way)))
    said = await run_client(command, simulators.environment(way), tmp_path)
    check_ledger(await simulators.ledger(), said.last_line())
