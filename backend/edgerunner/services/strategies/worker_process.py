"""One worker process: started without keys, spoken to over its pipes, ended for certain."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil
import structlog

from edgerunner.strategy_worker.framing import (
    LARGEST_FROM_WORKER,
    LARGEST_TO_WORKER,
    LENGTH,
    FrameRefused,
    decode_from_worker,
    encode,
)
from edgerunner.strategy_worker.messages import VERSION, FromWorker, Hello, ToWorker

_log = structlog.get_logger(__name__)

_PACKAGE_ROOT: Final = str(Path(__file__).resolve().parents[3])
_KEPT_VARIABLES: Final = ("SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
_OUTPUT_CHUNK: Final = 16_384
_OUTPUT_PAUSE_S: Final = 0.05
"""Between two reads of what the code prints: at most some 300 KB/s reach the log's door."""

_END_S: Final = 5.0
_FOLDER: Final = "edgerunner-strategy-"
"""Then the API's process id, so that a later one knows which folders were left behind."""
_NICENESS: Final = 10


class WorkerEnded(Exception):
    """The process ended, or said something that no worker says; ``str`` tells what."""


def worker_environment(here: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a worker: what Python needs to start, and nothing that is secret."""
    kept = {name: here[name] for name in _KEPT_VARIABLES if name in here}
    single_threaded = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **single_threaded, "PYTHONPATH": _PACKAGE_ROOT, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def remove_left_folders() -> None:
    """Remove the workers' folders of programs that were killed; blocks."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        owner = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


class WorkerProcess:
    """A running worker; made by ``spawn`` and ended by ``end``."""

    def __init__(self, process: asyncio.subprocess.Process, folder: str) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise AssertionError("a worker is started with three pipes")
        self._process = process
        self._to_worker, self._from_worker, self._output = process.stdin, process.stdout, process.stderr
        self._folder = folder
        self._figures = psutil.Process(process.pid)

    @classmethod
    async def spawn(cls) -> "WorkerProcess":
        """Start a worker in a folder of its own; raises ``WorkerEnded`` when the system cannot."""
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix=f"{_FOLDER}{os.getpid()}-")
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-s", "-m", "edgerunner.strategy_worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=folder,
                env=worker_environment(os.environ),
                limit=2 * LARGEST_FROM_WORKER,
                **_detached(),
            )
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise WorkerEnded(f"no process could be started: {error.strerror or error}") from error
        worker = cls(process, folder)
        worker.yield_to_others()
        return worker

    def yield_to_others(self) -> None:
        """Give the process a low priority at once: its own start must not cost the API's calls.

        Linux may schedule sessions as groups, which have a niceness of their own (sched(7), autogroup).
        """
        with suppress(psutil.Error, OSError):
            if sys.platform == "win32":
                self._figures.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            else:
                self._figures.nice(_NICENESS)
        if sys.platform == "linux":
            with suppress(OSError):
                Path(f"/proc/{self.pid}/autogroup").write_text(str(_NICENESS), encoding="ascii")

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def hello(self) -> None:
        """Wait for the worker's first message; raises ``WorkerEnded`` for anything else."""
        message = await self.receive()
        if not isinstance(message, Hello) or message.version != VERSION:
            raise WorkerEnded(f"the worker speaks another version than {VERSION}: reinstall")

    async def send(self, message: ToWorker) -> None:
        """Hand a message over; raises ``WorkerEnded``."""
        try:
            self._to_worker.write(encode(message, LARGEST_TO_WORKER))
            await self._to_worker.drain()
        except (ConnectionError, FrameRefused) as error:
            raise WorkerEnded(await self._ending() if isinstance(error, ConnectionError) else str(error)) from error

    async def receive(self) -> FromWorker:
        """Return the worker's next message; raises ``WorkerEnded``."""
        try:
            (size,) = LENGTH.unpack(await self._from_worker.readexactly(LENGTH.size))
            if size > LARGEST_FROM_WORKER:
                raise WorkerEnded(f"the worker sent a message of {size} bytes; {LARGEST_FROM_WORKER} are allowed")
            return decode_from_worker(await self._from_worker.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerEnded(await self._ending()) from error
        except FrameRefused as error:
            raise WorkerEnded(f"the worker sent {error}") from error

    async def output(self) -> AsyncIterator[str]:
        """Yield what the strategy's code prints, in pieces; who prints faster than is read must wait."""
        while piece := await self._output.read(_OUTPUT_CHUNK):
            yield piece.decode("utf-8", errors="replace")
            await asyncio.sleep(_OUTPUT_PAUSE_S)

    def memory(self) -> int:
        """Return the bytes of memory that the process occupies, 0 once it has ended."""
        try:
            return int(self._figures.memory_info().rss)
        except psutil.Error:
            return 0

    async def wait(self) -> int:
        """Wait for the process to end by itself and return its exit code."""
        return await self._process.wait()

    async def end(self) -> None:
        """Kill the process if it still runs, and what it started itself, and remove its folder."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)  # its session is its own: see `_detached`
        try:
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        except TimeoutError:
            _log.error("worker_does_not_die", pid=self.pid)
        self._to_worker.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _ending(self) -> str:
        try:
            async with asyncio.timeout(_END_S):
                code = await self._process.wait()
        except TimeoutError:
            return "the worker closed its pipe"
        return f"the worker's process ended (exit code {code})"


def _detached() -> dict[str, Any]:
    """Keep Ctrl-C in the program's terminal from the worker: a resting program is resumed, not faulted."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
