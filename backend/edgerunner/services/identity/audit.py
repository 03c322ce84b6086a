"""The audit log: who did what, from where, when, and what came of it."""

from collections.abc import Mapping

import msgspec

from edgerunner.services.clock import Clock
from edgerunner.storage.identity_audit import AuditStore
from edgerunner.storage.identity_values import AuditEntry
from edgerunner.storage.values import Page

LONGEST_TEXT = 200


class AuditLog:
    """Appends and reads; nothing changes or deletes an entry."""

    def __init__(self, *, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def record(
        self,
        *,
        actor: str,
        address: str,
        action: str,
        target: str = "",
        result: str = "ok",
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Make an entry durable; ``detail`` must hold no secret. Raises ``JournalUnavailable``."""
        entry = AuditEntry(
            ts_ns=self._clock.now_ns(),
            actor=actor,
            address=address,
            action=action,
            target=target[:LONGEST_TEXT],
            result=result,
            detail=msgspec.json.encode(dict(detail or {})).decode(),
        )
        await self._store.append(entry)

    async def page(self, *, limit: int, cursor: str | None = None) -> Page[AuditEntry]:
        """Return a page of entries, newest first."""
        return await self._store.page(limit=limit, cursor=cursor)
