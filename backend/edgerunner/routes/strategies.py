"""Strategies: made from classes, started, paused, stopped, watched."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from edgerunner.routes import examples
from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_strategies import classes_answer, log_page, strategy_answer
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.paging import PageQuery
from edgerunner.schemas.strategies import (
    CreateStrategyRequest,
    StrategyAnswer,
    StrategyClassList,
    StrategyId,
    StrategyList,
    StrategyLogPage,
)
from edgerunner.services.strategies.views import CreateRequest

router = APIRouter(prefix="/strategies", tags=["strategies"], route_class=StrictRoute)

StrategyPath = Annotated[StrategyId, Path()]
Create = Annotated[CreateStrategyRequest, Body(openapi_examples=examples.CREATE_STRATEGY)]

_COMMAND_ERRORS = ("not_found", "conflict", "not_connected", "journal_unavailable")


@router.get("/classes", response_model=StrategyClassList, responses=error_responses())
async def list_classes(services: ServicesOf) -> Response:
    """List the classes that can be started, with the JSON schema of their parameters.

    Files of the data folder's `strategies` are read again when they changed; those that cannot be used
    are listed with their error.
    """
    return answer(classes_answer(await services.strategies.classes()))


@router.get("", response_model=StrategyList, responses=error_responses())
async def list_strategies(services: ServicesOf) -> Response:
    """List all strategies with their state, positions and performance."""
    return answer(StrategyList(strategies=[strategy_answer(view) for view in services.strategies.views()]))


@router.post(
    "",
    status_code=201,
    response_model=StrategyAnswer,
    responses=error_responses("conflict", "payload_too_large", "not_connected", "journal_unavailable"),
)
async def create_strategy(body: Create, services: ServicesOf) -> Response:
    """Make an instance of a class. It does not run until it is started."""
    view = await services.strategies.create(
        CreateRequest(
            strategy_id=body.strategy_id,
            class_name=body.class_name,
            parameters=body.parameters or {},
            connection_id=body.connection_id,
            account_id=body.account_id,
            instrument_ids=tuple(body.instrument_ids),
            timeframe=body.timeframe,
            on_stop=body.on_stop or "cancel",
        )
    )
    return answer(strategy_answer(view), 201)


@router.get("/{strategy_id}", response_model=StrategyAnswer, responses=error_responses("not_found"))
async def get_strategy(strategy_id: StrategyPath, services: ServicesOf) -> Response:
    """Return one strategy."""
    return answer(strategy_answer(services.strategies.view(strategy_id)))


@router.post("/{strategy_id}/start", response_model=StrategyAnswer, responses=error_responses(*_COMMAND_ERRORS))
async def start_strategy(strategy_id: StrategyPath, services: ServicesOf) -> Response:
    """Run a strategy in a process of its own, or let a paused one trade again.

    It replays history first; `live` tells when its orders count.
    """
    return answer(strategy_answer(await services.strategies.start_strategy(strategy_id)))


@router.post("/{strategy_id}/pause", response_model=StrategyAnswer, responses=error_responses(*_COMMAND_ERRORS))
async def pause_strategy(strategy_id: StrategyPath, services: ServicesOf) -> Response:
    """Take no new orders from a running strategy; it goes on to see the market, and may still cancel."""
    return answer(strategy_answer(await services.strategies.pause(strategy_id)))


@router.post("/{strategy_id}/stop", response_model=StrategyAnswer, responses=error_responses(*_COMMAND_ERRORS))
async def stop_strategy(strategy_id: StrategyPath, services: ServicesOf) -> Response:
    """Stop a strategy. Its open orders follow `on_stop`; its position stays."""
    return answer(strategy_answer(await services.strategies.stop_strategy(strategy_id)))


@router.get("/{strategy_id}/log", response_model=StrategyLogPage, responses=error_responses("not_found"))
async def strategy_log(
    strategy_id: StrategyPath, query: Annotated[PageQuery, Query()], services: ServicesOf
) -> Response:
    """Return what a strategy and its host wrote, newest first."""
    return answer(log_page(await services.strategies.log(strategy_id, limit=query.limit, cursor=query.cursor)))
