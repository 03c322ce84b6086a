"""Runs queue, run, end and are kept, whatever their process does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgerunner.backtest_worker.messages import Completed, Failed, FileSource, Job, WrongField
from edgerunner.domain.errors import Conflict, InvalidRequest, NotConnected, NotFound, Overloaded
from edgerunner.domain.market import Timeframe
from edgerunner.risk.limits import RiskLimits
from edgerunner.services import backtest_service
from edgerunner.services.backtest_jobs import BacktestRequest
from edgerunner.services.backtest_process import RunLimits
from edgerunner.services.backtest_service import BacktestService, RunView
from edgerunner.services.clock import EventMaker
from edgerunner.storage.backtest_files import RunFiles, write_equity, write_trades
from edgerunner.storage.backtest_runs import RunState, RunStore, StoredRun
from edgerunner.storage.database import Database
from edgerunner.strategy_worker.messages import ClassSource
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import LINEAR
from tests.waiting import until

REQUEST = BacktestRequest(
    strategy="SmaCross",
    parameters={},
    instrument_id=LINEAR.instrument_id,
    timeframe=Timeframe.M1,
    dataset_id="01JD8Z4K3V7Q2M5N9R1T6W8X0Y",
    initial_cash=Decimal(1000),
)
ASKED: dict[str, object] = {"strategy": "SmaCross"}


class FakeJobs:
    """Hands out one job; ``refusal`` is raised by the check, ``failure`` when the data is fetched."""

    def __init__(self) -> None:
        self.refusal: Exception | None = None
        self.failure: Exception | None = None

    async def check(self, request: BacktestRequest) -> None:
        if self.refusal is not None:
            raise self.refusal

    async def job(self, request: BacktestRequest, output: Path) -> Job:
        if self.failure is not None:
            raise self.failure
        return Job(
            strategy=ClassSource(name=request.strategy),
            parameters={},
            instrument_id=LINEAR.instrument_id,
            instrument=LINEAR,
            timeframe="1m",
            data=FileSource(path="bars.csv"),
            start_ms=None,
            end_ms=None,
            initial_cash=request.initial_cash,
            maker=Decimal(0),
            taker=Decimal(0),
            slippage=Decimal(0),
            spread="none",
            fill="next_open",
            limits=RiskLimits(),
            funding=(),
            seed=0,
            output=str(output),
            memory_bytes=1,
        )


class FakeProcess:
    """Runs a job as far as the test lets it."""

    def __init__(self) -> None:
        self.started = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()
        self.ended = 0
        self.answer: Completed | Failed | Exception = Completed(metrics={"trades": 2}, assumptions={"fees": "none"})

    async def __call__(
        self, job: Job, *, on_progress: Callable[[float], None], limits: RunLimits
    ) -> Completed | Failed:
        on_progress(0.5)
        self.started.release()
        try:
            await self.may_end.wait()
        finally:
            self.ended += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Completed):
            _write_results(Path(job.output))
        return self.answer


def _write_results(folder: Path) -> None:
    write_trades(folder, [{"pnl": "1.5"}, {"pnl": "-0.5"}, {"pnl": "3"}])
    write_equity(folder, np.arange(40_000) * 60_000, np.linspace(1000, 1004, 40_000))
    (folder / "report.html").write_text("<html></html>")


class Bench:
    """A service on a real database and folder, with a fake process."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.clock = FakeClock()
        self.jobs, self.process = FakeJobs(), FakeProcess()
        self.files = RunFiles(folder / "backtests")
        self.store = RunStore(database)
        self.service = self.make()

    def make(self) -> BacktestService:
        return BacktestService(
            store=self.store,
            files=self.files,
            jobs=self.jobs,
            run_job=self.process,
            events=EventMaker(self.clock),
            clock=self.clock,
            parallel=1,
        )

    async def submit(self) -> str:
        return (await self.service.submit(REQUEST, ASKED)).run.run_id

    async def ended(self, run_id: str) -> RunView:
        async def look() -> RunView | None:
            view = await self.service.get(run_id)
            return view if view.run.state.is_final else None

        return await until(look, timeout_s=5, what=f"run {run_id} has ended")

    async def completed(self) -> str:
        self.process.may_end.set()
        run_id = await self.submit()
        assert (await self.ended(run_id)).run.state is RunState.COMPLETED
        return run_id


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    database = Database.open(tmp_path)
    bench = Bench(tmp_path, database)
    await bench.service.start()
    yield bench
    await bench.service.stop()
    database.close()


async def test_a_run_goes_from_queued_over_running_to_completed(bench: Bench) -> None:
    view = await bench.service.submit(REQUEST, ASKED)
    assert (view.run.state, view.progress, view.run.request) == (RunState.QUEUED, 0.0, ASKED)
    await bench.process.started.acquire()
    running = await bench.service.get(view.run.run_id)
    assert (running.run.state, running.progress) == (RunState.RUNNING, 0.5)
    bench.process.may_end.set()
    done = await bench.ended(view.run.run_id)
    assert (done.run.state, done.progress) == (RunState.COMPLETED, 1.0)
    assert done.run.metrics == {"trades": 2}
    assert done.run.assumptions == {"fees": "none"}


