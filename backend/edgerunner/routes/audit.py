"""The audit log, for admins."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.rendering_identity import audit_answer
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.identity import AuditPage
from edgerunner.schemas.paging import PageQuery

router = APIRouter(tags=["identity"], route_class=StrictRoute)


@router.get("/audit", response_model=AuditPage, responses=error_responses("journal_unavailable"))
async def audit(query: Annotated[PageQuery, Query()], services: ServicesOf) -> Response:
    """Return who did what, from where, and what came of it; newest first."""
    page = await services.identity.audit.page(limit=query.limit, cursor=query.cursor)
    return answer(AuditPage(entries=[audit_answer(entry) for entry in page.items], next_cursor=page.next_cursor))
