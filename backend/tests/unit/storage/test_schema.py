"""The schema: migrated and declared are the same, old and foreign files are told apart."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from edgerunner.domain.errors import JournalUnavailable, Unsupported
from edgerunner.storage.database import Database
from edgerunner.storage.migrations import HEAD
from edgerunner.storage.tables import metadata
from edgerunner.storage.upgrade import alembic_config

EVERYTHING = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite_%'"
BACKEND = Path(__file__).parents[3]


def test_the_packaged_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


def test_alembic_finds_nothing_to_change_in_a_migrated_file(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_a_migrated_file_has_the_declared_tables_indexes_and_triggers(database: Database) -> None:
    declared = create_engine("sqlite://")
    metadata.create_all(declared)

    with database.engine.connect() as migrated, declared.connect() as made:
        expected = {row.name: _columns(row.sql) for row in made.exec_driver_sql(EVERYTHING)}
        found = {row.name: _columns(row.sql) for row in migrated.exec_driver_sql(EVERYTHING)}

    declared.dispose()
    database.close()
    assert found == expected


def _columns(sql: str) -> list[str]:
    """The statement's parts, whatever their order and spacing."""
    return sorted(part.strip() for part in sql.replace("\n", " ").replace("\t", " ").split(","))


def test_a_second_start_does_not_load_alembic(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    program = (
        "import sys; from pathlib import Path; from edgerunner.storage.database import Database;"
        "Database.open(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=BACKEND, check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "False"


def test_a_folder_with_spaces_and_percent_signs_is_fine(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "100% of my data" / "é")
    assert database.path.is_file()
    database.close()


def test_a_newer_schema_is_refused(database: Database) -> None:
    connection = database.connect()
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(JournalUnavailable, match=r"has schema 9999, which a newer Edgerunner made"):
        Database.open(database.path.parent)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "edgerunner.db").write_text("dear diary, " * 100)
    with pytest.raises(JournalUnavailable, match=r"edgerunner\.db is not a database"):
        Database.open(tmp_path)


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    foreign = Database(tmp_path / "edgerunner.db").connect()
    foreign.execute("CREATE TABLE orders (pizza TEXT)")
    with pytest.raises(JournalUnavailable, match="is a database of another program"):
        Database.open(tmp_path)
    assert foreign.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]
    foreign.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalUnavailable, match=r"the data folder .*file.data cannot be made"):
        Database.open(tmp_path / "file" / "data")


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "edgerunner.db").mkdir()
    with pytest.raises(JournalUnavailable, match=r"edgerunner\.db cannot be written: check the rights"):
        Database.open(tmp_path)


def test_another_database_engine_is_refused_without_showing_its_password(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="DATABASE_URL names postgresql") as caught:
        Database.open(tmp_path, "postgresql://user:hunter2@127.0.0.1/edgerunner")
    assert "hunter2" not in caught.value.detail


class SmallDatabase(Database):
    """A disk with too little room for all the tables."""

    def connect(self) -> sqlite3.Connection:
        connection = super().connect()
        connection.execute("PRAGMA max_page_count=10")
        return connection


def test_a_migration_that_is_cut_short_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match=r"the disk of .* is full"):
        SmallDatabase.open(tmp_path)

    connection = Database(tmp_path / "edgerunner.db").connect()
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    Database.open(tmp_path).close()
