"""``edgerunner backup`` and ``edgerunner restore``: what they do and say."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.cli.starting import prepare_folder, sole_owner
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.settings import PREFIX, Settings, load_settings
from edgerunner.storage import backup, restore
from edgerunner.storage.backup_archive import BackupUnusable, Manifest
from edgerunner.storage.backup_contents import KEYS, Contents
from edgerunner.storage.database import FILE_NAME
from edgerunner.storage.master_keys import KEY_FILE_NAME


def run_backup(output: Output, archive: Path, *, with_keys: bool, with_data: bool, data_dir: Path | None) -> None:
    """Back the data folder up, which another process may use."""
    settings = load_settings(data_dir=data_dir)
    contents = Contents(keys=with_keys, data=with_data)
    try:
        manifest = backup.create(settings.data_dir, archive.absolute(), contents, created_at=datetime.now(UTC))
    except EdgerunnerError as error:
        raise CommandFailed(ExitCode.FAILED, error.detail) from error
    notes = _notes_on_keys(settings, manifest, with_keys=with_keys)
    _tell(output, "backup", archive, manifest, notes=notes)


def run_verify(output: Output, archive: Path) -> None:
    """Check an archive without touching any data folder."""
    try:
        verified = backup.verify(archive.absolute())
    except BackupUnusable as error:
        raise CommandFailed(ExitCode.FAILED, f"{archive} is no usable backup: {error.detail}.") from error
    replay = verified.replay
    notes = [
        f"Replay: {replay.events} events give the same {replay.orders} orders, {replay.fills} fills, "
        f"{replay.movements} cash movements and {replay.positions} positions."
        if replay is not None
        else f"Replay: not done, this version has another schema than the backup's {verified.manifest.schema}."
    ]
    _tell(output, "verified", archive, verified.manifest, notes=notes)


def run_restore(output: Output, archive: Path, *, force: bool, data_dir: Path | None) -> None:
    """Restore into the data folder of the settings, which no process may use."""
    settings = prepare_folder(output, data_dir=data_dir)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    try:
        with sole_owner(settings), _no_simulators(settings):
            done = restore.restore(settings.data_dir, archive.absolute(), force=force, stamp=stamp)
            state, _ = backup.read_state(settings.data_dir / FILE_NAME)
    except restore.RestoreRefused as error:
        raise CommandFailed(ExitCode.REFUSED, error.detail) from error
    except EdgerunnerError as error:
        raise CommandFailed(ExitCode.FAILED, f"{archive} was not restored: {error.detail}.") from error
    if state != done.manifest.state:
        raise CommandFailed(ExitCode.FAILED, f"{settings.data_dir} has state {state.hash} after the restore.")
    notes = [f"Read back from {settings.data_dir}: state {state.hash}, as in the backup."]
    if done.replaced is not None:
        notes.append(f"What was there before is in {done.replaced}: delete it when you are content.")
    if KEY_FILE_NAME not in done.manifest.roots:
        notes.append(_missing_key(settings))
    _tell(output, "restored", archive, done.manifest, notes=notes)


@contextmanager
def _no_simulators(settings: Settings) -> Iterator[None]:
    """Keep simulators off their folder: they outlive a killed ``up``. Raises ``CommandFailed``."""
    place = settings.data_dir / "sim" / "lock"
    if not place.exists():
        yield
        return
    with closing(sqlite3.connect(place, isolation_level=None, timeout=0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise CommandFailed(
                ExitCode.FAILED, f"Simulated brokers run in {place.parent}: stop them (`edgerunner sim` or `up`) first."
            ) from error
        lock.execute("ROLLBACK")
    yield


def _notes_on_keys(settings: Settings, manifest: Manifest, *, with_keys: bool) -> list[str]:
    if not with_keys:
        return ["Keys are not in it: it is of use with the master key alone, so keep a copy of that elsewhere."]
    missing = [name for name in KEYS if name not in manifest.roots]
    notes = ["The file holds keys: keep it as you would keep them."]
    if missing:
        notes.append(f"Not in it, since the data folder does not hold them: {', '.join(missing)}.")
    if settings.master_key_file is not None:
        notes.append(f"The master key lies in {settings.master_key_file}: back that file up by itself.")
    return notes


def _missing_key(settings: Settings) -> str:
    place = settings.master_key_file or settings.data_dir / KEY_FILE_NAME
    if settings.master_key is not None or settings.master_key_source != "file" or place.exists():
        return "The backup holds no keys; those of this installation are used."
    return (
        f"The backup holds no master key: put the old one into {place}, or set {PREFIX}MASTER_KEY, before the next "
        "start. Without it nothing that is stored as a secret can be read, and Edgerunner does not start."
    )


def _tell(output: Output, event: str, archive: Path, manifest: Manifest, *, notes: list[str]) -> None:
    state = manifest.state
    output.event(
        event=event,
        file=str(archive),
        state_hash=state.hash,
        schema=manifest.schema,
        program=manifest.program,
        created_at=manifest.created_at,
        files=len(manifest.files),
        bytes=manifest.total_bytes,
        tables={name: table.rows for name, table in state.tables.items()},
        notes=notes,
    )
    rows = ", ".join(f"{table.rows} {name}" for name, table in state.tables.items() if table.rows)
    about = f"schema {manifest.schema}, made {manifest.created_at} by Edgerunner {manifest.program}"
    output.say(f"{event.capitalize()}: {archive}, {len(manifest.files)} files, {manifest.total_bytes} bytes, {about}.")
    output.say(f"State: {state.hash} ({rows or 'empty'}).")
    for note in notes:
        output.say(note)
