"""The whole API on real services and a real journal; only the broker is a fake."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from edgerunner.adapters.broker import BrokerAdapter, Environment
from edgerunner.domain.errors import BrokerAuthFailed
from edgerunner.main import create_app, server_config
from edgerunner.services.account_service import AccountService
from edgerunner.services.alert_service import AlertService
from edgerunner.services.clock import EventMaker
from edgerunner.services.connection_service import ConnectionService
from edgerunner.services.hub import Hub
from edgerunner.services.market_service import MarketService
from edgerunner.services.order_service import OrderService
from edgerunner.services.sync_service import SyncService
from edgerunner.settings import Settings
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.secrets import Vault
from edgerunner.storage.store import ConnectionStore, EquityStore
from tests.fakes.broker import FakeBroker
from tests.waiting import until

API_KEY = "the-quick-brown-fox-jumps-over-a-lazy-dog"
CONNECTION_ID = "bybit-demo"
LINEAR_ID = "BTCUSDT-LINEAR.BYBIT"
BASE_URL = "http://127.0.0.1"
AUTHORIZED = {"Authorization": f"Bearer {API_KEY}"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the application is given."""

    settings: Settings
    journal: Journal
    connections: ConnectionService
    orders: OrderService
    accounts: AccountService
    markets: MarketService
    alerts: AlertService
    hub: Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A running application, a client of it, its services, and its broker."""

    app: FastAPI
    http: httpx.AsyncClient
    services: Services
    broker: FakeBroker

    async def connect(self, **changes: Any) -> Json:
        """Make the connection ``bybit-demo``."""
        body = {"broker": "bybit", "environment": "demo", "connection_id": CONNECTION_ID, **changes}
        response = await self.http.post("/broker/connect", json=body)
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def trade(self, **changes: Any) -> httpx.Response:
        """Place a limit order of 1 at 100, or what ``changes`` say."""
        return await self.http.post("/trade", json=order_body(**changes))


def order_body(**changes: Any) -> Json:
    """Return a limit order; None takes a field out."""
    body = {
        "connection_id": CONNECTION_ID,
        "instrument_id": LINEAR_ID,
        "side": "buy",
        "order_type": "limit",
        "quantity": "1",
        "price": "100",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


@asynccontextmanager
async def running_services(folder: Path, broker: FakeBroker, **settings: Any) -> AsyncIterator[Services]:
    """Run the services on the folder's journal."""
    database = Database.open(folder)
    journal = await Journal.open(database, clock_ns=broker.clock.now_ns)
    known = Settings(api_key=SecretStr(API_KEY), data_dir=folder, **settings)
    services = wire(known, database=database, journal=journal, broker=broker)
    await services.connections.start()
    await services.markets.start()
    await services.accounts.start()
    try:
        yield services
    finally:
        await services.accounts.stop()
        await services.markets.stop()
        await services.orders.stop()
        await services.connections.stop()
        await journal.close()
        database.close()


@asynccontextmanager
async def running_api(folder: Path, **settings: Any) -> AsyncIterator[Api]:
    """Run the application in process, without a server."""
    broker = FakeBroker()
    async with running_services(folder, broker, **settings) as services:
        app = create_app(services)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=AUTHORIZED) as http,
        ):
            yield Api(app=app, http=http, services=services, broker=broker)


@asynccontextmanager
async def served_api(folder: Path, **settings: Any) -> AsyncIterator[Api]:
    """Run the application behind its real server on a free port."""
    broker = FakeBroker()
    async with running_services(folder, broker, **settings) as services:
        app = create_app(services)
        server = uvicorn.Server(server_config(app))
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        running = asyncio.create_task(server._serve([listener]))
        try:
            await until(lambda: _is_started(server, running), timeout_s=10, what="the server has started")
            async with httpx.AsyncClient(base_url=url, headers=AUTHORIZED, trust_env=False) as http:
                yield Api(app=app, http=http, services=services, broker=broker)
        finally:
            server.should_exit = True
            await running


async def _is_started(server: uvicorn.Server, running: "asyncio.Task[None]") -> bool:
    if running.done():
        await running
    return server.started


def wire(settings: Settings, *, database: Database, journal: Journal, broker: FakeBroker) -> Services:
    """Return the services around one fake broker."""
    clock = broker.clock
    events = EventMaker(clock)
    store = ConnectionStore(database, Vault.open(settings.data_dir, None))
    connections = ConnectionService(
        factories={"bybit": FakeFactory(broker)},
        absent={"ibkr": "Interactive Brokers is not in this version yet"},
        store=store,
        sync=SyncService(journal=journal, events=events, clock=clock, watermarks=store),
        clock=clock,
        allow_live=False,
    )
    markets = MarketService(connections=connections, clock=clock)
    return Services(
        settings=settings,
        journal=journal,
        connections=connections,
        orders=OrderService(sessions=connections, journal=journal, events=events, clock=clock),
        accounts=AccountService(
            journal=journal,
            connections=connections,
            markets=markets,
            equity=EquityStore(database),
            clock=clock,
            base_currency="USD",
        ),
        markets=markets,
        alerts=AlertService(clock=clock),
        hub=Hub(epoch="EPOCH-1", clock_ns=clock.now_ns),
    )


class FakeFactory:
    """Hands out the one broker; the password ``wrong`` is refused."""

    def __init__(self, broker: FakeBroker) -> None:
        self._broker = broker

    async def __call__(
        self,
        *,
        connection_id: str,
        environment: Environment,
        credentials: Mapping[str, str],
        options: Mapping[str, object],
    ) -> BrokerAdapter:
        if credentials.get("api_secret") == "wrong":
            raise BrokerAuthFailed("the broker refused the API key: check api_key and api_secret")
        return self._broker
