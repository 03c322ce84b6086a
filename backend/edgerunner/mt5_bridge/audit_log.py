"""The audit log: one JSON object per line, synced to the disk where an order depends on it."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from edgerunner.mt5_bridge.wire import encode, timestamp

MAXIMUM_BYTES: Final = 50_000_000
SECURITY_PER_MINUTE: Final = 100
_TEXT_LENGTH: Final = 200
_MINUTE_S: Final = 60.0

Event = Literal[
    "started", "stopped", "terminal", "login", "lease", "kill", "security",
    "order_begun", "order_ended", "order_refused", "ea_connected", "ea_closed",
]  # fmt: skip

logger = logging.getLogger(__name__)


class AuditLog:
    """Appends lines to ``audit.jsonl``; never secrets. Used from one thread at a time."""

    def __init__(
        self, folder: Path, *, wall: Callable[[], float] = time.time, maximum_bytes: int = MAXIMUM_BYTES
    ) -> None:
        """Open the file. Raises ``OSError``."""
        self._path = folder / "audit.jsonl"
        self._wall = wall
        self._maximum_bytes = maximum_bytes
        self._descriptor = self._open()
        self._minute = 0.0
        self._security = 0

    def write(self, event: Event, *, sync: bool = False, **fields: Any) -> None:
        """Append a line; ``sync`` waits until it is on the disk. Raises ``OSError``."""
        now = self._wall()
        line = encode({"ts": timestamp(now), "event": event, **{name: _short(value) for name, value in fields.items()}})
        if os.fstat(self._descriptor).st_size + len(line) >= self._maximum_bytes:
            self._roll_over(now)
        os.write(self._descriptor, line + b"\n")
        if sync:
            os.fsync(self._descriptor)

    def security(self, what: str, **fields: Any) -> None:
        """Append a security event, at most so many a minute: a flood must not fill the disk."""
        now = self._wall()
        if now - self._minute >= _MINUTE_S:
            unwritten = self._security - SECURITY_PER_MINUTE
            self._minute, self._security = now, 0
            if unwritten > 0:
                self.write("security", what="not_written", count=unwritten)
        self._security += 1
        if self._security <= SECURITY_PER_MINUTE:
            self.write("security", what=what, **fields)

    def close(self) -> None:
        """Sync and close the file."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        return os.open(self._path, flags, 0o600)

    def _roll_over(self, now: float) -> None:
        self.close()
        kept = self._path.with_name(f"audit-{timestamp(now).replace(':', '')}.jsonl")
        self._path.replace(kept)
        self._descriptor = self._open()
        logger.info("audit log continued in a new file; the former one is %s", kept.name)


def _short(value: Any) -> Any:
    """Cut long texts, and show bytes that were no text: a line must be written whatever a caller sends."""
    if not isinstance(value, str):
        return value
    return value[:_TEXT_LENGTH].encode("utf-8", "backslashreplace").decode()
