"""Other people's MetaTrader 5 clients, each a process in an environment of their own, on a terminal that we choose."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
ENVIRONMENT = ROOT / ".venv-mt5-clients"
BIN = ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin")
PYTHON = BIN / ("python.exe" if sys.platform == "win32" else "python")
SESSION_S = 150

HOST = "127.0.0.1"
TOKEN = "a-token-for-conformance-clients-alone"
LOGIN = 1_000_001
NETTING_LOGIN = 1_000_002
PASSWORD = "sim-password"
SERVER = "Edgerunner-Sim"

RUNNERS = {"simulated": "edgerunner.simulators.mt5", "remote": "edgerunner.mt5_bridge.remote"}
WAYS = tuple(RUNNERS)
"""``import MetaTrader5`` gives the simulated module, or the remote module through a bridge."""


@dataclass(frozen=True)
class Said:
    """What a client printed, and how it ended."""

    output: str
    code: int

    def last_line(self) -> Any:
        """Return the last line as JSON; fails when the session did."""
        assert self.code == 0, self.output
        return json.loads(self.output.strip().splitlines()[-1])


def credentials(way: str) -> dict[str, Any]:
    """Return what a program logs in with: no password goes to a bridge, which has it already."""
    return {"login": LOGIN, "server": SERVER} | ({"password": PASSWORD} if way == "simulated" else {})


def connection_options(way: str) -> list[str]:
    return [part for name, value in credentials(way).items() for part in (f"--{name}", str(value))]


def on_terminal(way: str, program: Path, *arguments: str) -> list[str]:
    """Return the command that runs a program whose ``import MetaTrader5`` gives the terminal of ``way``."""
    return [str(PYTHON), "-m", RUNNERS[way], str(program), *arguments]


async def run_client(command: list[str], environment: dict[str, str], folder: Path) -> Said:
    """Run a client in an empty folder, with our package as a folder on ``sys.path`` and nothing else of ours."""
    assert PYTHON.exists(), f"{ENVIRONMENT.name} is missing: `make conformance` makes it"
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "backend"), "PYTHONWARNINGS": "default", **environment},
    )
    try:
        async with asyncio.timeout(SESSION_S):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        output, _ = await process.communicate()
        pytest.fail(f"the session did not end within {SESSION_S} s\n{output.decode()}")
    sys.stdout.write(output.decode())
    assert process.returncode is not None
    return Said(output.decode(), process.returncode)
