"""A result as files: JSON, and one CSV per table."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence

from edgerunner.backtest.metrics import DEFINITIONS
from edgerunner.backtest.report.cells import Plain, Table, metric_plain, plain, rfc3339_all, table
from edgerunner.backtest.report.source import BacktestResult, tables_of

CSV_FILES = ("trades.csv", "fills.csv", "orders.csv", "refusals.csv", "cash_movements.csv", "equity.csv", "metrics.csv")


def json_text(result: BacktestResult) -> str:
    """Return the whole result as one JSON object.

    Exact numbers are plain decimal strings, measured ones JSON numbers; times RFC 3339 UTC; undefined
    is null. ``equity`` is a list of (bar opening, money at its end); ``definitions`` tells what each metric means.
    """
    return json.dumps(
        {
            "strategy": result.strategy,
            "parameters": {name: plain(value) for name, value in result.parameters.items()},
            "instrument_ids": list(result.instrument_ids),
            "timeframe": result.timeframe,
            "currency": result.currency,
            "start_capital": plain(result.start_capital),
            "final_equity": plain(result.final_equity),
            "assumptions": dict(result.assumptions),
            "counts": dict(result.counts),
            "metrics": dict(_metrics(result)),
            "definitions": {name: DEFINITIONS[name].definition for name in result.metrics},
            **{name: _objects(table(values, row)) for name, values, row in tables_of(result)},
            "equity": list(_equity(result)),
        },
        allow_nan=False,
    )


def csv_texts(result: BacktestResult) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each of ``CSV_FILES``, one at a time; an absent value is an empty cell."""
    for name, values, row in tables_of(result):
        written = table(values, row)
        yield f"{name}.csv", _csv_text(written.columns, _without_formulas(written.rows))
    yield "equity.csv", _csv_text(("time", "equity"), _equity(result))
    rows = ((name, value, DEFINITIONS[name].unit, DEFINITIONS[name].definition) for name, value in _metrics(result))
    yield "metrics.csv", _csv_text(("metric", "value", "unit", "definition"), rows)


def _metrics(result: BacktestResult) -> Iterator[tuple[str, Plain]]:
    return ((name, metric_plain(DEFINITIONS[name], value)) for name, value in result.metrics.items())


def _equity(result: BacktestResult) -> Iterator[tuple[Plain, ...]]:
    return zip(rfc3339_all(result.equity_time_ms), result.equity.tolist(), strict=True)


def _objects(values: Table) -> list[dict[str, Plain]]:
    return [dict(zip(values.columns, row, strict=True)) for row in values.rows]


class _Lines(list[str]):
    """What ``csv.writer`` writes to."""

    def write(self, line: str) -> None:
        self.append(line)


def _csv_text(columns: tuple[str, ...], rows: Iterable[Sequence[Plain]]) -> str:
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return "".join(lines)


def _without_formulas(rows: Iterable[tuple[Plain, ...]]) -> Iterator[list[Plain]]:
    """A spreadsheet runs text that begins like a formula; an apostrophe in front makes it text again."""
    for row in rows:
        yield [f"'{cell}" if isinstance(cell, str) and cell[:1] in set("=@\t\r") else cell for cell in row]
