"""The terminal through the vendor's package in this process: Windows, or Windows Python under Wine.

The package keeps one connection per process. It is loaded by name, and only on the worker's thread.
"""

import asyncio
import importlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

import structlog

from edgerunner.adapters.mt5.terminal import (
    LINK_CODES,
    NO_NAMES,
    Argument,
    CallFailed,
    Named,
    Pace,
    Request,
    TerminalListener,
    Urgency,
    as_broker_error,
)
from edgerunner.adapters.mt5.worker import NotBegun, StillRunning, Worker
from edgerunner.adapters.wire_mark import handed_over
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerError,
    BrokerTimeout,
    BrokerUnreachable,
    Conflict,
    InvalidRequest,
    NotConnected,
    OutcomeUnknown,
    Unsupported,
)
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import OrderSendResult, Tick

_log = structlog.get_logger(__name__)

_taken: "InProcessTerminal | None" = None
"""The terminal object that holds this process's one connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Which terminal to start or find, and as whom to log in. ``password`` None = the one the terminal has saved."""

    module: str
    path: str | None
    login: int | None
    password: str | None = field(repr=False)
    server: str | None
    portable: bool
    timeout_s: float


class InProcessTerminal:
    """Implements ``Terminal`` with the package itself."""

    def __init__(self, launch: Launch, pace: Pace) -> None:
        self.refusal: str | None = None
        self._launch = launch
        self._pace = pace
        self._worker = Worker(f"{launch.module}-calls")
        self._module: ModuleType | None = None
        self._listener: TerminalListener | None = None
        self._poller: asyncio.Task[None] | None = None
        self._watched: frozenset[str] = frozenset()
        self._last: dict[str, int] = {}

    def listen(self, listener: TerminalListener) -> None:
        """Tell ``listener`` from now on."""
        self._listener = listener

    async def open(self) -> None:
        """Load the package, launch or find the terminal and log in."""
        global _taken  # noqa: PLW0603 - the package's connection is one per process
        if _taken not in {None, self}:
            raise Conflict("this process is connected to a terminal already: a second one needs a bridge of its own")
        if self._module is None:
            self._worker.start()
            _taken = self
        self._module = await self._run(self._load, Urgency.QUERY, self._pace.history_s)
        await self._run(self._initialize, Urgency.QUERY, self._launch.timeout_s + 5)
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="mt5-poll")

    async def close(self) -> None:
        """Close the package's connection; the terminal lives on. Idempotent."""
        global _taken  # noqa: PLW0603 - see ``open``
        poller, self._poller = self._poller, None
        if poller is not None:
            poller.cancel()
            with suppress(asyncio.CancelledError):
                await poller
        if self._module is not None:
            with suppress(BrokerError):
                await self._run(self._module.shutdown, Urgency.CANCEL, self._pace.call_s)
            self._module = None
        self._worker.stop()
        if _taken is self:
            _taken = None

    async def watch(self, symbols: frozenset[str]) -> None:
        """Poll the ticks of exactly these symbols."""
        self._watched = symbols
        self._last = {symbol: at for symbol, at in self._last.items() if symbol in symbols}

    async def call(
        self, function: str, *arguments: Argument, named: Named = NO_NAMES, urgency: Urgency = Urgency.QUERY
    ) -> Any:
        """Return what a query answers."""
        timeout_s = self._pace.history_s if urgency is Urgency.HISTORY else self._pace.call_s
        return await self._run(lambda: self._ask(function, arguments, named), urgency, timeout_s)

    async def send(self, request: Request, *, key: str, urgency: Urgency) -> OrderSendResult:  # noqa: ARG002 - the bridge's
        """Check the account and send, in one step."""
        handed_over()
        try:
            return await self._worker.run(lambda: self._send(request), urgency=urgency, timeout_s=self._pace.order_s)
        except NotBegun as error:
            raise BrokerUnreachable(f"not sent: {error}") from error
        except StillRunning as error:
            raise OutcomeUnknown(f"the order was handed to the terminal; {error}") from error

    # on the worker's thread

    def _load(self) -> ModuleType:
        try:
            return importlib.import_module(self._launch.module)
        except ImportError as error:
            text = f"the package {self._launch.module} cannot be loaded here ({error}); use a bridge: option bridge_url"
            raise Unsupported(text) from error

    def _initialize(self) -> None:
        launch = self._launch
        path = () if launch.path is None else (launch.path,)
        named: dict[str, Argument] = {"timeout": int(launch.timeout_s * 1000)}
        if launch.login is not None:
            named["login"] = launch.login
        if launch.password is not None:
            named["password"] = launch.password
        if launch.server is not None:
            named["server"] = launch.server
        if launch.portable:
            named["portable"] = True
        try:
            self._ask("initialize", path, named)
        except CallFailed as failed:
            raise _launch_error(failed, launch) from failed

    def _ask(self, function: str, arguments: tuple[Argument, ...], named: Mapping[str, Argument]) -> Any:
        """Call and read ``last_error`` as one step. An empty dict of names would select another calling form."""
        module = self._module or importlib.import_module(self._launch.module)
        called = getattr(module, function)
        value = called(*arguments, **named) if named else called(*arguments)
        if value is None or value is False:
            code, text = module.last_error()
            raise CallFailed(function, int(code), str(text))
        return value

    def _send(self, request: Request) -> OrderSendResult:
        """Send on the expected account only: whoever uses the terminal can have logged it in elsewhere."""
        try:
            account = self._ask("account_info", (), {})
        except CallFailed as failed:
            raise NotConnected(f"not sent: {failed}") from failed
        wanted = (self._launch.login or account.login, self._launch.server or account.server)
        if (account.login, account.server) != wanted:
            text = f"not sent: the terminal is logged in as {account.login} on {account.server}, not as {wanted[0]}"
            raise NotConnected(text)
        return cast(OrderSendResult, self._ask("order_send", (cast(Any, dict(request)),), {}))

    # on the event loop

    async def _run(self, work: Callable[[], Any], urgency: Urgency, timeout_s: float) -> Any:
        try:
            return await self._worker.run(work, urgency=urgency, timeout_s=timeout_s)
        except NotBegun as error:
            raise NotConnected(str(error)) from error
        except StillRunning as error:
            raise BrokerTimeout(str(error)) from error

    async def _poll(self) -> None:
        """Tell ticks at their interval and ask for a look at the rest at its own."""
        loop = asyncio.get_running_loop()
        next_change = loop.time()
        while True:
            await asyncio.sleep(min(self._pace.ticks_s, self._pace.changes_s))
            if self._listener is None:
                continue
            if loop.time() >= next_change:
                next_change = loop.time() + self._pace.changes_s
                self._listener.on_change()
            for symbol in self._watched:
                await self._read_ticks(symbol)

    async def _read_ticks(self, symbol: str) -> None:
        try:
            tick: Tick = await self.call("symbol_info_tick", symbol)
        except (CallFailed, BrokerError) as error:
            if isinstance(error, CallFailed) and error.code in LINK_CODES and self._listener is not None:
                self._listener.on_lost(str(as_broker_error(error)))
            return
        if tick.time_msc != self._last.get(symbol) and self._listener is not None:
            self._last[symbol] = tick.time_msc
            self._listener.on_ticks(symbol, [tick])


def _launch_error(failed: CallFailed, launch: Launch) -> Exception:
    """Return what a refused ``initialize`` means, with the remedy."""
    where = launch.path or "the default terminal"
    match failed.code:
        case constants.RES_E_AUTH_FAILED:
            return BrokerAuthFailed(f"MetaTrader 5 refuses login {launch.login} on {launch.server}: {failed.text}")
        case constants.RES_E_INTERNAL_FAIL_INIT:
            text = f"{failed.text}: is it installed at {where}?"
            return InvalidRequest.of("options.path", "not_found", text) if launch.path else BrokerUnreachable(text)
        case constants.RES_E_INTERNAL_FAIL_TIMEOUT:
            text = f"{where} did not answer within {launch.timeout_s:g} s: a fresh one needs a first log-in by hand, "
            return BrokerTimeout(text + "and it must run as the same Windows user without elevation")
        case constants.RES_E_AUTO_TRADING_DISABLED:
            text = "the terminal forbids programs: Tools, Options, Expert Advisors, 'Disable automatic trading via API'"
            return Unsupported(text)
        case constants.RES_E_INVALID_VERSION:
            return Unsupported(f"{failed.text}: install the package that fits the terminal's build")
        case _:
            return as_broker_error(failed)
