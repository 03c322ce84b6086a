"""Backtest runs: a row for each, and a folder with the results of those that completed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from edgerunner.domain.errors import FieldError
from edgerunner.storage.database import Database
from edgerunner.storage.reader import parse_cursor
from edgerunner.storage.store import transact
from edgerunner.storage.tables import backtest_runs
from edgerunner.storage.values import Page

Figures = Mapping[str, float | int | str | None]


class RunState(StrEnum):
    """Where a run stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing changes any more."""
        return self not in {RunState.QUEUED, RunState.RUNNING}


_UNFINISHED = [state.value for state in RunState if not state.is_final]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a run failed: a stable code, a sentence, and the fields of the request that were wrong."""

    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """One run.

    Attributes:
        request: What was asked for, as JSON values.
        metrics: Figures by name; times as text; None until it completed.
        assumptions: What the run took for granted, by name.
        created_at_ns: UTC nanoseconds, as the other times.
    """

    run_id: str
    state: RunState = RunState.QUEUED
    request: Mapping[str, object] = field(default_factory=dict)
    metrics: Figures | None = None
    assumptions: Mapping[str, str] | None = None
    error: RunError | None = None
    created_at_ns: int
    started_at_ns: int | None = None
    finished_at_ns: int | None = None


class RunStore:
    """The table of backtest runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: StoredRun) -> None:
        """Store a new run."""
        statement = insert(backtest_runs).values(_to_values(run))
        await transact(self._database, lambda connection: connection.execute(statement))

    async def save(self, run: StoredRun) -> None:
        """Store a run in place of what was known of it."""
        statement = update(backtest_runs).where(backtest_runs.c.run_id == run.run_id).values(_to_values(run))
        await transact(self._database, lambda connection: connection.execute(statement))

    async def get(self, run_id: str) -> StoredRun | None:
        """Return a run."""
        query = select(backtest_runs).where(backtest_runs.c.run_id == run_id)
        row = await transact(self._database, lambda connection: connection.execute(query).first())
        return None if row is None else _to_run(row)

    async def page(self, *, limit: int, cursor: str | None) -> Page[StoredRun]:
        """Return a page of runs, newest first."""
        query = select(backtest_runs).order_by(backtest_runs.c.run_no.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(backtest_runs.c.run_no < parse_cursor(cursor))
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return Page(
            items=[_to_run(row) for row in rows[:limit]],
            next_cursor=str(rows[limit - 1].run_no) if len(rows) > limit else None,
        )

    async def unfinished(self) -> list[StoredRun]:
        """Return the runs that never came to an end, oldest first."""
        query = select(backtest_runs).where(backtest_runs.c.state.in_(_UNFINISHED)).order_by(backtest_runs.c.run_no)
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return [_to_run(row) for row in rows]

    async def forget_all_but(self, kept: int) -> list[str]:
        """Delete the oldest finished runs beyond ``kept``, and return their ids."""

        def work(connection: Connection) -> list[str]:
            finished = (
                select(backtest_runs.c.run_id)
                .where(backtest_runs.c.state.not_in(_UNFINISHED))
                .order_by(backtest_runs.c.run_no.desc())
            )
            forgotten = [row.run_id for row in connection.execute(finished.offset(kept)).all()]
            if forgotten:
                connection.execute(delete(backtest_runs).where(backtest_runs.c.run_id.in_(forgotten)))
            return forgotten

        return await transact(self._database, work, immediate=True)


def _to_values(run: StoredRun) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "state": run.state.value,
        "request": _json(run.request),
        "metrics": _json(run.metrics),
        "assumptions": _json(run.assumptions),
        "error": _json(run.error),
        "created_at_ns": run.created_at_ns,
        "started_at_ns": run.started_at_ns,
        "finished_at_ns": run.finished_at_ns,
    }


def _json(value: Mapping[str, object] | Figures | RunError | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _to_run(row: Row[Any]) -> StoredRun:
    return StoredRun(
        run_id=row.run_id,
        state=RunState(row.state),
        request=msgspec.json.decode(row.request, type=dict[str, object]),
        metrics=None if row.metrics is None else msgspec.json.decode(row.metrics, type=dict[str, float | str | None]),
        assumptions=None if row.assumptions is None else msgspec.json.decode(row.assumptions, type=dict[str, str]),
        error=None if row.error is None else msgspec.json.decode(row.error, type=RunError),
        created_at_ns=row.created_at_ns,
        started_at_ns=row.started_at_ns,
        finished_at_ns=row.finished_at_ns,
    )
