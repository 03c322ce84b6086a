"""Wiring of the product: every service with what it stands on; ``broker_wiring`` names the concrete adapters."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from edgerunner.broker_wiring import broker_factories, local_factories
from edgerunner.expert_wiring import Experts, running_experts
from edgerunner.logs import remember_secret
from edgerunner.services.account_service import AccountService
from edgerunner.services.account_settings import AccountSettingsService
from edgerunner.services.alert_rules import AlertRules
from edgerunner.services.alert_service import AlertService
from edgerunner.services.backtest_jobs import BacktestJobs
from edgerunner.services.backtest_process import RunLimits, run_in_process
from edgerunner.services.backtest_service import BacktestService
from edgerunner.services.clock import EventMaker, SystemClock
from edgerunner.services.connection_service import ConnectionService
from edgerunner.services.dataset_service import DatasetService
from edgerunner.services.expert_service import ExpertService
from edgerunner.services.fanout.bell import JournalBell
from edgerunner.services.fanout.link import RedisLink, stream_key
from edgerunner.services.hub import Hub
from edgerunner.services.identity.service import Identity
from edgerunner.services.kill_switch import KillSwitch
from edgerunner.services.live_arming import LiveArming
from edgerunner.services.loss_watch import LossWatch
from edgerunner.services.market_service import MarketService
from edgerunner.services.order_log import OrderLog
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
from edgerunner.settings import Settings, read_api_key
from edgerunner.storage.backtest_files import RunFiles
from edgerunner.storage.backtest_runs import RunStore
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.master_keys import MasterKeys, master_keys
from edgerunner.storage.risk_store import RiskStore
from edgerunner.storage.secrets import Vault
from edgerunner.storage.signals import SignalSecretStore, SignalStore
from edgerunner.storage.store import ConnectionStore, EquityStore
from edgerunner.storage.strategy_store import StrategyStore


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
    identity: Identity
    hub: Hub
    redis: RedisLink | None


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
        vault = await asyncio.to_thread(lambda: Vault(keys_of(settings)))
        journal = await Journal.open(database, clock_ns=clock.now_ns)
        stack.push_async_callback(journal.close)
        experts = await stack.enter_async_context(running_experts(settings, clock))
        services = _wire(settings, clock=clock, database=database, vault=vault, journal=journal, ea=experts)
        _ring_for_replicas(services, journal, stack)
        stack.callback(AlertRules(services.alerts).follow(journal, services.connections))
        order_log = OrderLog()
        order_log.start()
        stack.callback(order_log.stop)
        stack.callback(journal.add_listener(order_log.on_commit))
        stack.push_async_callback(services.connections.stop)
        stack.push_async_callback(services.orders.stop)
        stack.push_async_callback(services.markets.stop)
        stack.push_async_callback(services.datasets.stop)
        stack.push_async_callback(services.accounts.stop)
        stack.push_async_callback(services.signals.stop)
        stack.push_async_callback(services.risk.stop)
        stack.push_async_callback(services.identity.stop)
        await services.identity.start()
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


def keys_of(settings: Settings) -> MasterKeys:
    """Return where the settings say that the master keys lie. Raises ``MasterKeyUnusable``."""
    given = settings.master_key
    return master_keys(
        settings.data_dir,
        file=settings.master_key_file,
        given=None if given is None else given.get_secret_value(),
        place=settings.master_key_source,
    )


def _ring_for_replicas(services: Services, journal: Journal, stack: AsyncExitStack) -> None:
    """Tell replicas of commits through Redis, where there is one."""
    if services.redis is not None:
        key = stream_key(read_api_key(services.settings).get_secret_value())
        bell = JournalBell(journal, services.redis, key=key, owner_epoch=journal.owner_epoch)
        bell.start()
        stack.push_async_callback(bell.stop)


def _wire(
    settings: Settings, *, clock: SystemClock, database: Database, vault: Vault, journal: Journal, ea: Experts
) -> Services:
    store = ConnectionStore(database, vault)
    events = EventMaker(clock)
    alerts = AlertService(clock=clock)
    sync = SyncService(journal=journal, events=events, clock=clock, watermarks=store)
    control_url = f"http://127.0.0.1:{settings.sim_control_port}"
    connections = ConnectionService(
        factories=broker_factories(control_url, ea),
        absent={},
        store=store,
        sync=sync,
        clock=clock,
        allow_live=settings.allow_live,
        local=local_factories(control_url, settings.data_dir),
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
        identity=Identity(database, vault, alerts=alerts, clock=clock),
        hub=Hub(epoch=events.new_id(), clock_ns=clock.now_ns),
        redis=None if settings.redis_url is None else RedisLink(settings.redis_url.get_secret_value(), clock=clock),
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
