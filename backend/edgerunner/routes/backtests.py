"""Backtests: asked for, watched, canceled, and their results."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import HTMLResponse, Response

from edgerunner.backtest.report_scripts import script_hashes
from edgerunner.domain.numbers import to_plain
from edgerunner.risk.limits import RiskLimits
from edgerunner.routes import examples
from edgerunner.routes.answers import NOT_STORED, answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses, require
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.backtests import (
    BacktestErrorAnswer,
    BacktestFees,
    BacktestRefusalAnswer,
    BacktestRefusals,
    BacktestRunAnswer,
    BacktestRunPage,
    BacktestRunRequest,
    BacktestTradeAnswer,
    BacktestTradePage,
    EquityCurvePage,
    EquityPointAnswer,
    ListPageQuery,
)
from edgerunner.schemas.paging import PageQuery
from edgerunner.schemas.problems import FieldProblem
from edgerunner.services.backtest_jobs import BacktestRequest
from edgerunner.services.backtest_service import RunView
from edgerunner.storage.backtest_runs import RunError

router = APIRouter(prefix="/backtest", tags=["backtests"], route_class=StrictRoute)

RunPath = Annotated[str, Path(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$", description="Id of a run.")]
Run = Annotated[BacktestRunRequest, Body(openapi_examples=examples.BACKTEST)]
Part = Annotated[ListPageQuery, Query()]

REPORT_HEADERS = {
    **NOT_STORED,
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {' '.join(script_hashes())}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts"
    ),
}
"""The report is one file that asks nobody for anything; sandboxed, it cannot act as the API's own page."""

_RESULT_ERRORS = error_responses("not_found", "conflict")


@router.post(
    "/run",
    status_code=202,
    response_model=BacktestRunAnswer,
    responses=error_responses("payload_too_large", "not_connected", "unsupported", "overloaded", "journal_unavailable"),
)
async def run(body: Run, services: ServicesOf) -> Response:
    """Queue a backtest; it runs in a process of its own."""
    require(body.rule_errors())
    asked = body.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    view = await services.backtests.submit(_request(body), asked)
    return answer(_run_answer(view), 202)


@router.get("/runs", response_model=BacktestRunPage, responses=error_responses())
async def list_runs(query: Annotated[PageQuery, Query()], services: ServicesOf) -> Response:
    """Return backtest runs, newest first."""
    page = await services.backtests.page(limit=query.limit, cursor=query.cursor)
    return answer(BacktestRunPage(runs=[_run_answer(view) for view in page.items], next_cursor=page.next_cursor))


@router.get("/runs/{run_id}", response_model=BacktestRunAnswer, responses=error_responses("not_found"))
async def get_run(run_id: RunPath, services: ServicesOf) -> Response:
    """Return one run with its progress, and its metrics once it completed."""
    return answer(_run_answer(await services.backtests.get(run_id)))


@router.delete("/runs/{run_id}", response_model=BacktestRunAnswer, responses=_RESULT_ERRORS)
async def cancel_run(run_id: RunPath, services: ServicesOf) -> Response:
    """Cancel a run: its process is ended and it has no result."""
    return answer(_run_answer(await services.backtests.cancel(run_id)))


@router.get("/runs/{run_id}/trades", response_model=BacktestTradePage, responses=_RESULT_ERRORS)
async def list_trades(run_id: RunPath, query: Part, services: ServicesOf) -> Response:
    """Return a completed run's closed trades, oldest first."""
    page = await services.backtests.trades(run_id, limit=query.limit, cursor=query.cursor)
    trades = [BacktestTradeAnswer.model_validate(trade) for trade in page.items]
    return answer(BacktestTradePage(trades=trades, next_cursor=page.next_cursor))


@router.get("/runs/{run_id}/refusals", response_model=BacktestRefusals, responses=_RESULT_ERRORS)
async def list_refusals(run_id: RunPath, services: ServicesOf) -> Response:
    """Return the orders of a completed run that were refused, by code: steps, limits, lack of money."""
    refusals = await services.backtests.refusals(run_id)
    return answer(BacktestRefusals(refusals=[BacktestRefusalAnswer.model_validate(each) for each in refusals]))


@router.get("/runs/{run_id}/equity", response_model=EquityCurvePage, responses=_RESULT_ERRORS)
async def equity_curve(run_id: RunPath, query: Part, services: ServicesOf) -> Response:
    """Return a completed run's equity at the end of each bar, oldest first."""
    page = await services.backtests.equity(run_id, limit=query.limit, cursor=query.cursor)
    points = [
        EquityPointAnswer(time=time_ms * 1_000_000, equity=to_plain(Decimal(repr(equity))))
        for time_ms, equity in page.items
    ]
    return answer(EquityCurvePage(equity=points, next_cursor=page.next_cursor))


_HTML: dict[int | str, dict[str, Any]] = {
    200: {"description": "One HTML file.", "content": {"text/html": {"schema": {"type": "string"}}}}
}


@router.get("/runs/{run_id}/report", response_class=HTMLResponse, responses={**_HTML, **_RESULT_ERRORS})
async def report(run_id: RunPath, services: ServicesOf) -> Response:
    """Return a completed run's report: one HTML file that needs nothing else."""
    html = await services.backtests.report(run_id)
    return HTMLResponse(html, headers=REPORT_HEADERS)


def _request(body: BacktestRunRequest) -> BacktestRequest:
    fees = body.fees or BacktestFees()
    return BacktestRequest(
        strategy=body.strategy,
        parameters=body.parameters,
        instrument_id=body.instrument_id,
        timeframe=body.timeframe,
        start_ns=body.start,
        end_ns=body.end,
        dataset_id=body.data.dataset_id,
        connection_id=body.data.connection_id,
        initial_cash=body.initial_cash,
        maker=fees.maker,
        taker=fees.taker,
        slippage=body.slippage,
        spread=body.spread,
        fill=body.fill,
        limits=RiskLimits() if body.limits is None else RiskLimits(**dict(body.limits)),
        funding=tuple((point.time, point.rate) for point in body.funding),
        seed=body.seed,
    )


def _run_answer(view: RunView) -> BacktestRunAnswer:
    run = view.run
    return BacktestRunAnswer(
        run_id=run.run_id,
        state=run.state.value,
        progress=round(view.progress, 4),
        request=dict(run.request),
        metrics=None if run.metrics is None else dict(run.metrics),
        assumptions=None if run.assumptions is None else dict(run.assumptions),
        error=None if run.error is None else _error_answer(run.error),
        created_at=run.created_at_ns,
        started_at=run.started_at_ns,
        finished_at=run.finished_at_ns,
    )


def _error_answer(error: RunError) -> BacktestErrorAnswer:
    wrong = [FieldProblem(field=one.field, code=one.code, message=one.message) for one in error.errors]
    return BacktestErrorAnswer(code=error.code, detail=error.detail, errors=wrong)
