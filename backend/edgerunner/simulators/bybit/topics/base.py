"""What all public topics share: subscribers, throttling, and fan-out of one encoded message."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import orjson

from edgerunner.simulators.bybit.tasks import TaskOwner
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import TradePrinted, VenueInstrument


class PublicListener(Protocol):
    """A public socket, as a topic sees it."""

    def deliver(self, payload: bytes, symbol: str) -> None:
        """Queue one encoded message about ``symbol``."""


Message = Mapping[str, Any]


class TopicSource(Protocol):
    """What a topic says: the messages for a newcomer, and those that are due now."""

    interval_s: float

    def first(self) -> Iterable[Message]:
        """Return what a new subscriber gets at once."""

    def due(self) -> Iterable[Message]:
        """Return what every subscriber gets now; called every ``interval_s`` of wall time."""

    def on_trade(self, trade: TradePrinted) -> None:
        """Take note of a public trade of the topic's symbol."""


class Topic:
    """One topic with its subscribers; it is computed only while it has some."""

    def __init__(self, venue: Venue, instrument: VenueInstrument, source: TopicSource, tasks: TaskOwner) -> None:
        self.symbol = instrument.symbol
        self._name = instrument.name
        self.source = source
        self._venue = venue
        self._tasks = tasks
        self._listeners: set[PublicListener] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def has_listeners(self) -> bool:
        """Tell whether anybody listens."""
        return bool(self._listeners)

    def add(self, listener: PublicListener) -> None:
        """Add a subscriber: it gets the first messages, and the topic runs from now on."""
        if not self._listeners:
            self._venue.watch(self.symbol)
            self._task = self._tasks.start(self._run())
        for message in self.source.first():
            listener.deliver(orjson.dumps(message), self._name)
        self._listeners.add(listener)

    def remove(self, listener: PublicListener) -> None:
        """Remove a subscriber; the last one ends the topic's work."""
        if listener not in self._listeners:
            return
        self._listeners.remove(listener)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None
            self._venue.unwatch(self.symbol)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.source.interval_s)
            for message in self.source.due():
                payload = orjson.dumps(message)
                for listener in list(self._listeners):
                    listener.deliver(payload, self._name)
