"""``edgerunner secrets`` on a data folder."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgerunner.cli.app import app
from edgerunner.cli.starting import sole_owner
from edgerunner.settings import load_settings
from edgerunner.storage.database import Database
from edgerunner.storage.master_keys import new_key
from edgerunner.storage.secrets import Vault
from edgerunner.storage.store import ConnectionStore, StoredConnection


def run(*arguments: str, data_dir: Path, key: str | None = None) -> tuple[int, list[dict[str, object]], str]:
    environment = {"EDGERUNNER_DATA_DIR": str(data_dir), "EDGERUNNER_MASTER_KEY": key}
    result = CliRunner().invoke(app, ["secrets", *arguments], env=environment)
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return result.exit_code, lines, result.output


async def store_one(data_dir: Path) -> None:
    database = Database.open(data_dir)
    connection = StoredConnection(
        connection_id="one",
        broker="bybit",
        environment="demo",
        execution="broker",
        credentials={"api_secret": "canary-secret"},
        created_at_ns=1,
    )
    await ConnectionStore(database, Vault.open(data_dir)).save(connection)
    database.close()


async def test_a_rotation_says_every_step_and_shows_no_key(tmp_path: Path) -> None:
    await store_one(tmp_path)
    before = (tmp_path / "master.key").read_text().strip()
    code, lines, shown = run("rotate", "--json", data_dir=tmp_path)
    after = (tmp_path / "master.key").read_text().strip()

    assert code == 0
    assert [line["event"] for line in lines] == ["key_added", "secrets_renewed", "old_keys_dropped", "secrets"]
    assert (lines[-1]["stored"], lines[-1]["under_first_key"]) == (1, 1)
    assert before != after
    assert before not in shown
    assert after not in shown


async def test_status_ends_with_1_when_a_secret_cannot_be_opened(tmp_path: Path) -> None:
    await store_one(tmp_path)
    assert run("status", data_dir=tmp_path)[0] == 0
    (tmp_path / "master.key").write_text(new_key())
    code, lines, shown = run("status", "--json", data_dir=tmp_path)
    assert code == 1
    assert lines[0]["unreadable"] == ["connections.credentials"]
    assert "restore the key" in shown


async def test_a_key_is_not_changed_under_a_running_edgerunner(tmp_path: Path) -> None:
    await store_one(tmp_path)
    with sole_owner(load_settings(data_dir=tmp_path)):
        code, _, shown = run("rotate", data_dir=tmp_path)
    assert code == 1
    assert "Another Edgerunner works in the data folder" in shown


@pytest.mark.parametrize("word", ["status", "rotate"])
async def test_a_setting_that_holds_no_key_is_named_and_not_shown(tmp_path: Path, word: str) -> None:
    code, _, shown = run(word, data_dir=tmp_path, key="hunter2-hunter2")
    assert code == 1
    assert "EDGERUNNER_MASTER_KEY" in shown
    assert "hunter2" not in shown
