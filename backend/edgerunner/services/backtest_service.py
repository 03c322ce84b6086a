"""Backtests that others ask for: queued, run in processes of their own, kept with their results."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from edgerunner.backtest_worker.messages import Completed, Failed, Job
from edgerunner.domain.errors import Conflict, EdgerunnerError, FieldError, InvalidRequest, NotFound, Overloaded
from edgerunner.domain.values import replace
from edgerunner.services.backtest_jobs import BacktestRequest
from edgerunner.services.backtest_process import RunLimits
from edgerunner.services.clock import Clock, EventMaker
from edgerunner.storage.backtest_files import RunFiles, TradeRow
from edgerunner.storage.backtest_runs import RunError, RunState, RunStore, StoredRun
from edgerunner.storage.values import Page

_log = structlog.get_logger(__name__)

Part = TypeVar("Part")

QUEUE_LIMIT = 50
"""Runs that wait; the next one is refused with 503."""
KEPT_RUNS = 200
"""Finished runs that are kept with their files; the oldest go first."""

INTERRUPTED = RunError(code="interrupted", detail="the program ended while the run was under way; start it again")


class JobMaker(Protocol):
    """Turns a request into a job."""

    async def check(self, request: BacktestRequest) -> None:
        """Raise for everything that is wrong and can be told at once."""
        ...

    async def job(self, request: BacktestRequest, output: Path) -> Job:
        """Fetch what the run needs and return its job."""
        ...


class RunJob(Protocol):
    """Runs a job in a process of its own; a cancelled call ends the process."""

    def __call__(
        self, job: Job, *, on_progress: Callable[[float], None], limits: RunLimits
    ) -> Awaitable[Completed | Failed]:
        """Return what came of the job."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as callers see it; ``progress`` is 0 to 1."""

    run: StoredRun
    progress: float


@dataclass(slots=True, kw_only=True)
class _Active:
    """A run that is queued or under way; ``is_settled`` once its last state is stored."""

    run: StoredRun
    request: BacktestRequest
    progress: float = 0.0
    task: "asyncio.Task[Completed | Failed] | None" = None
    is_settled: asyncio.Event = field(default_factory=asyncio.Event)


