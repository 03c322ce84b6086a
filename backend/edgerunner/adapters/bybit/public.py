"""The public streams: one link per product category, exactly the topics that are wanted."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from edgerunner.adapters.background import Background
from edgerunner.adapters.broker import LinkStatus, MarketSubscription
from edgerunner.adapters.buffers import MarketBuffer
from edgerunner.adapters.bybit.book import Applied
from edgerunner.adapters.bybit.environments import DATA_CATEGORIES
from edgerunner.adapters.bybit.feeds import LiveFeed, feed_of
from edgerunner.adapters.bybit.instruments import Catalogue
from edgerunner.adapters.bybit.link import Link
from edgerunner.adapters.bybit.market import interval_of
from edgerunner.adapters.bybit.market_wire import MarketMessage
from edgerunner.adapters.bybit.transport import Transport
from edgerunner.adapters.bybit.values import Malformed
from edgerunner.adapters.bybit.wire import UNREADABLE
from edgerunner.domain.errors import NotConnected, Unsupported
from edgerunner.domain.market import Timeframe

_log = structlog.get_logger(__name__)

_ARGS_PER_REQUEST: Final = 10
"""Spot's limit for one request; the others take more."""

_ARGS_LENGTH: Final = 21_000
"""Characters of all topics together that one connection may subscribe to."""

_LOG_EVERY: Final = 1_000

_messages = msgspec.json.Decoder(MarketMessage)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCounts:
    """What the public links have seen since they were opened.

    Attributes:
        messages: Frames of any kind.
        holes: Books in which something was missing; each was asked for anew.
        unreadable: Frames that were dropped.
        connections: Connections opened; more than one per link means that it broke.
    """

    messages: int
    holes: int
    unreadable: int
    connections: int


class PublicSession:
    """Speaks one category's public stream."""

    def __init__(self, category: str) -> None:
        self._category = category
        self._handlers: dict[str, Callable[[MarketMessage], Applied]] = {}
        self._feeds: list[LiveFeed] = []
        self._background = Background()
        self._link: Link | None = None
        self.messages = 0
        self.holes = 0
        self.unreadable = 0

    def attach(self, link: Link) -> None:
        """Speak over this link."""
        self._link = link

    async def stop(self) -> None:
        """End the repairs under way."""
        await self._background.stop()

    async def serve(self, feeds: Iterable[LiveFeed]) -> None:
        """Serve exactly these feeds; what changes is told to the server when connected."""
        self._feeds = list(feeds)
        wanted = {topic: handler for feed in self._feeds for topic, handler in feed.handlers.items()}
        gone = [topic for topic in self._handlers if topic not in wanted]
        new = [topic for topic in wanted if topic not in self._handlers]
        self._handlers = wanted
        try:
            await self._request("unsubscribe", gone)
            await self._request("subscribe", new)
        except NotConnected:
            pass  # the greeting of the next connection subscribes to everything

    def ping(self) -> bytes:
        """Return a heartbeat."""
        return b'{"op":"ping"}'

    async def greet(self) -> None:
        """Subscribe to every topic."""
        await self._request("subscribe", list(self._handlers))

    def receive(self, message: bytes) -> None:
        """Take in a message. Unreadable ones are dropped and counted: holes in books are noticed."""
        self.messages += 1
        try:
            self._take(_messages.decode(message))
        except (*UNREADABLE, Malformed) as error:
            if self.unreadable % _LOG_EVERY == 0:
                _log.warning("bybit_market_message_unreadable", category=self._category, reason=str(error))
            self.unreadable += 1

    def lost(self, reason: str) -> None:
        """Forget everything that a lost connection made old."""
        del reason
        for feed in self._feeds:
            feed.lost()

    def _take(self, message: MarketMessage) -> None:
        handler = self._handlers.get(message.topic)
        if handler is not None:
            if handler(message) is Applied.HOLE:
                self.holes += 1
                _log.info("bybit_book_repaired", topic=message.topic)
                self._background.start(self._repair(message.topic))
        elif message.success is False:
            _log.error("bybit_subscription_refused", category=self._category, reason=message.ret_msg)
        elif self._link is not None and (message.ret_msg == "pong" or message.op in {"ping", "pong"}):
            self._link.pong()

    async def _repair(self, topic: str) -> None:
        """Subscribe to a topic anew, which brings a fresh snapshot."""
        try:
            await self._request("unsubscribe", [topic])
            await self._request("subscribe", [topic])
        except NotConnected:
            pass  # the next connection subscribes anyway

    async def _request(self, op: str, topics: list[str]) -> None:
        if self._link is None or not topics:
            return
        for first in range(0, len(topics), _ARGS_PER_REQUEST):
            args = topics[first : first + _ARGS_PER_REQUEST]
            await self._link.send(msgspec.json.encode({"op": op, "args": args}))


