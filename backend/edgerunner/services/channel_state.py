"""What a channel has said so far, boiled down to what a snapshot needs. Pure; bodies are encoded JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    connection_id: str | None = None
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
    """A list under one name, ``{"orders": [...]}``; snapshots are newest first unless said otherwise.

    ``recent`` bounds the entries that are kept as recent ones.
    """

    def __init__(self, name: str, *, recent: int = 0, is_newest_first: bool = True) -> None:
        self._prefix = f'{{"{name}":['.encode()
        self._recent_limit = recent
        self._is_newest_first = is_newest_first
        self._always: dict[str, Entry] = {}
        self._recent: dict[str, Entry] = {}

    def put(self, entries: Sequence[Entry]) -> bytes:
        """Take entries in; the delta lists them."""
        for entry in entries:
            self._place(entry)
        return self._list(entries)

    def snapshot(self) -> bytes:
        """List what is kept."""
        entries = self.entries()
        return self._list(entries[::-1] if self._is_newest_first else entries)

    def reset(self, entries: Sequence[Entry]) -> None:
        """Begin again with these entries, oldest first."""
        self._always.clear()
        self._recent.clear()
        self.put(entries)

    def entries(self, connection_id: str | None = None) -> list[Entry]:
        """Return what is kept, of one connection or of all, oldest first."""
        kept = (*self._recent.values(), *self._always.values())
        return [entry for entry in kept if connection_id in {None, entry.connection_id}]

    def changes_to(self, wanted: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Return which of ``wanted`` are new or different here, and which entries it no longer has."""
        names = {entry.key for entry in wanted}
        changed = [entry for entry in wanted if self._always.get(entry.key) != entry]
        gone = [replace(entry, keep=Keep.NOT) for key, entry in self._always.items() if key not in names]
        return changed, gone

    def _place(self, entry: Entry) -> None:
        if entry.keep is Keep.ALWAYS:
            self._recent.pop(entry.key, None)
            self._always[entry.key] = entry
            return
        self._always.pop(entry.key, None)
        if entry.keep is Keep.NOT:
            self._recent.pop(entry.key, None)
            return
        self._recent[entry.key] = entry
        while len(self._recent) > self._recent_limit:
            del self._recent[next(iter(self._recent))]

    def _list(self, entries: Sequence[Entry]) -> bytes:
        return self._prefix + b",".join([entry.body for entry in entries]) + b"]}"


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
