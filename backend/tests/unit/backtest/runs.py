"""Small markets and scripted strategies for the tests of the backtester."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgerunner.backtest.columns import BarColumns, bar_columns
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.result import Result
from edgerunner.backtesting import run
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.domain.orders import OrderStatus
from edgerunner.matching.fees import FeeSchedule
from edgerunner.strategies.intents import OrderHandle
from edgerunner.strategies.market_data import Bar, Fill, OrderUpdate
from edgerunner.strategies.strategy import Strategy

MINUTE_MS = 60_000
START_MS = 1_704_067_200_000  # a Monday, 00:00 UTC
SHARED_BARS = Path(__file__).resolve().parents[5] / "shared" / "bench" / "bars.py"
Row = tuple[float, float, float, float]


def instrument(**changes: Any) -> Instrument:
    terms: dict[str, Any] = {
        "instrument_id": "BTCUSDT-LINEAR.BYBIT",
        "venue_symbol": "BTCUSDT",
        "product": Product.PERPETUAL,
        "base": "BTC",
        "quote": "USDT",
        "settle": "USDT",
        "quantity_unit": QuantityUnit.COINS,
        "tick_size": Decimal("0.1"),
        "lot_step": Decimal("0.001"),
        "min_quantity": Decimal("0.001"),
    }
    return Instrument(**(terms | changes))


PERPETUAL = instrument()
SPOT = instrument(instrument_id="BTCUSDT-SPOT.BYBIT", product=Product.SPOT)


def columns(
    rows: Sequence[Row], *, volume: float = 1000.0, start_ms: int = START_MS, step_ms: int = MINUTE_MS
) -> BarColumns:
    open_, high, low, close = zip(*rows, strict=True)
    time = start_ms + step_ms * np.arange(len(rows), dtype=np.int64)
    volumes = np.full(len(rows), volume)
    arrays: dict[str, Any] = {"time": time, "open": open_, "high": high, "low": low, "close": close, "volume": volumes}
    return bar_columns(arrays, source="test")


def flat(price: float, count: int = 1) -> list[Row]:
    return [(price, price, price, price)] * count


Step = Callable[["Script"], object]


class Script(Strategy):
    """Calls ``steps[number of the bar]``; keeps what it was told."""

    steps: Mapping[int, Step]

    def on_start(self) -> None:
        self.seen: list[Bar] = []
        self.fills: list[Fill] = []
        self.updates: list[OrderUpdate] = []
        self.kept: dict[str, Any] = {}

    def on_bar(self, bar: Bar) -> None:
        step = self.steps.get(len(self.seen))
        self.seen.append(bar)
        if step is not None:
            step(self)

    def on_fill(self, fill: Fill) -> None:
        self.fills.append(fill)

    def on_order(self, update: OrderUpdate) -> None:
        self.updates.append(update)


def scripted(steps: Mapping[int, Step], **changes: Any) -> type[Script]:
    made: list[Script] = []

    def __init__(self: Script, *arguments: Any) -> None:  # noqa: N807
        Script.__init__(self, *arguments)
        made.append(self)

    return type("Scripted", (Script,), {"steps": steps, "made": made, "__init__": __init__, **changes})


def config(strategy: type[Strategy], traded: Instrument = PERPETUAL, **changes: Any) -> BacktestConfig:
    terms: dict[str, Any] = {
        "strategy_class": strategy,
        "instruments": {traded.instrument_id: traded},
        "timeframe": "1m",
        "initial_cash": Decimal(10_000),
        "base_currency": "USDT",
    }
    return BacktestConfig(**(terms | changes))


def play(
    rows: Sequence[Row],
    steps: Mapping[int, Step],
    traded: Instrument = PERPETUAL,
    *,
    volume: float = 1000.0,
    **changes: Any,
) -> tuple[Result, Script]:
    """Run a script over bars of one instrument; return the result and the strategy."""
    strategy = scripted(steps)
    result = run(config(strategy, traded, **changes), {traded.instrument_id: columns(rows, volume=volume)})
    return result, strategy.made[0]  # type: ignore[attr-defined]


def fills_of(result: Result) -> list[tuple[str, float, float]]:
    return [(fill.side.value, float(fill.quantity), float(fill.price)) for fill in result.fills]


def statuses(result: Result) -> list[OrderStatus]:
    return [order.status for order in result.orders]


def fees(rate: str) -> FeeSchedule:
    return FeeSchedule(maker=Decimal(rate), taker=Decimal(rate))


def reference_bars() -> ModuleType:
    """The seeded bars of the benchmark; they live beside the repository, not in it."""
    if not SHARED_BARS.exists():
        pytest.skip(f"the reference bars are not there: {SHARED_BARS}")
    spec = importlib.util.spec_from_file_location("reference_bars", SHARED_BARS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keep(name: str, order: Callable[[Script], OrderHandle | None]) -> Step:
    """Return a step that keeps the handle of the order it sends."""

    def step(strategy: Script) -> None:
        strategy.kept[name] = order(strategy)

    return step
