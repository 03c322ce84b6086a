"""A terminal's process: started by us, waited for, ended by its id and never by its name."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from edgerunner.domain.errors import BrokerUnreachable

_POLITE_S = 10.0
_KILL_S = 5.0


class TerminalProcess:
    """One running terminal; ``await start`` it, ``await stop`` it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: list[str], folder: Path) -> "TerminalProcess":
        """Start a terminal. Raises ``BrokerUnreachable`` when the system cannot."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=sys.platform != "win32",
            )
        except OSError as error:
            raise BrokerUnreachable(f"The terminal cannot be started: {error.strerror} ({command[0]}).") from error
        return cls(process)

    @property
    def process_id(self) -> int:
        """Return the process' id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return how it ended; None = it runs."""
        return self._process.returncode

    async def wait(self, timeout_s: float | None = None) -> int:
        """Return the exit code; raises ``TimeoutError``."""
        async with asyncio.timeout(timeout_s):
            return await self._process.wait()

    async def stop(self) -> None:
        """End it: politely, and after 10 s by force, with everything it started."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await self.wait(_POLITE_S)
            except TimeoutError:
                self._kill()
                await self.wait(_KILL_S)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self.process_id, signal.SIGKILL)  # its own group: see `start_new_session`
