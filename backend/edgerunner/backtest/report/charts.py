"""The series of the charts and a sentence for who cannot see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.metrics import DayReturns, Drawdowns, EquityCurve, RollingSharpe
from edgerunner.backtest.metrics.curve import Floats, Integers
from edgerunner.backtest.report.cells import minute, number, percent
from edgerunner.backtest.report.downsampling import Candles, bucket_size, candles, lowest_and_highest
from edgerunner.backtest.report.source import ReportedTrade

MOST_POINTS = 4000
MOST_CANDLES = 8000
MOST_MARKED_TRADES = 10_000
LONG_SIDES = frozenset({"buy", "long"})

Series = dict[str, list[float]]
MarkedTrade = tuple[int, int, int, int]
"""Candle of entry and of exit in UTC epoch seconds, 1 for long, 1 for won."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart: data for the script, and what it shows in words.

    Attributes:
        data: Series by name; an empty mapping when there is nothing to draw.
        text: What a reader of the picture would see, with its figures.
        note: How the points were chosen.
    """

    data: dict[str, Series | list[MarkedTrade] | int] = field(default_factory=dict)
    text: str
    note: str = ""


def equity_chart(curve: EquityCurve, falls: Drawdowns, currency: str) -> Chart:
    """Return equity with the drawdown below it."""
    times = curve.times
    highest, lowest = int(np.argmax(curve.equity)), int(np.argmin(curve.equity))
    deepest = falls.deepest
    fall = "It never fell below an earlier value."
    if deepest:
        back = f"was back on {minute(deepest.recovery_ms)}" if deepest.recovery_ms else "did not come back"
        fall = f"The deepest drawdown, {percent(deepest.depth)}, was on {minute(deepest.trough_ms)}; equity {back}."
    return Chart(
        data={
            "equity": _line(times, curve.equity),
            "drawdown": _line(times, -100.0 * falls.series),
        },
        text=(
            f"Equity went from {number(curve.start_capital, 2)} to {number(curve.final_equity, 2)} {currency}; "
            f"highest {number(curve.equity[highest], 2)} on {minute(curve.time_of(highest))}, "
            f"lowest {number(curve.equity[lowest], 2)} on {minute(curve.time_of(lowest))}. {fall}"
        ),
        note=_point_note(len(times)),
    )


def price_chart(bars: BarColumns, trades: Sequence[ReportedTrade], instrument_id: str) -> Chart:
    """Return candles of the first instrument with its trades' entries and exits."""
    drawn = candles(bars, most=MOST_CANDLES)
    decimals = _decimals(bars.close[:: max(1, len(bars) // 100)])
    first, last, highest, lowest = (
        number(price, decimals) for price in (bars.open[0], bars.close[-1], bars.high.max(), bars.low.min())
    )
    own = [trade for trade in trades if trade.instrument_id == instrument_id]
    marked = sorted(own, key=lambda trade: abs(float(trade.pnl)), reverse=True)[:MOST_MARKED_TRADES]
    return Chart(
        data={
            "candles": _candle_series(drawn),
            "trades": [_marked(trade, drawn) for trade in marked],
            "decimals": decimals,
        },
        text=(
            f"{instrument_id} opened at {first} and closed at {last}; highest {highest}, lowest {lowest}. "
            f"{_marked_sentence(len(marked), len(own))}"
        ),
        note="" if drawn.bars_each == 1 else f"Each candle holds {drawn.bars_each:,} of the run's bars.",
    )


def sharpe_chart(rolling: RollingSharpe, returns: DayReturns) -> Chart:
    """Return the rolling Sharpe ratio."""
    if not len(rolling.values):
        return Chart(text=f"It needs {rolling.days} day returns that differ; the run has {len(returns.returns)}.")
    lowest, highest, last = (
        number(value, 2) for value in (rolling.values.min(), rolling.values.max(), rolling.values[-1])
    )
    return Chart(
        data={"sharpe": _line(rolling.time_ms, rolling.values)},
        text=f"Of the last {rolling.days} day returns: between {lowest} and {highest}, at the end {last}.",
    )


def _line(time_ms: Integers, values: Floats) -> Series:
    picked = lowest_and_highest(values, most_points=MOST_POINTS)
    seconds = time_ms[picked] // 1000
    last_of_second = np.append(seconds[1:] != seconds[:-1], True)
    return {"time": seconds[last_of_second].tolist(), "value": _short(values[picked][last_of_second])}


def _candle_series(drawn: Candles) -> Series:
    prices = {name: _short(getattr(drawn, name)) for name in ("open", "high", "low", "close")}
    return {"time": (drawn.time_ms // 1000).tolist(), **prices}


def _short(values: Floats) -> list[float]:
    """Nine digits are more than a screen has pixels, and half the size of all of them."""
    return [float(f"{value:.9g}") for value in values.tolist()]


def _marked(trade: ReportedTrade, drawn: Candles) -> MarkedTrade:
    is_long, has_won = trade.side in LONG_SIDES, float(trade.pnl) > 0
    return _candle_of(trade.entry_time_ms, drawn), _candle_of(trade.exit_time_ms, drawn), int(is_long), int(has_won)


def _candle_of(time_ms: int, drawn: Candles) -> int:
    which = max(0, int(np.searchsorted(drawn.time_ms, time_ms, side="right")) - 1)
    return int(drawn.time_ms[which]) // 1000


def _decimals(prices: Floats) -> int:
    return max(len(f"{price:.8f}".rstrip("0").partition(".")[2]) for price in prices.tolist())


def _marked_sentence(marked: int, trades: int) -> str:
    if not trades:
        return "It was not traded."
    of_all = "" if marked == trades else f" Only the {marked:,} with the largest profit or loss can be marked."
    return f"It was traded {trades:,} times.{of_all}"


def _point_note(points: int) -> str:
    if points <= MOST_POINTS:
        return ""
    size = bucket_size(points, (MOST_POINTS - 2) // 2)
    return f"Drawn from {points:,} points: the lowest and the highest of every {size:,}, so that no extreme is lost."
