"""One self-contained HTML page of a finished run: no network, light and dark, for screen, phone and paper."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import SupportsFloat

import jinja2
from markupsafe import Markup

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.metrics import (
    DEFINITIONS,
    Group,
    day_returns,
    distribution,
    drawdowns,
    equity_curve,
    monthly_returns,
    rolling_sharpe,
)
from edgerunner.backtest.report import cells
from edgerunner.backtest.report.charts import Chart, equity_chart, price_chart, sharpe_chart
from edgerunner.backtest.report.histogram import histogram
from edgerunner.backtest.report.source import BacktestResult, tables_of
from edgerunner.backtest.report_scripts import LIBRARY, SCRIPT, script_hashes, script_text

MOST_ROWS = 200
MOST_DRAWDOWNS = 10
HEADLINES = ("total_return", "cagr", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor", "fees_paid")
_PACKAGE = "edgerunner.backtest.report"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One metric as the page shows it."""

    name: str
    title: str
    value: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTable:
    """The first rows of a long table and where the rest is."""

    name: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    total: int


def html(result: BacktestResult, *, bars: BarColumns | None = None, title: str | None = None) -> str:
    """Return the report as one HTML page.

    Args:
        result: The finished run.
        bars: Bars of its first instrument for the price chart; without them the page says so.
        title: Heading; by default the strategy and its instruments.
    """
    curve = equity_curve(
        result.equity_time_ms, result.equity, start_capital=float(result.start_capital), bar_ms=result.bar_ms
    )
    returns = day_returns(curve, periods_per_year=result.periods_per_year)
    falls = drawdowns(curve)
    found = distribution(returns)
    rolling = rolling_sharpe(
        returns, days=_rolling_days(len(returns.returns)), periods_per_year=result.periods_per_year
    )
    return _render(
        charts={
            "equity": equity_chart(curve, falls, result.currency),
            "price": price_chart(bars, result.trades, result.instrument_ids[0]) if bars is not None else None,
            "sharpe": sharpe_chart(rolling, returns),
        },
        result=result,
        title=title or f"{result.strategy} on {', '.join(result.instrument_ids)}",
        period=(cells.minute(curve.time_of(0)), cells.minute(curve.time_of(curve.bars))),
        bars=curve.bars,
        histogram=histogram(found, returns) if found else None,
        months=monthly_returns(curve, returns),
        falls=falls.largest(MOST_DRAWDOWNS),
        fall_count=len(falls.depth),
        rolling_days=rolling.days,
    )


def _rolling_days(days: int) -> int:
    return 90 if days >= 270 else 30


def _render(*, charts: dict[str, Chart | None], result: BacktestResult, **context: object) -> str:
    return (
        _environment()
        .get_template("report.html")
        .render(
            **context,
            result=result,
            charts=charts,
            data={name: chart.data for name, chart in charts.items() if chart and chart.data},
            style=Markup(_asset("style.css")),  # noqa: S704  # our own file
            library=Markup(script_text(LIBRARY)),  # noqa: S704  # vendored file, without `</script`
            script=Markup(script_text(SCRIPT)),  # noqa: S704  # our own file
            script_hashes=script_hashes(),
            headlines=[_metric_row(result, name) for name in HEADLINES if name in result.metrics],
            groups=[(group.value, list(_metric_rows(result, group))) for group in Group],
            tables=[_listed(name, values, row) for name, values, row in tables_of(result)],
            final_equity=_money(result.final_equity),
        )
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE, "assets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "percent": cells.percent,
        "minute": cells.minute,
        "duration": cells.duration,
        "money": _money,
        "heat": _heat,
        "tone": _tone,
    }
    environment.filters |= filters
    return environment


@cache
def _asset(name: str) -> str:
    return files(_PACKAGE).joinpath("assets", name).read_text(encoding="utf-8")


def _heat(value: float | None) -> int:
    """Strength of a month's colour in percent: full from a gain or loss of 10 %."""
    return 0 if value is None else round(min(abs(value) / 0.10, 1.0) * 40)


def _tone(value: float | None) -> str:
    if not value:
        return ""
    return "gain" if value > 0 else "loss"


def _money(value: SupportsFloat) -> str:
    return cells.number(float(value), 2)


def _metric_rows(result: BacktestResult, group: Group) -> Iterator[MetricRow]:
    return (_metric_row(result, name) for name in result.metrics if DEFINITIONS[name].group is group)


def _metric_row(result: BacktestResult, name: str) -> MetricRow:
    definition = DEFINITIONS[name]
    return MetricRow(
        name=name,
        title=definition.title,
        value=cells.metric_text(definition, result.metrics[name]),
        definition=definition.definition,
    )


def _listed(name: str, values: Sequence[object], row: type) -> ListedTable:
    shown = cells.table(values[:MOST_ROWS], row, write_time=cells.second)
    return ListedTable(
        name=name,
        columns=tuple(column.replace("_", " ") for column in shown.columns),
        rows=[[_cell_text(cell) for cell in row] for row in shown.rows],
        total=len(values),
    )


def _cell_text(cell: cells.Plain) -> str:
    match cell:
        case None:
            return cells.NOTHING
        case bool():
            return "yes" if cell else "no"
        case float():
            return f"{cell:.10g}"
        case _:
            return str(cell)
