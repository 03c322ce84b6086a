"""A terminal's folder: who runs in it, its journals, and the files it reads when it starts."""

import contextlib
import os
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

LOCK: Final = "terminal64.lock"
_CODE: Final = "KS"
"""The two letters before each line of a real journal; what they mean is not known."""


class Instance:
    """Proof that no other terminal runs in a folder; ``release`` it at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def take(cls, folder: Path) -> "Instance | None":
        """Return the proof; None = a terminal runs here already."""
        path = folder / LOCK
        for _ in range(2):
            try:
                descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            except FileExistsError:
                if _is_alive(path):
                    return None
                path.unlink(missing_ok=True)
                continue
            with os.fdopen(descriptor, "w") as file:
                file.write(str(os.getpid()))
            return cls(path)
        return None

    def release(self) -> None:
        """Let another terminal run here."""
        self._path.unlink(missing_ok=True)


def _is_alive(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        words = psutil.Process(int(path.read_text())).cmdline()
        return any("terminal64" in word for word in words)
    return False


class Journal:
    """Writes ``YYYYMMDD.log`` files in UTF-16LE: code, severity, time, source, text."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now

    def write(self, source: str, text: str) -> None:
        """Add one line."""
        now = self._now()
        path = self._folder / f"{now:%Y%m%d}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        mark = b"" if path.exists() else b"\xff\xfe"
        line = f"{_CODE}\t0\t{now:%H:%M:%S}.{now.microsecond // 1000:03d}\t{source}\t{text}\r\n"
        with path.open("ab") as file:
            file.write(mark + line.encode("utf-16-le"))


def read_text(path: Path) -> str:
    """Return a file's text: UTF-16 with its mark, else ASCII.

    Raises ``UnicodeDecodeError`` for anything else: users report UTF-8 as ignored, and a loud end tests better.
    """
    data = path.read_bytes()
    return data.decode("utf-16") if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else data.decode("ascii")


class _Ini(ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr  # keys keep their capitals


def read_ini(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the sections of an ini. Raises ``ValueError`` for what is none, ``OSError``."""
    parser = _Ini(interpolation=None, delimiters=("=",), comment_prefixes=(";",), strict=False)
    try:
        parser.read_string(read_text(path))
    except Exception as error:
        raise ValueError(f"{path.name} is no ini") from error
    return {name: dict(parser[name]) for name in parser.sections()}


def read_preset(path: Path) -> dict[str, str]:
    """Return ``name: value`` of a ``.set`` file; an ASCII one loses what follows ``||`` (reported of the real one)."""
    is_wide = path.read_bytes()[:2] == b"\xff\xfe"
    pairs = (line.partition("=") for line in read_text(path).splitlines() if "=" in line and not line.startswith(";"))
    return {name: value if is_wide else value.partition("||")[0] for name, _, value in pairs}
