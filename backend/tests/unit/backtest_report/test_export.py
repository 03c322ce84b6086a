"""JSON and CSV of a result keep exact numbers exact and tell what each metric means."""

import csv
import json
import re
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pytest

from edgerunner.backtest.metrics import DEFINITIONS
from edgerunner.backtest.report import CSV_FILES, csv_texts, json_text
from tests.fakes.backtest_result import FakeResult, fake_result, seeded_bars

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(scope="module")
def result() -> FakeResult:
    return fake_result(seeded_bars(3_000))


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def test_json_holds_the_whole_run(result: FakeResult) -> None:
    read = json.loads(json_text(result))
    assert (read["strategy"], read["start_capital"], read["final_equity"]) == (
        "SmaCross",
        "100000",
        str(result.final_equity),
    )
    assert read["parameters"] == {"fast": 10, "slow": 30, "quantity": "1"}
    assert [len(read[name]) for name in ("trades", "fills", "orders", "equity", "cash_movements")] == [
        len(result.trades),
        len(result.fills),
        len(result.orders),
        len(result.equity),
        0,
    ]
    assert read["equity"][-1][1] == result.equity[-1]
    assert read["fills"][1]["fee"] == str(result.fills[1].fee)


def test_json_tells_every_metric_and_its_definition(result: FakeResult) -> None:
    read = json.loads(json_text(result))
    assert list(read["metrics"]) == list(DEFINITIONS)
    assert read["definitions"] == {name: definition.definition for name, definition in DEFINITIONS.items()}
    assert read["metrics"]["sharpe"] == result.metrics["sharpe"]


def test_times_are_rfc_3339_with_microseconds(result: FakeResult) -> None:
    read = json.loads(json_text(result))
    times = [
        read["metrics"]["max_drawdown_start"],
        read["equity"][0][0],
        read["trades"][0]["entry_time"],
        read["fills"][0]["time"],
    ]
    assert [time for time in times if not RFC_3339.fullmatch(time)] == []
    assert times[1] == "2024-01-01T00:00:00.000000Z"


def test_nanoseconds_become_times_too(result: FakeResult) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Update:
        time_ns: int
        latency_ms: int

    read = json.loads(json_text(replace(result, cash_movements=(Update(time_ns=1_500_000_000, latency_ms=3),))))
    assert read["cash_movements"] == [{"time": "1970-01-01T00:00:01.500000Z", "latency_ms": 3}]


def test_undefined_is_null_in_json_and_an_empty_cell_in_csv(result: FakeResult) -> None:
    undefined = replace(result, metrics={"sharpe": None, "trades": 0})
    assert json.loads(json_text(undefined))["metrics"] == {"sharpe": None, "trades": 0}
    metrics = rows(dict(csv_texts(undefined))["metrics.csv"])
    assert [row[:3] for row in metrics] == [
        ["metric", "value", "unit"],
        ["sharpe", "", "ratio"],
        ["trades", "0", "count"],
    ]


def test_a_number_that_is_none_is_refused_instead_of_written(result: FakeResult) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text(replace(result, equity=np.array([float("nan")] * len(result.equity))))


def test_csv_has_one_file_per_table_with_named_columns(result: FakeResult) -> None:
    texts = dict(csv_texts(result))
    assert tuple(texts) == CSV_FILES
    fills, trades, equity = (rows(texts[name]) for name in ("fills.csv", "trades.csv", "equity.csv"))
    assert fills[0] == ["order_id", "side", "quantity", "price", "fee", "time"]
    assert Decimal(fills[1][3]) == result.fills[0].price
    assert len(trades) - 1 == len(result.trades)
    assert equity[1] == ["2024-01-01T00:00:00.000000Z", repr(float(result.equity[0]))]


def test_text_that_a_spreadsheet_would_run_is_made_text(result: FakeResult) -> None:
    planted = replace(result, orders=(replace(result.orders[0], order_id='=HYPERLINK("http://x","y")', side="-1"),))
    order = rows(dict(csv_texts(planted))["orders.csv"])[1]
    assert order[0] == '\'=HYPERLINK("http://x","y")'
    assert order[1] == "-1"


def test_an_empty_table_keeps_its_columns(result: FakeResult) -> None:
    texts = dict(csv_texts(replace(result, trades=(), cash_movements=())))
    assert rows(texts["cash_movements.csv"]) == [["kind", "instrument_id", "amount", "time"]]
    assert rows(texts["trades.csv"])[0][:4] == ["instrument_id", "side", "quantity", "entry_time"]
