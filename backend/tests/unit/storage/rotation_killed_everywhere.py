"""Rotate the master key of a data folder again and again, each time killed one event later; prints how often.

Events: every file opened, renamed or linked, every SQL statement, every step. Each killed run works on
a fresh copy of the folder and is a fork, so that SQLite's lock and memory end with it as at a power cut of
the process. Usage: ``python rotation_killed_everywhere.py FOLDER COPIES``.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from edgerunner.storage.database import Database
from edgerunner.storage.master_keys import KEY_FILE_NAME, KeyFile
from edgerunner.storage.secret_rotation import rotate

WATCHED = frozenset({"open", "os.rename", "os.link", "os.remove"})


class Executioner:
    """Counts events and kills the process at one of them."""

    def __init__(self, at: int) -> None:
        self._left = at

    def count(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, name: str, _arguments: object) -> None:
        if name in WATCHED:
            self.count()


def rotate_until(at: int, folder: Path) -> None:
    database = Database.open(folder)
    executioner = Executioner(at)
    event.listen(database.engine, "before_cursor_execute", executioner.count)
    event.listen(database.engine, "after_cursor_execute", executioner.count)
    sys.addaudithook(executioner.audit)
    rotate(database, KeyFile(folder / KEY_FILE_NAME), on_step=executioner.count)


def main() -> None:
    source, copies = Path(sys.argv[1]), Path(sys.argv[2])
    for at in range(1, 1_000):
        copy = copies / f"{at:03}"
        shutil.copytree(source, copy)
        child = os.fork()
        if child == 0:
            rotate_until(at, copy)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.stdout.write(f"{at} {os.waitstatus_to_exitcode(status)}\n")
            return


if __name__ == "__main__":
    main()
