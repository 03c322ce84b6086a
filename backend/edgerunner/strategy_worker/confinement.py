"""What a worker does to itself before it loads anybody's code: private pipe, bounds.

No security boundary: the code runs as the user who runs the API. Each measure that a system does not
have is left out; the API's watchdog bounds time and memory everywhere.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

import psutil

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_SPARE = 64 * 1024 * 1024


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes from and to the API, and point standard input and output elsewhere.

    What the strategy's code prints goes to standard error, which the API reads as its output.
    """
    from_api, to_api = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(from_api, "rb"), os.fdopen(to_api, "wb")


def die_with_parent() -> None:
    """Ask the system to end this process with the one that started it, where it can be asked."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the request was in force
            os._exit(0)


def bound_memory(growth: int) -> None:
    """Let the address space grow by at most ``growth`` bytes from now on, where the system can.

    The hard bound is a little higher: ``free_memory_bound`` needs that to tell that memory ran out.
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = psutil.Process().memory_info().vms + growth
    with suppress(ValueError, OSError):  # macOS has the constant and refuses it
        highest = wanted + _SPARE if hard < 0 else min(wanted + _SPARE, hard)
        resource.setrlimit(resource.RLIMIT_AS, (min(wanted, highest), highest))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def free_memory_bound() -> None:
    """Lift the bound again, so that running out of memory can still be told."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
