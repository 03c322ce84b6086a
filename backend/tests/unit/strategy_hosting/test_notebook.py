"""Lines and states on their way to the store: nothing waits for the disk, and nothing grows without end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgerunner.domain.market import Timeframe
from edgerunner.services.strategies.notebook import WAITING_LINES, Notebook
from edgerunner.storage.database import Database
from edgerunner.storage.strategy_store import LogLevel, StoredStrategy, StrategyStore
from tests.fakes.clock import FakeClock

STRATEGY = StoredStrategy(
    strategy_id="s",
    class_name="X",
    connection_id="c",
    instrument_ids=("A.X",),
    timeframe=Timeframe.M1,
    created_at_ns=1,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StrategyStore]:
    database = Database.open(tmp_path)
    store = StrategyStore(database)
    await store.add(STRATEGY)
    yield store
    database.close()


async def test_a_page_has_every_line_taken_so_far(store: StrategyStore) -> None:
    notebook = Notebook(store, FakeClock())
    for number in range(3):
        notebook.log("s", LogLevel.INFO, str(number))
    page = await notebook.page("s", limit=10, cursor=None)
    assert [entry.text for entry in page.items] == ["2", "1", "0"]
    assert [entry.text for entry in (await notebook.page("s", limit=10, cursor=None)).items] == ["2", "1", "0"]


async def test_lines_that_come_too_fast_are_counted_and_dropped(store: StrategyStore) -> None:
    notebook = Notebook(store, FakeClock())
    for number in range(WAITING_LINES + 7):
        notebook.log("s", LogLevel.INFO, str(number))
    newest = (await notebook.page("s", limit=1, cursor=None)).items[0]
    assert (newest.level, newest.text) == (LogLevel.WARNING, "7 lines came too fast and were dropped")


async def test_stopping_writes_the_newest_state_and_what_is_left_of_the_log(store: StrategyStore) -> None:
    notebook = Notebook(store, FakeClock())
    notebook.start()
    notebook.keep("s", {"n": 1})
    notebook.keep("s", {"n": 2})
    notebook.log("s", LogLevel.INFO, "last")
    await notebook.stop()
    assert [known.kept for known in await store.all()] == [{"n": 2}]
    assert [entry.text for entry in (await store.log("s", limit=10)).items] == ["last"]
