"""``edgerunner backtest`` on files, without an API."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from edgerunner.cli.app import app
from edgerunner.cli.backtest_sweep import Row, combinations, ranked
from edgerunner.domain.errors import InvalidRequest
from edgerunner.strategies.parameters import parameter
from edgerunner.strategies.registry import shipped_class
from edgerunner.strategies.strategy import Strategy

OWN = """
from edgerunner import Strategy, parameter

class Mine(Strategy):
    size: float = parameter(1.0, exclusive_minimum=0)

    def on_bar(self, bar):
        if len(self.bars) == 2:
            self.buy(self.size)

class Faulty(Strategy):
    def on_bar(self, bar):
        raise KeyError("lost")
"""

Json = dict[str, Any]


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A saw: up 1 for 20 minutes, down 1 for 20 minutes."""
    rows = ["time,open,high,low,close,volume"]
    for number in range(400):
        phase = number % 40
        price = 100 + (phase if phase < 20 else 40 - phase)
        rows.append(f"{1_700_000_000_000 + number * 60_000},{price},{price + 1},{price - 1},{price},10")
    path = tmp_path / "saw.csv"
    path.write_text("\n".join(rows))
    return path


def backtest(*words: object) -> Result:
    return CliRunner().invoke(app, ["backtest", *map(str, words)])


def one_line(result: Result) -> Json:
    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    return dict(json.loads(line))


def test_a_run_prints_one_json_line_and_writes_the_report(bars: Path, tmp_path: Path) -> None:
    report = tmp_path / "out.html"
    words = ("--param", "fast=3", "--param", "slow=8", "--taker", "0.001", "--report", report, "--json")
    line = one_line(backtest("run", "SmaCross", "--data", bars, *words))
    assert line["event"] == "result"
    assert line["parameters"] == {"fast": 3, "slow": 8, "quantity": 1.0}
    assert (line["timeframe"], line["instrument_ids"], line["start_capital"]) == ("1m", ["saw.FILE"], "10000")
    assert line["trades"] == line["metrics"]["trades"] > 5
    assert line["assumptions"]["fees"].startswith("maker 0, taker 0.001")
    assert report.read_text().lstrip().lower().startswith("<!doctype html>")


def test_the_same_run_twice_is_the_same(bars: Path) -> None:
    words = ("run", "SmaCross", "--data", bars, "--param", "fast=3", "--param", "slow=8", "--json")
    assert backtest(*words).stdout == backtest(*words).stdout


def test_a_person_sees_metrics_with_their_definitions(bars: Path) -> None:
    shown = backtest("run", "SmaCross", "--data", bars).stdout
    assert "SmaCross(fast=10, slow=30, quantity=1.0) on 400 x 1m of saw.FILE" in shown
    assert "Final equity / start capital - 1." in shown
    assert "Taken for granted:" in shown


def test_a_class_of_a_file_of_ones_own_is_run(bars: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    line = one_line(backtest("run", f"{tmp_path / 'own.py'}:Mine", "--data", bars, "--param", "size=2.5", "--json"))
    assert (line["strategy"], line["orders"]) == ("Mine", 1)
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "own.py").write_text(OWN)
    words = ("run", "own.Mine", "--data", bars, "--data-dir", tmp_path, "--json")
    assert one_line(backtest(*words))["strategy"] == "Mine"


def test_what_a_strategy_raises_is_a_failure_with_its_name(bars: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    result = backtest("run", f"{tmp_path / 'own.py'}:Faulty", "--data", bars)
    assert result.exit_code == 1
    assert "Faulty raised KeyError: 'lost'" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("NoSuch",), "no strategy class NoSuch"),
        (("SmaCross", "--param", "fast"), "NAME=VALUE"),
        (("SmaCross", "--param", "speed=1"), "no parameter 'speed'; it has fast, slow, quantity"),
        (("SmaCross", "--param", "fast=ten"), "must be a whole number"),
        (("SmaCross", "--param", "fast=0"), "parameters.fast"),
        (("SmaCross", "--param", "fast=30", "--param", "slow=10"), "must be less than slow"),
        (("SmaCross", "--cash", "1e4"), "--cash"),
        (("SmaCross", "--cash", "0"), "initial_cash"),
        (("SmaCross", "--fill", "never"), "--fill"),
        (("SmaCross", "--start", "yesterday"), "--start"),
        (("SmaCross", "--start", "2030-01-01T00:00:00Z"), "no bar lies between start and end"),
        (("SmaCross", "--dataset", "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"), "--data"),
    ],
)
def test_what_is_typed_wrong_is_said_with_exit_code_2(bars: Path, words: tuple[str, ...], said: str) -> None:
    result = backtest("run", *words, "--data", bars)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_missing_file_and_a_bad_one_are_told_apart(tmp_path: Path) -> None:
    assert backtest("run", "SmaCross", "--data", tmp_path / "none.csv").exit_code == 2
    bad = tmp_path / "bad.csv"
    bad.write_text("time,open,high,low,close,volume\n1700000000000,1,2,0.5,nan,1\n")
    result = backtest("run", "SmaCross", "--data", bad)
    assert result.exit_code == 1
    assert "row 1" in result.stderr


