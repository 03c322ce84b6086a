"""Keeps one thing that happens again and again from filling the log: the first lines count, the rest is counted."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

BURST: Final = 10
WINDOW_S: Final = 60.0
MOST_KEYS: Final = 1_000


@dataclass(slots=True, kw_only=True)
class _Seen:
    began: float
    lines: int = 0
    left_out: int = 0


class Repeats:
    """A structlog processor: at most ten lines a minute of one event of one connection.

    The first line of the next minute tells how many were ``left_out``. Lines that name an order are never left out.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: dict[tuple[str, str, str], _Seen] = {}

    def __call__(self, _logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
        """Return the event, or raise ``DropEvent``."""
        if event.get("client_order_id") is not None:
            return event
        key = (str(event.get("event")), str(event.get("connection_id")), str(event.get("code")))
        seen = self._window(key, event)
        seen.lines += 1
        if seen.lines > BURST:
            seen.left_out += 1
            raise structlog.DropEvent
        return event

    def _window(self, key: tuple[str, str, str], event: EventDict) -> _Seen:
        now, seen = self._monotonic(), self._seen.get(key)
        if seen is not None and now - seen.began < WINDOW_S:
            return seen
        if seen is not None and seen.left_out:
            event["left_out"] = seen.left_out
        if len(self._seen) >= MOST_KEYS:
            self._seen.clear()
        fresh = self._seen[key] = _Seen(began=now)
        return fresh
