"""``edgerunner backup`` and ``edgerunner restore`` as words on a command line."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edgerunner.cli.app import app
from edgerunner.storage.database import Database


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    Database.open(tmp_path / "data").close()
    (tmp_path / "data" / "master.key").write_text("x")
    return tmp_path / "data"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("verb", [("backup",), ("backup", "create")])
def test_the_word_create_may_be_left_out_and_options_stand_anywhere(
    verb: tuple[str, ...], data_dir: Path, tmp_path: Path
) -> None:
    saved = run(*verb, "--data-dir", data_dir, tmp_path / "b.zip", "--json")
    assert saved.exit_code == 0, saved.output
    event = json.loads(saved.stdout)
    assert (event["event"], len(event["state_hash"])) == ("backup", 64)
    checked = run("backup", "verify", tmp_path / "b.zip", "--json")
    assert json.loads(checked.stdout)["state_hash"] == event["state_hash"]


def test_a_person_is_told_the_state_and_what_is_not_in_it(data_dir: Path, tmp_path: Path) -> None:
    saved = run("backup", tmp_path / "b.zip", "--data-dir", data_dir)
    assert "State: " in saved.output
    assert "Keys are not in it" in saved.output
    restored = run("restore", tmp_path / "b.zip", "--data-dir", tmp_path / "new")
    assert restored.exit_code == 0, restored.output
    assert "as in the backup" in restored.output
    assert "holds no master key" in restored.output


def test_keys_in_the_file_are_said(data_dir: Path, tmp_path: Path) -> None:
    saved = run("backup", "--with-keys", tmp_path / "b.zip", "--data-dir", data_dir)
    assert "The file holds keys" in saved.output
    assert "does not hold them: api_key" in saved.output


def test_an_occupied_folder_is_exit_4_and_a_bad_archive_exit_1(data_dir: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.zip", "--data-dir", data_dir)
    assert run("restore", tmp_path / "b.zip", "--data-dir", data_dir).exit_code == 4
    (tmp_path / "bad.zip").write_text("no archive")
    assert run("restore", tmp_path / "bad.zip", "--data-dir", tmp_path / "new").exit_code == 1
    assert run("backup", "verify", tmp_path / "bad.zip").exit_code == 1
    assert run("backup", tmp_path / "b.zip", "--data-dir", data_dir).exit_code == 1


@pytest.mark.parametrize(("lock", "said"), [("lock", "Another Edgerunner"), ("sim/lock", "Simulated brokers run")])
def test_a_folder_in_use_is_not_restored_into(data_dir: Path, tmp_path: Path, lock: str, said: str) -> None:
    run("backup", tmp_path / "b.zip", "--data-dir", data_dir)
    (data_dir / lock).parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(data_dir / lock, isolation_level=None)) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        refused = run("restore", tmp_path / "b.zip", "--force", "--data-dir", data_dir)
    assert (refused.exit_code, said in refused.output) == (1, True)
