"""``run_ea``: what a platform can honestly do with Expert Advisors, behind one object that owns its terminals."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from edgerunner.adapters.mt5.experts.backtest import backtest, check
from edgerunner.adapters.mt5.experts.launch import LaunchedExpert, attached_view, launch
from edgerunner.adapters.mt5.experts.link import ExpertLink, HelloMessage
from edgerunner.adapters.mt5.experts.terminal import ExpertTerminal, installed_experts, running_process
from edgerunner.domain.errors import (
    BrokerRejected,
    BrokerTimeout,
    Conflict,
    InvalidRequest,
    LiveNotAllowed,
    NotConnected,
    NotFound,
    Overloaded,
    Unsupported,
)
from edgerunner.domain.experts import (
    NO_CHART_CONTROL,
    BacktestOutcome,
    BacktestRequest,
    ExpertView,
    LaunchRequest,
    TerminalView,
)

_MOST_KEPT: Final = 64


class ExpertRunner:
    """Launches EAs, runs the Strategy Tester, passes commands on; ``stop`` ends every terminal it started.

    One thing at a time per terminal: a terminal takes an ini only when it starts.
    """

    def __init__(
        self,
        terminals: Mapping[str, ExpertTerminal],
        link: ExpertLink,
        *,
        clock_ns: Callable[[], int],
        new_id: Callable[[], str],
        allow_live: bool = False,
    ) -> None:
        self._terminals = dict(terminals)
        self._link = link
        self._clock_ns = clock_ns
        self._new_id = new_id
        self._allow_live = allow_live
        self._experts: dict[str, LaunchedExpert] = {}
        self._busy: set[str] = set()

    async def run_ea(self, request: LaunchRequest | BacktestRequest) -> ExpertView | BacktestOutcome:
        """Launch an EA or run the Strategy Tester: the PRD's one call for both."""
        match request:
            case LaunchRequest():
                return await self.launch(request)
            case BacktestRequest():
                return await self.backtest(request)

    def attach(self, terminal: str, expert: str) -> None:
        """Raise ``Unsupported``: nobody outside can put an EA on a chart of a running terminal."""
        raise Unsupported(f"{expert} cannot be attached in {terminal!r}: {NO_CHART_CONTROL}.")

    async def launch(self, request: LaunchRequest) -> ExpertView:
        """Start a terminal with an EA; returns when it said hello, the terminal ended, or the time is up.

        Raises ``NotFound``, ``InvalidRequest``, ``Conflict``, ``LiveNotAllowed``, ``BrokerUnreachable``.
        """
        terminal = self._terminal(request.terminal)
        if request.allow_trading and terminal.environment == "live" and not self._allow_live:
            raise LiveNotAllowed(f"The terminal {terminal.name!r} is live, and live trading is not switched on.")
        async with self._reserved(terminal):
            expert = await launch(
                terminal,
                request,
                expert_id=f"ea-{self._new_id().lower()}",
                link=self._link,
                started_at_ns=self._clock_ns(),
            )
            self._keep(expert)
        return await expert.view(self._link)

    async def check_backtest(self, request: BacktestRequest) -> None:
        """Raise what ``backtest`` would raise before anything runs."""
        terminal = self._terminal(request.terminal)
        self._require_free(terminal)
        await asyncio.to_thread(check, terminal, request)

    async def backtest(self, request: BacktestRequest) -> BacktestOutcome:
        """Run the Strategy Tester to its end. Raises ``NotFound``, ``InvalidRequest``, ``Conflict``."""
        terminal = self._terminal(request.terminal)
        async with self._reserved(terminal):
            return await backtest(terminal, request, run_id=f"edgerunner-{self._new_id().lower()}")

    async def message(
        self, expert_id: str, name: str, args: Mapping[str, object], *, timeout_s: float
    ) -> Mapping[str, object]:
        """Send a command to an EA that is connected, launched or attached by hand, and return its result.

        Raises ``NotFound``, ``InvalidRequest`` (too long for a line), ``Unsupported`` (a trading command),
        ``NotConnected``, ``Overloaded``, ``BrokerTimeout``, ``BrokerRejected`` (the EA would not).
        """
        if expert_id not in self._attached():
            self._expert(expert_id)
        try:
            reply = await self._link.command(expert_id, name, args, timeout_s=timeout_s)
        except PermissionError as error:
            raise Unsupported(str(error)) from error
        except BlockingIOError as error:
            raise Overloaded(str(error)) from error
        except ConnectionError as error:
            raise NotConnected(str(error)) from error
        except ValueError as error:
            raise InvalidRequest.of("args", "too_long", str(error)) from error
        except TimeoutError as error:
            raise BrokerTimeout(f"The EA did not answer {name!r} within {timeout_s:g} s.") from error
        if not reply.ok:
            raise BrokerRejected(name, reply.error)
        return reply.result

    async def stop_expert(self, expert_id: str) -> ExpertView:
        """End a launched EA with its terminal, by process id.

        Raises ``NotFound``, and ``Unsupported`` for one attached by hand: its terminal is somebody else's.
        """
        if expert_id in self._attached():
            raise Unsupported(f"{expert_id} was attached by hand. {NO_CHART_CONTROL}.")
        expert = self._expert(expert_id)
        if expert.process.exit_code is None:
            expert.is_stopped = True
            await expert.process.stop()
        self._link.forget(expert_id)
        return await expert.view(self._link)

    async def experts(self) -> list[ExpertView]:
        """Return every launch, newest first (of those that ended 64), then those attached by hand."""
        launched = [await expert.view(self._link) for expert in reversed(self._experts.values())]
        return [*launched, *(attached_view(name, hello) for name, hello in self._attached().items())]

    async def expert(self, expert_id: str) -> ExpertView:
        """Return one EA. Raises ``NotFound``."""
        if (hello := self._attached().get(expert_id)) is not None:
            return attached_view(expert_id, hello)
        return await self._expert(expert_id).view(self._link)

    async def terminals(self) -> list[TerminalView]:
        """Return the terminals of the settings."""
        return await asyncio.to_thread(lambda: [_view(terminal) for terminal in self._terminals.values()])

    async def stop(self) -> None:
        """End every terminal that was started here."""
        await asyncio.gather(*(self.stop_expert(expert_id) for expert_id in self._experts))

    @asynccontextmanager
    async def _reserved(self, terminal: ExpertTerminal) -> AsyncIterator[None]:
        self._require_free(terminal)
        self._busy.add(terminal.name)
        try:
            yield
        finally:
            self._busy.discard(terminal.name)

    def _require_free(self, terminal: ExpertTerminal) -> None:
        if terminal.name in self._busy:
            raise Conflict(f"The terminal {terminal.name!r} is being started or tests already.")

    def _terminal(self, name: str) -> ExpertTerminal:
        if (terminal := self._terminals.get(name)) is None:
            known = ", ".join(sorted(self._terminals)) or "none; see EDGERUNNER_MT5_TERMINALS"
            raise NotFound(f"There is no terminal {name!r} in the settings. Known: {known}.")
        return terminal

    def _attached(self) -> Mapping[str, HelloMessage]:
        return {name: hello for name, hello in self._link.sessions.items() if not hello.session}

    def _expert(self, expert_id: str) -> LaunchedExpert:
        if (expert := self._experts.get(expert_id)) is None:
            raise NotFound(f"No EA {expert_id!r} was launched here or is connected.")
        return expert

    def _keep(self, expert: LaunchedExpert) -> None:
        self._experts[expert.expert_id] = expert
        ended = [known for known, other in self._experts.items() if other.process.exit_code is not None]
        for expert_id in ended[:-_MOST_KEPT]:
            del self._experts[expert_id]


def _view(terminal: ExpertTerminal) -> TerminalView:
    return TerminalView(
        name=terminal.name,
        folder=str(terminal.folder),
        environment=terminal.environment,
        is_running=running_process(terminal.program) is not None,
        experts=installed_experts(terminal),
    )
