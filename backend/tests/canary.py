"""Secrets planted where secrets go, and looked for in everything the suite wrote; a leak fails the run.

A canary is every value that the product itself was told never to log, every key file that it made in a test's folder,
and the credentials that the tests of the API connect with. Looked through are what each test let be captured
(stdout, stderr, logs, without our redaction where a test has not set it up), and every file in the tests' folders:
databases, journals, exports, logs, other than the key files themselves. Signatures and tokens, which nobody knows
beforehand, are looked for by their shape.

A pytest plugin (its hooks are imported by ``conftest``); with xdist each worker looks through what is its own.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import pytest

from edgerunner import logs

CREDENTIALS: Final = {"api_key": "canary-key-8d2c4b6a1f9", "api_secret": "canary-word-5f0e1d7c9"}
"""What the tests of the API connect with."""

KEY_FILES: Final = frozenset({"api_key", "master.key", "jwt.key"})
LARGEST_FILE: Final = 64_000_000
SHAPES: Final = {
    "a Bybit signature": re.compile(rb"X-BAPI-SIGN['\"]?\s*[:=,]\s*b?['\"]?[0-9a-f]{64}", re.IGNORECASE),
    "a signed token": re.compile(rb"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
}
_LEAKS: Final = "edgerunner_canary_leaks"

_leaks: list[str] = []
_of_folder: dict[Path, set[str]] = {}
_learned: set[str] = set()


class _Notebook(set[str]):
    """The product's own set of secrets, which also notes those that are added again."""

    def add(self, value: str) -> None:
        super().add(value)
        _learned.add(value)


logs._known_secrets = _Notebook(logs._known_secrets)


def leaks_in(content: bytes, secrets: AbstractSet[str]) -> Iterator[str]:
    """Yield what of the secrets stands in a text or file, without showing it."""
    for secret in secrets:
        if secret.encode() in content:
            yield f"the secret {secret[:4]}... ({len(secret)} characters)"
    for name, shape in SHAPES.items():
        if shape.search(content):
            yield name


def leaks_of_folder(folder: Path, secrets: AbstractSet[str]) -> Iterator[str]:
    """Yield every file of a test's folder that shows a secret of it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    kept = {word for file in files if is_key_file(file) for word in _words(file)}
    for file in files:
        if not is_key_file(file) and file.stat().st_size <= LARGEST_FILE:
            for leak in leaks_in(file.read_bytes(), secrets | kept):
                yield f"{file.relative_to(folder.parent)} shows {leak}"


def is_key_file(path: Path) -> bool:
    """Tell whether the product keeps a key in a file, the draft of one included."""
    return path.name in KEY_FILES or path.name.startswith(".master.key.")


def _words(key_file: Path) -> set[str]:
    words = key_file.read_bytes().decode(errors="replace").split()
    return {word for word in words if len(word) >= 32}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin a page for a test."""
    _learned.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Note what the product was told not to log while the test ran, beside the test's folder."""
    folder = (getattr(item, "funcargs", None) or {}).get("tmp_path")
    if isinstance(folder, Path):
        _of_folder.setdefault(folder, set()).update(_learned)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Look through what a test let be captured."""
    for name, text in report.sections:
        secrets = logs._known_secrets | set(CREDENTIALS.values())
        _leaks.extend(f"{report.nodeid}: {name} shows {leak}" for leak in leaks_in(text.encode(), secrets))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look through every folder, and fail the run when anything was found."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    base = getattr(factory, "_basetemp", None)
    for folder in sorted(base.iterdir()) if base is not None and base.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink() and not folder.name.startswith("popen-"):
            secrets = _of_folder.get(folder, set()) | set(CREDENTIALS.values())
            _leaks.extend(leaks_of_folder(folder, secrets))
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_LEAKS] = _leaks
    elif _leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what a worker found."""
    _leaks.extend(getattr(node, "workeroutput", {}).get(_LEAKS, []))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was found."""
    for leak in sorted(set(_leaks)):
        terminalreporter.write_line(f"SECRET LEAKED: {leak}", red=True)
