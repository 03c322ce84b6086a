"""Whether a simulated terminal listens; when none does, one is started inside the process."""

import os
import socket
from importlib import import_module
from pathlib import Path
from typing import Final

from edgerunner.simulators.mt5.client import terminal_address
from edgerunner.simulators.mt5.settings import TERMINAL_VARIABLE

PROBE_S: Final = 0.5


def is_terminal_listening() -> bool:
    """Tell whether something accepts connections where the simulated terminal should be."""
    try:
        with socket.create_connection(terminal_address(), timeout=PROBE_S):
            return True
    except OSError:
        return False


def ensure_terminal(folder: Path | None = None) -> None:
    """Start a terminal in this process when none listens, and tell programs it starts where."""
    if is_terminal_listening():
        return
    # Loaded by name, here alone: a broker needs more than numpy, which a client's environment may not have.
    embedded = import_module("edgerunner.simulators.mt5.embedded")
    terminal = embedded.EmbeddedTerminal(folder)
    terminal.start()
    os.environ[TERMINAL_VARIABLE] = f"127.0.0.1:{terminal.port}"
