"""Health, metrics, configuration, and the pages a browser sees first."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import HTMLResponse, Response

from edgerunner.domain.errors import JournalUnavailable
from edgerunner.routes.answers import NOT_STORED, answer
from edgerunner.routes.context import VERSION, ServicesOf
from edgerunner.routes.docs_page import PAGE_HEADERS, docs_page, welcome_page
from edgerunner.routes.errors import error_responses
from edgerunner.routes.fanout_metrics import redis_answer
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
async def healthz(services: ServicesOf) -> Response:
    """Tell that the process is alive."""
    return answer(HealthzAnswer(status="ok", redis=redis_answer(services.redis)))


@router.get(
    "/readyz",
    response_model=ReadyzAnswer,
    responses={**error_responses(), 503: {"model": ReadyzAnswer, "description": "Not ready, with the reasons."}},
    openapi_extra=_PUBLIC,
)
async def readyz(request: Request, services: ServicesOf) -> Response:
    """Tell whether new orders are taken on every connection, and if not, why."""
    probe = cast("JournalProbe", request.app.state.journal_probe)
    reasons = [*await probe.reasons(), *not_connected_reasons(services.connections.views())]
    return answer(ReadyzAnswer(ready=not reasons, reasons=reasons), 503 if reasons else 200)


PROBE_TIMEOUT_S = 2.0
LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Below this the journal would soon refuse to write: new orders are better sent elsewhere before."""


class JournalProbe:
    """Asks the journal whether it can be written and is still ours, one question at a time, and the disk for room.

    ``free_bytes`` tells how much room is left where the journal lies; it may block.
    """

    def __init__(self, journal: Journal, free_bytes: Callable[[], int]) -> None:
        self._journal = journal
        self._free_bytes = free_bytes
        self._asking = asyncio.Lock()

    async def reasons(self) -> list[NotReadyReason]:
        """Return what keeps orders from being recorded."""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S), self._asking:
                await self._journal.append()
                free = await asyncio.to_thread(self._free_bytes)
        except JournalUnavailable as error:
            return [_reason("journal_unavailable", error.detail)]
        except TimeoutError:
            detail = f"the journal did not answer within {PROBE_TIMEOUT_S:g} s: its disk hangs or is overloaded"
            return [_reason("journal_unavailable", detail)]
        except OSError as error:
            return [_reason("journal_unavailable", f"the data folder cannot be read: {error.strerror}")]
        if free < LEAST_FREE_BYTES:
            return [_reason("disk_full", f"{free >> 20} MiB are left in the data folder: make room")]
        return []


def _reason(code: str, detail: str) -> NotReadyReason:
    return NotReadyReason(code=code, detail=detail, connection_id=None)


def not_connected_reasons(views: Sequence[ConnectionView]) -> list[NotReadyReason]:
    """Return what keeps each connection from taking new orders."""
    reasons = []
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
