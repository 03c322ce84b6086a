"""Recorded spreads of bars: paid by orders that take at any price, when asked for."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgerunner import run_backtest
from edgerunner.backtest.columns import BarColumns, bar_columns
from edgerunner.backtest.config import FillRule, SpreadRule
from edgerunner.backtest.result import Result
from edgerunner.backtesting import run
from edgerunner.domain.errors import InvalidRequest
from edgerunner.strategies.shipped.sma_cross import SmaCross
from tests.unit.backtest.runs import MINUTE_MS, PERPETUAL, START_MS, Step, config, fills_of, scripted

NAN = float("nan")
FX = Path(__file__).resolve().parents[5] / "shared" / "market_data" / "fx" / "oanda_EURUSD_1m_2014-05.csv.gz"


def spread_bars(*spreads: float) -> BarColumns:
    count = len(spreads)
    prices = np.full(count, 100.0)
    time = START_MS + MINUTE_MS * np.arange(count, dtype=np.int64)
    arrays: dict[str, Any] = {"time": time, "volume": np.full(count, 10.0), "spread": np.array(spreads)}
    return bar_columns(arrays | dict.fromkeys(("open", "high", "low", "close"), prices), source="test")


def play(spreads: tuple[float, ...], steps: dict[int, Step], **changes: Any) -> Result:
    return run(config(scripted(steps), **changes), {PERPETUAL.instrument_id: spread_bars(*spreads)})


ROUND_TRIP: dict[int, Step] = {0: lambda s: s.buy(1), 1: lambda s: s.close_position()}


@pytest.mark.parametrize(
    ("rule", "prices"),
    [
        (SpreadRule.NONE, [100.0, 100.0]),
        (SpreadRule.MID, [100.2, 99.6]),
        (SpreadRule.BID, [100.3, 100.0]),
    ],
)
def test_a_taker_pays_its_part_of_the_spread_at_the_close_before(rule: SpreadRule, prices: list[float]) -> None:
    result = play((0.3, 0.8, 5.0), ROUND_TRIP, spread=rule)
    assert [price for _, _, price in fills_of(result)] == prices  # half of 0.3 is rounded up to a tick


def test_a_fill_at_the_close_pays_the_spread_of_that_close() -> None:
    result = play((0.4, 0.8, 5.0), ROUND_TRIP, spread=SpreadRule.MID, fill=FillRule.SAME_CLOSE)
    assert [price for _, _, price in fills_of(result)] == [100.2, 99.6]


def test_a_limit_order_pays_no_spread() -> None:
    result = play((0.4, 0.4), {0: lambda s: s.buy(1, limit=100.0)}, spread=SpreadRule.MID)
    assert fills_of(result) == [("buy", 1.0, 100.0)]


def test_an_unknown_spread_is_the_newest_known_and_a_negative_one_is_none() -> None:
    steps: dict[int, Step] = {number: lambda s: s.buy(1) for number in range(4)}
    result = play((NAN, 0.4, NAN, -0.4, 0.4), steps, spread=SpreadRule.MID)
    assert [price for _, _, price in fills_of(result)] == [100.0, 100.2, 100.2, 100.0]


def test_the_spread_adds_to_the_slippage() -> None:
    result = play((0.4, 0.4, 0.4), ROUND_TRIP, spread=SpreadRule.MID, slippage=Decimal("0.001"))
    assert [price for _, _, price in fills_of(result)] == [100.3, 99.7]


@pytest.mark.parametrize("spreads", [None, (NAN, NAN)])
def test_data_without_a_spread_are_refused(spreads: tuple[float, ...] | None) -> None:
    bars = spread_bars(*(spreads or (0.0, 0.0)))
    if spreads is None:
        arrays = {"time": bars.time_ms, "volume": bars.volume}
        bars = bar_columns(arrays | dict.fromkeys(("open", "high", "low", "close"), bars.close), source="test")
    with pytest.raises(InvalidRequest) as caught:
        run_backtest(SmaCross, bars, spread="mid")
    assert [error.field for error in caught.value.errors] == ["spread"]


def test_the_spread_of_real_bids_costs_what_its_buyers_paid() -> None:
    if not FX.exists():
        pytest.skip(f"the recorded market data does not lie beside the repository: {FX}")
    terms: dict[str, Any] = {"parameters": {"fast": 20, "slow": 60, "quantity": 1_000}}
    free, paid = run_backtest(SmaCross, FX, **terms), run_backtest(SmaCross, FX, spread="bid", **terms)
    costs = [with_spread.price - without.price for with_spread, without in zip(paid.fills, free.fills, strict=True)]
    buys = [cost for cost, fill in zip(costs, free.fills, strict=True) if fill.side == "buy"]
    assert min(buys) > 0
    assert sum(costs) == sum(buys)
    assert free.final_equity - paid.final_equity == 1_000 * sum(buys)
