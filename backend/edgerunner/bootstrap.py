"""Wiring: the only module that names concrete classes."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from edgerunner.adapters.broker import BrokerAdapter, Environment
from edgerunner.adapters.bybit.environments import is_url_option
from edgerunner.adapters.bybit_adapter import create_bybit_adapter
from edgerunner.logs import remember_secret
from edgerunner.services.account_service import AccountService
from edgerunner.services.alert_rules import AlertRules
from edgerunner.services.alert_service import AlertService
from edgerunner.services.clock import EventMaker, SystemClock
from edgerunner.services.connection_service import AdapterFactory, ConnectionService
from edgerunner.services.hub import Hub
from edgerunner.services.market_service import MarketService
from edgerunner.services.order_service import OrderService
from edgerunner.services.simulator_truth import require_simulator, simulator_port
from edgerunner.services.sync_service import SyncService
from edgerunner.settings import Settings
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.secrets import Vault
from edgerunner.storage.store import ConnectionStore, EquityStore

ABSENT_BROKERS = {
    "ibkr": "Interactive Brokers is not in this version yet",
    "mt5": "MetaTrader 5 is not in this version yet",
}

SIMULATOR_CREDENTIALS = {"api_key": "sim-key", "api_secret": "sim-secret"}
"""Public on purpose: the Bybit simulator's key."""


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
            options = await self._simulator_options(options)
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

    async def _simulator_options(self, options: Mapping[str, object]) -> Mapping[str, object]:
        """Fill in the simulator's address, or check the one given; ``control_url`` names other simulators."""
        control_url = str(options.get("control_url", self._control_url))
        known = {name: value for name, value in options.items() if name != "control_url"}
        addresses = [str(value) for name, value in known.items() if is_url_option(name)]
        if addresses:
            await require_simulator(control_url, "bybit", addresses)
            return known
        port = await simulator_port(control_url, "bybit")
        return {**known, "base_url": f"http://127.0.0.1:{port}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the routes call."""

    settings: Settings
    clock: SystemClock
    journal: Journal
    connections: ConnectionService
    orders: OrderService
    sync: SyncService
    accounts: AccountService
    markets: MarketService
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
    database = await asyncio.to_thread(Database.open, settings.data_dir, _database_url(settings))
    async with AsyncExitStack() as stack:
        stack.callback(database.close)
        vault = await asyncio.to_thread(Vault.open, settings.data_dir, settings.master_key_file)
        journal = await Journal.open(database, clock_ns=clock.now_ns)
        stack.push_async_callback(journal.close)
        services = _wire(settings, clock=clock, database=database, vault=vault, journal=journal)
        stack.callback(AlertRules(services.alerts).follow(journal, services.connections))
        stack.push_async_callback(services.connections.stop)
        stack.push_async_callback(services.orders.stop)
        stack.push_async_callback(services.markets.stop)
        stack.push_async_callback(services.accounts.stop)
        await services.connections.start()
        await services.markets.start()
        await services.accounts.start()
        yield Application(services=services)


def _wire(settings: Settings, *, clock: SystemClock, database: Database, vault: Vault, journal: Journal) -> Services:
    store = ConnectionStore(database, vault)
    events = EventMaker(clock)
    alerts = AlertService(clock=clock)
    sync = SyncService(journal=journal, events=events, clock=clock, watermarks=store)
    factories: dict[str, AdapterFactory] = {
        "bybit": BybitFactory(f"http://127.0.0.1:{settings.sim_control_port}"),
    }
    connections = ConnectionService(
        factories=factories,
        absent=ABSENT_BROKERS,
        store=store,
        sync=sync,
        clock=clock,
        allow_live=settings.allow_live,
    )
    markets = MarketService(connections=connections, clock=clock)
    return Services(
        settings=settings,
        clock=clock,
        journal=journal,
        connections=connections,
        orders=OrderService(sessions=connections, journal=journal, events=events, clock=clock),
        sync=sync,
        accounts=AccountService(
            journal=journal,
            connections=connections,
            markets=markets,
            equity=EquityStore(database),
            clock=clock,
            base_currency=settings.base_currency,
        ),
        markets=markets,
        alerts=alerts,
        hub=Hub(epoch=events.new_id(), clock_ns=clock.now_ns),
    )


def _database_url(settings: Settings) -> str | None:
    return settings.database_url.get_secret_value() if settings.database_url else None
