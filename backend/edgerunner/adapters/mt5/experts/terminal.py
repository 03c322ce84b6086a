"""A terminal's folder: what must be there before it is started, whether it runs, what its journals gained."""

import ntpath
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from edgerunner.adapters.mt5.experts.files import IniEncoding, expert_problem
from edgerunner.adapters.mt5.experts.journal import parse_journal
from edgerunner.adapters.mt5.experts.text_files import decode_text
from edgerunner.domain.errors import Conflict, InvalidRequest, NotFound
from edgerunner.domain.experts import NO_CHART_CONTROL, JournalLine

PROGRAM = "terminal64.exe"
_JOURNALS = ("logs/*.log", "MQL5/Logs/*.log", "Tester/logs/*.log", "Tester/Agent-*/logs/*.log")
_MOST_BYTES = 1_000_000
_MOST_LINES = 400
_WINE = frozenset({"wine", "wine64"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertTerminal:
    """A terminal that is ours alone: a portable folder with its ``terminal64.exe``.

    Attributes:
        launcher: What stands before the program on the command line: nothing on Windows, ``wine`` elsewhere.
        environment: ``simulated``, ``demo`` or ``live``: which accounts it may be logged on to.
        login: The account it must be logged on to; None = any of the environment.
    """

    name: str
    folder: Path
    launcher: tuple[str, ...] = ()
    environment: str = "demo"
    login: int | None = None
    ini_encoding: IniEncoding = IniEncoding.ASCII

    @property
    def program(self) -> Path:
        """Return the terminal's own file."""
        return self.folder / PROGRAM

    def command(self, ini: Path) -> list[str]:
        """Return the command line that starts it with an ini, in portable mode."""
        return [*self.launcher, str(self.program), "/portable", f"/config:{self.seen_by_terminal(ini)}"]

    def seen_by_terminal(self, path: Path) -> str:
        """Return a path as the terminal sees it: Wine shows this machine's root as drive Z."""
        if self.launcher and Path(self.launcher[0]).name in _WINE:
            return "Z:" + str(path).replace("/", "\\")
        return str(path)


def require_startable(terminal: ExpertTerminal) -> None:
    """Raise unless the terminal can be started with an ini: ``NotFound``, ``InvalidRequest`` or ``Conflict``.

    A second start in the same folder would bring up the running terminal's window and ignore the ini without a word.
    """
    if not terminal.program.is_file():
        raise NotFound(f"The terminal {terminal.name!r} has no {PROGRAM} in {terminal.folder}.")
    if " " in str(terminal.folder):
        raise InvalidRequest.of(
            "terminal", "space_in_path", f"{terminal.folder} holds a space, and MT5 misreads /config with it: move it"
        )
    if (process_id := running_process(terminal.program)) is not None:
        raise Conflict(
            f"The terminal {terminal.name!r} runs already (process {process_id}), and would ignore the ini. "
            f"{NO_CHART_CONTROL}."
        )


def running_process(program: Path) -> int | None:
    """Return the id of a process that runs this very file, whoever started it; None = there is none."""
    wanted = _normal(str(program))
    for process in psutil.process_iter(["pid", "exe", "cmdline"]):
        named = [process.info["exe"] or "", *(process.info["cmdline"] or [])[:6]]
        if process.info["pid"] != os.getpid() and names_program(named, wanted):
            return int(process.info["pid"])
    return None


def names_program(words: Iterable[str], wanted: str) -> bool:
    """Tell whether one of a process' words is the normal path ``wanted``, in Windows' or this machine's spelling."""
    return any(word and _normal(word) == wanted for word in words)


def _normal(path: str) -> str:
    return ntpath.splitdrive(path)[1].replace("\\", "/").lower()


def require_expert(terminal: ExpertTerminal, expert: str) -> Path:
    """Return the EA's compiled file. Raises ``InvalidRequest`` for a bad name, ``NotFound`` when it is missing."""
    if problem := expert_problem(expert):
        raise InvalidRequest.of("expert", "bad_name", problem)
    folder = terminal.folder / "MQL5" / "Experts"
    compiled = folder / f"{expert.replace(chr(92), '/')}.ex5"
    if compiled.is_file() and compiled.resolve().is_relative_to(folder.resolve()):
        return compiled
    if compiled.with_suffix(".mq5").is_file():
        raise NotFound(f"{expert}.mq5 is there, but not compiled: open it in MetaEditor and press F7.")
    raise NotFound(f"The terminal {terminal.name!r} has no MQL5/Experts/{expert}.ex5.")


def installed_experts(terminal: ExpertTerminal) -> tuple[str, ...]:
    """Return the names of all compiled EAs of a terminal."""
    folder = terminal.folder / "MQL5" / "Experts"
    found = (path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.ex5"))
    return tuple(sorted(found))


def source_of(compiled: Path) -> str | None:
    """Return the source beside a compiled EA; None = there is none."""
    source = compiled.with_suffix(".mq5")
    return decode_text(source.read_bytes()) if source.is_file() else None


class JournalTail:
    """What a terminal's journals gained since this was made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes = {path: path.stat().st_size for path in self._files()}

    def lines(self) -> tuple[JournalLine, ...]:
        """Return the newest lines, file by file, each in its order; of one file 1 MB at most."""
        found: list[JournalLine] = []
        for path in self._files():
            with path.open("rb") as file:
                head = file.read(2)
                start = max(self._sizes.get(path, 0), path.stat().st_size - _MOST_BYTES)
                file.seek(start - start % 2)
                data = file.read(_MOST_BYTES)
            if start and head == b"\xff\xfe":
                data = head + data
            found.extend(parse_journal(decode_text(data)))
        return tuple(found[-_MOST_LINES:])

    def _files(self) -> Sequence[Path]:
        return [path for pattern in _JOURNALS for path in sorted(self._folder.glob(pattern))]
