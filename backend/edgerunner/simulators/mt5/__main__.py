"""``python -m edgerunner.simulators.mt5 program.py arguments``: run a program on the simulated terminal.

The program's ``import MetaTrader5`` gives the simulated module. When no simulated terminal listens, one is started
inside the process; ``--data FOLDER`` before the program keeps its ledger there.
"""

import argparse
import runpy
import sys
from pathlib import Path

from edgerunner.simulators.mt5.finding import ensure_terminal
from edgerunner.simulators.mt5.module import register


def main() -> None:
    """Run the program named on the command line as ``__main__``."""
    parser = argparse.ArgumentParser(prog="python -m edgerunner.simulators.mt5")
    parser.add_argument("--data", type=Path, help="folder for the ledger of a terminal started here")
    parser.add_argument("program", type=Path, help="the program to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its arguments")
    chosen = parser.parse_args()
    if not chosen.program.exists():
        parser.error(f"there is no {chosen.program}")
    if chosen.data is not None:
        chosen.data.mkdir(parents=True, exist_ok=True)
    ensure_terminal(chosen.data)
    register()
    sys.argv = [str(chosen.program), *chosen.arguments]
    sys.path[0] = str(chosen.program.parent)
    runpy.run_path(str(chosen.program), run_name="__main__")


if __name__ == "__main__":
    main()
