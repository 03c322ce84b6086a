"""Money and positions."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_accounts import (
    account_answer,
    equity_point_answer,
    portfolio_answer,
    position_answer,
)
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.accounts import (
    AccountList,
    EquityPage,
    HistoryQuery,
    PortfolioAnswer,
    PortfolioQuery,
    PositionList,
    PositionsQuery,
    SummaryQuery,
)

router = APIRouter(tags=["accounts"], route_class=StrictRoute)

_BROKER_ERRORS = ("not_found", "not_connected", "broker_unreachable", "broker_error", "broker_timeout")


@router.get("/account/summary", response_model=AccountList, responses=error_responses(*_BROKER_ERRORS))
async def summary(query: Annotated[SummaryQuery, Query()], services: ServicesOf) -> Response:
    """Return each account's money as the broker reports it."""
    views = await services.accounts.summary(query.connection_id, query.account_id)
    return answer(AccountList(accounts=[account_answer(view) for view in views]))


@router.get("/positions", response_model=PositionList, responses=error_responses("not_found"))
async def positions(query: Annotated[PositionsQuery, Query()], services: ServicesOf) -> Response:
    """Return the positions that are not flat, derived from fills, at the newest known mark."""
    views = services.accounts.positions(query.connection_id)
    return answer(PositionList(positions=[position_answer(view) for view in views]))


@router.get("/portfolio", response_model=PortfolioAnswer, responses=error_responses())
async def portfolio(query: Annotated[PortfolioQuery, Query()], services: ServicesOf) -> Response:
    """Return all connections in one currency; a missing rate makes a total null, never wrong."""
    return answer(portfolio_answer(await services.accounts.portfolio(query.currency)))


@router.get("/account/history", response_model=EquityPage, responses=error_responses())
async def history(query: Annotated[HistoryQuery, Query()], services: ServicesOf) -> Response:
    """Return equity over time, newest first, also of connections that are gone."""
    page = await services.accounts.history(
        connection_id=query.connection_id, account_id=query.account_id, limit=query.limit, cursor=query.cursor
    )
    return answer(EquityPage(points=[equity_point_answer(point) for point in page.items], next_cursor=page.next_cursor))
