"""Putting a backup into a data folder: all of it or nothing, whenever the process ends.

    DATA/.restore/new           the unpacked and checked files; thrown away if the process ends here
    DATA/.restore/commit.json   from now on the restore will be finished, now or by the next start
    DATA/replaced-<time>        what was there before, kept until somebody deletes it

The data folder itself is not renamed: it may be a mounted volume.
"""

import os
import shutil
import sqlite3
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.storage.backup import FOLDER, check_databases
from edgerunner.storage.backup_archive import BackupUnusable, Manifest, opened, unpack
from edgerunner.storage.database import FILE_NAME
from edgerunner.storage.dataset_parts import sync
from edgerunner.storage.sqlite_snapshot import COMPANIONS
from edgerunner.storage.upgrade import is_known

STAGING: Final = ".restore"
_COMMIT: Final = "commit.json"
_REPLACED: Final = "replaced-"
_NOBODYS: Final = frozenset({"lock", "lock-journal", STAGING, FOLDER, "lost+found"})
"""Names that do not make a data folder anybody's: our own, and what a fresh volume holds."""


class RestoreRefused(EdgerunnerError):
    """Nothing was changed; ``detail`` says why and what to do."""

    code = "restore_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is moved: names that come, names that go, and the folder where these go."""

    incoming: tuple[str, ...]
    outgoing: tuple[str, ...]
    replaced: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back; ``replaced`` is the folder with what was there before, None = nothing was."""

    manifest: Manifest
    replaced: Path | None


def restore(data_dir: Path, archive: Path, *, force: bool, stamp: str) -> Restored:
    """Put a backup into a data folder that no process uses: the caller holds its lock.

    Names that the backup does not hold stay as they are. ``stamp`` names the folder of what is
    replaced. Raises ``RestoreRefused``, ``BackupUnusable``; the folder is then as it was.
    """
    complete_restore(data_dir)
    if not force and (found := _occupants(data_dir)):
        raise RestoreRefused(
            f"{data_dir} is not empty ({found[0]}): restore into another folder, or use --force, "
            "which keeps what is there in a folder of its own"
        )
    staging = data_dir / STAGING
    try:
        manifest = _stage(archive, staging)
        plan = _planned(data_dir, manifest, stamp)
        _commit(staging, plan)
    except (OSError, sqlite3.Error, zipfile.BadZipFile) as error:
        raise BackupUnusable(f"{archive} cannot be restored: {error}") from error
    finally:
        if not (staging / _COMMIT).exists():
            shutil.rmtree(staging, ignore_errors=True)
    complete_restore(data_dir)
    replaced = data_dir / plan.replaced
    return Restored(manifest=manifest, replaced=replaced if plan.outgoing else None)


def complete_restore(data_dir: Path) -> bool:
    """Finish a restore that was decided, throw one away that was not; tell whether one was finished.

    Every start calls this before it opens anything. Raises ``OSError``.
    """
    staging = data_dir / STAGING
    if not (staging / _COMMIT).exists():
        if staging.exists():
            shutil.rmtree(staging)
        return False
    plan = msgspec.json.decode((staging / _COMMIT).read_bytes(), type=_Plan)
    _move(plan.outgoing, data_dir, data_dir / plan.replaced)
    for name in plan.incoming:
        if (staging / "new" / name).exists():
            (staging / "new" / name).replace(data_dir / name)
    sync(data_dir)
    (staging / _COMMIT).unlink()
    shutil.rmtree(staging)
    return True


def _stage(archive: Path, staging: Path) -> Manifest:
    new = staging / "new"
    new.mkdir(mode=0o700, parents=True)
    with opened(archive) as (file, manifest):
        if not is_known(manifest.schema):
            raise RestoreRefused(
                f"{archive} has schema {manifest.schema}, which Edgerunner {manifest.program} made and this version "
                "does not know: use that version"
            )
        unpack(file, manifest, new)
    check_databases(new, manifest)
    for folder in (new, *(path for path in new.rglob("*") if path.is_dir())):
        folder.chmod(0o700)
        sync(folder)
    return manifest


def _planned(data_dir: Path, manifest: Manifest, stamp: str) -> _Plan:
    going = {*manifest.roots, *(f"{FILE_NAME}{ending}" for ending in COMPANIONS)}
    return _Plan(
        incoming=manifest.roots,
        outgoing=tuple(sorted(name for name in going if (data_dir / name).exists())),
        replaced=f"{_REPLACED}{stamp}",
    )


def _commit(staging: Path, plan: _Plan) -> None:
    draft = staging / f"{_COMMIT}.draft"
    draft.write_bytes(msgspec.json.encode(plan))
    sync(draft)
    draft.replace(staging / _COMMIT)
    sync(staging)
    sync(staging.parent)


def _move(names: tuple[str, ...], source: Path, target: Path) -> None:
    """Move what is not yet moved: what came in its place keeps its place when this runs again."""
    if not names:
        return
    target.mkdir(mode=0o700, exist_ok=True)
    for name in names:
        if not os.path.lexists(target / name):
            (source / name).rename(target / name)
    sync(target)


def _occupants(data_dir: Path) -> list[str]:
    return sorted(
        path.name for path in data_dir.iterdir() if path.name not in _NOBODYS and not path.name.startswith(_REPLACED)
    )
