"""The web application, and how it is served."""

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import uvicorn
from fastapi import FastAPI
from starlette.middleware import Middleware

from edgerunner.routes import (
    account_settings,
    accounts,
    api_keys,
    audit,
    auth,
    backtests,
    broker,
    datasets,
    experts,
    journal,
    ledger,
    market,
    operations,
    orders,
    risk,
    signals,
    strategies,
    stream,
    users,
)
from edgerunner.routes.book_topics import BookTopics
from edgerunner.routes.connection_limits import ConnectionLimits, room_for_connections
from edgerunner.routes.context import VERSION, Access, Services
from edgerunner.routes.errors import CatchAll, install_error_handlers
from edgerunner.routes.forwarded import ForwardedClient
from edgerunner.routes.guard import Callers, Guard
from edgerunner.routes.http_protocol import limited_protocol
from edgerunner.routes.market_topics import MarketTopics
from edgerunner.routes.metrics import Metrics
from edgerunner.routes.middleware import Cors, HostGuard, RequestMeter
from edgerunner.routes.openapi import DESCRIPTION, TAGS, completed
from edgerunner.routes.rate_limits import RateLimits
from edgerunner.routes.request_limits import RequestLimits
from edgerunner.routes.request_names import RequestNames
from edgerunner.routes.rights import require_rights
from edgerunner.routes.screen import Screen
from edgerunner.routes.security_headers import SecurityHeaders
from edgerunner.routes.stream_protocol import StreamProtocol
from edgerunner.routes.topics import Topics
from edgerunner.services.identity.directory import networks_of

DRAIN_S = 5
"""How long running requests may take to end when the server stops."""

_LARGEST_FRAME = 1_048_576
"""Where the server itself cuts a client's frame (close code 1009); the stream's own limit is lower."""


class Meter(Protocol):
    """Counts requests."""

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one HTTP request; ``path`` is the route's pattern."""


def create_app(services: Services) -> FastAPI:
    """Return the application over running services; it starts and stops nothing but the stream.

    Raises ``DataFolderError`` when the settings have no API key yet, ``LookupError`` for a route without a right.
    """
    access = Access.of(services.settings)
    metrics = Metrics(services)
    callers = Callers(
        access=access,
        gate=services.identity.gate,
        trusted_proxies=networks_of(services.settings.trusted_proxies),
    )
    topics = Topics(services.hub, book=BookTopics(services), market=MarketTopics(services.hub, services.markets))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await topics.start()
        metrics.start()
        try:
            yield
        finally:
            await metrics.stop()
            await topics.stop()

    app = _Application(
        title="Edgerunner OS",
        version=VERSION,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=middleware_of(access=access, callers=callers, metrics=metrics),
    )
    app.state.callers = callers
    app.state.services, app.state.access, app.state.metrics, app.state.topics = services, access, metrics, topics
    app.state.screen = Screen.read(services.settings.screen_dir, services.settings.screen_connect)
    app.state.journal_probe = operations.JournalProbe(
        services.journal, lambda: shutil.disk_usage(services.settings.data_dir).free
    )
    install_error_handlers(app)
    for module in (
        broker,
        orders,
        strategies,
        signals,
        backtests,
        experts,
        accounts,
        account_settings,
        ledger,
        market,
        datasets,
        journal,
        risk,
        operations,
        auth,
        users,
        api_keys,
        audit,
    ):
        require_rights(module.router.routes)
        app.include_router(module.router)
    require_rights(operations.pages.routes)
    app.include_router(operations.pages)
    app.include_router(stream.router)
    return app


def middleware_of(*, access: Access, callers: Callers, metrics: Meter) -> list[Middleware]:
    """Return what stands before every route, from the outside in; the same for an owner and a replica."""
    return [
        Middleware(RequestNames),
        Middleware(RequestMeter, observe=metrics.observe),
        Middleware(CatchAll),
        Middleware(ForwardedClient, key=access.api_key, clock_ns=time.time_ns),
        Middleware(SecurityHeaders),
        Middleware(RequestLimits),
        Middleware(HostGuard, allowed=access.allowed_hosts),
        Middleware(Cors, origins=access.cors_origins),
        Middleware(Guard, callers=callers),
        Middleware(RateLimits, factor=access.rate_factor),
    ]


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the framework's document, completed; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


def server_config(app: FastAPI, limits: ConnectionLimits | None = None) -> uvicorn.Config:
    """Return how the application is served; the caller opens the socket and minds the signals.

    No per-message deflate: it doubles the cost of a frame, and our clients are on loopback or behind
    a proxy. The stream's protocol class can close readers that do not read.
    """
    access = cast("Access", app.state.access)
    limits = limits or ConnectionLimits(per_address=access.connections_per_address, total=room_for_connections())
    return uvicorn.Config(
        app,
        http=limited_protocol(limits),
        ws=StreamProtocol,
        ws_per_message_deflate=False,
        ws_max_size=_LARGEST_FRAME,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=DRAIN_S,
    )
