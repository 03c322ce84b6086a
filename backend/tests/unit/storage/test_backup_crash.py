"""kill -9 at every step of a backup and of a restore: whole or absent, old or new, never half."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgerunner.cli.starting import sole_owner
from edgerunner.settings import load_settings
from edgerunner.storage import backup, restore
from edgerunner.storage.restore import STAGING, complete_restore
from tests.unit.storage.backup_folders import book_rows, data_folder, save, state_in

BACKEND = Path(__file__).parents[3]
WORKER = Path(__file__).with_name("backup_worker.py")
STRIDE = 3
"""Every third step, from another one each: the steps in between are of the same few kinds."""


def run(step: int, verb: str, data_dir: Path, archive: Path) -> str:
    """Run the worker; return what it printed, empty when it was killed."""
    finished = subprocess.run(
        [sys.executable, str(WORKER), str(step), verb, str(data_dir), str(archive)],
        env={"PYTHONPATH": str(BACKEND)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode in {0, -9}, finished.stderr
    return finished.stdout


def test_a_killed_backup_is_absent_or_whole(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    steps = int(run(0, "create", source, tmp_path / "whole.zip"))
    assert steps > 10
    outcomes = set()
    for step in range(1, steps + 1, STRIDE):
        archive = tmp_path / f"{step}.zip"
        assert run(step, "create", source, archive) == ""
        outcomes.add(archive.exists())
        if archive.exists():
            assert backup.verify(archive).manifest.state == state_in(source)
    assert outcomes <= {True, False}
    assert False in outcomes


def test_a_killed_restore_leaves_all_of_the_old_or_all_of_the_new(tmp_path: Path, migrated_file: Path) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    new = save(source, tmp_path / "b.zip").state
    steps = 0
    outcomes, step = [], 1
    while True:
        target = data_folder(tmp_path / f"at-{step}", migrated_file, orders=5)
        old = state_in(target)
        if printed := run(step, "restore", target, tmp_path / "b.zip"):
            steps = int(printed)
            break
        with sole_owner(load_settings(data_dir=target)):
            pass  # what every start does first
        assert not (target / STAGING).exists(), step
        found = (
            state_in(target),
            book_rows(target / "local" / "paper.db"),
            (target / "strategies/mine.py").read_text(),
        )
        assert found in [(old, 5, "ORDERS = 5\n"), (new, 3, "ORDERS = 3\n")], step
        if found[0] == new:
            assert state_in(target / "replaced-killed") == old, step
        outcomes.append(found[0] == new)
        step += STRIDE
    assert steps > 20
    assert outcomes == sorted(outcomes), "once decided, it stays decided"
    assert set(outcomes) == {True, False}


def test_finishing_can_be_killed_as_well(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = data_folder(tmp_path / "data", migrated_file)
    new = save(source, tmp_path / "b.zip").state
    target = data_folder(tmp_path / "target", migrated_file, orders=5)
    old = state_in(target)
    moved: list[Path] = []
    replace, rename = Path.replace, Path.rename

    class Killed(Exception):
        pass

    def every_move_is_the_last(move: "type[Path]") -> None:
        def guarded(path: Path, place: Path) -> Path:
            if STAGING in place.parts:
                return replace(path, place)
            if path in moved:
                raise AssertionError(f"{path} was moved twice")
            moved.append(path)
            (replace if move is replace else rename)(path, place)
            raise Killed

        monkeypatch.setattr(Path, "replace" if move is replace else "rename", guarded)

    every_move_is_the_last(replace)  # type: ignore[arg-type]
    every_move_is_the_last(rename)  # type: ignore[arg-type]
    with pytest.raises(Killed):
        restore.restore(target, tmp_path / "b.zip", force=True, stamp="killed")
    for _ in range(40):
        try:
            if complete_restore(target):
                break
        except Killed:
            continue
    assert len(moved) > 8
    assert state_in(target) == new
    assert state_in(target / "replaced-killed") == old
