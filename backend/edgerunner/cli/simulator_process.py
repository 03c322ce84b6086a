"""The simulators as a process of their own: found again, started, claimed and ended by ``up``."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from edgerunner.cli.output import CommandFailed, ExitCode
from edgerunner.settings import PREFIX, Settings

_START_TIMEOUT_S: Final = 30
_STOP_TIMEOUT_S: Final = 10
_ASK_TIMEOUT_S: Final = 2
_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulators:
    """Running simulators: their process and ports; None = not in this version."""

    pid: int
    control: int
    bybit: int | None
    ibkr: int | None
    mt5: int | None

    def ports(self) -> dict[str, int | None]:
        """Return the ports as the ready line shows them."""
        return {"control": self.control, "bybit": self.bybit, "ibkr": self.ibkr, "mt5": self.mt5}


async def find_simulators(data_dir: Path) -> Simulators | None:
    """Return the simulators that run on this data folder, proven by their own health answer; else None."""
    try:
        record = json.loads((data_dir / "sim" / "process.json").read_text(encoding="utf-8"))
        pid, control = int(record["pid"]), int(record["control"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        health = await _ask(control, "GET", "/sim/health")
        listening = health["listening"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    if health.get("pid") != pid:
        return None  # the port belongs to other simulators by now
    return Simulators(
        pid=pid, control=control, bybit=listening.get("bybit"), ibkr=listening.get("ibkr"), mt5=listening.get("mt5")
    )


async def ensure_simulators(settings: Settings) -> Simulators:
    """Return the data folder's simulators as children of this process: found and claimed, else started.

    Raises ``CommandFailed`` with the simulators' own last sentence when they do not start.
    """
    found = await find_simulators(settings.data_dir)
    if found is not None:
        try:
            await _ask(found.control, "POST", "/sim/parent", {"pid": os.getpid()})
        except httpx.HTTPError as error:
            raise CommandFailed(
                ExitCode.FAILED, f"The running simulators (process {found.pid}) cannot be taken over: {error}."
            ) from error
        return found
    return await _start(settings)


async def stop_simulators(simulators: Simulators) -> None:
    """End the simulators: asked first, killed after 10 s. Their ledger is on disk at any moment."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(simulators.pid)
        process.send_signal(_stop_signal())
        try:
            await asyncio.to_thread(process.wait, _STOP_TIMEOUT_S)
        except psutil.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait, _STOP_TIMEOUT_S)


async def _start(settings: Settings) -> Simulators:
    folder = settings.data_dir / "sim"
    folder.mkdir(mode=0o700, exist_ok=True)
    log = folder / "simulators.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own program; starting it takes milliseconds
            _command_line(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            **_detached(),
        )
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            return await _until_ready(process, settings, log)
    except TimeoutError:
        raise CommandFailed(
            ExitCode.FAILED, f"The simulators did not start within {_START_TIMEOUT_S} s: see {log}."
        ) from None
    finally:
        if sys.exc_info()[0] is not None and process.poll() is None:
            process.kill()
            process.wait()


async def _until_ready(process: "subprocess.Popen[bytes]", settings: Settings, log: Path) -> Simulators:
    while True:
        if process.poll() is not None:
            raise CommandFailed(_code_of(process.returncode), _last_line(log))
        found = await find_simulators(settings.data_dir)
        if found is not None and found.pid == process.pid:
            return found
        await asyncio.sleep(_POLL_S)


def _command_line(settings: Settings) -> list[str]:
    return [
        *(sys.executable, "-m", "edgerunner.cli", "sim", "all", "--json"),
        *("--data-dir", str(settings.data_dir), "--parent", str(os.getpid())),
        *("--control-port", str(settings.sim_control_port), "--port", str(settings.sim_bybit_port)),
        *("--ibkr-port", str(settings.sim_ibkr_port), "--mt5-port", str(settings.sim_mt5_port)),
        *("--mt5-terminal-port", str(settings.sim_mt5_terminal_port)),
        *("--speed", str(settings.sim_speed)),
        *(() if settings.sim_seed is None else ("--seed", str(settings.sim_seed))),
    ]


def _detached() -> dict[str, Any]:
    """Let the child outlive this process and stay untouched by Ctrl-C in its terminal."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _stop_signal() -> signal.Signals:
    if sys.platform == "win32":
        return signal.CTRL_BREAK_EVENT
    return signal.SIGTERM


def _code_of(returncode: int) -> ExitCode:
    return ExitCode(returncode) if returncode in {ExitCode.USAGE, ExitCode.UNREACHABLE} else ExitCode.FAILED


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"The simulators ended without a word: see {PREFIX}DATA_DIR/sim."


async def _ask(port: int, method: str, path: str, body: dict[str, object] | None = None) -> Any:
    async with httpx.AsyncClient(trust_env=False, timeout=_ASK_TIMEOUT_S) as http:
        response = await http.request(method, f"http://127.0.0.1:{port}{path}", json=body)
        response.raise_for_status()
        return response.json()
