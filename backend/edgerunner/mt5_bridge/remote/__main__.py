"""Runs an unmodified program with a terminal elsewhere: ``python -m edgerunner.mt5_bridge.remote [-m] PROGRAM ...``."""

import runpy
import sys
from pathlib import Path

from edgerunner.mt5_bridge.remote import register

USAGE = "usage: python -m edgerunner.mt5_bridge.remote (PROGRAM.py | -m MODULE) [ARGUMENT ...]\n"


def main() -> None:
    """Register the remote module as `MetaTrader5`, then run the program as ``__main__`` with its own arguments."""
    arguments = sys.argv[1:]
    is_module = arguments[:1] == ["-m"]
    program = arguments[1:] if is_module else arguments
    if not program:
        sys.stderr.write(USAGE)
        raise SystemExit(2)
    register()
    sys.argv = program
    if is_module:
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
        return
    sys.path.insert(0, str(Path(program[0]).resolve().parent))
    runpy.run_path(program[0], run_name="__main__")


main()
