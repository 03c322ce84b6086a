"""The simulated MetaTrader 5 as one server: its terminal, and a real bridge beside it in the same process.

The simulators know no bridge and the bridge knows no simulator: only the command line puts them together.
"""

import errno
import os
from pathlib import Path
from typing import Any, Final

from edgerunner.mt5_bridge.server import BridgeServer
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings, HttpLimits, Scope, Token, TradeLimits
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.host import PortInUse, WireServerFactory
from edgerunner.simulators.mt5.server import TerminalServer, create_server
from edgerunner.simulators.mt5.settings import HEDGING_LOGIN, NETTING_LOGIN, PASSWORD, SERVER_NAME, TERMINAL_VARIABLE
from edgerunner.simulators.mt5.terminal64.programs import install_terminal

TOKEN: Final = "sim-token"  # noqa: S105 - public on purpose
_MODULE: Final = "edgerunner.simulators.mt5.module"
_ORDERS_PER_MINUTE: Final = 100_000
_REQUESTS_PER_S: Final = 100_000
"""The simulated broker is there to be tried hard; its own limits are faults, its real-looking account is none."""


def bridged_terminal_factory(data_dir: Path, *, terminal_port: int) -> WireServerFactory:
    """Return what makes the server; ``terminal_port`` is where the simulated package finds the terminal."""

    def create(venue: Any, faults: FaultBox, *, host: str, port: int) -> BridgedTerminal:
        terminal = create_server(venue, faults, host=host, port=terminal_port)
        return BridgedTerminal(terminal, host=host, port=port, data_dir=data_dir / "sim" / "mt5-bridge")

    return create


class BridgedTerminal:
    """Starts, stops and restarts both; see ``simulators.host.WireServer``."""

    def __init__(self, terminal: TerminalServer, *, host: str, port: int, data_dir: Path) -> None:
        self._terminal = terminal
        self._host = host
        self._port = port
        self._data_dir = data_dir
        self._bridge: BridgeServer | None = None

    @property
    def port(self) -> int:
        """Return the bridge's port."""
        return self._port

    @property
    def terminal_port(self) -> int:
        """Return the port at which the simulated package finds the terminal."""
        return self._terminal.port

    async def start(self) -> None:
        """Listen; raises ``PortInUse`` for the terminal's port, ``OSError`` for the bridge's."""
        await self._start_terminal()
        os.environ[TERMINAL_VARIABLE] = f"{self._host}:{self._terminal.port}"
        # Beside the bridge, as in real life: a terminal of its own to launch Expert Advisors in.
        install_terminal(self._data_dir.parent / "terminal64", broker=f"{self._host}:{self._terminal.port}")
        bridge = self._bridge = BridgeServer(self._settings())
        await bridge.start()
        self._port = bridge.port

    async def _start_terminal(self) -> None:
        try:
            await self._terminal.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(error.errno, f"port {self._terminal.port} of the simulated terminal is in use") from error

    async def stop(self) -> None:
        """Drop all clients and stop listening."""
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            await bridge.stop()
        await self._terminal.stop()

    async def restart(self) -> None:
        """Drop all clients and listen again on the same ports."""
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            await bridge.stop()
        await self._terminal.restart()
        bridge = self._bridge = BridgeServer(self._settings())
        await bridge.start()

    def _settings(self) -> BridgeSettings:
        return BridgeSettings(
            tokens=(Token(name="sim", scopes=frozenset(Scope), secret=TOKEN),),
            data_dir=self._data_dir,
            module=_MODULE,
            host=self._host,
            port=self._port,
            accounts={
                login: AccountSettings(login=login, server=SERVER_NAME, password=PASSWORD)
                for login in (HEDGING_LOGIN, NETTING_LOGIN)
            },
            login=HEDGING_LOGIN,
            limits=TradeLimits(max_orders_per_minute=_ORDERS_PER_MINUTE, allow_live=True),
            http=HttpLimits(requests_per_s=_REQUESTS_PER_S, burst=_REQUESTS_PER_S),
        )
