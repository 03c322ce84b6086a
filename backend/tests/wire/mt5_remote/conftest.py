"""A simulated broker whose clock stands still, its terminal, and a bridge over the simulated module."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from edgerunner.mt5_bridge.remote import connect
from edgerunner.mt5_bridge.server import BridgeServer
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings, Scope, Token
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.client import Connection
from edgerunner.simulators.mt5.module import create_module
from edgerunner.simulators.mt5.server import create_server
from edgerunner.simulators.mt5.settings import BROKER, TERMINAL_VARIABLE, Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings

NOW_NS = 1_796_000_000_000_000_000
HOST = "127.0.0.1"
TOKEN = "a-token-of-thirty-two-characters"
LOGIN = 1_000_001
PASSWORD = "sim-password"
SERVER = "Edgerunner-Sim"


@dataclass(frozen=True)
class BothModules:
    """The module beside the terminal and the module behind the bridge, on one account."""

    near: ModuleType
    far: ModuleType
    faults: FaultBox
    venue: Mt5Venue


@pytest.fixture
async def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BothModules]:
    async with running_both(tmp_path, monkeypatch, Mt5Settings()) as modules:
        yield modules


@asynccontextmanager
async def running_both(
    folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Mt5Settings
) -> AsyncIterator[BothModules]:
    """Start everything and log in both modules."""
    faults = FaultBox([BROKER])
    venue = Mt5Venue(faults, VenueSettings(ledger_path=None, wall=lambda: NOW_NS), settings)
    server = create_server(venue, faults, host=HOST, port=0, settings=settings)
    await server.start()
    monkeypatch.setenv(TERMINAL_VARIABLE, f"{HOST}:{server.port}")
    bridge = BridgeServer(bridge_settings(folder / "bridge"))
    await bridge.start()
    near = create_module("MetaTrader5", Connection())
    far = connect(bridge.url, token=TOKEN, timeout_s=10)
    try:
        assert await asyncio.to_thread(near.initialize, login=LOGIN, password=PASSWORD, server=SERVER)
        assert await asyncio.to_thread(far.initialize, login=LOGIN), far.last_error()
        yield BothModules(near=near, far=far, faults=faults, venue=venue)
    finally:
        await asyncio.to_thread(far.shutdown)
        await bridge.stop()
        await asyncio.to_thread(near.shutdown)
        await server.stop()
        venue.close()


def bridge_settings(folder: Path) -> BridgeSettings:
    return BridgeSettings(
        tokens=(Token(name="client", scopes=frozenset(Scope), secret=TOKEN),),
        data_dir=folder,
        module="edgerunner.simulators.mt5.module",
        port=0,
        accounts={LOGIN: AccountSettings(login=LOGIN, server=SERVER, password=PASSWORD)},
        login=LOGIN,
    )
