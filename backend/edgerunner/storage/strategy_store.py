"""Strategy instances and their logs (SQLAlchemy, off the loop); their orders and fills are the journal's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from edgerunner.domain.errors import Conflict
from edgerunner.domain.market import Timeframe
from edgerunner.storage.database import Database
from edgerunner.storage.reader import parse_cursor
from edgerunner.storage.store import transact
from edgerunner.storage.tables import strategies, strategy_log
from edgerunner.storage.values import Page

LOG_LINES = 2_000
"""Newest lines that are kept per strategy."""

OnStop = Literal["keep", "cancel"]


class RunState(StrEnum):
    """Where an instance stands; a start of the program resumes ``running`` and ``paused`` ones."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAULTED = "faulted"


class LogLevel(StrEnum):
    """Who speaks: ``info`` the host or the strategy, ``error`` a fault, ``output`` what the code printed."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStrategy:
    """One strategy instance as it outlives a restart.

    Attributes:
        class_name: A shipped class, or ``<file>:<class>`` of the user's folder.
        parameters: Checked, with defaults filled in.
        account_id: None = the connection's only account.
        instrument_ids: ``instrument_id`` of ``connection_id``, or ``<connection_id>:<instrument_id>``.
        on_stop: What becomes of its open orders when it stops or faults.
        reason: Why it faulted, or None.
        run_no: How often somebody started it; a resumption after a crash is the same run.
        kept: The strategy's own ``state``.
    """

    strategy_id: str
    class_name: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    connection_id: str
    account_id: str | None = None
    instrument_ids: tuple[str, ...]
    timeframe: Timeframe
    on_stop: OnStop = "cancel"
    run_state: RunState = RunState.CREATED
    reason: str | None = None
    run_no: int = 0
    created_at_ns: int
    started_at_ns: int | None = None
    kept: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of a strategy's log."""

    ts_ns: int
    level: LogLevel
    text: str


class StrategyStore:
    """Strategy instances, and the newest ``LOG_LINES`` lines of each one's log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, strategy: StoredStrategy) -> None:
        """Store a new instance; ``Conflict`` when its id is taken."""
        # One statement: to read first and then to write in one transaction fails when the journal commits in between.
        statement = upsert(strategies).values(_columns(strategy)).on_conflict_do_nothing()
        added = await transact(self._database, lambda connection: connection.execute(statement).rowcount)
        if not added:
            raise Conflict(f"strategy {strategy.strategy_id!r} exists; choose another strategy_id")

    async def save(self, strategy: StoredStrategy) -> None:
        """Store an instance in place of what was known of it, all but its own state: see ``save_kept``."""
        values = {name: value for name, value in _columns(strategy).items() if name != "kept"}
        statement = update(strategies).where(strategies.c.strategy_id == strategy.strategy_id).values(values)
        await transact(self._database, lambda connection: connection.execute(statement))

    async def save_kept(self, strategy_id: str, kept: Mapping[str, object]) -> None:
        """Store a strategy's own state alone."""
        values = {"kept": msgspec.json.encode(dict(kept)).decode()}
        statement = update(strategies).where(strategies.c.strategy_id == strategy_id).values(values)
        await transact(self._database, lambda connection: connection.execute(statement))

    async def all(self) -> list[StoredStrategy]:
        """Return every instance, oldest first."""
        query = select(strategies).order_by(strategies.c.created_at_ns, strategies.c.strategy_id)
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        return [_to_strategy(row) for row in rows]

    async def append_log(self, strategy_id: str, lines: Sequence[LogEntry]) -> None:
        """Add lines to a log, and drop its oldest beyond ``LOG_LINES``."""
        rows = [
            {"strategy_id": strategy_id, "ts_ns": line.ts_ns, "level": line.level.value, "text": line.text}
            for line in lines
        ]
        oldest_kept = (
            select(strategy_log.c.line_no)
            .where(strategy_log.c.strategy_id == strategy_id)
            .order_by(strategy_log.c.line_no.desc())
            .offset(LOG_LINES - 1)
            .limit(1)
            .scalar_subquery()
        )
        of_strategy = strategy_log.c.strategy_id == strategy_id

        def work(connection: Connection) -> None:
            connection.execute(insert(strategy_log), rows)
            connection.execute(delete(strategy_log).where(of_strategy, strategy_log.c.line_no < oldest_kept))

        if rows:
            await transact(self._database, work)

    async def log(self, strategy_id: str, *, limit: int, cursor: str | None = None) -> Page[LogEntry]:
        """Return a page of a log, newest first; ``cursor`` is that of the page before."""
        query = (
            select(strategy_log)
            .where(strategy_log.c.strategy_id == strategy_id)
            .order_by(strategy_log.c.line_no.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            query = query.where(strategy_log.c.line_no < parse_cursor(cursor))
        rows = await transact(self._database, lambda connection: connection.execute(query).all())
        items = [LogEntry(ts_ns=row.ts_ns, level=LogLevel(row.level), text=row.text) for row in rows[:limit]]
        return Page(items=items, next_cursor=str(rows[limit - 1].line_no) if len(rows) > limit else None)


def _columns(strategy: StoredStrategy) -> dict[str, object]:
    return {
        "strategy_id": strategy.strategy_id,
        "class_name": strategy.class_name,
        "parameters": msgspec.json.encode(dict(strategy.parameters)).decode(),
        "connection_id": strategy.connection_id,
        "account_id": strategy.account_id,
        "instrument_ids": msgspec.json.encode(strategy.instrument_ids).decode(),
        "timeframe": strategy.timeframe.value,
        "on_stop": strategy.on_stop,
        "run_state": strategy.run_state.value,
        "reason": strategy.reason,
        "run_no": strategy.run_no,
        "created_at_ns": strategy.created_at_ns,
        "started_at_ns": strategy.started_at_ns,
        "kept": msgspec.json.encode(dict(strategy.kept)).decode(),
    }


def _to_strategy(row: Row[Any]) -> StoredStrategy:
    return StoredStrategy(
        strategy_id=row.strategy_id,
        class_name=row.class_name,
        parameters=msgspec.json.decode(row.parameters, type=dict[str, object]),
        connection_id=row.connection_id,
        account_id=row.account_id,
        instrument_ids=tuple(msgspec.json.decode(row.instrument_ids, type=list[str])),
        timeframe=Timeframe(row.timeframe),
        on_stop=row.on_stop,
        run_state=RunState(row.run_state),
        reason=row.reason,
        run_no=row.run_no,
        created_at_ns=row.created_at_ns,
        started_at_ns=row.started_at_ns,
        kept=msgspec.json.decode(row.kept, type=dict[str, object]),
    )
