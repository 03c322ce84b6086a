"""All metrics of a run in one call."""

from collections.abc import Sequence

import numpy as np

from edgerunner.backtest.metrics import returns as of_returns
from edgerunner.backtest.metrics.curve import EquityCurve, Floats, Integers, day_returns, equity_curve
from edgerunner.backtest.metrics.definitions import DEFINITIONS
from edgerunner.backtest.metrics.drawdown import drawdowns
from edgerunner.backtest.metrics.trades import ClosedTrade, Figures, trade_figures


def metrics(
    equity_time_ms: Integers,
    equity: Floats,
    trades: Sequence[ClosedTrade],
    *,
    start_capital: float,
    bar_ms: int,
    periods_per_year: int,
    exposure_bars: int,
    fees_paid: float,
    traded_notional: float,
    benchmark_prices: tuple[float, float] | None = None,
) -> Figures:
    """Return every metric of ``DEFINITIONS`` by name, in that order; None where one is undefined.

    Args:
        equity_time_ms: Opening of each bar (time of each tick), UTC epoch milliseconds, never falling.
        equity: Money at the end of each bar, fees and open positions included.
        trades: Closed round trips in the order of closing.
        start_capital: Money before the first bar, positive.
        bar_ms: Length of a bar in milliseconds, 0 for ticks.
        periods_per_year: Returns in a year: 365, 260 or 252 (``periods_per_year`` of the instruments).
        exposure_bars: Bars at whose end a position was open.
        fees_paid: Sum of all fees in money; a rebate is negative.
        traded_notional: Sum of the fills' notional without sign, in money.
        benchmark_prices: First open and last close of the first instrument, or None.

    Raises:
        ValueError: An equity point is not finite, time falls, or the start capital is not positive.
    """
    curve = equity_curve(equity_time_ms, equity, start_capital=start_capital, bar_ms=bar_ms)
    figures: Figures = {
        **_growth(curve, benchmark_prices),
        **_risk(day_returns(curve, periods_per_year=periods_per_year).returns, periods_per_year),
        **_drawdown(curve),
        **trade_figures(trades),
        **_activity(curve, exposure_bars=exposure_bars, fees_paid=fees_paid, traded_notional=traded_notional),
    }
    growth, deepest = figures["cagr"], figures["max_drawdown"]
    figures["calmar"] = of_returns.defined(growth / deepest) if growth is not None and deepest else None
    return {name: figures[name] for name in DEFINITIONS}


def _growth(curve: EquityCurve, benchmark_prices: tuple[float, float] | None) -> Figures:
    return {
        "total_return": curve.final_equity / curve.start_capital - 1.0,
        "net_profit": curve.final_equity - curve.start_capital,
        "cagr": of_returns.cagr(curve),
        "buy_and_hold_return": benchmark_prices[1] / benchmark_prices[0] - 1.0 if benchmark_prices else None,
    }


def _risk(returns: Floats, periods_per_year: int) -> Figures:
    return {
        "annual_volatility": of_returns.annual_volatility(returns, periods_per_year),
        "sharpe": of_returns.sharpe(returns, periods_per_year),
        "sortino": of_returns.sortino(returns, periods_per_year),
        "omega": of_returns.omega(returns),
        "skew": of_returns.skew(returns),
        "kurtosis": of_returns.kurtosis(returns),
        "tail_ratio": of_returns.tail_ratio(returns),
        "value_at_risk_95": of_returns.value_at_risk(returns),
        "conditional_value_at_risk_95": of_returns.conditional_value_at_risk(returns),
    }


def _drawdown(curve: EquityCurve) -> Figures:
    falls = drawdowns(curve)
    deepest = falls.deepest
    has_fallen = deepest is not None
    after_bars = falls.series[1:]
    return {
        "max_drawdown": deepest.depth if deepest else 0.0,
        "max_drawdown_money": float(falls.losses.max()),
        "max_drawdown_start": deepest.start_ms if deepest else None,
        "max_drawdown_trough": deepest.trough_ms if deepest else None,
        "max_drawdown_recovery": deepest.recovery_ms if deepest else None,
        "max_drawdown_duration": float(falls.duration_ms.max()) / 1000.0 if has_fallen else None,
        "average_drawdown": float(falls.depth.mean()) if has_fallen else None,
        "average_drawdown_duration": float(falls.duration_ms.mean()) / 1000.0 if has_fallen else None,
        "time_under_water": int(np.count_nonzero(after_bars)) / curve.bars,
        "ulcer_index": float(np.sqrt(np.mean(np.square(after_bars)))),
    }


def _activity(curve: EquityCurve, *, exposure_bars: int, fees_paid: float, traded_notional: float) -> Figures:
    mean_equity = float(curve.equity[1:].mean())
    return {
        "exposure": exposure_bars / curve.bars,
        "fees_paid": fees_paid,
        "turnover": of_returns.defined(traded_notional / mean_equity) if mean_equity > 0 else None,
    }
