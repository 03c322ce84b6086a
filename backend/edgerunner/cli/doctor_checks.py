"""The doctor's checks of this machine and of the data folder; none of them changes anything."""

import ctypes
import importlib.util
import os
import re
import sqlite3
import stat
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from edgerunner.settings import PREFIX, DataFolderError, Settings, prepare_data_folder, read_api_key

_LOWEST_PYTHON: Final = (3, 11)
_HIGHEST_PYTHON: Final = (3, 13)
_OPTIONAL: Final = {"uvloop": "a faster event loop", "picows": "faster WebSockets"}
_TIME_ERROR: Final = 5
"""ntp_gettime(3): the clock is not synchronized."""


class Level(StrEnum):
    """How good or bad a finding is."""

    OK = "ok"
    NOTE = "note"
    TROUBLE = "TROUBLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; ``text`` of a trouble says what to do."""

    level: Level
    name: str
    text: str


def ok(name: str, text: str) -> Finding:
    """Return a good finding."""
    return Finding(level=Level.OK, name=name, text=text)


def note(name: str, text: str) -> Finding:
    """Return a finding that need not be mended."""
    return Finding(level=Level.NOTE, name=name, text=text)


def trouble(name: str, text: str) -> Finding:
    """Return a finding that has to be mended."""
    return Finding(level=Level.TROUBLE, name=name, text=text)


def check_python() -> Finding:
    """Check the version of Python."""
    shown = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} on {sys.platform}"
    if _LOWEST_PYTHON <= sys.version_info[:2] <= _HIGHEST_PYTHON:
        return ok("python", shown)
    return trouble("python", f"{shown} is not supported: use Python 3.11, 3.12 or 3.13.")


def check_packages() -> list[Finding]:
    """Check that every required package is installed, and say which optional ones are not."""
    missing = [name for name in _required_packages() if name not in _OPTIONAL and not _is_installed(name)]
    absent = [f"{name} ({use})" for name, use in _OPTIONAL.items() if importlib.util.find_spec(name) is None]
    first = (
        trouble("packages", f"missing: {', '.join(missing)}. Run `make setup`, or install edgerunner again.")
        if missing
        else ok("packages", "all required packages are installed")
    )
    return [first, *([note("packages", f"optional, not installed: {', '.join(absent)}")] if absent else [])]


def check_variables() -> list[Finding]:
    """Name variables with our prefix that mean nothing, most likely misspelt."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return [
        note("settings", f"{name} is no setting of this version: correct its name or unset it.") for name in unknown
    ]


def check_data_folder(settings: Settings) -> Finding:
    """Check that the data folder can be written; it is made when it is missing."""
    try:
        prepare_data_folder(settings)
    except DataFolderError as error:
        return trouble("data folder", str(error))
    return ok("data folder", str(settings.data_dir))


def check_key_files(settings: Settings) -> list[Finding]:
    """Check the API key and that nobody else can read the key files."""
    findings = []
    if settings.api_key is not None or settings.api_key_file.exists():
        try:
            read_api_key(settings)
            findings.append(ok("API key", "set" if settings.api_key is not None else str(settings.api_key_file)))
        except DataFolderError as error:
            findings.append(trouble("API key", str(error)))
    else:
        findings.append(note("API key", "none yet; it is made on the first start"))
    files = [settings.api_key_file, settings.master_key_file or settings.data_dir / "master.key"]
    return [*findings, *(finding for file in files for finding in _check_mode(file))]


def check_database(settings: Settings) -> Finding:
    """Check that the database file can be read and is sound in its structure."""
    if settings.database_url is not None:
        return trouble("database", f"{PREFIX}DATABASE_URL is not used by this version: leave it empty.")
    file = settings.data_dir / "edgerunner.db"
    if not file.exists():
        return note("database", "none yet; it is made on the first start")
    try:
        connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=2)
        try:
            (events,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        return trouble("database", f"{file} cannot be read ({error}): restore a backup, or set {PREFIX}DATA_DIR.")
    return ok("database", f"{file}, {events} events, {file.stat().st_size / 1e6:.1f} MB")


def check_clock() -> Finding:
    """Check whether the operating system keeps the clock synchronized; brokers refuse stamps that are off."""
    shown = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    is_synchronized = _is_clock_synchronized()
    if is_synchronized is None:
        return note("clock", f"{shown}; whether it is synchronized cannot be asked here")
    if not is_synchronized:
        return note("clock", f"{shown}; not synchronized: switch time synchronization (NTP) on before live trading.")
    return ok("clock", f"{shown}, synchronized")


def _required_packages() -> list[str]:
    try:
        lines = requires("edgerunner") or []
    except PackageNotFoundError:
        return []
    plain = [line for line in lines if "extra ==" not in line and "sys_platform" not in line]
    return [match[0] for line in plain if (match := re.match(r"[A-Za-z0-9_.-]+", line))]


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _check_mode(file: Path) -> list[Finding]:
    if sys.platform == "win32" or not file.exists():
        return []
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return [trouble("key files", f"{file} has mode {mode:04o}, others may read it: run `chmod 600 '{file}'`.")]
    return [ok("key files", f"{file} has mode {mode:04o}")]


def _is_clock_synchronized() -> bool | None:
    """Ask the kernel; ntp_gettime(3) exists on Linux, macOS and the BSDs and needs no rights."""
    try:
        ask = ctypes.CDLL(None).ntp_gettime
    except (OSError, TypeError, AttributeError):
        return None
    state = int(ask(ctypes.create_string_buffer(256)))
    return None if state < 0 else state != _TIME_ERROR
