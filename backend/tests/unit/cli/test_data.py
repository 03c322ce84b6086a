"""`edgerunner data` on a data folder, without a running API."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from edgerunner.cli.app import app
from edgerunner.cli.data_download import _moment

GOOD = "time,open,high,low,close,volume\n1704067200000,100,102,99,101,5\n1704067260000,101,103,100,102,6\n"
DOUBLE = GOOD + "1704067260000,101,103,100,102,6\n"

Json = dict[str, Any]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `edgerunner data ...` on a folder of its own."""
    monkeypatch.setenv("EDGERUNNER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, ["data", *arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bars.csv"
    path.write_text(GOOD)
    return path


def events(result: Result) -> list[Json]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def imported(run: Run, file: Path) -> Json:
    result = run("import", str(file), "--instrument", "EURUSD.MT5", "--json")
    assert result.exit_code == 0, result.output
    (event,) = events(result)
    assert event["event"] == "dataset"
    dataset: Json = event["dataset"]
    return dataset


def test_an_import_prints_one_object_that_list_and_show_repeat(run: Run, file: Path) -> None:
    dataset = imported(run, file)
    assert (dataset["rows"], dataset["timeframe"], dataset["name"]) == (2, "1m", "bars.csv")
    assert events(run("list", "--json")) == [{"event": "dataset", "dataset": dataset}]
    assert events(run("show", dataset["dataset_id"], "--json")) == [{"event": "dataset", "dataset": dataset}]


def test_a_person_reads_what_was_understood_and_what_is_odd(run: Run, file: Path) -> None:
    result = run("import", str(file), "--instrument", "EURUSD.MT5", "--name", "My bars")
    assert result.exit_code == 0
    assert "EURUSD.MT5 1m bars: 2 rows from 2024-01-01 00:00 UTC to 2024-01-01 00:01 UTC  (My bars)" in result.stdout
    assert "times are epoch milliseconds" in result.stdout
    assert "0 gaps" in result.stdout


def test_a_bad_file_is_refused_with_its_row_and_nothing_is_stored(run: Run, file: Path) -> None:
    file.write_text(DOUBLE)
    result = run("import", str(file), "--instrument", "EURUSD.MT5", "--json")
    assert result.exit_code == 4
    assert "row 3, column time: is the time of the row before" in result.stderr
    assert events(result)[0]["exit_code"] == 4
    assert run("list").stdout == "No datasets.\n"


def test_a_repair_is_made_when_asked_and_told(run: Run, file: Path) -> None:
    file.write_text(DOUBLE)
    result = run("import", str(file), "--instrument", "EURUSD.MT5", "--drop-duplicates")
    assert result.exit_code == 0, result.output
    assert "dropped as repeated: 1 rows" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--instrument", "EURUSD"),
        ("--instrument", "EURUSD.MT5", "--timeframe", "7m"),
        ("--instrument", "EURUSD.MT5", "--format", "exe"),
        (),
    ],
)
def test_wrong_options_are_a_usage_error(run: Run, file: Path, arguments: tuple[str, ...]) -> None:
    assert run("import", str(file), *arguments).exit_code == 2


def test_a_file_that_is_not_there_is_a_usage_error(run: Run) -> None:
    assert run("import", "nowhere.csv", "--instrument", "EURUSD.MT5").exit_code == 2


def test_a_dataset_is_deleted_once(run: Run, file: Path) -> None:
    dataset_id = imported(run, file)["dataset_id"]
    (event,) = events(run("delete", dataset_id, "--json"))
    assert (event["event"], event["dataset"]["dataset_id"]) == ("deleted", dataset_id)
    again = run("delete", dataset_id)
    assert again.exit_code == 4
    assert "there is no dataset" in again.stderr


def test_a_download_needs_a_running_api(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGERUNNER_API_KEY", "the-quick-brown-fox-jumps-over-a-lazy-dog")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    result = run("download", "BTCUSDT-LINEAR.BYBIT", "--start", "2026-01-01", "--url", f"http://127.0.0.1:{port}")
    assert result.exit_code == 3
    assert "does not answer" in result.stderr


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("2026-01-31", "2026-01-31T00:00:00Z"), ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"), ("soon", "soon")],
)
def test_a_day_means_its_first_moment(typed: str, sent: str) -> None:
    assert _moment(typed) == sent
