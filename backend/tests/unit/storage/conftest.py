"""A database and a journal in a temporary folder."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.clock import FakeClock


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the newest schema; copying it is quicker than migrating."""
    database = Database.open(tmp_path_factory.mktemp("migrated"))
    database.close()
    return database.path


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Database:
    shutil.copy(migrated_file, tmp_path / migrated_file.name)
    return Database.open(tmp_path, busy_timeout_s=0.05)


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Journal]:
    journal = await Journal.open(database, clock_ns=FakeClock().now_ns)
    yield journal
    await journal.close()
    database.close()
