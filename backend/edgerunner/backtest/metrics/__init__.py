"""What a run achieved, each figure beside its definition.

Returns at UTC day ends, drawdown on every bar, trade statistics in money net of fees; undefined is
None, never infinite, NaN or a zero that stands for nothing.
"""

from edgerunner.backtest.metrics.calendars import EXCHANGE_DAYS, WEEKDAYS, periods_per_year
from edgerunner.backtest.metrics.curve import EVERY_DAY, DayReturns, EquityCurve, day_returns, equity_curve
from edgerunner.backtest.metrics.definitions import DEFINITIONS, Group, MetricDefinition, Unit, metric_assumptions
from edgerunner.backtest.metrics.drawdown import DrawdownPeriod, Drawdowns, drawdowns
from edgerunner.backtest.metrics.summary import metrics
from edgerunner.backtest.metrics.tables import (
    Distribution,
    RollingSharpe,
    YearReturns,
    distribution,
    monthly_returns,
    rolling_sharpe,
)
from edgerunner.backtest.metrics.trades import ClosedTrade, Figures

__all__ = [
    "DEFINITIONS",
    "EVERY_DAY",
    "EXCHANGE_DAYS",
    "WEEKDAYS",
    "ClosedTrade",
    "DayReturns",
    "Distribution",
    "DrawdownPeriod",
    "Drawdowns",
    "EquityCurve",
    "Figures",
    "Group",
    "MetricDefinition",
    "RollingSharpe",
    "Unit",
    "YearReturns",
    "day_returns",
    "distribution",
    "drawdowns",
    "equity_curve",
    "metric_assumptions",
    "metrics",
    "monthly_returns",
    "periods_per_year",
    "rolling_sharpe",
]
