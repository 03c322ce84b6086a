"""Health, metrics, configuration, and the pages a browser sees first."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import HTMLResponse, Response

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.routes.answers import NOT_STORED, answer
from edgerunner.routes.context import VERSION, ServicesOf
from edgerunner.routes.docs_page import PAGE_HEADERS, docs_page, welcome_page
from edgerunner.routes.errors import error_responses
from edgerunner.routes.metrics import Metrics
from edgerunner.routes.needs import Journal
from edgerunner.routes.screen import Screen
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.operations import ConfigAnswer, HealthzAnswer, NotReadyReason, ReadyzAnswer
from edgerunner.services.connection_service import ConnectionView

router = APIRouter(tags=["operations"], route_class=StrictRoute)
pages = APIRouter(include_in_schema=False)

_PUBLIC: dict[str, Any] = {"security": []}
_READY = frozenset({"connected", "degraded"})


@router.get("/healthz", response_model=HealthzAnswer, responses=error_responses(), openapi_extra=_PUBLIC)
async def healthz() -> Response:
    """Tell that the process is alive."""
    return answer(HealthzAnswer(status="ok"))


@router.get(
    "/readyz",
    response_model=ReadyzAnswer,
    responses={**error_responses(), 503: {"model": ReadyzAnswer, "description": "Not ready, with the reasons."}},
    openapi_extra=_PUBLIC,
)
async def readyz(request: Request, services: ServicesOf) -> Response:
    """Tell whether new orders are taken on every connection, and if not, why."""
    refusal = await cast("JournalProbe", request.app.state.journal_probe).refusal()
    reasons = not_ready_reasons(refusal, services.connections.views())
    return answer(ReadyzAnswer(ready=not reasons, reasons=reasons), 503 if reasons else 200)


class JournalProbe:
    """Asks the journal whether it can be written and is still ours; one question at a time."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._asking = asyncio.Lock()

    async def refusal(self) -> str | None:
        """Return why the journal takes nothing, or None."""
        async with self._asking:
            try:
                await self._journal.append()
            except JournalUnavailable as error:
                return error.detail
        return None


def not_ready_reasons(journal_refusal: str | None, views: Sequence[ConnectionView]) -> list[NotReadyReason]:
    """Return what keeps new orders from being taken: the journal first, then each connection."""
    reasons = []
    if journal_refusal is not None:
        reasons.append(NotReadyReason(code="journal_unavailable", detail=journal_refusal, connection_id=None))
    for view in views:
        if view.status not in _READY:
            cause = f": {view.last_error.detail}" if view.last_error else ""
            detail = f"{view.connection_id} is {view.status}{cause}"
            reasons.append(NotReadyReason(code="not_connected", detail=detail, connection_id=view.connection_id))
    return reasons


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"description": "Prometheus text format.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **error_responses(),
    },
)
async def metrics(request: Request) -> Response:
    """Return metrics for Prometheus."""
    text = cast("Metrics", request.app.state.metrics).render()
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, **NOT_STORED})


@router.get("/config.json", response_model=ConfigAnswer, responses=error_responses(), openapi_extra=_PUBLIC)
async def config(services: ServicesOf) -> Response:
    """Return what a screen must know before it has a key."""
    return answer(
        ConfigAnswer(
            name="Edgerunner OS",
            version=VERSION,
            api_path="/",
            stream_path="/ws/broker",
            base_currency=services.settings.base_currency,
            live_allowed=services.settings.allow_live,
        )
    )


@pages.get("/")
async def welcome(request: Request) -> Response:
    """Say what this is, and lead to the screen."""
    return HTMLResponse(welcome_page(VERSION, has_screen=bool(_screen(request).files)), headers=PAGE_HEADERS)


@pages.get("/app")
@pages.get("/app/{path:path}")
async def screen(request: Request, path: str = "") -> Response:
    """Return the screen, or what this is when it has not been built."""
    return _screen(request).answer(path, VERSION, request.headers.get("host", ""))


def _screen(request: Request) -> Screen:
    return cast("Screen", request.app.state.screen)


@pages.get("/docs")
async def docs(request: Request) -> Response:
    """Show every call, from the OpenAPI document."""
    return HTMLResponse(docs_page(request.app.openapi()), headers=PAGE_HEADERS)
