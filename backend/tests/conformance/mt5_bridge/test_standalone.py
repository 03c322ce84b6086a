"""The bridge as a package of its own: built, installed into an empty environment, started, called."""

import subprocess
import sys
import venv
from pathlib import Path

import aiohttp
import pytest

from tests.waiting import until
from tests.wire.mt5_bridge.bridge_process import bridge_command, environment, running
from tests.wire.mt5_bridge.harness import Caller

ROOT = Path(__file__).resolve().parents[4]
RECIPE = ROOT / "packaging" / "mt5-bridge"
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "-q")
INSTALL_S = 300

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(RECIPE)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment with the bridge and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("environment with a space")
    venv.create(folder, with_pip=True)
    executable = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [str(executable), *PIP, "install", str(wheel)]
    done = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode:
        pytest.skip(f"aiohttp, msgspec and numpy cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return str(executable)


def test_nothing_else_of_the_product_is_in_the_environment(python: str, tmp_path: Path) -> None:
    probe = "import edgerunner.mt5_bridge.server, edgerunner.domain"
    done = subprocess.run(
        [python, "-c", probe], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert "No module named 'edgerunner.domain'" in done.stderr
    listed = subprocess.run([python, *PIP, "list"], capture_output=True, text=True, check=True).stdout.lower()
    for foreign in ("fastapi", "pydantic", "sqlalchemy", "typer", "httpx"):
        assert foreign not in listed


async def test_the_bridge_starts_alone_and_answers(python: str, tmp_path: Path) -> None:
    with running(bridge_command(tmp_path, python=python), environment(tmp_path)) as bridge:
        async with aiohttp.ClientSession() as http:
            caller = Caller(bridge.url, http, bridge.token())

            async def is_connected() -> bool:
                return bool((await caller.call("account_info")).body["result"])

            await until(is_connected, timeout_s=20, what="the terminal is connected")
            await caller.take_lease()
            assert (await caller.send("key-1")).body["result"]["retcode"] == 10009
            status = (await caller.ask("GET", "/v1/status")).body
        assert bridge.stop() == 0
    assert status["bridge"] == "0.1.0"
