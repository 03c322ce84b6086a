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
from edgerunner.logs import remember_secret
from edgerunner.main import create_app, server_config
from edgerunner.routes.connection_limits import ConnectionLimits
from edgerunner.services.account_service import AccountService
from edgerunner.services.account_settings import AccountSettingsService
from edgerunner.services.alert_service import AlertService
from edgerunner.services.backtest_jobs import BacktestJobs
from edgerunner.services.backtest_process import RunLimits, run_in_process
from edgerunner.services.backtest_service import BacktestService
from edgerunner.services.clock import Clock, EventMaker, SystemClock
from edgerunner.services.connection_service import ConnectionService
from edgerunner.services.dataset_service import DatasetService
from edgerunner.services.expert_service import ExpertService
from edgerunner.services.hub import Hub
from edgerunner.services.identity.service import Identity
from edgerunner.services.kill_switch import KillSwitch
from edgerunner.services.live_arming import LiveArming
from edgerunner.services.loss_watch import LossWatch
from edgerunner.services.market_service import MarketService
from edgerunner.services.order_preview import OrderPreviewService
from edgerunner.services.order_service import OrderService
from edgerunner.services.risk_quotes import RiskQuotes
from edgerunner.services.risk_service import RiskService
from edgerunner.services.signal_desk import SignalDesk
from edgerunner.services.signal_gate import SignalGate
from edgerunner.services.signal_service import SignalService
from edgerunner.services.signal_targets import StrategyTargets
from edgerunner.services.strategies.class_catalogue import ClassCatalogue
from edgerunner.services.strategies.limits import Limits
from edgerunner.services.strategies.market_access import MarketAccess
from edgerunner.services.strategies.run_values import Surroundings
from edgerunner.services.strategies.service import StrategyService
from edgerunner.services.sync_service import SyncService
from edgerunner.settings import Settings
from edgerunner.storage.backtest_files import RunFiles
from edgerunner.storage.backtest_runs import RunStore
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.risk_store import RiskStore
from edgerunner.storage.secrets import Vault
from edgerunner.storage.signals import SignalSecretStore, SignalStore
from edgerunner.storage.store import ConnectionStore, EquityStore
from edgerunner.storage.strategy_store import StoredStrategy, StrategyStore
from tests import canary
from tests.fakes.broker import FakeBroker
from tests.fakes.expert_terminals import FakeExpertTerminals
from tests.waiting import until

API_KEY = "the-quick-brown-fox-jumps-over-a-lazy-dog"
CONNECTION_ID = "bybit-demo"
LINEAR_ID = "BTCUSDT-LINEAR.BYBIT"
BASE_URL = "http://127.0.0.1"
AUTHORIZED = {"Authorization": f"Bearer {API_KEY}"}

Json = dict[str, Any]
Strategies = dict[str, StoredStrategy]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the application is given."""

    settings: Settings
    clock: Clock
    journal: Journal
    connections: ConnectionService
    orders: OrderService
    order_previews: OrderPreviewService
    accounts: AccountService
    risk: RiskService
    kill_switch: KillSwitch
    arming: LiveArming
    account_settings: AccountSettingsService
    markets: MarketService
    datasets: DatasetService
    signals: SignalService
    signal_gate: SignalGate
    signal_strategies: dict[str, StoredStrategy]
    backtests: BacktestService
    experts: ExpertService
    strategies: StrategyService
    alerts: AlertService
    identity: Identity
    hub: Hub
    redis: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A running application, a client of it, its services, and its broker."""

    app: FastAPI
    http: httpx.AsyncClient
    services: Services
    broker: FakeBroker

    async def connect(self, **changes: Any) -> Json:
        """Make the connection ``bybit-demo``."""
        made = {"broker": "bybit", "environment": "demo", "connection_id": CONNECTION_ID}
        body = {**made, "credentials": canary.CREDENTIALS, **changes}
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
async def running_services(
    folder: Path, broker: FakeBroker, *, signal_strategies: Strategies | None = None, **settings: Any
) -> AsyncIterator[Services]:
    """Run the services on the folder's journal; the broker quotes 100, so that orders near it pass the checks."""
    if LINEAR_ID not in broker.tickers:
        broker.quote(LINEAR_ID, "100")
    database = Database.open(folder)
    journal = await Journal.open(database, clock_ns=broker.clock.now_ns)
    known = Settings(api_key=SecretStr(API_KEY), data_dir=folder, **{"screen_dir": None, **settings})
    services = wire(known, database=database, journal=journal, broker=broker)
    services.signal_strategies.update(signal_strategies or {})
    await services.identity.start()
    await services.risk.start()
    await services.connections.start()
    await services.markets.start()
    await services.datasets.start()
    await services.accounts.start()
    await services.strategies.start()
    await services.signal_gate.start()
    await services.signals.start()
    await services.backtests.start()
    try:
        yield services
    finally:
        await services.experts.stop()
        await services.backtests.stop()
        await services.signals.stop()
        await services.strategies.stop()
        await services.accounts.stop()
        await services.datasets.stop()
        await services.markets.stop()
        await services.orders.stop()
        await services.connections.stop()
        await services.risk.stop()
        await services.identity.stop()
        await journal.close()
        database.close()


