"""Wiring: the only module that names concrete classes."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from edgerunner.adapters.broker import BrokerAdapter, Environment
from edgerunner.adapters.bybit.environments import is_url_option
from edgerunner.adapters.bybit.public_data import create_bybit_market_data
from edgerunner.adapters.bybit_adapter import create_bybit_adapter
from edgerunner.adapters.ibkr_adapter import create_ibkr_adapter
from edgerunner.adapters.local.options import LocalDefaults, split_options
from edgerunner.adapters.local_adapter import create_local_adapter
from edgerunner.adapters.mt5_adapter import create_mt5_adapter
from edgerunner.expert_wiring import Experts, running_experts
from edgerunner.logs import remember_secret
from edgerunner.matching.fees import FeeSchedule
from edgerunner.services.account_service import AccountService
from edgerunner.services.account_settings import AccountSettingsService
from edgerunner.services.alert_rules import AlertRules
from edgerunner.services.alert_service import AlertService
from edgerunner.services.backtest_jobs import BacktestJobs
from edgerunner.services.backtest_process import RunLimits, run_in_process
from edgerunner.services.backtest_service import BacktestService
from edgerunner.services.clock import EventMaker, SystemClock
from edgerunner.services.connection_service import AdapterFactory, ConnectionService
from edgerunner.services.dataset_service import DatasetService
from edgerunner.services.expert_service import ExpertService
from edgerunner.services.hub import Hub
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
from edgerunner.services.simulator_truth import require_simulator, simulator_port
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
from edgerunner.storage.strategy_store import StrategyStore

SIMULATOR_CREDENTIALS = {"api_key": "sim-key", "api_secret": "sim-secret"}
"""Public on purpose: the Bybit simulator's key."""

SIMULATED_TERMINAL = {"login": "1000001", "bridge_token": "sim-token"}
"""Public on purpose: the simulated MetaTrader 5 account that keeps positions by ticket, and its bridge's token."""

SIMULATED_ZONE = "EET"
"""The simulated trade server's clock is named, not measured: at another speed than 1 it is not ours plus an offset."""

BYBIT_PAPER = LocalDefaults(currency="USDT", fees=FeeSchedule(maker=Decimal("0.0002"), taker=Decimal("0.00055")))
"""Bybit's fees of perpetual contracts for accounts without a VIP level (its page "Trading Fee Structure")."""


class BybitFactory:
    """Makes Bybit adapters; a simulated one only for an address that the simulators call their own."""

    def __init__(self, control_url: str) -> None:
        self._control_url = control_url

    async def __call__(
        self,
        *,
        connection_id: str,
        environment: Environment,
        credentials: Mapping[str, str],
        options: Mapping[str, object],
    ) -> BrokerAdapter:
        """Return an adapter that is not connected yet."""
        if environment is Environment.SIMULATED:
            options = await self.simulator_options(options)
            credentials = credentials or SIMULATOR_CREDENTIALS
        for secret in credentials.values():
            remember_secret(secret)
        return create_bybit_adapter(
            connection_id=connection_id,
            environment=environment,
            credentials=credentials,
            options=options,
            clock=time,
            random=random.Random(),  # noqa: S311 - jitter, no secret
        )

    async def simulator_options(self, options: Mapping[str, object]) -> Mapping[str, object]:
        """Fill in the simulator's address, or check the one given; ``control_url`` names other simulators."""
        control_url = str(options.get("control_url", self._control_url))
        known = {name: value for name, value in options.items() if name != "control_url"}
        addresses = [str(value) for name, value in known.items() if is_url_option(name)]
        if addresses:
            await require_simulator(control_url, "bybit", addresses)
            return known
        port = await simulator_port(control_url, "bybit")
        return {**known, "base_url": f"http://127.0.0.1:{port}"}


class IbkrFactory:
    """Makes adapters for TWS and IB Gateway; a simulated one only for a port that the simulators call their own.

    What a connection is given (host, port, client id, account) is no secret, and nothing of it is hidden in logs.
    """

    def __init__(self, control_url: str) -> None:
        self._control_url = control_url

    async def __call__(
        self,
        *,
        connection_id: str,
        environment: Environment,
        credentials: Mapping[str, str],
        options: Mapping[str, object],
    ) -> BrokerAdapter:
        """Return an adapter that is not connected yet."""
        if environment is Environment.SIMULATED:
            credentials = await self._simulator_place(credentials, str(options.get("control_url", self._control_url)))
            options = {name: value for name, value in options.items() if name != "control_url"}
        return create_ibkr_adapter(
            connection_id=connection_id,
            environment=environment,
            credentials=credentials,
            options=options,
            clock=time,
            random=random.Random(),  # noqa: S311 - jitter, no secret
        )

    async def _simulator_place(self, credentials: Mapping[str, str], control_url: str) -> Mapping[str, str]:
        """Fill in where the simulator listens, or check the place given."""
        if "port" in credentials:
            address = f"tcp://{credentials.get('host', '127.0.0.1')}:{credentials['port']}"
            await require_simulator(control_url, "ibkr", [address])
            return credentials
        return {**credentials, "port": str(await simulator_port(control_url, "ibkr"))}


