"""Cost of `edgerunner up` while nobody trades: CPU share and memory of all its processes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from measurement import Measurement

SETTLE_S = 5.0
WATCH_S = 30.0
STOP_TIMEOUT_S = 20.0


def run() -> list[Measurement]:
    """Watch an idle installation for `WATCH_S` seconds after `SETTLE_S` seconds of settling."""
    with installation() as process:
        time.sleep(SETTLE_S)
        before = cpu_seconds(process)
        started = time.monotonic()
        time.sleep(WATCH_S)
        share = (cpu_seconds(process) - before) / (time.monotonic() - started)
        family = processes_of(process)
        memory = sum(member.memory_info().rss for member in family) / 1e6
    return [
        Measurement(name="idle: processes", value=len(family), unit=""),
        Measurement(name="idle: CPU of all processes", value=100 * share, unit="% of core", goal=15),
        Measurement(name="idle: resident memory of all processes", value=memory, unit="MB", goal=400),
    ]


@contextmanager
def installation() -> Iterator[psutil.Process]:
    """`edgerunner up` on free ports in a fresh data folder, ready; it has to end cleanly."""
    with tempfile.TemporaryDirectory() as folder:
        ports = {f"EDGERUNNER_{name}PORT": "0" for name in ("", "SIM_CONTROL_", "SIM_BYBIT_", "SIM_IBKR_", "SIM_MT5_")}
        program = Path(sys.executable).with_name("edgerunner")
        with subprocess.Popen(
            [program, "up", "--json"],
            env={**os.environ, **ports, "EDGERUNNER_DATA_DIR": folder},
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            try:
                ready = json.loads((server.stdout and server.stdout.readline()) or "{}")
                if ready.get("event") != "ready":
                    raise RuntimeError(f"edgerunner up did not become ready: {ready}")
                yield psutil.Process(server.pid)
            finally:
                server.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
                server.wait(timeout=STOP_TIMEOUT_S)


def processes_of(process: psutil.Process) -> list[psutil.Process]:
    """The process and everything it started."""
    return [process, *process.children(recursive=True)]


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time that the whole family has used."""
    return sum(member.cpu_times().user + member.cpu_times().system for member in processes_of(process))
