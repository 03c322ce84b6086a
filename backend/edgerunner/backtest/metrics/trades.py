"""Statistics of closed trades, on money won or lost after fees."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Protocol, SupportsFloat

import numpy as np

from edgerunner.backtest.metrics.curve import Floats

Figures = dict[str, float | int | None]


class ClosedTrade(Protocol):
    """What the statistics read of a round trip; money in the account's currency."""

    @property
    def pnl(self) -> SupportsFloat:
        """Money won (positive) or lost, net of fees."""

    @property
    def entry_time_ms(self) -> int:
        """When the position was opened, UTC epoch milliseconds."""

    @property
    def exit_time_ms(self) -> int:
        """When it was closed."""

    @property
    def mae(self) -> SupportsFloat | None:
        """Largest open loss while it was held, or None when not recorded."""

    @property
    def mfe(self) -> SupportsFloat | None:
        """Largest open profit while it was held, or None when not recorded."""


def trade_figures(trades: Sequence[ClosedTrade]) -> Figures:
    """Return the statistics of trades given in the order they were closed."""
    pnl = np.array([float(trade.pnl) for trade in trades], dtype=np.float64)
    held = np.array([trade.exit_time_ms - trade.entry_time_ms for trade in trades], dtype=np.float64) / 1000.0
    return {
        "trades": len(pnl),
        **_outcomes(pnl),
        "sqn": sqn(pnl),
        "max_consecutive_wins": longest_run(pnl > 0),
        "max_consecutive_losses": longest_run(pnl < 0),
        "average_holding_time": _mean(held),
        "max_holding_time": float(held.max()) if len(held) else None,
        "average_mae": _mean(np.array([float(trade.mae) for trade in trades if trade.mae is not None])),
        "average_mfe": _mean(np.array([float(trade.mfe) for trade in trades if trade.mfe is not None])),
    }


def _outcomes(pnl: Floats) -> Figures:
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    won, lost = float(wins.sum()), -float(losses.sum())
    average_win, average_loss = _mean(wins), _mean(losses)
    payoff = -average_win / average_loss if average_win is not None and average_loss is not None else None
    return {
        "win_rate": len(wins) / len(pnl) if len(pnl) else None,
        "profit_factor": won / lost if lost > 0 else None,
        "expectancy": _mean(pnl),
        "average_win": average_win,
        "average_loss": average_loss,
        "payoff_ratio": payoff,
        "best_trade": float(pnl.max()) if len(pnl) else None,
        "worst_trade": float(pnl.min()) if len(pnl) else None,
        "kelly": len(wins) / len(pnl) - len(losses) / len(pnl) / payoff if payoff is not None else None,
    }


def sqn(pnl: Floats) -> float | None:
    """Return Van Tharp's system quality number: root of the count times mean over sample deviation (ddof 1).

    Source: V. K. Tharp, "Definitive Guide to Position Sizing", 2008; without his cap at 100 trades.
    """
    if len(pnl) < 2:
        return None
    spread = float(np.std(pnl, ddof=1))
    if spread <= 1e-12 * float(np.max(np.abs(pnl))):
        return None
    return math.sqrt(len(pnl)) * float(np.mean(pnl)) / spread


def longest_run(outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int | None:
    """Return the length of the longest unbroken run of True; None without any outcome."""
    if not len(outcomes):
        return None
    return max((sum(1 for _ in run) for outcome, run in groupby(outcomes.tolist()) if outcome), default=0)


def _mean(values: Floats) -> float | None:
    return float(np.mean(values)) if len(values) else None
