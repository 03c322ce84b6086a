"""The terminals of the simulated machine: one per folder, found by the path of its program."""

from typing import Final

from edgerunner.mt5_surface import constants
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.terminal.broker import Broker
from edgerunner.simulators.mt5.terminal.failures import refused
from edgerunner.simulators.mt5.terminal.terminal import Terminal

PROGRAM: Final = "terminal64.exe"
DEFAULT_FOLDER: Final = "C:\\Program Files\\Edgerunner MetaTrader 5 Simulator"
MAXIMUM_TERMINALS: Final = 32


class Terminals:
    """Starts terminals as they are asked for; each keeps its state until the simulator ends."""

    def __init__(self, broker: Broker, faults: FaultBox, settings: Mt5Settings) -> None:
        self._broker = broker
        self._faults = faults
        self._settings = settings
        self._terminals: dict[str, Terminal] = {}

    def find(self, path: str | None) -> Terminal:
        """Return the terminal of a program's path, None = the default one; raises ``CallRefused`` (-10003)."""
        folder = DEFAULT_FOLDER if path is None else _folder(path)
        key = folder.casefold()
        if key not in self._terminals:
            if len(self._terminals) >= MAXIMUM_TERMINALS:
                raise refused(constants.RES_E_INTERNAL_FAIL_INIT)
            self._terminals[key] = Terminal(self._broker, self._faults, self._settings, folder=folder)
        return self._terminals[key]


def _folder(path: str) -> str:
    """Return the folder of a path to ``terminal64.exe``, with either kind of slash; anything else is no terminal."""
    folder, _, program = path.replace("/", "\\").rpartition("\\")
    if program.casefold() != PROGRAM:
        raise refused(constants.RES_E_INTERNAL_FAIL_INIT)
    return folder or DEFAULT_FOLDER
