"""First process of the container: becomes ``edgerunner``, never as root.

Platforms that mount volumes as root's (Render, Railway) start the container as root; the data folder is handed to
the unprivileged user then, and root is given up for good before anything else runs. Usage: start.py COMMAND...
"""

import os
import sys
from typing import Final

OWNER: Final = 10001


def give_root_up(data_dir: str) -> None:
    """Hand the data folder over and become its owner, without any group or way back."""
    os.makedirs(data_dir, exist_ok=True)  # noqa: PTH103 - quick: this runs before every start
    os.chown(data_dir, OWNER, OWNER)
    os.chmod(data_dir, 0o700)  # noqa: PTH101 - beside os.chown and os.setuid, which pathlib lacks
    os.setgroups([])
    os.setgid(OWNER)
    os.setuid(OWNER)


if __name__ == "__main__":
    if os.getuid() == 0:
        give_root_up(os.environ["EDGERUNNER_DATA_DIR"])
    os.execvp("edgerunner", ["edgerunner", *sys.argv[1:]])  # noqa: S606, S607 - found in the image's own PATH
