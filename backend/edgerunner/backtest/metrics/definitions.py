"""Every metric's name, unit and definition: printed beside the number wherever one is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Unit(StrEnum):
    """What a metric's number counts."""

    FRACTION = "fraction"
    MONEY = "money"
    RATIO = "ratio"
    COUNT = "count"
    SECONDS = "seconds"
    TIME = "time"
    """UTC epoch milliseconds."""


class Group(StrEnum):
    """Heading under which a metric is shown."""

    RETURN = "Return"
    RISK = "Risk and reward"
    DRAWDOWN = "Drawdown"
    TRADES = "Trades"
    ACTIVITY = "Activity and costs"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """One metric: ``name`` is the key in results, ``title`` what a person reads."""

    name: str
    title: str
    group: Group
    unit: Unit
    definition: str


_ROWS: tuple[tuple[Group, tuple[tuple[str, str, Unit, str], ...]], ...] = (
    (
        Group.RETURN,
        (
            ("total_return", "Total return", Unit.FRACTION, "Final equity / start capital - 1."),
            ("net_profit", "Net profit", Unit.MONEY, "Final equity - start capital."),
            (
                "cagr",
                "CAGR",
                Unit.FRACTION,
                (
                    "Compound annual growth: (final equity / start capital) ^ (1 / years) - 1. Years are calendar time "
                    "from the first bar's opening to the last bar's end, of 365.25 days."
                ),
            ),
            (
                "buy_and_hold_return",
                "Buy and hold return",
                Unit.FRACTION,
                "First instrument: last close / first open - 1, without fees.",
            ),
        ),
    ),
    (
        Group.RISK,
        (
            (
                "annual_volatility",
                "Annual volatility",
                Unit.FRACTION,
                "Sample standard deviation (ddof 1) of day returns * sqrt(periods per year).",
            ),
            (
                "sharpe",
                "Sharpe ratio",
                Unit.RATIO,
                (
                    "Arithmetic mean / sample standard deviation (ddof 1) of day returns * sqrt(periods per year); "
                    "risk-free rate 0."
                ),
            ),
            (
                "sortino",
                "Sortino ratio",
                Unit.RATIO,
                (
                    "Arithmetic mean of day returns / root of the mean square of the negative ones over all days "
                    "* sqrt(periods per year); target 0."
                ),
            ),
            ("calmar", "Calmar ratio", Unit.RATIO, "CAGR / maximum drawdown."),
            (
                "omega",
                "Omega ratio",
                Unit.RATIO,
                "Sum of positive day returns / sum of negative day returns without sign; threshold 0.",
            ),
            ("skew", "Skewness", Unit.RATIO, "Bias-corrected sample skewness of day returns; at least 3 days."),
            (
                "kurtosis",
                "Excess kurtosis",
                Unit.RATIO,
                "Bias-corrected sample excess kurtosis of day returns (normal = 0); at least 4 days.",
            ),
            (
                "tail_ratio",
                "Tail ratio",
                Unit.RATIO,
                "95th percentile / 5th percentile of day returns, both without sign.",
            ),
            (
                "value_at_risk_95",
                "Value at risk, 95 %",
                Unit.FRACTION,
                "One day, historical: minus the 5th percentile of day returns; positive is a loss.",
            ),
            (
                "conditional_value_at_risk_95",
                "Conditional value at risk, 95 %",
                Unit.FRACTION,
                "One day, historical: minus the mean of the worst 5 % of day returns (at least one).",
            ),
        ),
    ),
    (
        Group.DRAWDOWN,
        (
            (
                "max_drawdown",
                "Maximum drawdown",
                Unit.FRACTION,
                "Largest (peak - equity) / peak, on every bar and with the start capital as first peak.",
            ),
            (
                "max_drawdown_money",
                "Maximum drawdown in money",
                Unit.MONEY,
                "Largest peak - equity; it may belong to another fall than the maximum drawdown.",
            ),
            (
                "max_drawdown_start",
                "Maximum drawdown: peak",
                Unit.TIME,
                "When the peak before the maximum drawdown was last held.",
            ),
            ("max_drawdown_trough", "Maximum drawdown: trough", Unit.TIME, "When the maximum drawdown was reached."),
            (
                "max_drawdown_recovery",
                "Maximum drawdown: recovery",
                Unit.TIME,
                "When equity was back at that peak; none while it was not.",
            ),
            (
                "max_drawdown_duration",
                "Longest drawdown",
                Unit.SECONDS,
                "Longest time from a peak until equity was back at it, or to the end of the run.",
            ),
            ("average_drawdown", "Average drawdown", Unit.FRACTION, "Mean of the deepest falls of all drawdowns."),
            (
                "average_drawdown_duration",
                "Average drawdown duration",
                Unit.SECONDS,
                "Mean time from peak to recovery of all drawdowns; an open one lasts to the end of the run.",
            ),
            (
                "time_under_water",
                "Time under water",
                Unit.FRACTION,
                "Bars that ended below the highest equity so far / all bars.",
            ),
            (
                "ulcer_index",
                "Ulcer index",
                Unit.FRACTION,
                "Root of the mean square of the drawdown at the end of every bar (P. Martin).",
            ),
        ),
    ),
    (
        Group.TRADES,
        (
            ("trades", "Trades", Unit.COUNT, "Closed round trips. Every figure below counts money net of fees."),
            ("win_rate", "Win rate", Unit.FRACTION, "Trades that won money / all trades."),
            ("profit_factor", "Profit factor", Unit.RATIO, "Money won by winners / money lost by losers."),
            ("expectancy", "Expectancy", Unit.MONEY, "Mean profit of a trade."),
            ("average_win", "Average win", Unit.MONEY, "Mean profit of the trades that won."),
            ("average_loss", "Average loss", Unit.MONEY, "Mean profit of the trades that lost: a negative number."),
            ("payoff_ratio", "Payoff ratio", Unit.RATIO, "Average win / average loss without sign."),
            ("best_trade", "Best trade", Unit.MONEY, "Highest profit of a trade."),
            ("worst_trade", "Worst trade", Unit.MONEY, "Lowest profit of a trade."),
            (
                "kelly",
                "Kelly fraction",
                Unit.FRACTION,
                "Share of winners - share of losers / payoff ratio.",
            ),
            (
                "sqn",
                "System quality number",
                Unit.RATIO,
                "sqrt(trades) * mean / sample standard deviation (ddof 1) of trade profits, without a cap (V. Tharp).",
            ),
            (
                "max_consecutive_wins",
                "Most wins in a row",
                Unit.COUNT,
                "In the order of closing; a trade that won and lost nothing ends the row.",
            ),
            (
                "max_consecutive_losses",
                "Most losses in a row",
                Unit.COUNT,
                "In the order of closing; a trade that won and lost nothing ends the row.",
            ),
            ("average_holding_time", "Average holding time", Unit.SECONDS, "Mean time from entry to exit."),
            ("max_holding_time", "Longest holding time", Unit.SECONDS, "Longest time from entry to exit."),
            (
                "average_mae",
                "Average MAE",
                Unit.MONEY,
                "Mean maximum adverse excursion: the worst open result of a trade while it was held.",
            ),
            (
                "average_mfe",
                "Average MFE",
                Unit.MONEY,
                "Mean maximum favourable excursion: the best open result of a trade while it was held.",
            ),
        ),
    ),
    (
        Group.ACTIVITY,
        (
            ("exposure", "Exposure", Unit.FRACTION, "Bars that ended with an open position / all bars."),
            ("fees_paid", "Fees paid", Unit.MONEY, "Sum of the fees of all fills; rebates subtract."),
            ("turnover", "Turnover", Unit.RATIO, "Notional of all fills / mean equity at bar ends."),
        ),
    ),
)

DEFINITIONS: Mapping[str, MetricDefinition] = MappingProxyType(
    {
        name: MetricDefinition(name=name, title=title, group=group, unit=unit, definition=definition)
        for group, rows in _ROWS
        for name, title, unit, definition in rows
    }
)
"""Every metric by name, in the order in which results list them."""


def metric_assumptions(periods_per_year: int) -> dict[str, str]:
    """Return what holds for all metrics of a run, for the list of its assumptions."""
    return {
        "returns": "at UTC day ends, of days with bars"
        + ("" if periods_per_year >= 365 else "; week-end bars belong to Monday"),
        "periods_per_year": str(periods_per_year),
        "risk_free_rate": "0",
        "standard_deviation": "of a sample (ddof 1)",
        "drawdown": "on every bar, from the start capital",
        "trade_statistics": "in money, net of fees",
    }