class Mt5Factory:
    """Makes adapters for MetaTrader 5; a simulated one only for the bridge that the simulators call their own."""

    def __init__(self, control_url: str, experts: Experts) -> None:
        self._control_url = control_url
        self._experts = experts

    async def __call__(
        self,
        *,
        connection_id: str,
        environment: Environment,
        credentials: Mapping[str, str],
        options: Mapping[str, object],
    ) -> BrokerAdapter:
        """Return an adapter that is not connected yet."""
        if environment is Environment.SIMULATED:
            options = {"server_zone": SIMULATED_ZONE, **await self._simulator_options(options)}
            credentials = {**SIMULATED_TERMINAL, **credentials}
        for name in ("password", "bridge_token"):
            if name in credentials:
                remember_secret(credentials[name])
        return create_mt5_adapter(
            connection_id=connection_id,
            environment=environment,
            credentials=credentials,
            options=options,
            clock=time,
            random=random.Random(),  # noqa: S311 - jitter, no secret
            experts=self._experts.runner,
        )

    async def _simulator_options(self, options: Mapping[str, object]) -> Mapping[str, object]:
        """Fill in the simulated bridge's address, or check the one given."""
        control_url = str(options.get("control_url", self._control_url))
        known = {name: value for name, value in options.items() if name != "control_url"}
        if "bridge_url" in known:
            await require_simulator(control_url, "mt5", [str(known["bridge_url"])])
            return known
        return {**known, "bridge_url": f"http://127.0.0.1:{await simulator_port(control_url, 'mt5')}"}


