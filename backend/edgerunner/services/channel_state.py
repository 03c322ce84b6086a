"""What a channel has said so far, boiled down to what a snapshot needs. Pure; bodies are encoded JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class Keep(Enum):
    """How long an entry belongs to the state."""

    ALWAYS = auto()
    RECENT = auto()
    """Until enough newer ones came."""
    NOT = auto()
    """It ended with this very entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing of a channel and its newest JSON; a later entry with the same key replaces it."""

    key: str
    body: bytes
    keep: Keep = Keep.ALWAYS


class ChannelState(Protocol):
    """The state of one channel."""

    def put(self, entries: Sequence[Entry]) -> bytes:
        """Take entries in and return the JSON of the delta that says so."""
        ...

    def snapshot(self) -> bytes:
        """Return the JSON of the whole state."""
        ...


class ListState:
    """A list under one name, ``{"orders": [...]}``, newest first.

    ``recent`` bounds the entries that are kept as recent ones.
    """

    def __init__(self, name: str, *, recent: int = 0) -> None:
        self._prefix = f'{{"{name}":['.encode()
        self._recent_limit = recent
        self._always: dict[str, bytes] = {}
        self._recent: dict[str, bytes] = {}

    def put(self, entries: Sequence[Entry]) -> bytes:
        """Take entries in; the delta lists them."""
        for entry in entries:
            self._place(entry)
        return self._list([entry.body for entry in entries])

    def snapshot(self) -> bytes:
        """List all entries: those kept always, then the recent ones."""
        return self._list([*reversed(self._always.values()), *reversed(self._recent.values())])

    def _place(self, entry: Entry) -> None:
        if entry.keep is Keep.ALWAYS:
            self._recent.pop(entry.key, None)
            self._always[entry.key] = entry.body
            return
        self._always.pop(entry.key, None)
        if entry.keep is Keep.NOT:
            self._recent.pop(entry.key, None)
            return
        self._recent[entry.key] = entry.body
        while len(self._recent) > self._recent_limit:
            del self._recent[next(iter(self._recent))]

    def _list(self, bodies: Sequence[bytes]) -> bytes:
        return self._prefix + b",".join(bodies) + b"]}"


class ValueState:
    """One value: the newest says everything, so deltas and snapshots look alike; null before the first."""

    def __init__(self) -> None:
        self._body = b"null"

    def put(self, entries: Sequence[Entry]) -> bytes:
        """Take the newest value in."""
        self._body = entries[-1].body
        return self._body

    def snapshot(self) -> bytes:
        """Return the newest value."""
        return self._body
