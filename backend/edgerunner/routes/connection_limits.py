"""How long, how large and how many a connection may be, and the count of those that are open."""

import contextlib
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address

_FILES_FOR_OTHERS = 256
"""Open files that broker sessions, the journal and worker processes need beside the API's clients."""

_MOST_CONNECTIONS = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What one client may take.

    Attributes:
        head_bytes: Most bytes of a request line with its headers.
        head_s: Seconds in which they must be whole, and in which a new connection must speak.
        body_window_s: Seconds after which a body that has not come on is given up...
        body_window_bytes: ...namely when fewer bytes came in that time.
        stalled_s: Seconds that an answer may wait for a client that does not read.
        per_address: Most connections of one address; loopback, where proxies are, is not counted. 0 = no limit.
        total: Most connections altogether.
    """

    head_bytes: int = 65_536
    head_s: float = 15.0
    body_window_s: float = 20.0
    body_window_bytes: int = 4_096
    stalled_s: float = 60.0
    per_address: int = 500
    total: int = _MOST_CONNECTIONS


class Doors:
    """Counts open connections by address; one event loop calls it."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self._open = 0

    def refusal(self, address: str) -> str | None:
        """Return why one more connection of an address is not taken, or None."""
        if self._open >= self._limits.total:
            return f"This server has {self._limits.total} connections open, which is all it can keep: come back later."
        most = self._limits.per_address
        if most and self._by_address[address] >= most and not is_loopback(address):
            return f"Your address has {most} connections open: use one for many requests, or close some."
        return None

    def enter(self, address: str) -> None:
        """Count a connection in."""
        self._open += 1
        self._by_address[address] += 1

    def leave(self, address: str) -> None:
        """Count a connection out."""
        self._open -= 1
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own; text that is no address is not."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def room_for_connections() -> int:
    """Return how many connections the open files of this process allow, after raising that limit where it may be.

    Without it a flood of connections would keep the journal from opening its files.
    """
    try:
        import resource  # noqa: PLC0415 - only POSIX systems have it
    except ImportError:  # Windows counts handles, of which there are millions
        return _MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _FILES_FOR_OTHERS
    possible = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < possible:
        with contextlib.suppress(ValueError, OSError):  # some systems promise more than they give
            resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
            soft = possible
    room = wanted if soft == resource.RLIM_INFINITY else soft
    return max(64, min(_MOST_CONNECTIONS, room - _FILES_FOR_OTHERS))
