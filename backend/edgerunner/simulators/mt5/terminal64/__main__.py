"""The command: ``python -m edgerunner.simulators.mt5.terminal64 FOLDER/terminal64.exe [/portable] [/config:FILE]``.

``--install FOLDER`` makes such a folder with the stand-in EAs and ends. Without a simulated broker that listens
(``broker.txt`` of the folder, ``EDGERUNNER_SIM_MT5_TERMINAL``, else port 8104) one runs inside this process, with the
same prices.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from edgerunner.simulators.mt5.finding import ensure_terminal
from edgerunner.simulators.mt5.module import create_module
from edgerunner.simulators.mt5.settings import TERMINAL_VARIABLE
from edgerunner.simulators.mt5.terminal64.command_line import parse_command_line
from edgerunner.simulators.mt5.terminal64.desk import Desk
from edgerunner.simulators.mt5.terminal64.programs import BROKER_FILE, install_terminal
from edgerunner.simulators.mt5.terminal64.terminal import SimulatedTerminal


def main(words: list[str]) -> int:
    """Run a terminal until its work is done or it is told to end."""
    if words[:1] == ["--install"] and len(words) == 2:
        sys.stdout.write(f"{install_terminal(Path(words[1]).absolute())}\n")
        return 0
    try:
        line = parse_command_line(words)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    signal.signal(signal.SIGINT, lambda *_: ending.set())
    broker = line.folder / BROKER_FILE
    if broker.is_file():
        os.environ[TERMINAL_VARIABLE] = broker.read_text(encoding="ascii").strip()
    ensure_terminal()
    return SimulatedTerminal(line, Desk(create_module()), ending).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
