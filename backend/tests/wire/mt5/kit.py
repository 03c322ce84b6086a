"""A terminal listening for real, and modules that call it from threads of their own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

import pytest

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.client import Connection
from edgerunner.simulators.mt5.module import create_module
from edgerunner.simulators.mt5.server import TerminalServer, create_server
from edgerunner.simulators.mt5.settings import TERMINAL_VARIABLE, Mt5Settings
from edgerunner.simulators.mt5.terminal.broker import Broker

P = ParamSpec("P")
T = TypeVar("T")
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A listening terminal and a module of its own; the vendor's calls block, so ``ask`` makes them in a thread."""

    broker: Any
    faults: FaultBox
    server: TerminalServer
    mt5: ModuleType

    async def ask(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return what a call of the module returns."""
        return await asyncio.to_thread(call, *arguments, **named)

    async def asked(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> tuple[T, tuple[int, str]]:
        """Return what a call returns and what ``last_error`` says of it."""
        value = await self.ask(call, *arguments, **named)
        return value, self.mt5.last_error()

    def another_module(self) -> ModuleType:
        """Return a module with a connection of its own, as another process would have."""
        return create_module("MetaTrader5", Connection())


@contextlib.asynccontextmanager
async def running_site(
    broker: Broker,
    faults: FaultBox,
    monkeypatch: pytest.MonkeyPatch,
    settings: Mt5Settings | None = None,
    *,
    is_initialized: bool = True,
) -> AsyncIterator[Site]:
    """Let a terminal listen on a free port; the module is initialized unless told otherwise."""
    server = create_server(broker, faults, host=HOST, port=0, settings=settings)
    await server.start()
    monkeypatch.setenv(TERMINAL_VARIABLE, f"{HOST}:{server.port}")
    connection = Connection()
    site = Site(broker=broker, faults=faults, server=server, mt5=create_module("MetaTrader5", connection))
    try:
        if is_initialized:
            assert await site.ask(site.mt5.initialize), site.mt5.last_error()
        yield site
    finally:
        connection.close()
        await server.stop()
