"""The canary finds a leak, wherever it is and with workers too; and is silent without one."""

import subprocess
import sys
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]

PLANT = """
import logging
from pathlib import Path
from edgerunner.logs import remember_secret

SECRET = "planted-" + "b7f1c0ffee"

def test_it(tmp_path: Path) -> None:
    remember_secret(SECRET)
"""
LEAKS = {
    "stdout": "    print('the secret is', SECRET)",
    "log": "    logging.getLogger('x').warning('signed with %s', SECRET)",
    "file": "    (tmp_path / 'journal.db').write_bytes(b'\\0' * 100 + SECRET.encode())",
    "api key": "    (tmp_path / 'api_key').write_text('k' * 43); (tmp_path / 'export.csv').write_text('a,' + 'k' * 43)",
    "signature": "    print({'X-BAPI-SIGN': 'ab' * 32})",
    "token": "    print('Bearer eyJhbGciOiJI' + 'UzI1NiJ9.eyJzdWIiOiJib2IiLCJhdWQ' + 'iOiJ4In0.' + 'c2lnbmF0dXJl' * 3)",
}


def run(folder: Path, line: str, *options: str) -> "subprocess.CompletedProcess[str]":
    test = folder / "test_planted.py"
    test.write_text(f"{PLANT}\n{line}\n")
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


@pytest.mark.parametrize("place", LEAKS)
def test_a_leak_fails_the_run_without_being_shown(tmp_path: Path, place: str) -> None:
    ended = run(tmp_path, LEAKS[place])
    assert ended.returncode == 1, ended.stdout
    assert "SECRET LEAKED" in ended.stdout
    assert "planted-b7f1c0ffee" not in ended.stdout


def test_a_leak_in_a_worker_fails_the_run(tmp_path: Path) -> None:
    ended = run(tmp_path, LEAKS["file"], "-n", "2")
    assert ended.returncode == 1, ended.stdout
    assert "SECRET LEAKED" in ended.stdout


def test_a_secret_that_is_kept_is_no_leak(tmp_path: Path) -> None:
    ended = run(tmp_path, "    (tmp_path / 'api_key').write_text(SECRET)")
    assert ended.returncode == 0, ended.stdout + ended.stderr
