"""Expert Advisors between the wire and the service."""

from decimal import Decimal

from edgerunner.domain.experts import (
    BacktestRequest,
    Criterion,
    ExpertView,
    Forward,
    InputRange,
    InputSpec,
    JournalLine,
    LaunchRequest,
    Optimization,
    StrategyReport,
    TerminalView,
    TickModel,
)
from edgerunner.domain.numbers import to_plain
from edgerunner.schemas.experts import (
    BacktestExpertRequest,
    ExpertAnswer,
    ExpertRunAnswer,
    ExpertRunErrorAnswer,
    ExpertRunSummaryAnswer,
    HelloAnswer,
    InputSpecRequest,
    JournalLineAnswer,
    LabelAnswer,
    LaunchExpertRequest,
    StrategyDealAnswer,
    StrategyReportAnswer,
    TerminalAnswer,
)
from edgerunner.services.expert_service import ExpertRun

_DEPOSIT = Decimal(10_000)


def launch_request(body: LaunchExpertRequest) -> LaunchRequest:
    """Return a launch."""
    return LaunchRequest(
        terminal=body.terminal,
        expert=body.expert,
        symbol=body.symbol,
        period=body.period,
        inputs=dict(body.inputs or {}),
        schema=_schema(body.input_schema),
        allow_trading=body.allow_trading,
        hello_timeout_s=float(body.hello_timeout_s),
    )


def backtest_request(body: BacktestExpertRequest) -> BacktestRequest:
    """Return a run of the Strategy Tester."""
    return BacktestRequest(
        terminal=body.terminal,
        expert=body.expert,
        symbol=body.symbol,
        period=body.period,
        from_date=body.from_date,
        to_date=body.to_date,
        inputs=dict(body.inputs or {}),
        ranges={
            name: InputRange(start=span.start, step=span.step, stop=span.stop)
            for name, span in (body.ranges or {}).items()
        },
        schema=_schema(body.input_schema),
        model=TickModel[body.model.upper()],
        execution_delay_ms=body.execution_delay_ms,
        deposit=body.deposit or _DEPOSIT,
        currency=body.currency,
        leverage=body.leverage,
        optimization=Optimization[body.optimization.upper()],
        criterion=Criterion[body.criterion.upper()],
        forward=Forward[body.forward.upper()],
        forward_date=body.forward_date,
        timeout_s=float(body.timeout_s),
    )


def _schema(specs: list[InputSpecRequest] | None) -> tuple[InputSpec, ...] | None:
    if specs is None:
        return None
    return tuple(
        InputSpec(
            name=spec.name,
            kind=spec.kind,
            minimum=spec.minimum,
            maximum=spec.maximum,
            choices=tuple(spec.choices or ()),
        )
        for spec in specs
    )


def expert_answer(view: ExpertView) -> ExpertAnswer:
    """Render a launch."""
    hello = view.hello
    return ExpertAnswer(
        expert_id=view.expert_id,
        terminal=view.terminal,
        expert=view.expert,
        symbol=view.symbol,
        period=view.period,
        state=view.state.value,
        connected=view.connected,
        process_id=view.process_id,
        exit_code=view.exit_code,
        hello=None
        if hello is None
        else HelloAnswer(
            expert=hello.expert,
            version=hello.version,
            login=hello.login,
            server=hello.server,
            symbol=hello.symbol,
            period=hello.period,
            build=hello.build,
            demo=hello.is_demo,
            may_trade=hello.may_trade,
        ),
        started_at=view.started_at_ns,
        journal=[_line(line) for line in view.journal],
    )


def terminal_answer(view: TerminalView) -> TerminalAnswer:
    """Render a terminal; its folder is nobody's business."""
    return TerminalAnswer(
        name=view.name, environment=view.environment, is_running=view.is_running, experts=list(view.experts)
    )


def run_summary(run: ExpertRun) -> ExpertRunSummaryAnswer:
    """Render a run without its results."""
    request = run.request
    return ExpertRunSummaryAnswer(
        run_id=run.run_id,
        terminal=request.terminal,
        expert=request.expert,
        symbol=request.symbol,
        state=_state(run),
        started_at=run.started_at_ns,
    )


def run_answer(run: ExpertRun) -> ExpertRunAnswer:
    """Render a run with everything it left behind."""
    request, outcome = run.request, run.outcome
    error = ExpertRunErrorAnswer(code=run.error.code, detail=run.error.detail) if run.error else None
    return ExpertRunAnswer(
        run_id=run.run_id,
        terminal=request.terminal,
        expert=request.expert,
        symbol=request.symbol,
        period=request.period,
        state=_state(run),
        started_at=run.started_at_ns,
        exit_code=outcome.exit_code if outcome else None,
        warnings=list(outcome.warnings) if outcome else [],
        report=_report(outcome.report) if outcome and outcome.report else None,
        passes=[
            {name: to_plain(value) if isinstance(value, Decimal) else value for name, value in one.values.items()}
            for one in (outcome.passes if outcome else ())
        ],
        journal=[_line(line) for line in (outcome.journal if outcome else ())],
        error=error,
    )


def _state(run: ExpertRun) -> str:
    if run.is_running:
        return "running"
    if run.outcome is not None:
        return run.outcome.state.value
    return "failed" if run.error is not None else "canceled"


def _report(report: StrategyReport) -> StrategyReportAnswer:
    return StrategyReportAnswer(
        language=report.language,
        settings=dict(report.settings),
        inputs=dict(report.inputs),
        metrics=dict(report.metrics),
        deals=[
            StrategyDealAnswer(
                time=deal.time,
                deal=deal.deal,
                symbol=deal.symbol,
                kind=deal.kind,
                direction=deal.direction,
                volume=deal.volume,
                price=deal.price,
                order=deal.order,
                commission=deal.commission,
                swap=deal.swap,
                profit=deal.profit,
                balance=deal.balance,
                comment=deal.comment,
            )
            for deal in report.deals
        ],
        raw=[LabelAnswer(label=label, value=value) for label, value in report.raw],
    )


def _line(line: JournalLine) -> JournalLineAnswer:
    return JournalLineAnswer(time=line.time, source=line.source, text=line.text)
