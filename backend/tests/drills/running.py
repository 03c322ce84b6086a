"""Runs the scenarios of rows in worlds; a world that saw a violation is thrown away."""

import asyncio
import shutil
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.drills.broker import Broker
from tests.drills.rows import Row
from tests.drills.world import CannotRun, World, draw_of

PER_WORLD = 20
"""Scenarios in one world: later ones run on a book with a past, and the oracle stays quick to read."""


UNOPENED = "the world does not open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one scenario; ``failure`` None = every invariant held, ``skipped`` = why it could not run."""

    row: str
    seed: int
    seconds: float
    failure: str | None = None
    skipped: str | None = None


async def run(row: Row, seeds: Iterable[int], broker: Broker) -> AsyncIterator[Outcome]:
    """Run one scenario per seed, in as few worlds as possible."""
    waiting = list(seeds)
    if row.name in broker.without:
        for seed in waiting:
            yield Outcome(row=row.name, seed=seed, seconds=0, skipped=broker.without[row.name])
        return
    while waiting:
        folder = Path(tempfile.mkdtemp(prefix=f"drill-{row.name}-"))
        world = row.world(folder=folder, seed=waiting[0], broker=broker)
        batch, waiting = waiting[:PER_WORLD], waiting[PER_WORLD:]
        is_clean = True
        try:
            try:
                await world.open()
            except CannotRun as reason:
                for seed in batch:
                    yield Outcome(row=row.name, seed=seed, seconds=0, skipped=str(reason))
                continue
            except Exception as error:  # noqa: BLE001 - a world that does not open is a failure of the first scenario
                is_clean = False
                yield Outcome(row=row.name, seed=batch.pop(0), seconds=0, failure=f"{UNOPENED}: {error!r}")
            while batch and is_clean:
                outcome = await _one(row, batch.pop(0), world)
                is_clean = outcome.failure is None
                yield outcome
            waiting = [*batch, *waiting]
        finally:
            await world.close()
            if is_clean:
                shutil.rmtree(folder, ignore_errors=True)


async def run_in_one_world(rows: Sequence[Row], seed: int, broker: Broker) -> AsyncIterator[Outcome]:
    """Run one scenario of each row, in one world of the first one's kind; ends with the first failure."""
    folder = Path(tempfile.mkdtemp(prefix=f"drill-{broker.name}-"))
    world = rows[0].world(folder=folder, seed=seed, broker=broker)
    outcome = None
    try:
        await world.open()
        for row in rows:
            outcome = await _one(row, seed, world)
            yield outcome
            if outcome.failure is not None:
                return
    finally:
        await world.close()
        if outcome is not None and outcome.failure is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _one(row: Row, seed: int, world: World) -> Outcome:
    started = time.monotonic()
    try:
        await row.scenario(world, draw_of(seed), f"{row.name}-{seed}")
        await world.settle()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in a drill is a failure with its seed
        where = traceback.extract_tb(error.__traceback__)[-1]
        failure = f"{type(error).__name__}: {str(error)[:600]} ({where.name}:{where.lineno}, {world.folder})"
        _keep_what_waits(world.folder / "tasks.txt")
        return Outcome(row=row.name, seed=seed, seconds=time.monotonic() - started, failure=failure)
    return Outcome(row=row.name, seed=seed, seconds=time.monotonic() - started)


def _keep_what_waits(file: Path) -> None:
    """Write down where every task of this process waits: a failure that cannot be repeated is found by it."""
    with file.open("w") as lines:
        for task in asyncio.all_tasks():
            print(f"== {task.get_name()}", file=lines)
            task.print_stack(file=lines)
            for awaited in _awaited_by(task):
                print(f"   {awaited}", file=lines)


def _awaited_by(task: "asyncio.Task[object]") -> list[str]:
    """Return the frames of the coroutines that a task's own one awaits; ``print_stack`` shows the outermost alone."""
    frames = []
    awaited: object = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            frames.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return frames
