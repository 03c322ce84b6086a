"""A simulated terminal inside the program's own process, for programs that find none listening."""

import asyncio
import logging
import threading
import time
from pathlib import Path
from typing import Final

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.server import TerminalServer, create_server
from edgerunner.simulators.mt5.settings import BROKER, Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings

START_S: Final = 30.0
LOOPBACK: Final = "127.0.0.1"

logger = logging.getLogger(__name__)


class EmbeddedTerminal:
    """Broker and terminal on an event loop of their own, in a daemon thread: they end with the process.

    Without a folder the ledger is in memory, and every start is a fresh broker.
    """

    def __init__(self, folder: Path | None = None, settings: Mt5Settings | None = None) -> None:
        self._folder = folder
        self._settings = settings or Mt5Settings()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="simulated-terminal", daemon=True)
        self.faults = FaultBox([BROKER])
        self.port = 0

    def start(self) -> None:
        """Return when it listens; raises ``RuntimeError`` when it cannot."""
        self._thread.start()
        if not self._ready.wait(START_S) or self._failure is not None:
            raise RuntimeError("the simulated terminal did not start") from self._failure

    def stop(self) -> None:
        """Stop listening and wait until everything has ended."""
        if self._loop is not None and self._work is not None:
            self._loop.call_soon_threadsafe(self._work.cancel)
        self._thread.join(START_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self._failure = error
            logger.exception("the simulated terminal has ended")
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._work = asyncio.get_running_loop(), asyncio.current_task()
        ledger = None if self._folder is None else self._folder / f"{BROKER}.sqlite"
        venue = Mt5Venue(self.faults, VenueSettings(ledger_path=ledger, wall=time.time_ns), self._settings)
        server: TerminalServer = create_server(venue, self.faults, host=LOOPBACK, port=0, settings=self._settings)
        try:
            await server.start()
            self.port = server.port
            self._ready.set()
            await venue.run()
        finally:
            await server.stop()
            venue.close()
