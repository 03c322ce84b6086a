"""The audit log: written once, read in pages; the file itself refuses to change or delete a line."""

from typing import Any

from sqlalchemy import Row, insert, select

from edgerunner.storage.database import Database
from edgerunner.storage.identity_values import AuditEntry
from edgerunner.storage.reader import parse_cursor
from edgerunner.storage.store import transact
from edgerunner.storage.tables import audit
from edgerunner.storage.values import Page

_FIELDS = ("ts_ns", "actor", "address", "action", "target", "result", "detail")


class AuditStore:
    """The table of the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entry: AuditEntry) -> None:
        """Store an entry durably; ``JournalUnavailable``."""
        values = {name: getattr(entry, name) for name in _FIELDS}
        await transact(self._database, lambda connection: connection.execute(insert(audit).values(values)))

    async def page(self, *, limit: int, cursor: str | None = None) -> Page[AuditEntry]:
        """Return a page of entries, newest first; ``cursor`` is that of the page before."""
        query = select(audit).order_by(audit.c.audit_no.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(audit.c.audit_no < parse_cursor(cursor))
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return Page(
            items=[_to_entry(row) for row in rows[:limit]],
            next_cursor=str(rows[limit - 1].audit_no) if len(rows) > limit else None,
        )


def _to_entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        ts_ns=row.ts_ns,
        actor=row.actor,
        address=row.address,
        action=row.action,
        target=row.target,
        result=row.result,
        detail=row.detail,
        audit_no=row.audit_no,
    )
