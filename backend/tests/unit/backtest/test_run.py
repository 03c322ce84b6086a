"""The public calls: what they take, refuse and hand back."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import edgerunner
from edgerunner import Bar, OrderUpdate, Strategy, run_backtest
from edgerunner.backtest.columns import BadData
from edgerunner.backtest.errors import RunCanceled
from edgerunner.backtesting import run
from edgerunner.domain.errors import InvalidRequest
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.shipped.sma_cross import SmaCross
from tests.unit.backtest.runs import PERPETUAL, START_MS, columns, config, flat, scripted


def waves(count: int = 600) -> dict[str, Any]:
    close = np.round(100 + 10 * np.sin(np.arange(count) / 20), 2)
    prices = {"open": close, "high": close + 0.5, "low": close - 0.5, "close": close}
    return {"time": START_MS + 60_000 * np.arange(count), **prices, "volume": np.full(count, 10.0)}


def test_every_kind_of_input_gives_the_same_run(tmp_path: Path) -> None:
    arrays = waves()
    frame = pd.DataFrame(arrays)
    csv, parquet = tmp_path / "bars.csv", tmp_path / "bars.parquet"
    frame.to_csv(csv, index=False)
    pl.DataFrame(arrays).write_parquet(parquet)
    inputs = [arrays, frame, pl.DataFrame(arrays), csv, str(parquet)]
    equities = [run_backtest(SmaCross, each, parameters={"fast": 3, "slow": 9}).final_equity for each in inputs]
    assert len(set(equities)) == 1
    assert equities[0] != 10_000


def test_without_an_instrument_nothing_is_refused_and_that_is_said() -> None:
    result = run_backtest(SmaCross, waves(), parameters={"quantity": 0.12345678})
    assert {fill.quantity for fill in result.fills} == {Decimal("0.12345678")}
    assert result.assumptions["instrument"].startswith("none was given: tick 0.01")
    assert result.timeframe == "1m"


def test_assumptions_name_what_was_taken_for_granted() -> None:
    result = run_backtest(SmaCross, waves(), fees={"maker": "0.0002", "taker": "0.0005"}, slippage="0.0001", seed=7)
    assert result.assumptions["market_orders"] == "fill at the next bar's open"
    assert result.assumptions["fees"].startswith("maker 0.0002, taker 0.0005")
    assert result.assumptions["seed"] == "7"


def test_prices_off_the_tick_are_counted_and_said() -> None:
    bars = columns([(100.03, 100.03, 100.03, 100.03), *flat(100)])
    result = run(config(scripted({})), {PERPETUAL.instrument_id: bars})
    assert result.assumptions[f"off_tick {PERPETUAL.instrument_id}"].startswith("1 bars have prices off the tick 0.1")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"cash": "0"}, "initial_cash"),
        ({"cash": "lots"}, "cash"),
        ({"slippage": -0.1}, "slippage"),
        ({"fees": {"makers": 0}}, "fees.makers"),
        ({"fees": {"maker": "free"}}, "fees.maker"),
        ({"fill": "yesterday"}, "fill"),
        ({"parameters": {"fast": 0}}, "parameters.fast"),
        ({"parameters": {"fast": 50, "slow": 20}}, "parameters.fast"),
        ({"parameters": {"quick": 5}}, "parameters.quick"),
    ],
)
def test_a_wrong_argument_is_named(words: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        run_backtest(SmaCross, waves(50), **words)
    assert [error.field for error in raised.value.errors] == [field]


def test_bad_data_names_row_and_column() -> None:
    arrays = waves(50)
    arrays["close"] = arrays["close"].copy()
    arrays["close"][7] = np.nan
    with pytest.raises(BadData, match="row 8, column close"):
        run_backtest(SmaCross, arrays)
    with pytest.raises(BadData, match="holds no bars"):
        run_backtest(SmaCross, 5)


def test_missing_data_of_an_instrument_is_named() -> None:
    with pytest.raises(InvalidRequest, match="there is no data for"):
        run(config(scripted({})), {})


def test_bars_that_are_shorter_than_the_time_frame_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="shorter than 5m"):
        run(config(scripted({}), timeframe="5m"), {PERPETUAL.instrument_id: columns(flat(100, 5))})
    with pytest.raises(InvalidRequest, match="is no time frame"):
        run(config(scripted({}), timeframe="tick"), {PERPETUAL.instrument_id: columns(flat(100, 5))})


def test_progress_ends_at_one_and_a_run_can_be_canceled() -> None:
    told: list[float] = []
    data = {PERPETUAL.instrument_id: columns(flat(100, 150_000))}
    run(config(scripted({})), data, on_progress=told.append)
    assert told == sorted(told)
    assert len(told) == 3
    assert told[-1] == 1.0
    with pytest.raises(RunCanceled, match="canceled after 65536 of 150000"):
        run(config(scripted({})), data, on_progress=told.append, should_stop=lambda: len(told) == 4)


def test_an_error_of_the_strategy_comes_out_with_its_time() -> None:
    def fail(strategy: Any) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine") as raised:
        run(config(scripted({1: fail})), {PERPETUAL.instrument_id: columns(flat(100, 3))})
    assert raised.value.__notes__ == ["in Scripted at 2024-01-01T00:02:00+00:00"]


def test_a_strategy_that_answers_its_own_orders_for_ever_is_stopped() -> None:
    class Endless(Strategy):
        def on_bar(self, bar: Bar) -> None:
            self.buy(1, limit=1)

        def on_order(self, update: OrderUpdate) -> None:
            self.cancel_all()
            self.buy(1, limit=1)

    with pytest.raises(StrategyMisuse, match="keeps answering its own orders"):
        run(config(Endless), {PERPETUAL.instrument_id: columns(flat(100, 2))})


def test_the_same_run_gives_the_same_result_to_the_last_byte() -> None:
    runs = [run_backtest(SmaCross, waves(), fees={"taker": "0.0005"}) for _ in range(2)]
    assert runs[0].to_json() == runs[1].to_json()


def test_a_result_is_written_as_json_csv_and_html(tmp_path: Path) -> None:
    result = run_backtest(SmaCross, waves(), fees={"taker": "0.0005"})
    told = json.loads(result.to_json())
    assert told["final_equity"] == str(result.final_equity)
    assert len(told["trades"]) == len(result.trades) == result.metrics["trades"]
    result.to_csv(str(tmp_path))
    result.to_html(str(tmp_path / "report.html"))
    assert (tmp_path / "trades.csv").read_text(encoding="utf-8").count("\n") == len(result.trades) + 1
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_log_and_the_end_of_a_strategy() -> None:
    class Talker(Strategy):
        def on_start(self) -> None:
            self.log("begin")

        def on_stop(self) -> None:
            handle = self.buy(1)
            self.log(f"end {handle.status} {handle.reason}")

    result = run(config(Talker), {PERPETUAL.instrument_id: columns(flat(100, 2))})
    assert [line.text for line in result.log] == ["begin", "end denied stopped: the run is over"]


def test_public_names_are_there_and_only_they() -> None:
    assert all(getattr(edgerunner, name) is not None for name in edgerunner.__all__)
    assert edgerunner.__all__ == sorted(edgerunner.__all__)
    with pytest.raises(AttributeError):
        edgerunner.Nothing  # noqa: B018


def test_importing_the_strategy_class_brings_no_heavy_package_along() -> None:
    check = "import sys; from edgerunner import Strategy, parameter, Bar; "
    check += "print(*(name for name in ('numpy', 'pyarrow', 'pandas', 'polars', 'pydantic') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""


def test_importing_run_backtest_brings_no_file_reader_along() -> None:
    check = "import sys; from edgerunner import run_backtest; "
    check += "print(*(name for name in ('pyarrow', 'pandas', 'polars', 'pydantic', 'jinja2') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
