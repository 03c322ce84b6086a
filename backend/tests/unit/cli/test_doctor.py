"""The doctor's checks of the machine and the data folder."""

import sqlite3
import sys
from pathlib import Path

import pytest

from edgerunner.cli.doctor_checks import (
    Level,
    check_data_folder,
    check_database,
    check_key_files,
    check_packages,
    check_python,
    check_variables,
)
from edgerunner.settings import ensure_api_key, load_settings


def test_this_installation_is_sound() -> None:
    assert check_python().level is Level.OK
    assert check_packages()[0].level is Level.OK


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGERUNNER_PROT", "1")
    assert any("EDGERUNNER_PROT" in finding.text for finding in check_variables())


def test_a_folder_that_cannot_be_written_is_a_trouble(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert check_data_folder(load_settings(data_dir=file / "x")).level is Level.TROUBLE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_a_key_that_others_may_read_is_a_trouble_with_its_remedy(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    ensure_api_key(settings)
    assert {finding.level for finding in check_key_files(settings)} == {Level.OK}
    settings.api_key_file.chmod(0o644)
    (trouble,) = [finding for finding in check_key_files(settings) if finding.level is Level.TROUBLE]
    assert "chmod 600" in trouble.text


def test_a_file_that_is_no_database_is_a_trouble(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    assert check_database(settings).level is Level.NOTE
    (tmp_path / "edgerunner.db").write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    assert check_database(settings).level is Level.TROUBLE


def test_a_database_tells_its_events(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "edgerunner.db")
    connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY)")
    connection.execute("INSERT INTO events VALUES (41)")
    connection.commit()
    connection.close()
    finding = check_database(load_settings(data_dir=tmp_path))
    assert finding.level is Level.OK
    assert "41 events" in finding.text