class LocalBybitFactory:
    """Makes paper accounts on Bybit's public prices; no credentials are used, and no order leaves."""

    def __init__(self, bybit: BybitFactory, folder: Path) -> None:
        self._bybit = bybit
        self._folder = folder

    async def __call__(
        self,
        *,
        connection_id: str,
        environment: Environment,
        credentials: Mapping[str, str],
        options: Mapping[str, object],
    ) -> BrokerAdapter:
        """Return an adapter that is not connected yet."""
        for secret in credentials.values():
            remember_secret(secret)
        local, market = split_options(options)
        if environment is Environment.SIMULATED:
            market = await self._bybit.simulator_options(market)
        data = create_bybit_market_data(
            environment=environment,
            options=market,
            clock=time,
            random=random.Random(),  # noqa: S311 - jitter, no secret
        )
        return create_local_adapter(
            data,
            connection_id=connection_id,
            folder=self._folder,
            options=local,
            defaults=BYBIT_PAPER,
            clock=time,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the routes call."""

    settings: Settings
    clock: SystemClock
    journal: Journal
    connections: ConnectionService
    orders: OrderService
    order_previews: OrderPreviewService
    sync: SyncService
    accounts: AccountService
    risk: RiskService
    kill_switch: KillSwitch
    arming: LiveArming
    account_settings: AccountSettingsService
    markets: MarketService
    datasets: DatasetService
    strategies: StrategyService
    signals: SignalService
    signal_gate: SignalGate
    backtests: BacktestService
    experts: ExpertService
    alerts: AlertService
    hub: Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The running product."""

    services: Services


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    """Run the product inside the block: journal, connections, market data, accounts.

    Stored connections come back in the background. Raises ``JournalUnavailable``,
    ``Unsupported`` (database), ``MasterKeyUnusable``.
    """
    clock = SystemClock()
    address = settings.database_url.get_secret_value() if settings.database_url else None
    database = await asyncio.to_thread(Database.open, settings.data_dir, address)
    async with AsyncExitStack() as stack:
        stack.callback(database.close)
        vault = await asyncio.to_thread(Vault.open, settings.data_dir, settings.master_key_file)
        journal = await Journal.open(database, clock_ns=clock.now_ns)
        stack.push_async_callback(journal.close)
        experts = await stack.enter_async_context(running_experts(settings, clock))
        services = _wire(settings, clock=clock, database=database, vault=vault, journal=journal, ea=experts)
        stack.callback(AlertRules(services.alerts).follow(journal, services.connections))
        stack.push_async_callback(services.connections.stop)
        stack.push_async_callback(services.orders.stop)
        stack.push_async_callback(services.markets.stop)
        stack.push_async_callback(services.datasets.stop)
        stack.push_async_callback(services.accounts.stop)
        stack.push_async_callback(services.signals.stop)
        stack.push_async_callback(services.risk.stop)
        await services.risk.start()
        await services.connections.start()
        await services.markets.start()
        await services.datasets.start()
        await services.accounts.start()
        stack.push_async_callback(services.strategies.stop)
        await services.strategies.start()
        await services.signal_gate.start()
        await services.signals.start()
        stack.push_async_callback(services.backtests.stop)
        await services.backtests.start()
        yield Application(services=services)


def _wire(
    settings: Settings, *, clock: SystemClock, database: Database, vault: Vault, journal: Journal, ea: Experts
) -> Services:
    store = ConnectionStore(database, vault)
    events = EventMaker(clock)
    alerts = AlertService(clock=clock)
    sync = SyncService(journal=journal, events=events, clock=clock, watermarks=store)
    control_url = f"http://127.0.0.1:{settings.sim_control_port}"
    bybit = BybitFactory(control_url)
    factories: dict[str, AdapterFactory] = {
        "bybit": bybit,
        "ibkr": IbkrFactory(control_url),
        "mt5": Mt5Factory(control_url, ea),
    }
    connections = ConnectionService(
        factories=factories,
        absent={},
        store=store,
        sync=sync,
        clock=clock,
        allow_live=settings.allow_live,
        local={"bybit": LocalBybitFactory(bybit, settings.data_dir / "local")},
    )
    alerts.execution_of = connections.execution_of
    markets = MarketService(connections=connections, clock=clock)
    risk = _risk(database, journal=journal, connections=connections, markets=markets, alerts=alerts, clock=clock)
    arming = LiveArming(alerts=alerts, clock=clock)
    orders = OrderService(
        sessions=connections, journal=journal, events=events, clock=clock, risk=risk, interlock=arming
    )
    signals = SignalStore(database)
    strategies = _strategies(
        settings, database, journal=journal, connections=connections, markets=markets, orders=orders, alerts=alerts
    )
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
        sync=sync,
        accounts=AccountService(
            journal=journal,
            connections=connections,
            markets=markets,
            equity=EquityStore(database),
            clock=clock,
            base_currency=settings.base_currency,
        ),
        account_settings=AccountSettingsService(connections, arming),
        markets=markets,
        datasets=DatasetService(data_dir=settings.data_dir, markets=markets, clock=clock),
        strategies=strategies,
        signals=SignalService(
            targets=StrategyTargets(strategies.find),
            store=signals,
            desk=SignalDesk(orders=orders, records=journal, fills=signals, sessions=connections),
            alerts=alerts,
            events=events,
            clock=clock,
        ),
        signal_gate=SignalGate(store=SignalSecretStore(database, vault), clock=clock, never_log=remember_secret),
        backtests=_backtests(settings, database, markets=markets, events=events, clock=clock),
        experts=ea.service,
        alerts=alerts,
        hub=Hub(epoch=events.new_id(), clock_ns=clock.now_ns),
    )


def _risk(
    database: Database,
    *,
    journal: Journal,
    connections: ConnectionService,
    markets: MarketService,
    alerts: AlertService,
    clock: SystemClock,
) -> RiskService:
    store = RiskStore(database)
    return RiskService(
        store=store,
        losses=LossWatch(store),
        journal=journal,
        connections=connections,
        quotes=RiskQuotes(markets=markets, clock=clock),
        alerts=alerts,
        clock=clock,
    )


def _strategies(
    settings: Settings,
    database: Database,
    *,
    journal: Journal,
    connections: ConnectionService,
    markets: MarketService,
    orders: OrderService,
    alerts: AlertService,
) -> StrategyService:
    limits = Limits()
    return StrategyService(
        store=StrategyStore(database),
        journal=journal,
        access=MarketAccess(connections),
        around=Surroundings(orders=orders, journal=journal, markets=markets, clock=SystemClock(), limits=limits),
        catalogue=ClassCatalogue(settings.data_dir / "strategies", limits),
        alerts=alerts,
    )


def _backtests(
    settings: Settings, database: Database, *, markets: MarketService, events: EventMaker, clock: SystemClock
) -> BacktestService:
    limits = RunLimits()
    datasets = settings.data_dir / "datasets"
    jobs = BacktestJobs(
        classes=ClassCatalogue(settings.data_dir / "strategies", Limits()),
        catalogue=Catalogue(datasets),
        datasets=datasets,
        markets=markets,
        clock=clock,
        limits=limits,
    )
    return BacktestService(
        store=RunStore(database),
        files=RunFiles(settings.data_dir / "backtests"),
        jobs=jobs,
        run_job=run_in_process,
        events=events,
        clock=clock,
        parallel=1 if (os.cpu_count() or 1) <= 2 else 2,
        limits=limits,
    )
