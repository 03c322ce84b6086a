"""A simulated broker with its terminal, and a bridge over the simulated module: what clients in other processes use."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgerunner.mt5_bridge.server import BridgeServer
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings, Scope, Token
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.server import create_server
from edgerunner.simulators.mt5.settings import BROKER, TERMINAL_VARIABLE, Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.conformance.mt5.clients import HOST, LOGIN, PASSWORD, SERVER, TOKEN


@dataclass(frozen=True)
class Terminal:
    """The running broker, and where its terminal and the bridge listen."""

    venue: Mt5Venue
    module_port: int
    bridge_port: int

    def environment(self, way: str) -> dict[str, str]:
        """Return what tells a client's process where its terminal is; the other way leads nowhere."""
        nowhere = f"{HOST}:9"
        if way == "remote":
            bridge = {
                "EDGERUNNER_MT5_BRIDGE_URL": f"http://{HOST}:{self.bridge_port}",
                "EDGERUNNER_MT5_BRIDGE_TOKEN": TOKEN,
            }
            return {TERMINAL_VARIABLE: nowhere, **bridge}
        return {TERMINAL_VARIABLE: f"{HOST}:{self.module_port}", "EDGERUNNER_MT5_BRIDGE_URL": f"http://{nowhere}"}

    def ledger(self) -> dict[str, Any]:
        """Return the broker's own books, an oracle that knows nothing of modules and bridges."""
        return self.venue.snapshot().render()


@pytest.fixture
async def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Terminal]:
    faults = FaultBox([BROKER])
    venue = Mt5Venue(faults, VenueSettings(ledger_path=tmp_path / "ledger.sqlite", wall=time.time_ns), Mt5Settings())
    server = create_server(venue, faults, host=HOST, port=0)
    await server.start()
    monkeypatch.setenv(TERMINAL_VARIABLE, f"{HOST}:{server.port}")
    bridge = BridgeServer(bridge_settings(tmp_path / "bridge"))
    market = asyncio.create_task(venue.run())
    await bridge.start()
    try:
        yield Terminal(venue=venue, module_port=server.port, bridge_port=bridge.port)
    finally:
        await bridge.stop()
        market.cancel()
        await asyncio.gather(market, return_exceptions=True)
        await server.stop()
        venue.close()


def bridge_settings(folder: Path) -> BridgeSettings:
    account = AccountSettings(login=LOGIN, server=SERVER, password=PASSWORD)
    return BridgeSettings(
        tokens=(Token(name="client", scopes=frozenset(Scope), secret=TOKEN),),
        data_dir=folder,
        module="edgerunner.simulators.mt5.module",
        port=0,
        accounts={LOGIN: account},
        login=LOGIN,
    )
