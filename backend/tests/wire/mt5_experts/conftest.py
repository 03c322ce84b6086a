"""The reference EA built for this machine, once per run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SOURCE = ROOT / "mt5" / "EdgerunnerBridge.mq5"
CHECK = ROOT / "tools" / "mql5_check.py"


def run_check(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the shim's check."""
    return subprocess.run(
        [sys.executable, str(CHECK), *words], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="session")
def compiler() -> None:
    if shutil.which("g++") is None or sys.platform == "win32":
        pytest.skip("there is no g++ on this machine (Debian: apt install g++), so the MQL5 source is not checked")


@pytest.fixture(scope="session")
def reference_ea(compiler: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The EA as a program: its own source, compiled against the shim."""
    program = tmp_path_factory.mktemp("ea") / "EdgerunnerBridge.ex5"
    done = run_check(str(SOURCE), "--build", str(program))
    assert done.returncode == 0, done.stderr
    return program
