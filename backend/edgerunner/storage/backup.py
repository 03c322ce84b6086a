"""Making a backup of a data folder while Edgerunner works in it, and proving that one is whole."""

import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.storage.backup_archive import FORMAT, ArchiveWriter, BackupUnusable, Manifest, opened, unpack
from edgerunner.storage.backup_contents import Contents, files_of
from edgerunner.storage.codec import EventCodec
from edgerunner.storage.database import FILE_NAME
from edgerunner.storage.dataset_parts import sync
from edgerunner.storage.migrations import HEAD
from edgerunner.storage.replay import verify as verify_replay
from edgerunner.storage.sqlite_snapshot import SnapshotFailed, is_database, snapshot
from edgerunner.storage.state_hash import State, state_of
from edgerunner.storage.values import ReplayReport

FOLDER: Final = "backups"
"""Where upgrades put theirs, in the data folder."""


class BackupFailed(EdgerunnerError):
    """No backup could be made; nothing is left of the attempt. ``detail`` says why."""

    code = "backup_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An archive that is whole; ``replay`` is None for the schema of another version."""

    manifest: Manifest
    replay: ReplayReport | None


def create(data_dir: Path, archive: Path, contents: Contents, *, created_at: datetime) -> Manifest:
    """Write a backup of a data folder that may be in use; the archive appears whole, readable by its owner alone.

    Raises ``BackupFailed``: also for an archive that exists already, and a file that changed while it was read.
    """
    if archive.exists():
        raise BackupFailed(f"{archive} exists already: choose another name")
    if not (data_dir / FILE_NAME).is_file():
        raise BackupFailed(f"{data_dir} holds no {FILE_NAME}: start Edgerunner there once, or name its data folder")
    try:
        archive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _drafts(archive) as drafts:
            draft = drafts / "archive.zip"
            manifest = _write(data_dir, draft, contents, created_at=created_at)
            _publish(draft, archive)
    except SnapshotFailed as error:
        raise BackupFailed(str(error)) from error
    except BackupUnusable as error:
        raise BackupFailed(error.detail) from error
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{archive} could not be made: {error}") from error
    return manifest


def verify(archive: Path) -> Verified:
    """Prove that an archive is whole: hashes, SQLite's own check, the state, and the journal's replay.

    Needs room for the unpacked files beside the archive. Raises ``BackupUnusable``.
    """
    with opened(archive) as (file, manifest), _drafts(archive) as drafts:
        unpack(file, manifest, drafts)
        check_databases(drafts, manifest)
        return Verified(manifest=manifest, replay=_replayed(drafts / FILE_NAME, manifest))


def check_databases(folder: Path, manifest: Manifest) -> None:
    """Check every unpacked database, and that the journal says what it said. Raises ``BackupUnusable``."""
    for entry in manifest.files:
        if is_database(folder / entry.path):
            _require_sound(folder / entry.path, entry.path)
    if not (folder / FILE_NAME).is_file():
        raise BackupUnusable(f"it holds no {FILE_NAME}")
    state, schema = read_state(folder / FILE_NAME)
    if state != manifest.state or schema != manifest.schema:
        raise BackupUnusable(f"its state is {state.hash}, the manifest says {manifest.state.hash}")


def read_state(database: Path) -> tuple[State, str]:
    """Return what a database file says, and its schema. Raises ``sqlite3.Error``, ``BackupUnusable``."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is None:
            raise BackupUnusable(f"{database} has no schema")
        return state_of(connection), str(row[0])


def backup_before_upgrade(database: Path, schema: str) -> Path:
    """Save a data folder beside itself before its schema changes; return the archive.

    Raises ``BackupFailed``.
    """
    now = datetime.now(UTC)
    archive = database.parent / FOLDER / f"schema-{schema}-before-{HEAD}-{now:%Y%m%dT%H%M%S%f}.zip"
    create(database.parent, archive, Contents(), created_at=now)
    return archive


def _write(data_dir: Path, draft: Path, contents: Contents, *, created_at: datetime) -> Manifest:
    copy = draft.with_name("snapshot.db")
    with draft.open("xb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as file:
        writer, found = ArchiveWriter(file), None
        for path in files_of(data_dir, contents):
            name = path.relative_to(data_dir).as_posix()
            if not is_database(path):
                writer.add(path, name)
                continue
            snapshot(path, copy)
            if name == FILE_NAME:
                found = read_state(copy)
            writer.add(copy, name)
            copy.unlink()
        if found is None:
            raise BackupFailed(f"{data_dir / FILE_NAME} is no database")
        state, schema = found
        manifest = Manifest(
            format=FORMAT,
            program=version("edgerunner"),
            schema=schema,
            created_at=created_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            state=state,
            files=tuple(writer.files),
        )
        writer.finish(manifest)
    return manifest


def _publish(draft: Path, archive: Path) -> None:
    """Let the archive appear under its name, whole and on disk; never over another one."""
    draft.chmod(0o600)
    sync(draft)
    try:
        os.link(draft, archive)
    except FileExistsError:
        raise BackupFailed(f"{archive} exists already: choose another name") from None
    except OSError:  # a file system without hard links
        draft.rename(archive)
    sync(archive.parent)


@contextmanager
def _drafts(archive: Path) -> Iterator[Path]:
    """Give a private folder beside an archive, for what must not be taken for one."""
    folder = Path(tempfile.mkdtemp(prefix=f".{archive.name}.", suffix=".draft", dir=archive.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_sound(database: Path, name: str) -> None:
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupUnusable(f"the database {name} in it is damaged: {error}") from error
    if answer != "ok":
        raise BackupUnusable(f"the database {name} in it is damaged: {answer}")


def _replayed(database: Path, manifest: Manifest) -> ReplayReport | None:
    if manifest.schema != HEAD:
        return None
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        report = verify_replay(connection, EventCodec())
    if report.first_difference is not None:
        raise BackupUnusable(f"its journal does not give the orders and positions in it: {report.first_difference}")
    return report
