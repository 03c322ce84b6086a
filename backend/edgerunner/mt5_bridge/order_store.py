"""The order keys on disk: what was sent under which key, written before the terminal is called."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from edgerunner.mt5_bridge.wire import timestamp

KEPT_S: Final = 30 * 86_400

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS orders (
    key TEXT PRIMARY KEY, token TEXT NOT NULL, login INTEGER, digest BLOB NOT NULL, request TEXT NOT NULL,
    state TEXT NOT NULL, begun_at REAL NOT NULL, reason TEXT, answer TEXT
) WITHOUT ROWID
"""
_COLUMNS: Final = "key, token, login, digest, request, state, begun_at, reason, answer"


class OrderState(StrEnum):
    """How far an order got; only ``answered`` has an answer of the terminal."""

    SENDING = "sending"
    UNKNOWN = "unknown"
    ANSWERED = "answered"


class StoreInUse(OSError):
    """Another bridge works in the same folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """One key. ``request`` and ``answer`` are JSON as it was and will be on the wire."""

    key: str
    token_name: str
    login: int | None
    digest: bytes
    request: bytes
    state: OrderState
    begun_at: float
    reason: str | None = None
    answer: bytes | None = None

    def view(self) -> dict[str, Any]:
        """Return what a caller is told about it."""
        view: dict[str, Any] = {
            "idempotency_key": self.key,
            "login": self.login,
            "request": msgspec.Raw(self.request),
            "state": str(self.state),
            "begun_at": timestamp(self.begun_at),
            "reason": self.reason,
        }
        if self.answer is not None:
            view |= msgspec.json.decode(self.answer)
        return view


class OrderStore:
    """The keys in one SQLite file that this process holds alone. Used from one thread."""

    def __init__(self, file: Path, *, now: float) -> None:
        """Open or make the file; what was under way when the last process ended is unknown from now on.

        Raises ``StoreInUse``, and ``sqlite3.Error`` for a file that is none.
        """
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=0, check_same_thread=False)
        try:
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute(_SCHEMA)
            self._connection.execute("DELETE FROM orders WHERE begun_at < ?", (now - KEPT_S,))
            self._connection.execute(
                "UPDATE orders SET state = ?, reason = ? WHERE state = ?",
                (OrderState.UNKNOWN, "the bridge ended while the terminal was being called", OrderState.SENDING),
            )
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise StoreInUse(f"another bridge works in {file.parent}, or it cannot be written: {error}") from error

    def find(self, key: str) -> OrderRecord | None:
        """Return what is known under a key."""
        row = self._connection.execute(f"SELECT {_COLUMNS} FROM orders WHERE key = ?", (key,)).fetchone()  # noqa: S608 - names of our own columns
        if row is None:
            return None
        key_, token, login, digest, request, state, begun_at, reason, answer = row
        return OrderRecord(
            key=key_,
            token_name=token,
            login=login,
            digest=digest,
            request=request.encode(),
            state=OrderState(state),
            begun_at=begun_at,
            reason=reason,
            answer=answer.encode() if answer is not None else None,
        )

    def begin(self, record: OrderRecord) -> bool:
        """Write a key to the disk; False when it is there already."""
        cursor = self._connection.execute(
            f"INSERT OR IGNORE INTO orders ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",  # noqa: S608 - names of our own columns
            (
                record.key,
                record.token_name,
                record.login,
                record.digest,
                record.request.decode(),
                record.state,
                record.begun_at,
                record.reason,
            ),
        )
        return cursor.rowcount == 1

    def answer(self, key: str, answer: bytes) -> None:
        """Keep the terminal's answer."""
        self._connection.execute(
            "UPDATE orders SET state = ?, answer = ?, reason = NULL WHERE key = ?",
            (OrderState.ANSWERED, answer.decode(), key),
        )

    def lose(self, key: str, reason: str) -> None:
        """Note that it is not known whether the terminal executed the order."""
        self._connection.execute(
            "UPDATE orders SET state = ?, reason = ? WHERE key = ? AND state = ?",
            (OrderState.UNKNOWN, reason, key, OrderState.SENDING),
        )

    def forget(self, key: str) -> None:
        """Free a key whose order was refused before the terminal was called."""
        self._connection.execute("DELETE FROM orders WHERE key = ? AND state != ?", (key, OrderState.ANSWERED))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
