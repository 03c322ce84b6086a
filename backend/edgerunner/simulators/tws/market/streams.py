"""Everything that clients listen to: one registry over all sessions, fed by the venue and the gateway's pulse."""

import logging
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Protocol

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.market.board import Board
from edgerunner.simulators.tws.pulse import Pulse
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.session import ErrorMessage
from edgerunner.simulators.venue_types import TradePrinted, VenueEvent

logger = logging.getLogger(__name__)


class StreamKind(StrEnum):
    """What a subscription is about; request ids of different kinds are different number lines."""

    TICKS = "ticks"
    SINGLE_TICKS = "single ticks"
    DEPTH = "depth"
    REAL_TIME_BARS = "real-time bars"
    HISTORY = "history"


class Stream(Protocol):
    """One subscription of one client."""

    symbol: str

    def trade(self, printed: TradePrinted) -> None:
        """Take note of a trade of its symbol, or tell it."""

    def beat(self) -> None:
        """Tell what has changed; called four times a second."""


Key = tuple[Session, StreamKind, int]


class Streams:
    """The subscriptions of all clients. A symbol is watched at the venue as long as somebody listens to it.

    Nothing is told while ``is_silent()``; ticks, books and bars catch up afterwards, single trades are lost.
    ``forget(symbol)`` is called when nobody listens to a symbol any more.
    """

    def __init__(
        self, board: Board, pulse: Pulse, *, is_silent: Callable[[], bool], forget: Callable[[str], None]
    ) -> None:
        self._board = board
        self._pulse = pulse
        self._is_silent = is_silent
        self._forget = forget
        self._sessions: set[Session] = set()
        self._streams: dict[Key, Stream] = {}
        self._of_symbol: defaultdict[str, dict[Key, Stream]] = defaultdict(dict)
        self._endings: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._streams)

    def open(self, session: Session) -> None:
        """Take subscriptions of a session from now on, until ``close``."""
        self._sessions.add(session)

    def close(self, session: Session) -> None:
        """End every subscription of a session; it gets no more, not even for an answer that is still under way."""
        self._sessions.discard(session)
        for key in [key for key in self._streams if key[0] is session]:
            self.remove(key)

    def has(self, key: Key) -> bool:
        """Tell whether a request id is in use."""
        return key in self._streams

    def symbols(self, kind: StreamKind) -> set[str]:
        """Return the symbols that anybody listens to in one way."""
        return {stream.symbol for (_, each, _), stream in self._streams.items() if each is kind}

    def count(self, kind: StreamKind) -> int:
        """Return how many subscriptions of a kind there are."""
        return sum(1 for _, each, _ in self._streams if each is kind)

    def add(self, key: Key, stream: Stream) -> None:
        """Begin a subscription whose id is free, unless its session is over."""
        if key[0] not in self._sessions:
            return
        if not self._streams:
            self._endings = [self._board.venue.add_listener(self._on_event), self._pulse.add(self._on_beat)]
        self._streams[key] = stream
        self._of_symbol[stream.symbol][key] = stream
        self._board.venue.step(stream.symbol)  # so that every later step is told, from the next one on
        self._board.venue.watch(stream.symbol)

    def remove(self, key: Key) -> bool:
        """End a subscription; False when there is none."""
        stream = self._streams.pop(key, None)
        if stream is None:
            return False
        self._board.venue.unwatch(stream.symbol)
        of_symbol = self._of_symbol[stream.symbol]
        del of_symbol[key]
        if not of_symbol:
            del self._of_symbol[stream.symbol]
            self._forget(stream.symbol)
        if not self._streams:
            while self._endings:
                self._endings.pop()()
        return True

    def lose_all(self) -> None:
        """End every subscription without a word."""
        for key in tuple(self._streams):
            self.remove(key)

    def listeners(self) -> list[tuple[Session, str]]:
        """Return every session with the symbol of each of its subscriptions."""
        return [(session, stream.symbol) for (session, _, _), stream in self._streams.items()]

    def tell_all(self, message: Callable[[int], object]) -> None:
        """Send a message to every subscription, made for its request id."""
        for session, _, request_id in tuple(self._streams):
            session.send(message(request_id))

    def _on_event(self, event: VenueEvent) -> None:
        if not isinstance(event, TradePrinted) or event.symbol not in self._of_symbol:
            return
        if not self._board.hear(event) or self._is_silent():
            return
        for key, stream in tuple(self._of_symbol[event.symbol].items()):
            self._guard(key, partial(stream.trade, event))

    def _on_beat(self) -> None:
        for symbol in tuple(self._of_symbol):
            self._board.venue.step(symbol)
        if self._is_silent():
            return
        for key, stream in tuple(self._streams.items()):
            self._guard(key, stream.beat)

    def _guard(self, key: Key, act: Callable[[], None]) -> None:
        """Let a subscription act; one that fails is ended, and its client is told."""
        try:
            act()
        except Exception:
            session, kind, request_id = key
            logger.exception("the %s of client %s's request %s end", kind, session.client_id, request_id)
            self.remove(key)
            text = f"Failed to request live updates (disconnected): the {kind} ended with an error of the simulator."
            session.send(ErrorMessage(request_id=request_id, code=codes.UPDATES_FAILED, text=text))
