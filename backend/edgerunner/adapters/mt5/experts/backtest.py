"""Backtesting: one run of the Strategy Tester in a terminal that ends by itself, and what it left behind."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgerunner.adapters.mt5.experts.files import backtest_sections, encode_ini, encode_preset
from edgerunner.adapters.mt5.experts.inputs import preset_lines
from edgerunner.adapters.mt5.experts.journal import journal_warnings, verdict_of
from edgerunner.adapters.mt5.experts.launch import inputs_of, write_private
from edgerunner.adapters.mt5.experts.optimization import UnreadableTable, parse_optimization
from edgerunner.adapters.mt5.experts.process import TerminalProcess
from edgerunner.adapters.mt5.experts.report import parse_report, report_warnings
from edgerunner.adapters.mt5.experts.terminal import ExpertTerminal, JournalTail, require_expert, require_startable
from edgerunner.adapters.mt5.experts.text_files import decode_text
from edgerunner.domain.experts import (
    BacktestOutcome,
    BacktestRequest,
    BacktestState,
    JournalLine,
    Optimization,
    OptimizationPass,
    StrategyReport,
)

_MOST_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    ini: Path
    ini_data: bytes
    preset: Path | None
    preset_data: bytes
    report: Path
    sent: Mapping[str, str]


def check(terminal: ExpertTerminal, request: BacktestRequest) -> None:
    """Raise what ``backtest`` would raise before anything runs; reads the terminal's folder, writes nothing."""
    _plan(terminal, request, "check")
    require_startable(terminal)


async def backtest(terminal: ExpertTerminal, request: BacktestRequest, *, run_id: str) -> BacktestOutcome:
    """Run the tester and return what its report and its journals say.

    Raises ``NotFound``, ``InvalidRequest``, ``Conflict``, ``BrokerUnreachable`` before anything runs. A run without a
    report and one that was ended for its time are outcomes, with the journal's reasons.
    """
    plan = await asyncio.to_thread(_plan, terminal, request, run_id)
    await asyncio.to_thread(_write, terminal, plan)
    tail = await asyncio.to_thread(JournalTail, terminal.folder)
    process = await TerminalProcess.start(terminal.command(plan.ini), terminal.folder)
    is_late = False
    try:
        await process.wait(request.timeout_s)
    except TimeoutError:
        is_late = True
    finally:
        await process.stop()
    journal = await asyncio.to_thread(tail.lines)
    if is_late:
        late = f"The tester was not done after {request.timeout_s:g} s and was ended."
        return _outcome(BacktestState.TIMED_OUT, process, journal, [late])
    return await asyncio.to_thread(_read, request, plan, process, journal)


def _plan(terminal: ExpertTerminal, request: BacktestRequest, run_id: str) -> _Plan:
    compiled = require_expert(terminal, request.expert)
    specs = inputs_of(compiled, request.schema, {**request.inputs, **request.ranges})
    lines = preset_lines(specs, request.inputs, request.ranges)
    preset = terminal.folder / "MQL5" / "Profiles" / "Tester" / f"{run_id}.set" if lines else None
    sections = backtest_sections(request, preset=preset.name if preset else None, report=run_id, login=terminal.login)
    suffix = ".htm" if request.optimization is Optimization.OFF else ".xml"
    return _Plan(
        ini=terminal.folder / "edgerunner" / f"{run_id}.ini",
        ini_data=encode_ini(sections, terminal.ini_encoding),
        preset=preset,
        preset_data=encode_preset(lines),
        report=terminal.folder / f"{run_id}{suffix}",
        sent=dict(line.split("=", 1) for line in lines if "||" not in line),
    )


def _write(terminal: ExpertTerminal, plan: _Plan) -> None:
    require_startable(terminal)
    if plan.preset is not None:
        write_private(plan.preset, plan.preset_data)
    write_private(plan.ini, plan.ini_data)


def _read(
    request: BacktestRequest, plan: _Plan, process: TerminalProcess, journal: Sequence[JournalLine]
) -> BacktestOutcome:
    if not plan.report.is_file():
        missing = "The terminal ended without a report. A tester needs a broker connection for the contract's terms."
        return _outcome(BacktestState.NO_REPORT, process, journal, [missing])
    if plan.report.stat().st_size > _MOST_BYTES:
        return _outcome(BacktestState.NO_REPORT, process, journal, [f"The report is over {_MOST_BYTES} bytes long."])
    text = decode_text(plan.report.read_bytes())
    if request.optimization is not Optimization.OFF:
        try:
            passes = parse_optimization(text)
        except UnreadableTable as error:
            return _outcome(BacktestState.NO_REPORT, process, journal, [f"The optimisation's table: {error}."])
        return _outcome(BacktestState.COMPLETED, process, journal, [], passes=passes)
    report = parse_report(text)
    return _outcome(BacktestState.COMPLETED, process, journal, report_warnings(report, plan.sent), report=report)


def _outcome(
    state: BacktestState,
    process: TerminalProcess,
    journal: Sequence[JournalLine],
    warnings: Sequence[str],
    *,
    report: StrategyReport | None = None,
    passes: tuple[OptimizationPass, ...] = (),
) -> BacktestOutcome:
    verdict = verdict_of(journal)
    failed = [] if verdict in {None, "successfully finished"} else [f"The tester says: {verdict}."]
    return BacktestOutcome(
        state=state,
        exit_code=process.exit_code,
        report=report,
        passes=passes,
        warnings=(*warnings, *failed, *journal_warnings(journal)),
        journal=tuple(journal),
    )
