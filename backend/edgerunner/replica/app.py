"""The web application of a replica: what the journal holds is answered here, everything else by the owner."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from fastapi import APIRouter, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from edgerunner.main import middleware_of
from edgerunner.replica.metrics import ReplicaMetrics
from edgerunner.replica.parts import Replica
from edgerunner.replica.topics import MirroredMarket, ReplicaBook
from edgerunner.routes import journal, ledger, operations, orders, stream
from edgerunner.routes.answers import NOT_STORED, answer
from edgerunner.routes.context import VERSION, Access
from edgerunner.routes.errors import install_error_handlers
from edgerunner.routes.fanout_metrics import redis_answer
from edgerunner.routes.guard import Callers
from edgerunner.routes.rights import calls_of
from edgerunner.routes.screen import Screen
from edgerunner.routes.strict import StrictRoute
from edgerunner.routes.topics import Topics
from edgerunner.schemas.operations import HealthzAnswer, NotReadyReason, ReadyzAnswer
from edgerunner.services.identity.directory import networks_of

SERVED_HERE: Final = frozenset(
    {
        ("GET", "/orders/status"),
        ("GET", "/orders/{client_order_id}/events"),
        ("GET", "/fills"),
        ("GET", "/ledger"),
        ("GET", "/journal"),
        ("GET", "/config.json"),
        ("GET", "/"),
        ("GET", "/app"),
        ("GET", "/app/{path:path}"),
    }
)
"""The owner's routes that this process answers by itself: they read the journal, or nothing at all."""

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OWNER_TIMEOUT_S: Final = 5.0


def create_replica_app(replica: Replica) -> FastAPI:
    """Return the application over a running replica."""
    access, metrics = Access.of(replica.settings), ReplicaMetrics(replica)
    callers = Callers(
        access=access,
        gate=replica.identity.gate,
        trusted_proxies=networks_of(replica.settings.trusted_proxies),
    )
    book = ReplicaBook(replica.hub, replica.feed, replica.mirror)
    topics = Topics(replica.hub, book=book, market=MirroredMarket(replica.mirror))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await topics.start()
        try:
            yield
        finally:
            await topics.stop()

    app = FastAPI(
        title="Edgerunner OS",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=middleware_of(access=access, callers=callers, metrics=metrics),
    )
    app.state.services, app.state.access, app.state.callers, app.state.topics = replica, access, callers, topics
    app.state.screen = Screen.read(replica.settings.screen_dir, replica.settings.screen_connect)
    install_error_handlers(app)
    app.include_router(_operations(replica, metrics))
    for router in (orders.router, ledger.router, journal.router, operations.router, operations.pages):
        app.router.routes.extend(_served_here(router.routes))
    app.include_router(stream.router)
    app.router.routes.append(Route("/{path:path}", replica.forwarding.pass_on, methods=_METHODS))
    return app


def _served_here(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    return [route for route in routes if SERVED_HERE.intersection(calls_of([route]))]


def _operations(replica: Replica, metrics: ReplicaMetrics) -> APIRouter:
    """Return what a replica says of itself."""
    router = APIRouter(route_class=StrictRoute)

    @router.get("/healthz")
    async def healthz() -> Response:
        return answer(HealthzAnswer(status="ok", redis=redis_answer(replica.redis)))

    @router.get("/readyz")
    async def readyz() -> Response:
        reasons = await _not_ready_reasons(replica)
        return answer(ReadyzAnswer(ready=not reasons, reasons=reasons), 503 if reasons else 200)

    @router.get("/metrics")
    async def metrics_text() -> Response:
        return Response(metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST, **NOT_STORED})

    return router


async def _not_ready_reasons(replica: Replica) -> list[NotReadyReason]:
    """Return what keeps new orders from being taken here: an unreadable journal, and all that the owner says."""
    if replica.feed.unreadable is not None:
        return [NotReadyReason(code="journal_unavailable", detail=replica.feed.unreadable, connection_id=None)]
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_OWNER_TIMEOUT_S) as http:
            told: dict[str, Any] = (await http.get(f"{replica.owner_url.rstrip('/')}/readyz")).json()
        return [NotReadyReason(**reason) for reason in told["reasons"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        detail = f"the process that owns the brokers does not answer at {replica.owner_url} ({type(error).__name__})"
        return [NotReadyReason(code="not_connected", detail=detail, connection_id=None)]
