"""What all public topics share: subscribers, throttling, and fan-out of one encoded message."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import orjson

from edgerunner.simulators.tasks import TaskOwner
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


class Pulse:
    """Calls the topics of one interval one after the other; what each says leaves before the next one is asked.

    One task for all of them: a timer of its own for every topic would cost more than the topics themselves.
    """

    def __init__(self, interval_s: float, tasks: TaskOwner) -> None:
        self._interval_s = interval_s
        self._tasks = tasks
        self._topics: dict[Topic, None] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, topic: "Topic") -> None:
        """Call a topic from now on."""
        self._topics[topic] = None
        if self._task is None:
            self._task = self._tasks.start(self._run())

    def remove(self, topic: "Topic") -> None:
        """Call a topic no longer; without any the task ends."""
        self._topics.pop(topic, None)
        if not self._topics and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            for topic in tuple(self._topics):
                if topic in self._topics and topic.speak():
                    await asyncio.sleep(0)


class Topic:
    """One topic with its subscribers; it is computed only while it has some."""

    def __init__(self, venue: Venue, instrument: VenueInstrument, source: TopicSource, pulse: Pulse) -> None:
        self.symbol = instrument.symbol
        self._name = instrument.name
        self.source = source
        self._venue = venue
        self._pulse = pulse
        self._listeners: set[PublicListener] = set()

    @property
    def has_listeners(self) -> bool:
        """Tell whether anybody listens."""
        return bool(self._listeners)

    def add(self, listener: PublicListener) -> None:
        """Add a subscriber: it gets the first messages, and the topic runs from now on."""
        if not self._listeners:
            self._venue.watch(self.symbol)
            self._pulse.add(self)
        for message in self.source.first():
            listener.deliver(orjson.dumps(message), self._name)
        self._listeners.add(listener)

    def remove(self, listener: PublicListener) -> None:
        """Remove a subscriber; the last one ends the topic's work."""
        if listener not in self._listeners:
            return
        self._listeners.remove(listener)
        if not self._listeners:
            self._pulse.remove(self)
            self._venue.unwatch(self.symbol)

    def speak(self) -> bool:
        """Deliver what is due; tell whether that was anything."""
        messages = list(self.source.due())
        for message in messages:
            payload = orjson.dumps(message)
            for listener in list(self._listeners):
                listener.deliver(payload, self._name)
        return bool(messages)
