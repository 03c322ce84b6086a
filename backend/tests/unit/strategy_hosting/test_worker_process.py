"""A worker as a process: its greeting, its surroundings, its end."""

import asyncio
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from edgerunner.services.strategies.worker_process import (
    WorkerEnded,
    WorkerProcess,
    remove_left_folders,
    worker_environment,
)
from edgerunner.strategy_worker.messages import Check, Checked, ClassSource, Describe, Described
from tests.waiting import until

MEMORY = 512 * 1024 * 1024


@pytest.fixture
def planted_secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EDGERUNNER_API_KEY", "a-planted-secret-of-the-environment")
    return "a-planted-secret-of-the-environment"


def test_the_environment_holds_nothing_that_is_not_needed() -> None:
    made = worker_environment({"EDGERUNNER_API_KEY": "x", "HOME": "/h", "PATH": "/p", "SYSTEMROOT": "C"})
    assert set(made) == {
        *("SYSTEMROOT", "PYTHONPATH", "PYTHONUTF8", "PYTHONUNBUFFERED"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    }


async def test_a_worker_greets_and_sees_no_secret(planted_secret: str) -> None:
    worker = await WorkerProcess.spawn()
    try:
        async with asyncio.timeout(30):
            await worker.hello()
        process = psutil.Process(worker.pid)
        assert planted_secret not in " ".join([*process.cmdline(), *process.environ().values()])
        assert Path(process.cwd()).name.startswith("edgerunner-strategy-")
        folder = process.cwd()
    finally:
        await worker.end()
    assert not await asyncio.to_thread(Path(folder).exists)
    assert not psutil.pid_exists(worker.pid)


def test_folders_of_programs_that_are_gone_are_removed_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait(timeout=30)
    for name in (f"{ended.pid}-a", f"{os.getpid()}-b", "notes"):
        (tmp_path / f"edgerunner-strategy-{name}").mkdir()
    remove_left_folders()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"edgerunner-strategy-{os.getpid()}-b", "edgerunner-strategy-notes"]
    )


async def test_a_worker_ends_when_the_other_side_closes_the_pipe() -> None:
    worker = await WorkerProcess.spawn()
    try:
        async with asyncio.timeout(30):
            await worker.hello()
            worker._to_worker.close()
            assert await worker.wait() == 0
    finally:
        await worker.end()


async def test_a_worker_that_is_gone_is_reported_with_its_code() -> None:
    worker = await WorkerProcess.spawn()
    try:
        async with asyncio.timeout(30):
            await worker.hello()
            psutil.Process(worker.pid).kill()
            with pytest.raises(WorkerEnded, match=r"the worker's process ended \(exit code"):
                await worker.receive()
    finally:
        await worker.end()


async def test_a_file_is_described_and_its_parameters_are_checked_in_the_worker(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "from edgerunner import Strategy, parameter\n"
        "class Own(Strategy):\n    '''First line.\n\n    More.'''\n    size: float = parameter(1.0, minimum=0.5)\n",
        encoding="utf-8",
    )
    described = await _ask(Describe(path=str(path), memory_bytes=MEMORY))
    assert isinstance(described, Described)
    assert [(known.name, known.summary) for known in described.classes] == [("Own", "First line.")]

    source = ClassSource(name="Own", path=str(path))
    checked = await _ask(Check(source=source, parameters={"size": 0.1}, memory_bytes=MEMORY))
    assert isinstance(checked, Checked)
    assert [wrong.field for wrong in checked.errors] == ["parameters.size"]


async def test_a_message_that_is_too_long_ends_the_conversation(tmp_path: Path) -> None:
    path = tmp_path / "liar.py"
    path.write_text(
        "import os, struct, time\n"
        "for number in range(3, 20):\n"
        "    try: os.write(number, struct.pack('>I', 2**31))\n"
        "    except OSError: pass\n"
        "time.sleep(60)\n",
        encoding="utf-8",
    )
    with pytest.raises(WorkerEnded, match=f"a message of {2**31} bytes"):
        await _ask(Describe(path=str(path), memory_bytes=MEMORY))


async def test_a_frame_of_garbage_ends_the_conversation(tmp_path: Path) -> None:
    path = tmp_path / "garbage.py"
    frame = struct.pack(">I", 3) + b"\xc1\xc1\xc1"
    path.write_text(
        "import os, time\n"
        "for number in range(3, 20):\n"
        f"    try: os.write(number, {frame!r})\n"
        "    except OSError: pass\n"
        "time.sleep(60)\n",
        encoding="utf-8",
    )
    with pytest.raises(WorkerEnded, match="a message that cannot be read"):
        await _ask(Describe(path=str(path), memory_bytes=MEMORY))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only the memory's watch bounds it on this system")
async def test_a_file_that_takes_a_gigabyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.py"
    path.write_text("kept = [bytearray(16_777_216) for _ in range(64)]\n", encoding="utf-8")
    described = await _ask(Describe(path=str(path), memory_bytes=MEMORY))
    assert isinstance(described, Described)
    assert described.error is not None
    assert "MemoryError" in described.error


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no process groups")
async def test_what_a_strategy_started_itself_ends_with_its_worker(tmp_path: Path) -> None:
    path = tmp_path / "parent.py"
    path.write_text(
        "import subprocess, sys\n"
        "from edgerunner import Strategy\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "class Child(Strategy):\n    pass\n"
        "Child.__doc__ = str(child.pid)\n",
        encoding="utf-8",
    )
    described = await _ask(Describe(path=str(path), memory_bytes=MEMORY))
    assert isinstance(described, Described)
    pid = int(described.classes[0].summary)

    async def is_gone() -> bool:
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    await until(is_gone, timeout_s=10, what="the strategy's own process is gone")


async def _ask(request: Describe | Check) -> object:
    worker = await WorkerProcess.spawn()
    try:
        async with asyncio.timeout(30):
            await worker.hello()
            await worker.send(request)
            return await worker.receive()
    finally:
        await worker.end()


async def test_many_workers_come_and_go_without_leaving_anything() -> None:
    workers = [await WorkerProcess.spawn() for _ in range(3)]
    await asyncio.gather(*(worker.end() for worker in workers))

    async def are_gone() -> bool:
        return not any(psutil.pid_exists(worker.pid) for worker in workers)

    await until(are_gone, timeout_s=10, what="the processes are gone")
