"""A database and a journal in a temporary folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.clock import FakeClock


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path, busy_timeout_s=0.05)


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Journal]:
    journal = await Journal.open(database, clock_ns=FakeClock().now_ns)
    yield journal
    await journal.close()
    database.close()
