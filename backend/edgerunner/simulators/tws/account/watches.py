"""Subscriptions to what changes: told whole at first, then only what is different."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from edgerunner.simulators.tws.pulse import Pulse
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import BalanceChanged, FillHappened, PositionChanged, VenueEvent

Told = Mapping[Hashable, object]
"""Messages by what they are about."""


@dataclass(slots=True)
class _Watch:
    compose: Callable[[], Told]
    period_ns: int | None
    told: dict[Hashable, object] = field(default_factory=dict)
    told_ns: int = 0

    def is_due(self, now_ns: int, *, has_changed: bool) -> bool:
        """Tell whether it is time to look again."""
        return has_changed or (self.period_ns is not None and now_ns - self.told_ns >= self.period_ns)

    def news(self, now_ns: int) -> list[object]:
        """Return the messages that are new or different, and remember them as told."""
        self.told_ns = now_ns
        found = self.compose()
        news = [message for key, message in found.items() if self.told.get(key) != message]
        self.told.update(found)
        return news


class Watches:
    """One client's subscriptions by key. They look again after every booking, and on the gateway's pulse in time.

    Nothing is told while ``is_silent()``; what has changed meanwhile is told afterwards.
    """

    def __init__(
        self, venue: Venue, session: Session, pulse: Pulse, *, is_silent: Callable[[], bool] = lambda: False
    ) -> None:
        self._venue = venue
        self._session = session
        self._is_silent = is_silent
        self._watches: dict[Hashable, _Watch] = {}
        self._has_changed = False
        session.on_end(venue.add_listener(self._on_event))
        session.on_end(pulse.add(self.refresh))

    def __contains__(self, key: Hashable) -> bool:
        return key in self._watches

    def count(self, kind: str) -> int:
        """Return how many subscriptions have a key that begins with ``kind``."""
        return sum(isinstance(key, tuple) and key[0] == kind for key in self._watches)

    def start(self, key: Hashable, compose: Callable[[], Told], *, period_ns: int | None = None) -> list[object]:
        """Subscribe, in place of what had this key, and return everything there is to tell now.

        It is looked at again after bookings and, when ``period_ns`` is given, after that much virtual time.
        """
        watch = self._watches[key] = _Watch(compose=compose, period_ns=period_ns)
        return watch.news(self._venue.now_ns())

    def stop(self, key: Hashable) -> None:
        """End a subscription, if there is one."""
        self._watches.pop(key, None)

    def refresh(self) -> None:
        """Tell what has changed in every subscription that is due."""
        if self._is_silent():
            return
        now_ns, has_changed = self._venue.now_ns(), self._has_changed
        self._has_changed = False
        for watch in tuple(self._watches.values()):
            if watch.is_due(now_ns, has_changed=has_changed):
                self._session.send(*watch.news(now_ns))

    def _on_event(self, event: VenueEvent) -> None:
        if isinstance(event, BalanceChanged | FillHappened | PositionChanged):
            self._has_changed = True
