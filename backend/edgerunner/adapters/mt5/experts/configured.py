"""The terminals that a user declared, and the one that the simulators made."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from edgerunner.adapters.mt5.experts.files import IniEncoding
from edgerunner.adapters.mt5.experts.terminal import PROGRAM, ExpertTerminal

SIMULATED_TERMINAL: Final = "sim"
SIMULATED_LAUNCHER: Final = (sys.executable, "-m", "edgerunner.simulators.mt5.terminal64")
"""What runs the ``terminal64.exe`` that the simulators make: a program to start, nothing to import."""


class DeclaredTerminal(Protocol):
    """A terminal as the settings declare it."""

    @property
    def folder(self) -> Path:
        """Where its ``terminal64.exe`` is."""
        ...

    @property
    def environment(self) -> str:
        """``simulated``, ``demo`` or ``live``."""
        ...

    @property
    def login(self) -> int | None:
        """The account it must be logged on to."""
        ...

    @property
    def launcher(self) -> tuple[str, ...]:
        """What stands before the program on the command line."""
        ...

    @property
    def ini_encoding(self) -> str:
        """``ascii`` or ``utf-16``."""
        ...


def configured_terminals(declared: Mapping[str, DeclaredTerminal], *, simulated: Path) -> dict[str, ExpertTerminal]:
    """Return the terminals by name; ``sim`` is the folder ``simulated``, where the simulators have made it."""
    found = {
        name: ExpertTerminal(
            name=name,
            folder=terminal.folder.expanduser().absolute(),
            launcher=terminal.launcher,
            environment=terminal.environment,
            login=terminal.login,
            ini_encoding=IniEncoding(terminal.ini_encoding),
        )
        for name, terminal in declared.items()
    }
    if (simulated / PROGRAM).is_file():
        terminal = ExpertTerminal(
            name=SIMULATED_TERMINAL, folder=simulated, launcher=SIMULATED_LAUNCHER, environment="simulated"
        )
        found.setdefault(SIMULATED_TERMINAL, terminal)
    return found
