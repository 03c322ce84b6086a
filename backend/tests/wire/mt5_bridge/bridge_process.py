"""The bridge as a process of its own, with a fake terminal module that it loads by name."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
START_S = 30.0
STOP_S = 20.0
PASSWORDS = {"EDGERUNNER_MT5_PASSWORD_1001": "secret-1001"}


def write_module(folder: Path) -> str:
    """Write an importable terminal module into a folder and return its name."""
    (folder / "fake_terminal.py").write_text((HERE / "fake_terminal.py").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "demo_terminal.py").write_text(
        "from fake_terminal import FakeTerminal, install\n\ninstall(FakeTerminal(), __name__)\n", encoding="utf-8"
    )
    return "demo_terminal"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a bridge: nothing of this one's own settings, the folder's modules, the passwords."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EDGERUNNER_")}
    return inherited | {"PYTHONPATH": str(folder)} | PASSWORDS | more


def run(command: Sequence[str], variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command that ends by itself."""
    return subprocess.run(
        list(command), env=dict(variables), capture_output=True, text=True, timeout=START_S, check=False
    )


class BridgeProcess:
    """A running bridge and the first line it said."""

    def __init__(self, process: "subprocess.Popen[str]", ready: Mapping[str, Any]) -> None:
        self.process = process
        self.ready = ready

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    def token(self) -> str:
        return Path(self.ready["token_file"]).read_text(encoding="ascii").strip()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(STOP_S)


@contextlib.contextmanager
def running(command: Sequence[str], variables: Mapping[str, str]) -> Iterator[BridgeProcess]:
    """Start a bridge with ``--json`` and wait for its ready line."""
    process = subprocess.Popen(
        [*command, "--json"], env=dict(variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines: queue.Queue[str] = queue.Queue(maxsize=1)
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        line = lines.get(timeout=START_S)
        if not line:
            _, errors = process.communicate(timeout=STOP_S)
            raise AssertionError(f"the bridge ended with {process.returncode}: {errors}")
        yield BridgeProcess(process, json.loads(line))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=STOP_S)


def bridge_command(folder: Path, *more: str, python: str = sys.executable) -> list[str]:
    """The command line of a bridge to the module of ``write_module`` on a free port."""
    module = write_module(folder)
    return [
        *(python, "-m", "edgerunner.mt5_bridge", "--module", module, "--port", "0", "--login", "1001"),
        *("--data-dir", str(folder / "data"), *more),
    ]