async def test_results_are_read_in_pages_without_a_hole(bench: Bench) -> None:
    run_id = await bench.completed()
    first = await bench.service.trades(run_id, limit=2, cursor=None)
    second = await bench.service.trades(run_id, limit=2, cursor=first.next_cursor)
    assert [*first.items, *second.items] == [{"pnl": "1.5"}, {"pnl": "-0.5"}, {"pnl": "3"}]
    assert second.next_cursor is None
    times: list[int] = []
    cursor = None
    while True:
        page = await bench.service.equity(run_id, limit=7_000, cursor=cursor)
        times += [time for time, _ in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert times == [number * 60_000 for number in range(40_000)]
    assert await bench.service.report(run_id) == b"<html></html>"


async def test_results_whose_files_are_gone_are_not_found(bench: Bench) -> None:
    run_id = await bench.completed()
    bench.files.delete(run_id)
    with pytest.raises(NotFound):
        await bench.service.report(run_id)
    with pytest.raises(NotFound):
        await bench.service.equity(run_id, limit=1, cursor=None)


@pytest.mark.parametrize("cursor", ["3", "99999", "x"])
async def test_a_cursor_that_is_none_of_ours_is_refused(bench: Bench, cursor: str) -> None:
    run_id = await bench.completed()
    with pytest.raises(InvalidRequest):
        await bench.service.trades(run_id, limit=2, cursor=cursor)


async def test_a_wrong_field_is_told_before_anything_is_stored(bench: Bench) -> None:
    bench.jobs.refusal = InvalidRequest.of("parameters.fast", "invalid", "must be at least 1")
    with pytest.raises(InvalidRequest, match=r"parameters\.fast"):
        await bench.submit()
    assert (await bench.service.page(limit=10, cursor=None)).items == []


async def test_what_the_process_finds_wrong_is_kept_with_the_run(bench: Bench) -> None:
    bench.process.answer = Failed("validation_error", "fast: no", [WrongField("parameters.fast", "invalid", "no")])
    bench.process.may_end.set()
    error = (await bench.ended(await bench.submit())).run.error
    assert error is not None
    assert [one.field for one in error.errors] == ["parameters.fast"]


@pytest.mark.parametrize(
    ("failure", "code"),
    [(NotConnected("bybit-sim is disconnected"), "not_connected"), (KeyError("x"), "internal_error")],
)
async def test_a_failure_before_the_process_fails_the_run_and_not_the_next_one(
    bench: Bench, failure: Exception, code: str
) -> None:
    bench.jobs.failure = failure
    error = (await bench.ended(await bench.submit())).run.error
    assert error is not None
    assert error.code == code
    bench.jobs.failure = None
    await bench.completed()


async def test_a_running_run_is_canceled_with_its_process(bench: Bench) -> None:
    run_id = await bench.submit()
    await bench.process.started.acquire()
    view = await bench.service.cancel(run_id)
    assert view.run.state is RunState.CANCELED
    assert bench.process.ended == 1
    assert list(_names(bench.files.folder)) == []
    with pytest.raises(Conflict, match="canceled"):
        await bench.service.cancel(run_id)
    with pytest.raises(Conflict, match="has no result"):
        await bench.service.report(run_id)


async def test_a_queued_run_is_canceled_before_it_starts(bench: Bench) -> None:
    running, queued = await bench.submit(), await bench.submit()
    await bench.process.started.acquire()
    assert (await bench.service.cancel(queued)).run.state is RunState.CANCELED
    with pytest.raises(Conflict):
        await bench.service.cancel(queued)
    bench.process.may_end.set()
    await bench.ended(running)
    await bench.completed()
    assert (await bench.service.get(queued)).run.state is RunState.CANCELED
    assert bench.process.ended == 2


async def test_too_many_waiting_runs_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest_service, "QUEUE_LIMIT", 3)
    for _ in range(3):
        await bench.submit()
    with pytest.raises(Overloaded):
        await bench.submit()
    assert len((await bench.service.page(limit=10, cursor=None)).items) == 3


async def test_a_stop_fails_what_was_under_way_as_interrupted(bench: Bench) -> None:
    running, queued = await bench.submit(), await bench.submit()
    await bench.process.started.acquire()
    await bench.service.stop()
    bench.service = bench.make()
    for run_id in (running, queued):
        run = (await bench.service.get(run_id)).run
        assert run.state is RunState.FAILED
        assert run.error is not None
        assert run.error.code == "interrupted"
    assert bench.process.ended == 1


async def test_what_a_crash_left_is_failed_as_interrupted_and_swept(bench: Bench) -> None:
    left = StoredRun(run_id="01JD8Z4K3V7Q2M5N9R1T6W8X0Y", state=RunState.RUNNING, created_at_ns=1)
    await bench.store.add(left)
    bench.files.draft(left.run_id)
    after = bench.make()
    await after.start()
    run = (await after.get(left.run_id)).run
    assert (run.state, run.error and run.error.code) == (RunState.FAILED, "interrupted")
    assert list(_names(bench.files.folder)) == []
    await after.stop()


async def test_only_the_newest_runs_are_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest_service, "KEPT_RUNS", 2)
    runs = [await bench.completed() for _ in range(3)]

    async def is_forgotten() -> bool:
        return list(_names(bench.files.folder)) == sorted(runs[1:])

    await until(is_forgotten, timeout_s=5, what="the oldest run's files are gone")
    with pytest.raises(NotFound):
        await bench.service.get(runs[0])


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_runs_are_listed_newest_first(bench: Bench) -> None:
    runs = [await bench.completed() for _ in range(3)]
    first: Any = await bench.service.page(limit=2, cursor=None)
    second = await bench.service.page(limit=2, cursor=first.next_cursor)
    assert [view.run.run_id for view in [*first.items, *second.items]] == runs[::-1]
