"""A finished run made without the engine: long for a while, flat for a while, over seeded bars."""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from edgerunner.backtest.columns import BarColumns, bar_columns
from edgerunner.backtest.metrics import Figures, metric_assumptions, metrics
from edgerunner.backtest.result import Refusal

MINUTE_MS = 60_000
DAY_MS = 1_440 * MINUTE_MS
START_MS = 1_704_067_200_000  # 2024-01-01T00:00Z
START_CAPITAL = 100_000.0
COST_RATE = 0.0002


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeFill:
    order_id: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTrade:
    pnl: float
    entry_time_ms: int = START_MS
    exit_time_ms: int = START_MS + MINUTE_MS
    mae: float | None = None
    mfe: float | None = None
    instrument_id: str = "BTCUSDT-LINEAR.BYBIT"
    side: str = "buy"
    entry_price: float = float(1)
    exit_price: float = float(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeResult:
    bars: BarColumns
    equity_time_ms: NDArray[np.int64]
    equity: NDArray[np.float64]
    trades: tuple[FakeTrade, ...] = ()
    fills: tuple[FakeFill, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    orders: tuple[FakeFill, ...] = ()
    cash_movements: tuple[object, ...] = ()
    counts: dict[str, int] = field(default_factory=lambda: {"bars": 1})
    metrics: Figures
    assumptions: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, object] = field(default_factory=lambda: {"fast": 10, "slow": 30, "quantity": Decimal(1)})
    strategy: str = "SmaCross"
    instrument_ids: tuple[str, ...] = ("BTCUSDT-LINEAR.BYBIT",)
    timeframe: str = "1m"
    bar_ms: int = MINUTE_MS
    currency: str = "USDT"
    start_capital: Decimal = Decimal(100000)
    periods_per_year: int = 365

    @property
    def final_equity(self) -> Decimal:
        return Decimal(str(round(float(self.equity[-1]), 4)))


def seeded_bars(count: int, *, seed: int = 20260, bar_ms: int = MINUTE_MS) -> BarColumns:
    random = np.random.default_rng(seed)
    closes = np.round(50_000 * np.exp(np.cumsum(random.standard_normal(count) * 0.0006)), 2)
    opens = np.concatenate(([50_000.0], closes[:-1]))
    wiggle = np.abs(random.standard_normal(count)) * 10
    return bar_columns(
        {
            "time": START_MS + bar_ms * np.arange(count),
            "open": opens,
            "high": np.round(np.maximum(opens, closes) + wiggle, 2),
            "low": np.round(np.minimum(opens, closes) - wiggle, 2),
            "close": closes,
            "volume": np.full(count, 7.0),
        },
        source="seeded bars",
    )


def fake_result(bars: BarColumns, *, held_bars: int = 40, bar_ms: int = MINUTE_MS) -> FakeResult:
    """One unit is bought at every second ``held_bars`` mark's open and sold at the next one's."""
    marks = range(0, len(bars) - held_bars, 2 * held_bars)
    trades = tuple(_trade(bars, mark, mark + held_bars) for mark in marks)
    holding = np.zeros(len(bars))
    fees = np.zeros(len(bars))
    for mark in marks:
        holding[mark : mark + held_bars] = 1.0
        fees[mark] += COST_RATE * bars.open[mark]
        fees[mark + held_bars] += COST_RATE * bars.open[mark + held_bars]
    from_open, overnight = bars.close - bars.open, bars.open - np.concatenate((bars.open[:1], bars.close[:-1]))
    before = np.concatenate(([0.0], holding[:-1]))
    equity = START_CAPITAL + np.cumsum(holding * from_open + before * overnight - fees)
    fills = tuple(
        _fill(bars, index, side) for trade in marks for index, side in ((trade, "buy"), (trade + held_bars, "sell"))
    )
    return FakeResult(
        bars=bars,
        equity_time_ms=bars.time_ms,
        equity=equity,
        trades=trades,
        fills=fills,
        orders=fills,
        bar_ms=bar_ms,
        metrics=metrics(
            bars.time_ms,
            equity,
            trades,
            start_capital=START_CAPITAL,
            bar_ms=bar_ms,
            periods_per_year=365,
            exposure_bars=int(holding.sum()),
            fees_paid=float(fees.sum()),
            traded_notional=float(fees.sum() / COST_RATE),
            benchmark_prices=(float(bars.open[0]), float(bars.close[-1])),
        ),
        assumptions={"fill": "next_open", "fees": "0.0002 of notional", **metric_assumptions(365)},
    )


def _trade(bars: BarColumns, entry: int, leave: int) -> FakeTrade:
    bought, sold = float(bars.open[entry]), float(bars.open[leave])
    return FakeTrade(
        pnl=sold - bought - COST_RATE * (bought + sold),
        entry_time_ms=int(bars.time_ms[entry]),
        exit_time_ms=int(bars.time_ms[leave]),
        mae=float(bars.low[entry:leave].min()) - bought,
        mfe=float(bars.high[entry:leave].max()) - bought,
        entry_price=bought,
        exit_price=sold,
    )


def _fill(bars: BarColumns, index: int, side: str) -> FakeFill:
    price = float(bars.open[index])
    return FakeFill(
        order_id=f"order-{index}",
        side=side,
        quantity=Decimal(1),
        price=Decimal(str(price)),
        fee=Decimal(str(round(COST_RATE * price, 8))),
        time_ms=int(bars.time_ms[index]),
    )