def test_a_sweep_lists_every_combination_best_first(bars: Path) -> None:
    words = ("--param", "fast=2:4:1", "--param", "slow=8,16", "--processes", "2", "--json")
    result = backtest("sweep", "SmaCross", "--data", bars, *words)
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {(row["parameters"]["fast"], row["parameters"]["slow"]) for row in rows} == {
        (fast, slow) for fast in (2, 3, 4) for slow in (8, 16)
    }
    returns = [row["metrics"]["total_return"] for row in rows]
    assert returns == sorted(returns, reverse=True)
    single = one_line(backtest("run", "SmaCross", "--data", bars, "--param", "fast=3", "--param", "slow=8", "--json"))
    same = [row for row in rows if row["parameters"] == {"fast": 3, "slow": 8}]
    assert same[0]["metrics"] == single["metrics"]


def test_a_combination_that_cannot_be_is_listed_with_its_reason(bars: Path) -> None:
    words = ("--param", "fast=4,20", "--param", "slow=8", "--processes", "1", "--json")
    rows = [json.loads(line) for line in backtest("sweep", "SmaCross", "--data", bars, *words).stdout.splitlines()]
    assert [row["error"] is None for row in rows] == [True, False]
    assert "must be less than slow" in rows[1]["error"]


class Sweepable(Strategy):
    """Every kind of parameter."""

    count: int = parameter(1)
    size: float = parameter(1.0)
    is_on: bool = parameter(default=True)
    word: str = parameter("a")


def test_ranges_and_lists_make_a_grid_in_the_order_typed() -> None:
    grid = combinations(("size=0.1:0.3:0.1", "is_on=true,false"), Sweepable.parameter_specs())
    assert grid == [{"size": size, "is_on": flag} for size in (0.1, 0.2, 0.3) for flag in (True, False)]
    assert combinations(("word=a,b",), Sweepable.parameter_specs()) == [{"word": "a"}, {"word": "b"}]
    assert combinations((), Sweepable.parameter_specs()) == [{}]


@pytest.mark.parametrize("text", ["count=5:1:1", "count=1:5:0", "count=a:b:c", "count=1:1000000:1"])
def test_a_range_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        combinations((text,), Sweepable.parameter_specs())


def test_rows_that_are_equal_stay_in_the_order_of_the_grid_and_undefined_ones_come_last() -> None:
    figures = (1.0, None, 2.0, 1.0)
    rows = [Row(parameters={"n": number}, metrics={"sharpe": value}) for number, value in enumerate(figures)]
    assert [row.parameters["n"] for row in ranked(rows, "sharpe")] == [2, 0, 3, 1]


def test_every_shipped_class_can_be_named() -> None:
    assert shipped_class("SignalStrategy").validated({}) == {"quantity": 0.0, "maximum_quantity": 0.0}


def test_orders_beyond_a_limit_are_listed_with_code_and_sentence(bars: Path) -> None:
    words = ("--param", "fast=3", "--param", "slow=8", "--limit", "max_order_notional=99.5")
    told = one_line(backtest("run", "SmaCross", "--data", bars, *words, "--json"))
    (refusal,) = told["refusals"]
    assert refusal["code"] == "order_notional"
    assert refusal["orders"] == told["orders"] > 0
    shown = backtest("run", "SmaCross", "--data", bars, *words).stdout
    assert f"order_notional {refusal['orders']:>20}   {refusal['text']}" in shown
    wrong = backtest("run", "SmaCross", "--data", bars, "--limit", "max_loss=3")
    assert (wrong.exit_code, "limits.max_loss" in wrong.stderr or "max_order_quantity" in wrong.stderr) == (2, True)


def test_a_spread_that_the_data_do_not_tell_is_refused(bars: Path) -> None:
    for word, sentence in (("mid", "tell no spread"), ("wide", "none, mid, bid")):
        refused = backtest("run", "SmaCross", "--data", bars, "--spread", word)
        assert refused.exit_code == 2
        assert sentence in refused.stderr
