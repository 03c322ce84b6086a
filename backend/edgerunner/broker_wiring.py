"""Wiring of broker adapters: the only module that names the concrete ones, and what simulated ones are given."""

import random
import time
from collections.abc import Mapping
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
from edgerunner.expert_wiring import Experts
from edgerunner.logs import remember_secret
from edgerunner.matching.fees import FeeSchedule
from edgerunner.services.connection_service import AdapterFactory
from edgerunner.services.simulator_truth import require_simulator, simulator_port

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


def broker_factories(control_url: str, experts: Experts) -> dict[str, AdapterFactory]:
    """Return what makes adapters, by broker; ``control_url`` is where simulators say what is their own."""
    return {
        "bybit": BybitFactory(control_url),
        "ibkr": IbkrFactory(control_url),
        "mt5": Mt5Factory(control_url, experts),
    }


def local_factories(control_url: str, data_dir: Path) -> dict[str, AdapterFactory]:
    """Return what makes paper accounts on a broker's prices, by broker; they keep their books in ``data_dir``."""
    return {"bybit": LocalBybitFactory(BybitFactory(control_url), data_dir / "local")}
