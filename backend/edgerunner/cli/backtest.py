"""What ``edgerunner backtest run`` does: one run in this process, printed."""

import sys
from collections.abc import Callable
from pathlib import Path

from edgerunner import backtesting
from edgerunner.backtest import report as reports
from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.metrics import DEFINITIONS
from edgerunner.backtest.report.cells import metric_text, table
from edgerunner.backtest.result import Refusal, Result
from edgerunner.backtest_worker.job import plain_metrics
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
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.numbers import to_plain


def run(output: Output, plan: Plan, *, parameters: tuple[str, ...], report: Path | None) -> None:
    """Run one backtest and print it; ``report`` is where its HTML file goes."""
    with failing():
        chosen = chosen_class(class_source(plan))
        given = dict(split_parameter(text, chosen.parameter_specs()) for text in parameters)
        values = {spec.name: typed_value(spec, text) for spec, text in given.items()}
        config, bars = prepared(plan, chosen)
        result = finished(with_parameters(config, values), bars, _progress(output))
        if report is not None:
            _write_report(report, result, bars)
    _show(output, result, report)


def finished(config: BacktestConfig, bars: BarColumns, on_progress: Callable[[float], None] | None) -> Result:
    """Run the engine; what a strategy raises ends the command with its sentence."""
    (key,) = config.instruments
    try:
        return backtesting.run(config, {key: bars}, on_progress=on_progress)
    except EdgerunnerError:
        raise
    except Exception as error:
        text = f"{config.strategy_class.__name__} raised {type(error).__name__}: {error}"
        raise CommandFailed(ExitCode.FAILED, text) from error


def _write_report(path: Path, result: Result, bars: BarColumns) -> None:
    try:
        path.write_text(reports.html(result, bars=bars), encoding="utf-8")
    except OSError as error:
        text = f"the report cannot be written to {path}: {error.strerror}"
        raise CommandFailed(ExitCode.FAILED, text) from error


def _progress(output: Output) -> Callable[[float], None] | None:
    """Return what shows how far a run is: nothing unless a person watches."""
    if output.as_json or not sys.stderr.isatty():
        return None

    def show(fraction: float) -> None:
        print(f"\r{fraction:6.1%} ", end="\r" if fraction >= 1 else "", file=sys.stderr, flush=True)

    return show


def _show(output: Output, result: Result, report: Path | None) -> None:
    refusals = table(result.refusals, Refusal)
    output.event(
        event="result",
        strategy=result.strategy,
        parameters=dict(result.parameters),
        instrument_ids=list(result.instrument_ids),
        timeframe=result.timeframe,
        currency=result.currency,
        start_capital=to_plain(result.start_capital),
        final_equity=to_plain(result.final_equity),
        trades=len(result.trades),
        fills=len(result.fills),
        orders=len(result.orders),
        refusals=[dict(zip(refusals.columns, row, strict=True)) for row in refusals.rows],
        metrics=plain_metrics(result),
        assumptions=dict(result.assumptions),
        report=None if report is None else str(report),
    )
    parameters = ", ".join(f"{name}={value}" for name, value in result.parameters.items())
    count = len(result.equity)
    output.say(f"{result.strategy}({parameters}) on {count} x {result.timeframe} of {', '.join(result.instrument_ids)}")
    output.say(f"{to_plain(result.start_capital)} -> {to_plain(result.final_equity)} {result.currency}\n")
    for name, value in result.metrics.items():
        output.say(f"  {name:<28} {metric_text(DEFINITIONS[name], value):>20}   {DEFINITIONS[name].definition}")
    if result.refusals:
        output.say("\nRefused orders:")
    for refusal in result.refusals:
        output.say(f"  {refusal.code:<28} {refusal.orders:>6}   {refusal.text}")
    output.say("\nTaken for granted:")
    for name, sentence in result.assumptions.items():
        output.say(f"  {name:<28} {sentence}")
    if report is not None:
        output.say(f"\nReport: {report}")
