"""A process to be killed: makes or restores a backup and ends itself at its n-th step in the file system.

backup_worker.py STEP create DATA ARCHIVE
backup_worker.py STEP restore DATA ARCHIVE

Prints nothing when it is killed, and the number of steps it took when it came to its end.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from edgerunner.storage import backup, restore
from edgerunner.storage.backup_contents import Contents

STEPS = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "shutil.copyfile", "sqlite3.connect"})


class Fuse:
    """Counts what changes the file system, and ends the process without any warning at one of them."""

    def __init__(self, step: int) -> None:
        self._step = step
        self.taken = 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        is_writing = (
            event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        )
        if event in STEPS or is_writing:
            self.taken += 1
            if self.taken == self._step:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def main(step: int, verb: str, data_dir: Path, archive: Path) -> None:
    fuse = Fuse(step)
    sys.addaudithook(fuse)
    if verb == "create":
        backup.create(data_dir, archive, Contents(keys=True, data=True), created_at=datetime(2026, 11, 23, tzinfo=UTC))
    else:
        restore.restore(data_dir, archive, force=True, stamp="killed")
    os.write(1, f"{fuse.taken}\n".encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
