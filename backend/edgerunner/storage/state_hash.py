"""What a database file says, as one SHA-256: two files with the same hash hold the same state.

Every table counts, whatever its columns' order and its rows' places on disk, except what only
tells which process and which program wrote last. A row is JSON with its columns sorted by name
(bytes as base64); rows stand in the order of their primary key.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

_NO_STATE: Final = frozenset({"alembic_version", "owner"})
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """One table: how many rows, and the SHA-256 of all of them."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A whole file; ``hash`` is the SHA-256 over the tables' names, counts and hashes."""

    hash: str
    tables: Mapping[str, TableState]


def state_of(connection: sqlite3.Connection) -> State:
    """Return the state of an open database, read in one snapshot. Raises ``sqlite3.Error``."""
    connection.execute("BEGIN")
    try:
        tables = {name: _table_state(connection, name) for name in _tables(connection)}
    finally:
        connection.execute("ROLLBACK")
    lines = [f"{name} {table.rows} {table.sha256}\n" for name, table in sorted(tables.items())]
    return State(hash=hashlib.sha256("".join(lines).encode()).hexdigest(), tables=tables)


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted(name for (name,) in found if name not in _NO_STATE)


def _table_state(connection: sqlite3.Connection, table: str) -> TableState:
    rows, hashed = 0, hashlib.sha256()
    for row in _rows(connection, table):
        hashed.update(_encode(row))
        hashed.update(b"\n")
        rows += 1
    return TableState(rows=rows, sha256=hashed.hexdigest())


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    columns = connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    names = sorted(name for _, name, *_ in columns)
    keys = [name for place, name in sorted((place, name) for _, name, _, _, _, place in columns) if place]
    selected, order = ", ".join(map(_quoted, names)), ", ".join(map(_quoted, keys or names))
    yield from connection.execute(f"SELECT {selected} FROM {_quoted(table)} ORDER BY {order}")  # noqa: S608 - quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
