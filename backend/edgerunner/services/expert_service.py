"""Expert Advisors of MetaTrader 5: launched and messaged at once, tested in the background."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from edgerunner.domain.errors import Conflict, EdgerunnerError, NotFound, Overloaded
from edgerunner.domain.experts import BacktestOutcome, BacktestRequest, ExpertView, LaunchRequest, TerminalView

_MOST_RUNS: Final = 50
_MOST_RUNNING: Final = 8

_log = structlog.get_logger(__name__)


class ExpertTerminals(Protocol):
    """What owns the terminals: see ``adapters.mt5.experts.run_ea``."""

    def attach(self, terminal: str, expert: str, /) -> None:
        """Raise ``Unsupported``."""
        ...

    async def launch(self, request: LaunchRequest, /) -> ExpertView:
        """Start a terminal with an EA."""
        ...

    async def check_backtest(self, request: BacktestRequest, /) -> None:
        """Raise what a backtest would raise before anything runs."""
        ...

    async def backtest(self, request: BacktestRequest, /) -> BacktestOutcome:
        """Run the Strategy Tester to its end."""
        ...

    async def message(
        self, expert_id: str, name: str, args: Mapping[str, object], /, *, timeout_s: float
    ) -> Mapping[str, object]:
        """Send a command to a launched EA."""
        ...

    async def stop_expert(self, expert_id: str, /) -> ExpertView:
        """End a launched EA with its terminal."""
        ...

    async def experts(self) -> list[ExpertView]:
        """Return every launch, newest first."""
        ...

    async def expert(self, expert_id: str, /) -> ExpertView:
        """Return one launch."""
        ...

    async def terminals(self) -> list[TerminalView]:
        """Return the terminals of the settings."""
        ...

    async def stop(self) -> None:
        """End every terminal that was started here."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertRun:
    """A run of the Strategy Tester: ``running``, then an outcome, or an error, or canceled (neither)."""

    run_id: str
    request: BacktestRequest
    started_at_ns: int
    outcome: BacktestOutcome | None = None
    error: EdgerunnerError | None = None
    is_running: bool = True


class ExpertService:
    """What the API offers of Expert Advisors; runs are kept in memory, the newest 50."""

    def __init__(self, terminals: ExpertTerminals, *, clock_ns: Callable[[], int], new_id: Callable[[], str]) -> None:
        self._terminals = terminals
        self._clock_ns = clock_ns
        self._new_id = new_id
        self._runs: dict[str, ExpertRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def stop(self) -> None:
        """Cancel the runs and end every terminal that was started here."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._terminals.stop()

    async def terminals(self) -> list[TerminalView]:
        """Return the terminals of the settings."""
        return await self._terminals.terminals()

    async def experts(self) -> list[ExpertView]:
        """Return every launch of this process, newest first."""
        return await self._terminals.experts()

    async def expert(self, expert_id: str) -> ExpertView:
        """Return one launch. Raises ``NotFound``."""
        return await self._terminals.expert(expert_id)

    def attach(self, terminal: str, expert: str) -> None:
        """Raise ``Unsupported`` with the reason: a running chart takes no EA from outside."""
        self._terminals.attach(terminal, expert)

    async def launch(self, request: LaunchRequest) -> ExpertView:
        """Start a terminal with an EA. Raises what ``ExpertRunner.launch`` raises."""
        view = await self._terminals.launch(request)
        _log.info(
            "expert_launched",
            expert_id=view.expert_id,
            terminal=view.terminal,
            expert=view.expert,
            state=view.state.value,
            allow_trading=request.allow_trading,
        )
        return view

    async def message(
        self, expert_id: str, name: str, args: Mapping[str, object], *, timeout_s: float
    ) -> Mapping[str, object]:
        """Send a command to a launched EA; trading commands are ``Unsupported``: orders go by the order path."""
        return await self._terminals.message(expert_id, name, args, timeout_s=timeout_s)

    async def stop_expert(self, expert_id: str) -> ExpertView:
        """End a launched EA with its terminal. Raises ``NotFound``."""
        view = await self._terminals.stop_expert(expert_id)
        _log.info("expert_stopped", expert_id=expert_id, exit_code=view.exit_code)
        return view

    async def start_backtest(self, request: BacktestRequest) -> ExpertRun:
        """Check a request and run it in the background. Raises what ``ExpertRunner.backtest`` raises."""
        if len(self._tasks) >= _MOST_RUNNING:
            raise Overloaded("Too many tests run already: wait for one to end.")
        await self._terminals.check_backtest(request)
        run = ExpertRun(run_id=self._new_id(), request=request, started_at_ns=self._clock_ns())
        self._keep(run)
        task = self._tasks[run.run_id] = asyncio.create_task(self._run(run), name=f"expert-backtest-{run.run_id}")
        task.add_done_callback(lambda _: self._end(run.run_id))  # also when it is canceled before it has begun
        return run

    def runs(self) -> list[ExpertRun]:
        """Return the runs, newest first."""
        return list(reversed(self._runs.values()))

    def run(self, run_id: str) -> ExpertRun:
        """Return one run. Raises ``NotFound``."""
        if (run := self._runs.get(run_id)) is None:
            raise NotFound(f"There is no run {run_id!r} of the Strategy Tester.")
        return run

    async def cancel_run(self, run_id: str) -> ExpertRun:
        """End a run with its terminal. Raises ``NotFound``, ``Conflict`` when it has ended."""
        self.run(run_id)
        if (task := self._tasks.get(run_id)) is None:
            raise Conflict(f"The run {run_id} has ended already.")
        task.cancel()
        await asyncio.wait([task])
        return self.run(run_id)

    async def _run(self, run: ExpertRun) -> None:
        try:
            self._runs[run.run_id] = replace(run, outcome=await self._terminals.backtest(run.request))
        except EdgerunnerError as error:
            self._runs[run.run_id] = replace(run, error=error)
        except Exception:  # noqa: BLE001 - the task's root: logged, and the run says so
            _log.exception("expert_backtest_failed", run_id=run.run_id)
            defect = EdgerunnerError("This is a defect of Edgerunner; its log has the details.")
            self._runs[run.run_id] = replace(run, error=defect)

    def _end(self, run_id: str) -> None:
        del self._tasks[run_id]
        self._runs[run_id] = replace(self._runs[run_id], is_running=False)

    def _keep(self, run: ExpertRun) -> None:
        self._runs[run.run_id] = run
        ended = [run_id for run_id, known in self._runs.items() if not known.is_running]
        for run_id in ended[: max(0, len(self._runs) - _MOST_RUNS)]:
            del self._runs[run_id]
