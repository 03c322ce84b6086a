"""The product as a user runs it: `edgerunner up` in a process of its own, spoken to over HTTP."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

READY_TIMEOUT_S = 60
CONNECTION_ID = "bybit-sim"

Json = dict[str, Any]


@dataclass
class Product:
    """One data folder, the API process on it, and the simulators it started."""

    data_dir: Path
    seed: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    url: str = ""
    control_url: str = ""

    def start(self) -> Json:
        """Start `edgerunner up` and return its ready line."""
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edgerunner.cli", "up", "--json"],
                env={**os.environ, **self._settings(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        ready = self._read_ready()
        self.url = str(ready["url"])
        self.control_url = f"http://127.0.0.1:{ready['simulators']['control']}"
        return ready

    def kill(self) -> None:
        """End the API process at once, as a crash would; the simulators live on."""
        process = self._running()
        process.kill()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()

    def stop(self) -> int:
        """Ask the API process to end, and return its exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
        return code

    def end(self) -> None:
        """End whatever still runs."""
        simulator_pid = self.simulator_pid()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if simulator_pid is not None and psutil.pid_exists(simulator_pid):
            psutil.Process(simulator_pid).kill()

    def simulator_pid(self) -> int | None:
        """Return the simulators' process id as their own record says, or None."""
        try:
            return int(json.loads((self.data_dir / "sim" / "process.json").read_text())["pid"])
        except (OSError, ValueError, KeyError):
            return None

    def client(self) -> httpx.AsyncClient:
        """Return an authorised HTTP client; the caller closes it."""
        key = (self.data_dir / "api_key").read_text().strip()
        return httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False
        )

    def control(self) -> httpx.AsyncClient:
        """Return a client of the simulators' control port; the caller closes it."""
        return httpx.AsyncClient(base_url=self.control_url, timeout=30, trust_env=False)

    def log(self) -> str:
        """Return what the API process wrote to stderr."""
        return self.log_file.read_text()

    @property
    def log_file(self) -> Path:
        """Return where the API process's stderr goes."""
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    def _settings(self) -> Json:
        return {
            "EDGERUNNER_DATA_DIR": str(self.data_dir),
            "EDGERUNNER_PORT": "0",
            "EDGERUNNER_SIM_CONTROL_PORT": "0",
            "EDGERUNNER_SIM_BYBIT_PORT": "0",
            "EDGERUNNER_SIM_IBKR_PORT": "0",
            "EDGERUNNER_SIM_MT5_PORT": "0",
            "EDGERUNNER_SIM_MT5_TERMINAL_PORT": "0",
            "EDGERUNNER_SIM_SEED": str(self.seed),
        }

    def _running(self) -> "subprocess.Popen[str]":
        if self.process is None:
            raise AssertionError("the product was not started")
        return self.process

    def _read_ready(self) -> Json:
        process = self._running()
        assert process.stdout is not None
        line = process.stdout.readline()  # the product itself gives up after a bounded time
        if not line:
            raise AssertionError(f"`edgerunner up` ended with code {process.wait()}:\n{self.log()[-4000:]}")
        ready: Json = json.loads(line)
        assert ready["event"] == "ready", ready
        return ready