@asynccontextmanager
async def running_api(
    folder: Path,
    *,
    broker: FakeBroker | None = None,
    signal_strategies: Strategies | None = None,
    **settings: Any,
) -> AsyncIterator[Api]:
    """Run the application in process, without a server; ``signal_strategies`` are there from its start."""
    broker = broker or FakeBroker()
    async with running_services(folder, broker, signal_strategies=signal_strategies, **settings) as services:
        app = create_app(services)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=AUTHORIZED) as http,
        ):
            yield Api(app=app, http=http, services=services, broker=broker)


@asynccontextmanager
async def served_api(folder: Path, *, limits: ConnectionLimits | None = None, **settings: Any) -> AsyncIterator[Api]:
    """Run the application behind its real server on a free port."""
    broker = FakeBroker()
    async with running_services(folder, broker, **settings) as services:
        app = create_app(services)
        server = uvicorn.Server(server_config(app, limits))
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
    vault = Vault.open(settings.data_dir, None)
    store = ConnectionStore(database, vault)
    connections = ConnectionService(
        factories={"bybit": FakeFactory(broker)},
        local={"bybit": FakeFactory(broker)},
        absent={"ibkr": "Interactive Brokers is not in this version yet"},
        store=store,
        sync=SyncService(journal=journal, events=events, clock=clock, watermarks=store),
        clock=clock,
        allow_live=settings.allow_live,
    )
    markets = MarketService(connections=connections, clock=clock)
    alerts = AlertService(clock=clock)
    alerts.execution_of = connections.execution_of
    risk_store = RiskStore(database)
    risk = RiskService(
        store=risk_store,
        losses=LossWatch(risk_store),
        journal=journal,
        connections=connections,
        quotes=RiskQuotes(markets=markets, clock=clock),
        alerts=alerts,
        clock=clock,
    )
    arming = LiveArming(alerts=alerts, clock=clock)
    orders = OrderService(
        sessions=connections, journal=journal, events=events, clock=clock, risk=risk, interlock=arming
    )
    signals = SignalStore(database)
    strategies: dict[str, StoredStrategy] = {}
    return Services(
        settings=settings,
        clock=clock,
        journal=journal,
        connections=connections,
        orders=orders,
        order_previews=OrderPreviewService(connections, risk, arming, clock),
        risk=risk,
        kill_switch=KillSwitch(states=risk, orders=orders, connections=connections),
        arming=arming,
        accounts=AccountService(
            journal=journal,
            connections=connections,
            markets=markets,
            equity=EquityStore(database),
            clock=clock,
            base_currency="USD",
        ),
        account_settings=AccountSettingsService(connections, arming),
        markets=markets,
        datasets=DatasetService(data_dir=settings.data_dir, markets=markets, clock=clock),
        signals=SignalService(
            targets=StrategyTargets(strategies.get),
            store=signals,
            desk=SignalDesk(orders=orders, records=journal, fills=signals, sessions=connections),
            alerts=alerts,
            events=events,
            clock=clock,
        ),
        signal_gate=SignalGate(store=SignalSecretStore(database, vault), clock=clock, never_log=remember_secret),
        signal_strategies=strategies,
        backtests=_backtests(settings.data_dir, database, markets=markets, events=events),
        experts=ExpertService(FakeExpertTerminals(), clock_ns=clock.now_ns, new_id=events.new_id),
        strategies=StrategyService(
            store=StrategyStore(database),
            journal=journal,
            access=MarketAccess(connections),
            around=Surroundings(orders=orders, journal=journal, markets=markets, clock=clock, limits=Limits()),
            catalogue=ClassCatalogue(settings.data_dir / "strategies", Limits()),
            alerts=alerts,
        ),
        alerts=alerts,
        identity=Identity(database, vault, alerts=alerts, clock=clock),
        hub=Hub(epoch="EPOCH-1", clock_ns=clock.now_ns),
    )


def _backtests(folder: Path, database: Database, *, markets: MarketService, events: EventMaker) -> BacktestService:
    clock, limits = SystemClock(), RunLimits()
    jobs = BacktestJobs(
        classes=ClassCatalogue(folder / "strategies", Limits()),
        catalogue=Catalogue(folder / "datasets"),
        datasets=folder / "datasets",
        markets=markets,
        clock=clock,
        limits=limits,
    )
    return BacktestService(
        store=RunStore(database),
        files=RunFiles(folder / "backtests"),
        jobs=jobs,
        run_job=run_in_process,
        events=events,
        clock=clock,
        parallel=1,
        limits=limits,
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
