"""Strategy instances and their logs survive; logs stay bounded."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edgerunner.domain.errors import Conflict
from edgerunner.domain.market import Timeframe
from edgerunner.storage.database import Database
from edgerunner.storage.strategy_store import LOG_LINES, LogEntry, LogLevel, RunState, StoredStrategy, StrategyStore

STRATEGY = StoredStrategy(
    strategy_id="sma",
    class_name="SmaCross",
    parameters={"fast": 10, "ratio": 0.5, "flag": True, "word": "x"},
    connection_id="bybit-sim",
    instrument_ids=("A.X", "other:B.Y"),
    timeframe=Timeframe.M5,
    created_at_ns=1,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path)
    yield opened
    opened.close()


async def test_a_strategy_comes_back_as_it_was_stored(database: Database) -> None:
    store = StrategyStore(database)
    await store.add(STRATEGY)
    changed = replace(
        STRATEGY,
        run_state=RunState.FAULTED,
        reason="why",
        run_no=3,
        started_at_ns=5,
        on_stop="keep",
        account_id="1",
    )
    await store.save_kept("sma", {"n": [1, {"deep": None}]})
    await store.save(replace(changed, kept={"stale": True}))
    assert await StrategyStore(database).all() == [replace(changed, kept={"n": [1, {"deep": None}]})]


async def test_an_id_is_taken_once(database: Database) -> None:
    store = StrategyStore(database)
    await store.add(STRATEGY)
    with pytest.raises(Conflict, match="'sma' exists"):
        await store.add(STRATEGY)


async def test_a_log_keeps_its_newest_lines_only_and_is_read_in_pages(database: Database) -> None:
    store = StrategyStore(database)
    other = [LogEntry(ts_ns=0, level=LogLevel.INFO, text="other's")]
    await store.append_log("other", other)
    for start in range(0, LOG_LINES + 300, 100):
        lines = [LogEntry(ts_ns=n, level=LogLevel.OUTPUT, text=str(n)) for n in range(start, start + 100)]
        await store.append_log("sma", lines)

    first = await store.log("sma", limit=1_500)
    rest = await store.log("sma", limit=1_500, cursor=first.next_cursor)
    assert [entry.ts_ns for entry in (*first.items, *rest.items)] == list(range(LOG_LINES + 299, 299, -1))
    assert rest.next_cursor is None
    assert (await store.log("other", limit=10)).items == other
