"""What one channel's sequence numbers say about each message: deliver, drop, or ask for the state again."""

from dataclasses import dataclass, replace
from enum import Enum


class Verdict(Enum):
    """What to do with a message."""

    DELIVER = "deliver"
    DROP = "drop"
    RESYNC = "resync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a channel stands; ``seq`` None = no state yet, wait for a snapshot."""

    seq: int | None = None
    epoch: str | None = None
    is_resyncing: bool = False


def advance(cursor: Cursor, *, kind: str, seq: int, epoch: str) -> tuple[Cursor, Verdict]:
    """Return the cursor after a message and what to do with it.

    A snapshot sets the number; a delta must be exactly the next one of the same epoch; a heartbeat
    must show the number that is known. Anything else is a hole: ask once, and drop what comes until
    the snapshot (or the very delta that was missing) is there.
    """
    if kind == "snapshot":
        return Cursor(seq=seq, epoch=epoch), Verdict.DELIVER
    is_same_line = cursor.seq is not None and epoch == cursor.epoch
    if kind == "delta" and is_same_line and seq == (cursor.seq or 0) + 1:
        return replace(cursor, seq=seq, is_resyncing=False), Verdict.DELIVER
    is_repeat = is_same_line and seq <= (cursor.seq or 0)
    if is_repeat:
        return cursor, Verdict.DELIVER if kind == "heartbeat" and seq == cursor.seq else Verdict.DROP
    if cursor.is_resyncing or cursor.seq is None:
        return cursor, Verdict.DROP
    return replace(cursor, is_resyncing=True), Verdict.RESYNC
