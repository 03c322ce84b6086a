"""kill -9 at any moment: what was acknowledged is there afterwards, and the projections agree."""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.clock import FakeClock
from tests.unit.storage.journal_events import bought

BACKEND = Path(__file__).parents[3]
TIMEOUT_S = 30
STATEMENTS = (1, 2, 3, 4, 6, 9, 14, 22)  # of the first groups: begin, look-ups, one per row, commit


async def started(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("crash_worker.py")),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(BACKEND)},
    )


async def acknowledged_by(worker: asyncio.subprocess.Process, *, kill_after: int | None = None) -> set[str]:
    """Read what the worker says until it is dead; kill it after so many lines."""
    assert worker.stdout is not None
    lines: list[bytes] = []
    async with asyncio.timeout(TIMEOUT_S):
        while line := await worker.stdout.readline():
            lines.append(line)
            if len(lines) == kill_after:
                worker.kill()
        await worker.wait()
    return {line.decode().strip() for line in lines if line.endswith(b"\n")}


async def assert_nothing_lost(folder: Path, acknowledged: set[str]) -> None:
    database = Database.open(folder)
    journal = await Journal.open(database, clock_ns=FakeClock().now_ns)
    recorded = await journal.export(0, 1_000_000)

    assert [record.seq for record in recorded] == list(range(1, len(recorded) + 1))
    assert acknowledged <= {record.event.event_id for record in recorded}
    report = await journal.verify()
    assert report.is_clean, report.first_difference
    await journal.append(*bought("AFTER"))
    await journal.close()
    database.close()


@pytest.mark.parametrize("seed", range(3))
async def test_a_kill_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    kill_after = random.Random(seed).randint(1, 400)
    Database.open(tmp_path).close()
    worker = await started(str(tmp_path))

    acknowledged = await acknowledged_by(worker, kill_after=kill_after)

    assert len(acknowledged) >= kill_after, f"seed {seed}"
    await assert_nothing_lost(tmp_path, acknowledged)


async def test_a_kill_between_two_statements_loses_nothing_acknowledged(tmp_path: Path) -> None:
    limit = asyncio.Semaphore(os.cpu_count() or 2)

    async def kill_before(statement: int) -> None:
        folder = tmp_path / str(statement)
        async with limit:
            Database.open(folder).close()
            acknowledged = await acknowledged_by(await started(str(folder), str(statement)))
            assert acknowledged, f"the worker did not start for statement {statement}"
            await assert_nothing_lost(folder, acknowledged)

    async with asyncio.TaskGroup() as kills:
        for statement in STATEMENTS:
            kills.create_task(kill_before(statement))