class PublicStreams:
    """Owns the public links; ``on_health`` hears their common state."""

    def __init__(
        self,
        transport: Transport,
        *,
        catalogue: Catalogue,
        buffer: MarketBuffer,
        on_health: Callable[[LinkStatus, str | None, float | None], None],
    ) -> None:
        self._transport = transport
        self._catalogue = catalogue
        self._buffer = buffer
        self._on_health = on_health
        self._subscriptions: dict[MarketSubscription, LiveFeed] = {}
        self._sessions: dict[str, PublicSession] = {}
        self._links: dict[str, Link] = {}
        self._states: dict[str, tuple[LinkStatus, str | None]] = {}

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these; raises ``NotFound`` or ``Unsupported`` and then changes nothing."""
        feeds = {wanted: self._subscriptions.get(wanted) or self._feed(wanted) for wanted in subscriptions}
        by_category = {
            category: [
                feed for wanted, feed in feeds.items() if self._catalogue.get(wanted.instrument_id).category == category
            ]
            for category in DATA_CATEGORIES
        }
        for category, chosen in by_category.items():
            if sum(len(topic) for feed in chosen for topic in feed.handlers) > _ARGS_LENGTH:
                raise Unsupported(f"more {category} feeds than one connection to Bybit takes")
        for wanted, feed in self._subscriptions.items():
            if wanted not in feeds:
                feed.lost()
        self._subscriptions = feeds
        for category, chosen in by_category.items():
            await self._serve(category, chosen)

    def counts(self) -> StreamCounts:
        """Return what the present links have seen."""
        sessions = self._sessions.values()
        return StreamCounts(
            messages=sum(session.messages for session in sessions),
            holes=sum(session.holes for session in sessions),
            unreadable=sum(session.unreadable for session in sessions),
            connections=sum(link.generation for link in self._links.values()),
        )

    async def stop(self) -> None:
        """Close every link. Idempotent."""
        for category in tuple(self._links):
            await self._close(category)

    def _feed(self, wanted: MarketSubscription) -> LiveFeed:
        listing = self._catalogue.get(wanted.instrument_id)
        interval_of(wanted.timeframe or Timeframe.M1)
        return feed_of(wanted, listing, self._buffer, self._transport.clock)

    async def _serve(self, category: str, feeds: list[LiveFeed]) -> None:
        if not feeds:
            await self._close(category)
        elif category in self._sessions:
            await self._sessions[category].serve(feeds)
        else:
            await self._open(category, feeds)

    async def _open(self, category: str, feeds: list[LiveFeed]) -> None:
        session = self._sessions[category] = PublicSession(category)
        await session.serve(feeds)
        url = self._transport.options.endpoints.public_stream(category)
        link = self._links[category] = self._transport.link(
            f"public-{category}", url, session, lambda status, reason: self._note(category, status, reason)
        )
        session.attach(link)
        link.start()

    async def _close(self, category: str) -> None:
        link, session = self._links.pop(category, None), self._sessions.pop(category, None)
        if link is not None and session is not None:
            await link.stop()
            await session.stop()
            session.lost("not wanted any more")
            self._states.pop(category, None)
            self._tell()

    def _note(self, category: str, status: LinkStatus, reason: str | None) -> None:
        self._states[category] = (status, reason)
        self._tell()

    def _tell(self) -> None:
        """Report the worst state of the links; without any, and while one starts, REST serves and it is up."""
        for category, (state, reason) in self._states.items():
            if state is LinkStatus.DOWN:
                self._on_health(LinkStatus.DOWN, f"{category}: {reason}", None)
                return
        latencies = [link.latency_ms for link in self._links.values() if link.latency_ms is not None]
        self._on_health(LinkStatus.UP, None, max(latencies, default=None))
