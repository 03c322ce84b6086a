"""One backtest's process: started without keys, watched, and ended for certain."""

import asyncio
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psutil
import structlog

from edgerunner.backtest_worker.messages import (
    LONGEST_LINE,
    Completed,
    Failed,
    Job,
    Progress,
    decode_message,
    encode,
)
from edgerunner.services.strategies.worker_process import worker_environment

_log = structlog.get_logger(__name__)

_WATCH_EVERY_S: Final = 0.2
_END_S: Final = 5.0
_OUTPUT_CHUNK: Final = 16_384
_OUTPUT_KEPT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Bounds of one run; ``memory_bytes`` is what the process may occupy beyond an idle one."""

    run_s: float = 3_600.0
    memory_bytes: int = 2 * 1024**3


IDLE_BYTES: Final = 256 * 1024 * 1024
"""What the process occupies with everything loaded and no data."""


async def run_in_process(job: Job, *, on_progress: Callable[[float], None], limits: RunLimits) -> Completed | Failed:
    """Run a job in a process of its own; a cancelled call ends the process."""
    try:
        with tempfile.TemporaryDirectory(prefix="edgerunner-backtest-", ignore_cleanup_errors=True) as folder:
            process = await _start(folder)
            try:
                async with asyncio.timeout(limits.run_s):
                    return await _Run(process, limits).outcome(job, on_progress)
            finally:
                await _end(process)
    except TimeoutError:
        return Failed("time_limit", f"the run took longer than {limits.run_s:g} s and was ended")
    except OSError as error:
        return Failed("not_started", f"no process could be started: {error.strerror or error}")


async def _start(folder: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-s", "-m", "edgerunner.backtest_worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env=worker_environment(os.environ),
        limit=LONGEST_LINE,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        _log.error("backtest_does_not_die", pid=process.pid)


class _Run:
    def __init__(self, process: asyncio.subprocess.Process, limits: RunLimits) -> None:
        self._process = process
        self._limits = limits
        self._output: deque[bytes] = deque(maxlen=_OUTPUT_KEPT)
        self._is_too_large = False

    async def outcome(self, job: Job, on_progress: Callable[[float], None]) -> Completed | Failed:
        async with asyncio.TaskGroup() as tasks:
            helpers = [tasks.create_task(self._keep_output()), tasks.create_task(self._watch_memory())]
            answer = await self._conversation(job, on_progress)
            for helper in helpers:
                helper.cancel()
        return answer

    async def _conversation(self, job: Job, on_progress: Callable[[float], None]) -> Completed | Failed:
        to_worker, from_worker = self._process.stdin, self._process.stdout
        if to_worker is None or from_worker is None:
            raise AssertionError("the process is started with three pipes")
        try:
            to_worker.write(encode(job))
            await to_worker.drain()
            while line := await from_worker.readline():
                match decode_message(line):
                    case Progress(fraction=fraction):
                        on_progress(fraction)
                    case answer:
                        return answer
        except (ConnectionError, ValueError) as error:
            _log.warning("backtest_conversation_broken", reason=str(error))
        return await self._ending()

    async def _ending(self) -> Failed:
        """Say why the process ended without an answer."""
        if self._is_too_large:
            return Failed("memory_limit", f"the run needs more than {self._limits.memory_bytes // 2**20} MiB")
        code: int | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                code = await self._process.wait()
        said = b"".join(self._output).decode("utf-8", errors="replace").strip()[-1_000:]
        return Failed("crashed", f"the run's process ended (exit code {code}): {said or 'it said nothing'}")

    async def _keep_output(self) -> None:
        """Read what the strategy's code prints, so that it never waits for a reader; the last of it is kept."""
        output = self._process.stderr
        while output is not None and (piece := await output.read(_OUTPUT_CHUNK)):
            self._output.append(piece)

    async def _watch_memory(self) -> None:
        with suppress(psutil.Error):
            known = psutil.Process(self._process.pid)
            while not self._is_too_large:
                await asyncio.sleep(_WATCH_EVERY_S)
                self._is_too_large = known.memory_info().rss > IDLE_BYTES + self._limits.memory_bytes
            self._process.kill()