class BacktestService:
    """Queues, runs, cancels and lists backtests."""

    def __init__(
        self,
        *,
        store: RunStore,
        files: RunFiles,
        jobs: JobMaker,
        run_job: RunJob,
        events: EventMaker,
        clock: Clock,
        parallel: int,
        limits: RunLimits = RunLimits(),  # noqa: B008 - a frozen value
    ) -> None:
        """``parallel`` is how many runs may be under way at once."""
        self._store = store
        self._files = files
        self._jobs = jobs
        self._run_job = run_job
        self._events = events
        self._clock = clock
        self._parallel = parallel
        self._limits = limits
        self._active: dict[str, _Active] = {}
        self._queue: asyncio.Queue[_Active] = asyncio.Queue(QUEUE_LIMIT)
        self._workers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Mark what a crash interrupted as failed, and begin to work."""
        await asyncio.to_thread(self._files.discard_drafts)
        for run in await self._store.unfinished():
            await self._store.save(self._ended(run, RunState.FAILED, error=INTERRUPTED))
        self._workers = [
            asyncio.create_task(self._work(), name=f"backtests-{number}") for number in range(self._parallel)
        ]

    @property
    def load(self) -> tuple[int, int]:
        """How many runs wait, and how many are under way."""
        return self._queue.qsize(), len(self._active) - self._queue.qsize()

    async def stop(self) -> None:
        """End running processes; what was queued or under way is failed as interrupted."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers.clear()
        for active in self._active.values():
            if not active.run.state.is_final:
                await self._settle(active, self._ended(active.run, RunState.FAILED, error=INTERRUPTED))
        self._active.clear()

    async def submit(self, request: BacktestRequest, asked: Mapping[str, object]) -> RunView:
        """Queue a run; ``asked`` is the request as JSON values, for the record.

        Raises ``InvalidRequest`` that names the wrong fields, ``NotConnected``, ``Unsupported``,
        ``Overloaded``, ``JournalUnavailable``; nothing was stored then.
        """
        await self._jobs.check(request)
        if len(self._active) >= QUEUE_LIMIT:
            raise Overloaded(f"{QUEUE_LIMIT} backtests wait already; cancel some or try again later")
        run = StoredRun(run_id=self._events.new_id(), request=asked, created_at_ns=self._clock.now_ns())
        active = _Active(run=run, request=request)
        self._active[run.run_id] = active
        try:
            await self._store.add(run)
        except BaseException:
            del self._active[run.run_id]
            raise
        self._queue.put_nowait(active)  # every queued run is an active one, so it cannot be full
        return RunView(run=run, progress=0.0)

    async def get(self, run_id: str) -> RunView:
        """Return a run; raises ``NotFound``."""
        active = self._active.get(run_id)
        run = active.run if active is not None else await self._store.get(run_id)
        if run is None:
            raise NotFound(f"no backtest run has the id {run_id!r}; the newest {KEPT_RUNS} are kept")
        return self._view(run)

    async def page(self, *, limit: int, cursor: str | None) -> Page[RunView]:
        """Return a page of runs, newest first."""
        page = await self._store.page(limit=limit, cursor=cursor)
        return Page(items=[self._view(run) for run in page.items], next_cursor=page.next_cursor)

    async def cancel(self, run_id: str) -> RunView:
        """End a run; raises ``NotFound``, and ``Conflict`` when it has ended already."""
        active = self._active.get(run_id)
        view = await self.get(run_id)
        if active is None or view.run.state.is_final:
            raise Conflict(f"run {run_id} is {view.run.state}; there is nothing to cancel")
        if active.task is None:
            await self._settle(active, self._ended(active.run, RunState.CANCELED))
        else:
            active.task.cancel()
            await active.is_settled.wait()
        if active.run.state is not RunState.CANCELED:
            raise Conflict(f"run {run_id} was {active.run.state} before it could be canceled")
        return RunView(run=active.run, progress=active.progress)

    async def trades(self, run_id: str, *, limit: int, cursor: str | None) -> Page[TradeRow]:
        """Return a page of a completed run's trades, oldest first; raises ``NotFound``, ``Conflict``."""
        return await self._result(run_id, lambda: self._files.trades(run_id, limit=limit, cursor=cursor))

    async def equity(self, run_id: str, *, limit: int, cursor: str | None) -> Page[tuple[int, float]]:
        """Return a page of (time in ms, equity), oldest first; raises ``NotFound``, ``Conflict``."""
        return await self._result(run_id, lambda: self._files.equity(run_id, limit=limit, cursor=cursor))

    async def refusals(self, run_id: str) -> list[TradeRow]:
        """Return a completed run's refused orders by code; raises ``NotFound``, ``Conflict``."""
        return await self._result(run_id, lambda: self._files.refusals(run_id))

    async def report(self, run_id: str) -> bytes:
        """Return a completed run's report, an HTML file; raises ``NotFound``, ``Conflict``."""
        return await self._result(run_id, lambda: self._files.report(run_id))

    async def _result(self, run_id: str, read: Callable[[], Part]) -> Part:
        """Read a part of a completed run's result, off the loop."""
        view = await self.get(run_id)
        if view.run.state is not RunState.COMPLETED:
            raise Conflict(f"run {run_id} is {view.run.state} and has no result")
        try:
            return await asyncio.to_thread(read)
        except FileNotFoundError as error:
            raise NotFound(f"the files of run {run_id} are gone; run it again") from error

    def _view(self, run: StoredRun) -> RunView:
        active = self._active.get(run.run_id)
        if active is not None and not active.run.state.is_final:
            return RunView(run=active.run, progress=active.progress)
        run = run if active is None else active.run
        return RunView(run=run, progress=1.0 if run.state is RunState.COMPLETED else 0.0)

    async def _work(self) -> None:
        while True:
            active = await self._queue.get()
            if not active.run.state.is_final:
                await self._carry_out(active)
            self._active.pop(active.run.run_id, None)

    async def _carry_out(self, active: _Active) -> None:
        active.run = replace(active.run, state=RunState.RUNNING, started_at_ns=self._clock.now_ns())
        active.task = asyncio.create_task(self._answer(active), name=f"backtest-{active.run.run_id}")
        saving = asyncio.create_task(self._save(active.run), name=f"save-{active.run.run_id}")
        try:
            await asyncio.wait([saving, active.task])
        finally:
            if not active.task.done():  # the program stops
                active.task.cancel()
            await asyncio.wait([saving, active.task])  # a write under way must not come after the run's last state
        await self._settle(active, self._judged(active.run, active.task))

    async def _answer(self, active: _Active) -> Completed | Failed:
        def note(fraction: float) -> None:
            active.progress = fraction

        run_id = active.run.run_id
        draft = await asyncio.to_thread(self._files.draft, run_id)
        try:
            job = await self._jobs.job(active.request, draft)
            answer = await self._run_job(job, on_progress=note, limits=self._limits)
            if isinstance(answer, Completed):
                await asyncio.to_thread(self._files.publish, run_id)
            return answer
        finally:
            await asyncio.to_thread(self._files.discard_draft, run_id)

    def _judged(self, run: StoredRun, task: "asyncio.Task[Completed | Failed]") -> StoredRun:
        """Return the run as its task left it; a defect of ours fails the run, not the queue."""
        if task.cancelled():
            return self._ended(run, RunState.CANCELED)
        error = task.exception()
        match error:
            case None:
                return self._ended_with(run, task.result())
            case InvalidRequest():
                return self._ended(
                    run, RunState.FAILED, error=RunError(code=error.code, detail=error.detail, errors=error.errors)
                )
            case EdgerunnerError():
                return self._ended(run, RunState.FAILED, error=RunError(code=error.code, detail=error.detail))
            case _:
                _log.error("backtest_failed", run_id=run.run_id, exc_info=error)
                detail = f"a defect of this program: {type(error).__name__}; its log has the details"
                return self._ended(run, RunState.FAILED, error=RunError(code="internal_error", detail=detail))

    def _ended_with(self, run: StoredRun, answer: Completed | Failed) -> StoredRun:
        match answer:
            case Completed(metrics=metrics, assumptions=assumptions):
                done = replace(run, metrics=metrics, assumptions=assumptions)
                return self._ended(done, RunState.COMPLETED)
            case Failed(code=code, detail=detail, errors=errors):
                wrong = tuple(FieldError(field=one.field, code=one.code, message=one.message) for one in errors)
                return self._ended(run, RunState.FAILED, error=RunError(code=code, detail=detail, errors=wrong))

    def _ended(self, run: StoredRun, state: RunState, *, error: RunError | None = None) -> StoredRun:
        return replace(run, state=state, error=error, finished_at_ns=self._clock.now_ns())

    async def _settle(self, active: _Active, run: StoredRun) -> None:
        """Store a run's last state, and make room for new runs."""
        active.run = run
        await self._save(run)
        active.is_settled.set()
        if run.state is not RunState.COMPLETED:
            await asyncio.to_thread(self._files.delete, run.run_id)
        with suppress(EdgerunnerError):
            for forgotten in await self._store.forget_all_but(KEPT_RUNS):
                await asyncio.to_thread(self._files.delete, forgotten)

    async def _save(self, run: StoredRun) -> None:
        try:
            await self._store.save(run)
        except EdgerunnerError as error:  # the next start marks it as interrupted
            _log.error("backtest_state_not_stored", run_id=run.run_id, reason=error.detail)
