"""Reads of committed rows, off the loop, on connections that cannot write."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from edgerunner.domain.errors import InvalidRequest, JournalUnavailable
from edgerunner.storage.database import Database
from edgerunner.storage.values import Page

WORKERS = 2

Item = TypeVar("Item")
Result = TypeVar("Result")
Parameter = str | int


class Reader:
    """A few threads with a read-only connection each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="journal-reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._is_closed = False

    async def run(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what ``query`` makes of a connection; ``JournalUnavailable`` when the file fails."""
        if self._is_closed:
            raise JournalUnavailable("the journal is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, query)

    def close(self) -> None:
        """Wait for running queries and close the connections; blocks."""
        self._is_closed = True
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def _run(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return query(self._connection())
        except sqlite3.Error as error:
            raise JournalUnavailable(self._database.explain(error)) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._database.connect()
            connection.execute("PRAGMA query_only = ON")
            self._connections.append(connection)
        return connection


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """A list of one table, newest first, cut by the column ``position``.

    Attributes:
        table: Its name, with the index to use where SQLite would choose a worse one.
        filters: Column and value; None does not filter. Columns are ours, never a caller's text.
        is_open: True, False, or None for both.
    """

    table: str
    position: str
    filters: Sequence[tuple[str, str | None]]
    is_open: bool | None = None

    def page(
        self, connection: sqlite3.Connection, decode: Callable[[str], Item], limit: int, cursor: str | None
    ) -> Page[Item]:
        """Return one page; ``cursor`` is that of the page before, None for the first.

        Raises ``InvalidRequest`` for a limit below one and a cursor that is none of ours.
        """
        if limit < 1:
            raise InvalidRequest.of("limit", "too_small", "must be at least 1")
        given = [(column, value) for column, value in self.filters if value is not None]
        conditions = [f"{column} = ?" for column, _ in given]
        parameters: list[Parameter] = [value for _, value in given]
        if self.is_open is not None:
            conditions.append(f"is_open = {int(self.is_open)}")
        if cursor is not None:
            conditions.append(f"{self.position} < ?")
            parameters.append(parse_cursor(cursor))
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = connection.execute(
            f"SELECT {self.position}, state FROM {self.table} {where} ORDER BY {self.position} DESC LIMIT ?",  # noqa: S608 - see `filters`
            (*parameters, limit + 1),
        ).fetchall()
        shown = rows[:limit]
        return Page(
            items=[decode(state) for _, state in shown],
            next_cursor=str(shown[-1][0]) if len(rows) > limit else None,
        )


def parse_cursor(cursor: str) -> int:
    """Return the position that a cursor names; ``InvalidRequest`` when it is none of ours."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise InvalidRequest.of("cursor", "unknown_cursor", "is not a cursor of an earlier answer")
    return int(cursor)
