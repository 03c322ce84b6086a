"""Fills and cash movements: the ledger."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.ledger import FillAnswer, FillPage, FillsQuery, LedgerPage, LedgerQuery, MovementAnswer

router = APIRouter(tags=["ledger"], route_class=StrictRoute)


@router.get("/fills", response_model=FillPage, responses=error_responses())
async def fills(query: Annotated[FillsQuery, Query()], services: ServicesOf) -> Response:
    """Return executions, newest first."""
    page = await services.journal.fills(
        connection_id=query.connection_id,
        account_id=query.account_id,
        client_order_id=query.client_order_id,
        limit=query.limit,
        cursor=query.cursor,
    )
    return answer(FillPage(fills=[FillAnswer.of(fill) for fill in page.items], next_cursor=page.next_cursor))


@router.get("/ledger", response_model=LedgerPage, responses=error_responses())
async def ledger(query: Annotated[LedgerQuery, Query()], services: ServicesOf) -> Response:
    """Return cash movements, newest first; commissions come from fills."""
    page = await services.journal.movements(
        connection_id=query.connection_id, account_id=query.account_id, limit=query.limit, cursor=query.cursor
    )
    movements = [MovementAnswer.of(movement) for movement in page.items]
    return answer(LedgerPage(movements=movements, next_cursor=page.next_cursor))
