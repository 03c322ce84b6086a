"""An upgrade saves first, and what it saved takes the installation back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.storage import backup, restore
from edgerunner.storage.database import FILE_NAME, IMMEDIATE, Database
from edgerunner.storage.migrations import HEAD
from edgerunner.storage.upgrade import alembic_config

OLD = "0004"


def old_folder(place: Path) -> Path:
    """Return a data folder that an older version made, with a risk limit in it."""
    database = Database(place / FILE_NAME)
    config = alembic_config()
    with database.engine.connect().execution_options(**{IMMEDIATE: True}) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
    database.close()
    with closing(sqlite3.connect(place / FILE_NAME, isolation_level=None)) as plain:
        plain.execute("INSERT INTO risk_scopes VALUES('all', 'halted', 'lost', 'me', 1, '{}')")
    return place


def schema_of(place: Path) -> str:
    return backup.read_state(place / FILE_NAME)[1]


def test_an_upgrade_saves_the_folder_first_and_the_copy_takes_it_back(tmp_path: Path) -> None:
    before, schema = backup.read_state(old_folder(tmp_path) / FILE_NAME)
    assert (schema, HEAD > OLD) == (OLD, True)

    Database.open(tmp_path).close()

    assert schema_of(tmp_path) == HEAD
    [saved] = (tmp_path / backup.FOLDER).iterdir()
    verified = backup.verify(saved)
    assert (verified.manifest.schema, verified.manifest.state, verified.replay) == (OLD, before, None)

    restore.restore(tmp_path, saved, force=True, stamp="back")
    assert backup.read_state(tmp_path / FILE_NAME) == (before, OLD)
    assert saved.is_file(), "backups are not replaced by what is in them"

    Database.open(tmp_path).close()
    assert schema_of(tmp_path) == HEAD
    assert len(list((tmp_path / backup.FOLDER).iterdir())) == 2


def test_a_new_folder_and_one_that_is_current_are_not_saved(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    Database.open(tmp_path).close()
    assert not (tmp_path / backup.FOLDER).exists()


def test_without_a_backup_there_is_no_upgrade(tmp_path: Path) -> None:
    old_folder(tmp_path)
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "a:b.py").write_text("")  # a name that not every system can restore
    with pytest.raises(JournalUnavailable, match="not upgraded without a backup"):
        Database.open(tmp_path)
    assert schema_of(tmp_path) == OLD
