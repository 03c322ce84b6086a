"""The beat on which the gateway tells what changes by itself: profits, values, ages."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

BEAT_S: Final = 0.25

logger = logging.getLogger(__name__)


class Pulse:
    """Calls its listeners four times a second of wall time while it runs; whoever owns the gateway runs it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def __len__(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    def add(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` on every beat; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def beat(self) -> None:
        """Call every listener once; one that fails does not keep the others from their turn."""
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception:
                logger.exception("a listener of the gateway's pulse failed")

    async def run(self) -> None:
        """Beat until canceled."""
        while True:
            await asyncio.sleep(BEAT_S)
            self.beat()
