"""The canary finds a leak, wherever it is and with workers too; and is silent without one."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]

PLANT = """
import logging
from edgerunner.logs import remember_secret

SECRET = "planted-" + "b7f1c0ffee"
"""
LEAKS = {
    "stdout": "    print('the secret is', SECRET)",
    "log": "    logging.getLogger('x').warning('signed with %s', SECRET)",
    "file": "    (tmp_path / 'journal.db').write_bytes(b'\\0' * 100 + SECRET.encode())",
    "api key": "    (tmp_path / 'api_key').write_text('k' * 43); (tmp_path / 'export.csv').write_text('a,' + 'k' * 43)",
    "signature": "    print({'X-BAPI-SIGN': 'ab' * 32})",
    "token": "    print('Bearer eyJhbGciOiJI' + 'UzI1NiJ9.eyJzdWIiOiJib2IiLCJhdWQ' + 'iOiJ4In0.' + 'c2lnbmF0dXJl' * 3)",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the canary of this very run does not look through."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def run(folder: Path, *bodies: str, options: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    test = folder / "test_planted.py"
    tests = [f"def test_{number}(tmp_path):\n    remember_secret(SECRET)\n{body}" for number, body in enumerate(bodies)]
    test.write_text("\n".join([PLANT, *tests]))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.canary",
        "-p",
        "no:cacheprovider",
        *options,
        str(test),
    ]
    return subprocess.run(
        [*command, f"--basetemp={folder / 'temp'}", f"--rootdir={folder}", "-o", f"pythonpath={BACKEND}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=BACKEND,
    )


def test_every_leak_fails_the_run_without_being_shown(folder: Path) -> None:
    ended = run(folder, *LEAKS.values())
    assert ended.returncode == 1, ended.stdout
    leaks = [line for line in ended.stdout.splitlines() if line.startswith("SECRET LEAKED")]
    assert len(leaks) == len(LEAKS), ended.stdout
    assert all("planted-b7f1c0ffee" not in leak for leak in leaks)


def test_a_leak_in_a_worker_fails_the_run(folder: Path) -> None:
    ended = run(folder, LEAKS["file"], options=("-n", "1"))
    assert ended.returncode == 1, ended.stdout
    assert "SECRET LEAKED" in ended.stdout


def test_a_secret_that_is_kept_is_no_leak(folder: Path) -> None:
    ended = run(folder, "    (tmp_path / 'api_key').write_text(SECRET)")
    assert ended.returncode == 0, ended.stdout + ended.stderr
