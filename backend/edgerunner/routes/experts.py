"""Expert Advisors of MetaTrader 5: launched in terminals of our own, messaged, tested."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from edgerunner.routes import examples
from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_experts import (
    backtest_request,
    expert_answer,
    launch_request,
    run_answer,
    run_summary,
    terminal_answer,
)
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.experts import (
    BacktestExpertRequest,
    ExpertAnswer,
    ExpertId,
    ExpertList,
    ExpertQuery,
    ExpertRunAnswer,
    ExpertRunList,
    LaunchExpertRequest,
    MessageAnswer,
    MessageExpertRequest,
    TerminalList,
)

router = APIRouter(prefix="/experts", tags=["experts"], route_class=StrictRoute)

ExpertPath = Annotated[ExpertId, Path()]
RunPath = Annotated[str, Path(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$", description="Id of a run.")]
Launch = Annotated[LaunchExpertRequest, Body(openapi_examples=examples.LAUNCH_EXPERT)]
Backtest = Annotated[BacktestExpertRequest, Body(openapi_examples=examples.BACKTEST_EXPERT)]
Message = Annotated[MessageExpertRequest, Body(openapi_examples=examples.MESSAGE_EXPERT)]

_START_ERRORS = ("not_found", "conflict", "payload_too_large", "broker_unreachable")


@router.get("", response_model=ExpertList, responses=error_responses("not_found"))
async def list_experts(query: Annotated[ExpertQuery, Query()], services: ServicesOf) -> Response:
    """List the EAs that this process launched, newest first, then those attached by hand that are connected.

    With `expert_id` only that one. Launched ones come with their terminal's newest journal lines.
    """
    if query.expert_id is not None:
        views = [await services.experts.expert(query.expert_id)]
    else:
        views = await services.experts.experts()
    return answer(ExpertList(experts=[expert_answer(view) for view in views]))


@router.get("/terminals", response_model=TerminalList, responses=error_responses())
async def list_terminals(services: ServicesOf) -> Response:
    """List the terminals of the settings with the EAs compiled in them."""
    return answer(TerminalList(terminals=[terminal_answer(view) for view in await services.experts.terminals()]))


@router.post(
    "/launch",
    status_code=201,
    response_model=ExpertAnswer,
    responses=error_responses(*_START_ERRORS, "live_not_allowed", "unsupported"),
)
async def launch_expert(body: Launch, services: ServicesOf) -> Response:
    """Start a terminal with an EA on one new chart, and wait until the EA says hello.

    The terminal must not run yet: a running one would ignore the EA without a word, and MT5 has no API to attach,
    start, stop or parametrise an EA on a running chart. The answer says `started`, `no_hello` (with the journal's
    lines) or `exited`. The terminal ends with this process, or by `stop`.
    """
    if body.chart == "running":
        services.experts.attach(body.terminal, body.expert)
    return answer(expert_answer(await services.experts.launch(launch_request(body))), 201)


@router.post(
    "/backtest",
    status_code=202,
    response_model=ExpertRunAnswer,
    responses=error_responses(*_START_ERRORS, "overloaded"),
)
async def backtest_expert(body: Backtest, services: ServicesOf) -> Response:
    """Run the Strategy Tester in a terminal that ends by itself; its report and its journal's warnings are parsed."""
    return answer(run_answer(await services.experts.start_backtest(backtest_request(body))), 202)


@router.get("/backtests", response_model=ExpertRunList, responses=error_responses())
async def list_expert_runs(services: ServicesOf) -> Response:
    """List the runs of the Strategy Tester, newest first."""
    return answer(ExpertRunList(runs=[run_summary(run) for run in services.experts.runs()]))


@router.get("/backtests/{run_id}", response_model=ExpertRunAnswer, responses=error_responses("not_found"))
async def get_expert_run(run_id: RunPath, services: ServicesOf) -> Response:
    """Return a run, with its report once there is one."""
    return answer(run_answer(services.experts.run(run_id)))


@router.delete(
    "/backtests/{run_id}", response_model=ExpertRunAnswer, responses=error_responses("not_found", "conflict")
)
async def cancel_expert_run(run_id: RunPath, services: ServicesOf) -> Response:
    """End a run with its terminal."""
    return answer(run_answer(await services.experts.cancel_run(run_id)))


@router.post(
    "/{expert_id}/message",
    response_model=MessageAnswer,
    responses=error_responses(
        "not_found",
        "payload_too_large",
        "unsupported",
        "not_connected",
        "overloaded",
        "broker_timeout",
        "broker_rejected",
    ),
)
async def message_expert(expert_id: ExpertPath, body: Message, services: ServicesOf) -> Response:
    """Send a command to an EA that is connected, such as the reference EA's `ping account positions orders subscribe`.

    Trading commands are refused: orders go by `POST /trade`, past the risk checks and into the journal.
    """
    result = await services.experts.message(expert_id, body.name, body.args or {}, timeout_s=float(body.timeout_s))
    return answer(MessageAnswer.model_validate({"result": dict(result)}))


@router.post("/{expert_id}/stop", response_model=ExpertAnswer, responses=error_responses("not_found", "unsupported"))
async def stop_expert(expert_id: ExpertPath, services: ServicesOf) -> Response:
    """End a launched EA with its terminal; orders and positions at the broker stay as they are.

    An EA that was attached by hand is not ours to stop.
    """
    return answer(expert_answer(await services.experts.stop_expert(expert_id)))
