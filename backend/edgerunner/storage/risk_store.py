"""Limits, trading states and loss baselines, kept over restarts."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from edgerunner.risk.limits import RiskLimits, TradingState
from edgerunner.storage.database import Database
from edgerunner.storage.store import transact
from edgerunner.storage.tables import risk_baselines, risk_scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScope:
    """One scope's state and limits; ``actor`` made the last change of the state."""

    scope: str
    state: TradingState
    reason: str | None
    actor: str
    changed_at_ns: int
    limits: RiskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What an account's losses are measured from, account currency; ``day`` is a UTC date, ISO."""

    connection_id: str
    account_id: str
    day: str
    day_start: Decimal
    peak: Decimal


class RiskStore:
    """Reads everything at the start and writes each change before it is answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scopes(self) -> list[StoredScope]:
        """Return every scope that was ever changed; raises ``JournalUnavailable``."""
        rows = await transact(self._database, lambda connection: connection.execute(select(risk_scopes)).all())
        return [
            StoredScope(
                scope=row.scope,
                state=TradingState(row.state),
                reason=row.reason,
                actor=row.actor,
                changed_at_ns=row.changed_at_ns,
                limits=msgspec.json.decode(row.limits, type=RiskLimits),
            )
            for row in rows
        ]

    async def save_scope(self, scope: StoredScope) -> None:
        """Store a scope in place of what was known; raises ``JournalUnavailable``."""
        values = {
            "scope": scope.scope,
            "state": scope.state.value,
            "reason": scope.reason,
            "actor": scope.actor,
            "changed_at_ns": scope.changed_at_ns,
            "limits": msgspec.json.encode(scope.limits).decode(),
        }
        statement = upsert(risk_scopes).values(values).on_conflict_do_update(["scope"], set_=values)
        await transact(self._database, lambda connection: connection.execute(statement))

    async def baselines(self) -> list[Baseline]:
        """Return the baseline of every account; raises ``JournalUnavailable``."""
        rows = await transact(self._database, lambda connection: connection.execute(select(risk_baselines)).all())
        return [
            Baseline(
                connection_id=row.connection_id,
                account_id=row.account_id,
                day=row.day,
                day_start=Decimal(row.day_start),
                peak=Decimal(row.peak),
            )
            for row in rows
        ]

    async def save_baseline(self, baseline: Baseline) -> None:
        """Store an account's baseline; raises ``JournalUnavailable``."""
        values = {
            "connection_id": baseline.connection_id,
            "account_id": baseline.account_id,
            "day": baseline.day,
            "day_start": str(baseline.day_start),
            "peak": str(baseline.peak),
        }
        statement = (
            upsert(risk_baselines).values(values).on_conflict_do_update(["connection_id", "account_id"], set_=values)
        )
        await transact(self._database, lambda connection: connection.execute(statement))
