"""Connections with their encrypted credentials, and equity over time (SQLAlchemy, off the loop)."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.domain.numbers import to_plain
from edgerunner.storage.database import IMMEDIATE, Database
from edgerunner.storage.reader import parse_cursor
from edgerunner.storage.secrets import Vault
from edgerunner.storage.tables import connections, equity_points
from edgerunner.storage.values import Page

Result = TypeVar("Result")
Desired = Literal["connected", "disconnected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConnection:
    """A connection as it outlives a restart.

    Attributes:
        options: JSON values.
        credentials: In the clear; never shown by ``repr``.
        desired: What a start brings it to.
    """

    connection_id: str
    broker: str
    environment: str
    execution: str
    options: Mapping[str, object] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    created_at_ns: int
    desired: Desired = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint:
    """An account's worth at one time, in ``currency``; None = the broker does not say."""

    connection_id: str
    account_id: str
    currency: str
    equity: Decimal | None
    balance: Decimal | None
    ts_ns: int


class ConnectionStore:
    """The connections that a start restores; credentials are encrypted by the vault."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def save(self, connection: StoredConnection) -> None:
        """Store a connection, in place of an older one of the same id."""
        values = {
            "connection_id": connection.connection_id,
            "broker": connection.broker,
            "environment": connection.environment,
            "execution": connection.execution,
            "options": msgspec.json.encode(dict(connection.options)).decode(),
            "credentials": self._vault.encrypt(connection.credentials),
            "created_at_ns": connection.created_at_ns,
            "desired": connection.desired,
        }
        statement = upsert(connections).values(values).on_conflict_do_update(["connection_id"], set_=values)
        await transact(self._database, lambda connection: connection.execute(statement))

    async def get(self, connection_id: str) -> StoredConnection | None:
        """Return a connection; ``MasterKeyUnusable`` when its credentials cannot be decrypted."""
        query = select(connections).where(connections.c.connection_id == connection_id)
        row = await transact(self._database, lambda connection: connection.execute(query).first())
        return None if row is None else self._from_row(row)

    async def list(self) -> list[StoredConnection]:
        """Return all connections, oldest first; ``MasterKeyUnusable`` as in ``get``."""
        query = select(connections).order_by(connections.c.created_at_ns, connections.c.connection_id)
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return [self._from_row(row) for row in rows]

    async def delete(self, connection_id: str) -> None:
        """Forget a connection and its credentials; an unknown one is no error."""
        statement = delete(connections).where(connections.c.connection_id == connection_id)
        await transact(self._database, lambda connection: connection.execute(statement))

    async def reconciled_until(self, connection_id: str) -> int | None:
        """Return until when the broker's records were read whole (UTC ns), or None when never."""
        query = select(connections.c.reconciled_until_ns).where(connections.c.connection_id == connection_id)
        row = await transact(self._database, lambda connection: connection.execute(query).first())
        return None if row is None else row.reconciled_until_ns

    async def mark_reconciled(self, connection_id: str, until_ns: int) -> None:
        """Note that the broker's records were read whole until a time; no effect on an unknown connection."""
        where = connections.c.connection_id == connection_id
        statement = update(connections).where(where).values(reconciled_until_ns=until_ns)
        await transact(self._database, lambda connection: connection.execute(statement))

    def _from_row(self, row: Row[Any]) -> StoredConnection:
        return StoredConnection(
            connection_id=row.connection_id,
            broker=row.broker,
            environment=row.environment,
            execution=row.execution,
            options=msgspec.json.decode(row.options, type=dict[str, object]),
            credentials=self._vault.decrypt(row.credentials),
            created_at_ns=row.created_at_ns,
            desired=row.desired,
        )


class EquityStore:
    """Equity over time, one point per account and sample."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, *points: EquityPoint) -> None:
        """Store points, in the order given."""
        rows = [
            {
                "connection_id": point.connection_id,
                "account_id": point.account_id,
                "currency": point.currency,
                "equity": None if point.equity is None else to_plain(point.equity),
                "balance": None if point.balance is None else to_plain(point.balance),
                "ts_ns": point.ts_ns,
            }
            for point in points
        ]
        if rows:
            await transact(self._database, lambda connection: connection.execute(insert(equity_points), rows))

    async def page(
        self, *, connection_id: str | None = None, account_id: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[EquityPoint]:
        """Return a page of points, newest first; ``cursor`` is that of the page before."""
        query = select(equity_points).order_by(equity_points.c.point_no.desc()).limit(limit + 1)
        if connection_id is not None:
            query = query.where(equity_points.c.connection_id == connection_id)
        if account_id is not None:
            query = query.where(equity_points.c.account_id == account_id)
        if cursor is not None:
            query = query.where(equity_points.c.point_no < parse_cursor(cursor))
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        items = [_to_point(row) for row in rows[:limit]]
        return Page(items=items, next_cursor=str(rows[limit - 1].point_no) if len(rows) > limit else None)


def _to_point(row: Row[Any]) -> EquityPoint:
    return EquityPoint(
        connection_id=row.connection_id,
        account_id=row.account_id,
        currency=row.currency,
        equity=None if row.equity is None else Decimal(row.equity),
        balance=None if row.balance is None else Decimal(row.balance),
        ts_ns=row.ts_ns,
    )


async def transact(database: Database, work: Callable[[Connection], Result], *, immediate: bool = False) -> Result:
    """Run ``work`` in a transaction on a thread; ``JournalUnavailable`` when the file fails.

    ``immediate`` takes the write lock before the first read, so that what was read still holds.
    """

    def run() -> Result:
        try:
            with database.engine.connect() as plain:
                connection = plain.execution_options(**{IMMEDIATE: immediate})
                with connection.begin():
                    return work(connection)
        except DBAPIError as error:
            if not isinstance(error.orig, sqlite3.Error):
                raise
            raise JournalUnavailable(database.explain(error.orig)) from error

    return await asyncio.to_thread(run)
