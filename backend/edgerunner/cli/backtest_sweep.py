"""What ``edgerunner backtest sweep`` does: every combination of parameters, on all cores, in a fixed order."""

import itertools
import math
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.metrics import DEFINITIONS
from edgerunner.backtest.report.cells import Plain, metric_text
from edgerunner.backtest_worker.job import plain_metrics
from edgerunner.cli.backtest import finished
from edgerunner.cli.backtest_inputs import (
    Plan,
    chosen_class,
    class_source,
    failing,
    prepared,
    split_parameter,
    typed_value,
    with_parameters,
)
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.numbers import parse_plain
from edgerunner.strategies.parameters import ParameterSpec, ParameterValue

MOST_COMBINATIONS = 100_000
SHOWN = ("total_return", "max_drawdown", "sharpe", "trades")
"""Metrics of the table, beside the one it is sorted by."""

Combination = dict[str, ParameterValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to try and how to list it."""

    parameters: tuple[str, ...]
    sort: str
    top: int
    processes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one combination achieved; ``error`` says why it could not be run."""

    parameters: Combination
    metrics: dict[str, Plain]
    error: str | None = None


def sweep(output: Output, plan: Plan, wanted: Wanted) -> None:
    """Run every combination and list them, best first; equal ones stay in the order of the grid."""
    with failing():
        chosen = chosen_class(class_source(plan))
        if wanted.sort not in DEFINITIONS:
            raise InvalidRequest.of("--sort", "unknown", f"must be one of {', '.join(DEFINITIONS)}")
        grid = combinations(wanted.parameters, chosen.parameter_specs())
        prepared(plan, chosen)  # what is wrong with the data is told once, and before the processes start
    rows = ranked(_run_all(plan, grid, wanted.processes), wanted.sort)
    for row in rows:
        output.event(event="run", parameters=row.parameters, metrics=row.metrics, error=row.error)
    _print_table(output, rows, wanted)


def combinations(parameters: Sequence[str], specs: Sequence[ParameterSpec]) -> list[Combination]:
    """Return every combination of the values named, the last parameter changing fastest."""
    axes: dict[str, list[ParameterValue]] = {}
    for text in parameters:
        spec, values = split_parameter(text, specs)
        axes[spec.name] = list(_values(spec, values))
    if math.prod(map(len, axes.values())) > MOST_COMBINATIONS:
        raise InvalidRequest.of("--param", "too_many", f"at most {MOST_COMBINATIONS} combinations; take larger steps")
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def _values(spec: ParameterSpec, text: str) -> Iterator[ParameterValue]:
    parts = text.split(":")
    if spec.kind in {int, float} and len(parts) in {2, 3}:
        first, last, step = _numbers(spec, [*parts, "1"][:3])
        if step <= 0 or last < first:
            raise InvalidRequest.of(f"--param {spec.name}", "range", "FIRST:LAST:STEP needs LAST >= FIRST and STEP > 0")
        for number in range(int((last - first) / step) + 1):
            yield typed_value(spec, str(first + number * step))
        return
    for one in text.split(","):
        yield typed_value(spec, one)


def _numbers(spec: ParameterSpec, parts: Sequence[str]) -> list[Decimal]:
    try:
        return [parse_plain(part) for part in parts]
    except ValueError as error:
        raise InvalidRequest.of(f"--param {spec.name}", "range", f"FIRST:LAST:STEP: {error}") from None


def ranked(rows: Sequence[Row], metric: str) -> list[Row]:
    """Return the rows by a metric, largest first; undefined ones last, equal ones as they came."""

    def key(row: Row) -> tuple[bool, float]:
        value = row.metrics.get(metric)
        is_number = isinstance(value, int | float)
        return not is_number, -float(value) if isinstance(value, int | float) else 0.0

    return sorted(rows, key=key)


_inherited: tuple[BacktestConfig, BarColumns] | None = None
"""In a process of the pool: the run without its parameters, and its data, read once."""


def _prepare_process(plan: Plan) -> None:
    global _inherited  # noqa: PLW0603 - what a pool's process keeps between its tasks
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _inherited = prepared(plan, chosen_class(class_source(plan)))


def _one(combination: Combination) -> Row:
    if _inherited is None:
        raise AssertionError("the process was not prepared")
    config, bars = _inherited
    try:
        result = finished(with_parameters(config, combination), bars, None)
    except (InvalidRequest, CommandFailed) as error:
        return Row(parameters=combination, metrics={}, error=str(error))
    return Row(parameters=combination, metrics=plain_metrics(result))


def _run_all(plan: Plan, grid: Sequence[Combination], processes: int | None) -> list[Row]:
    workers = min(processes or os.cpu_count() or 1, len(grid))
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_prepare_process, initargs=(plan,))
    try:
        return list(pool.map(_one, grid, chunksize=max(1, min(16, len(grid) // (workers * 4)))))
    except BrokenProcessPool as error:
        text = "a process of the sweep ended by itself, most likely for lack of memory: use fewer --processes"
        raise CommandFailed(ExitCode.FAILED, text) from error
    finally:
        for process in (pool._processes or {}).values():  # noqa: SLF001 - the pool itself waits for what runs
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _print_table(output: Output, rows: Sequence[Row], wanted: Wanted) -> None:
    shown = list(dict.fromkeys((wanted.sort, *SHOWN)))
    names = list(rows[0].parameters) if rows else []
    output.say("  ".join([*(f"{name:>12}" for name in names), *(f"{name:>16}" for name in shown)]))
    for row in rows[: wanted.top]:
        cells = [f"{value!s:>12}" for value in row.parameters.values()]
        figures = [_figure(row, name) for name in shown]
        output.say("  ".join([*cells, *(f"{figure:>16}" for figure in figures), *([row.error] if row.error else [])]))
    if len(rows) > wanted.top:
        output.say(f"... and {len(rows) - wanted.top} more; --top shows more, --json all of them")


def _figure(row: Row, name: str) -> str:
    value = row.metrics.get(name)
    return metric_text(DEFINITIONS[name], value if isinstance(value, int | float) else None)
