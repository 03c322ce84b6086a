"""Archives that lie, are damaged, or want to write elsewhere: refused, and nothing is changed."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.storage import backup, restore
from edgerunner.storage.backup_archive import MANIFEST, BackupUnusable
from edgerunner.storage.database import FILE_NAME
from tests.unit.storage.backup_folders import data_folder, names_in, save, state_in

Content = dict[str, bytes]
Manifest = dict[str, Any]


@pytest.fixture
def archive(tmp_path: Path, migrated_file: Path) -> Path:
    save(data_folder(tmp_path / "source", migrated_file), tmp_path / "good.zip")
    return tmp_path / "good.zip"


def rewritten(archive: Path, change: Callable[[Content, Manifest], None]) -> Path:
    """Return a copy of an archive after ``change`` had its files and manifest."""
    with zipfile.ZipFile(archive) as file:
        content = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(content.pop(MANIFEST))
    change(content, manifest)
    bad = archive.with_name("bad.zip")
    with zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in content.items():
            file.writestr(name, data)
        file.writestr(MANIFEST, json.dumps(manifest))
    return bad


def refusal(archive: Path, target: Path) -> str:
    """Restore and verify an archive, which must be refused and change nothing; return what was said."""
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with pytest.raises(EdgerunnerError) as refused:
        restore.restore(target, archive, force=True, stamp="x")
    assert names_in(target) == {"mine.txt"}
    assert not any(path.name.startswith((".restore", "replaced")) for path in target.iterdir())
    return refused.value.detail


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "/etc/escaped",
        "strategies/../../escaped",
        "strategies//escaped",
        "strategies/./escaped",
        "C:/escaped",
        "strategies\\..\\escaped",
        "strategies/con.",
        "unknown/file",
        ".restore/commit.json",
        "lock",
        "strategies/a\nb",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(archive: Path, tmp_path: Path, name: str) -> None:
    def add(content: Content, manifest: Manifest) -> None:
        content[name] = b"x"
        manifest["files"].append({"path": name, "size": 1, "sha256": "2d711642b726b04401627ca9fbac32f5"})

    assert "is no name that a backup may hold" in refusal(rewritten(archive, add), tmp_path / "new")
    assert not list(tmp_path.rglob("*escaped*"))


def flip(content: Content, _manifest: Manifest) -> None:
    content["strategies/mine.py"] = b"ORDERS = 9\n"


def grow(content: Content, _manifest: Manifest) -> None:
    content["strategies/mine.py"] += b"more"


def smuggle(content: Content, _manifest: Manifest) -> None:
    content["strategies/more.py"] = b"import os"


def drop(content: Content, _manifest: Manifest) -> None:
    del content["strategies/mine.py"]


def claim_another_state(_content: Content, manifest: Manifest) -> None:
    manifest["state"]["tables"]["orders"]["rows"] += 1


def come_from_the_future(_content: Content, manifest: Manifest) -> None:
    manifest["schema"] = "9999"


def have_a_new_format(_content: Content, manifest: Manifest) -> None:
    manifest["format"] = 2


def be_no_manifest(_content: Content, manifest: Manifest) -> None:
    manifest.clear()


def name_a_file_twice(_content: Content, manifest: Manifest) -> None:
    manifest["files"].append(manifest["files"][0])


def differ_in_capitals(content: Content, manifest: Manifest) -> None:
    content["strategies/MINE.py"] = content["strategies/mine.py"]
    entry = next(file for file in manifest["files"] if file["path"] == "strategies/mine.py")
    manifest["files"].append({**entry, "path": "strategies/MINE.py"})


def be_a_bomb(content: Content, manifest: Manifest) -> None:
    entry = next(file for file in manifest["files"] if file["path"] == "strategies/mine.py")
    content["strategies/mine.py"] = b"\0" * 50_000_000
    entry["size"] = 1_000


def want_more_than_the_disk_has(content: Content, manifest: Manifest) -> None:
    manifest["files"][-1]["size"] = 2**60


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip, "damaged"),
        (grow, "manifest says"),
        (smuggle, "disagree about 'strategies/more.py'"),
        (drop, "disagree about 'strategies/mine.py'"),
        (claim_another_state, "its state is"),
        (come_from_the_future, "this version does not know"),
        (have_a_new_format, "format 2"),
        (be_no_manifest, "manifest cannot be read"),
        (name_a_file_twice, "twice"),
        (differ_in_capitals, "capitals"),
        (be_a_bomb, "manifest says 1000"),
        (want_more_than_the_disk_has, "manifest says"),
    ],
)
def test_an_archive_that_lies_is_refused(
    archive: Path, tmp_path: Path, change: Callable[[Content, Manifest], None], said: str
) -> None:
    assert said in refusal(rewritten(archive, change), tmp_path / "new")


def test_a_bomb_that_lies_in_its_own_directory_too_is_cut_at_what_it_declared(archive: Path, tmp_path: Path) -> None:
    bad = rewritten(archive, be_a_bomb)
    raw = bad.read_bytes().replace((50_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    bad.write_bytes(raw)
    assert "damaged" in refusal(bad, tmp_path / "new") or "cannot be" in refusal(bad, tmp_path / "again")


def test_a_disk_without_room_is_said_before_anything_is_written(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgerunner.storage.backup_archive._SPARE_BYTES", 2**62)
    assert "has room for 0" in refusal(archive, tmp_path / "new")


@pytest.mark.parametrize("keep", [0, 10, 500, -30])
def test_a_cut_archive_is_refused(archive: Path, tmp_path: Path, keep: int) -> None:
    archive.write_bytes(archive.read_bytes()[:keep])
    assert "cannot be" in refusal(archive, tmp_path / "new")
    with pytest.raises(BackupUnusable):
        backup.verify(archive)


def test_every_flipped_byte_is_noticed_or_changes_nothing(archive: Path, tmp_path: Path) -> None:
    whole, state = archive.read_bytes(), backup.verify(archive).manifest.state
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        target = tmp_path / f"at-{place}"
        target.mkdir()
        try:
            restore.restore(target, archive, force=False, stamp="x")
        except EdgerunnerError:
            assert names_in(target) == set(), place
        else:
            assert state_in(target) == state, place


def test_a_journal_that_does_not_give_its_own_orders_is_no_good_backup(archive: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    with closing(sqlite3.connect(source / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("DELETE FROM fills")
    save(source, tmp_path / "odd.zip")
    with pytest.raises(BackupUnusable, match="does not give the orders"):
        backup.verify(tmp_path / "odd.zip")
