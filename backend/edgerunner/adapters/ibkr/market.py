"""Live market data of one connection: feeds that are streamed, and feeds that answer single questions."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final, TypeVar

import structlog

from edgerunner.adapters.background import Background
from edgerunner.adapters.broker import Feed as FeedKind
from edgerunner.adapters.broker import MarketSubscription
from edgerunner.adapters.buffers import MarketBuffer, WallClock
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.bar_feed import BarFeed
from edgerunner.adapters.ibkr.bar_words import WORDS
from edgerunner.adapters.ibkr.catalogue import Catalogue
from edgerunner.adapters.ibkr.depth_feed import DepthFeed
from edgerunner.adapters.ibkr.feed import LATER, Feed
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.link import Link
from edgerunner.adapters.ibkr.pace import Pace
from edgerunner.adapters.ibkr.quote_feed import QuoteFeed
from edgerunner.adapters.ibkr.trade_feed import SecondBars, TradeFeed
from edgerunner.domain.errors import BrokerTimeout, BrokerUnreachable, NotConnected, Unsupported
from edgerunner.domain.instruments import Product
from edgerunner.domain.market import Depth, Ticker, Timeframe

_log = structlog.get_logger(__name__)

LINGER_S: Final = 30.0
"""How long a feed that answered a question runs on for the next one."""

ACCEPT_S: Final = 2.0
"""How long a new feed's refusal is waited for; without one it counts as taken."""

ENOUGH_S: Final = 2.0
"""After this a question is answered with what is there: a closed market has no bid and no ask."""

STEP_S: Final = 0.5
RETRY_S: Final = 30.0
LIVE_TYPE: Final = 1
DELAYED_TYPE: Final = 3

NO_TRADES: Final = "currency pairs have no tape: Interactive Brokers tells quotes of them, no trades"

_Key = tuple[FeedKind, str, Timeframe | None]
_Answering = TypeVar("_Answering", QuoteFeed, DepthFeed)


class MarketStreams:
    """Keeps the feeds that somebody wants; ``open`` begins them on a new connection, ``stop`` ends all."""

    def __init__(
        self,
        link: Link,
        catalogue: Catalogue,
        buffer: MarketBuffer,
        pace: Pace,
        *,
        clock: WallClock,
        monotonic: Callable[[], float],
    ) -> None:
        self._link = link
        self._catalogue = catalogue
        self._buffer = buffer
        self._pace = pace
        self._clock = clock
        self._monotonic = monotonic
        self._feeds: dict[_Key, Feed] = {}
        self._wanted: frozenset[_Key] = frozenset()
        self._asked_at: dict[_Key, float] = {}
        self._retried_at = 0.0
        self._changing = asyncio.Lock()
        self._background = Background()
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look after the feeds."""
        self._keeper = asyncio.create_task(self._keep(), name="tws-feeds")

    async def stop(self) -> None:
        """End every feed."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        await self._background.stop()
        self._feeds.clear()

    async def open(self, api: Api) -> None:
        """Say which kind of data is wanted on a new connection; the feeds follow by themselves."""
        data_type = DELAYED_TYPE if self._link.options.delayed_data else LIVE_TYPE
        api.reqMarketDataType(data_type)
        self._background.start(self._resume())

    def closed(self) -> None:
        """Forget what belonged to a lost connection."""
        for feed in self._feeds.values():
            feed.end(None)

    def data_lost(self) -> None:
        """Ask for every feed again: TWS has dropped them (1101)."""
        self.closed()
        self._background.start(self._resume())

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the streamed feeds exactly these.

        Raises ``NotFound`` or ``Unsupported`` (no such data, no right to them) by name; then the streams are what
        they were.
        """
        wanted = {(each.feed, each.instrument_id, each.timeframe): each for each in subscriptions}
        async with self._changing:
            made: list[Feed] = []
            try:
                for key, each in wanted.items():
                    if key not in self._feeds:
                        made.append(await self._made(each))
                await asyncio.gather(*(self._accepted(feed) for feed in made))
            except BaseException:
                for feed in made:
                    self._drop(_key(feed))
                raise
            self._wanted = frozenset(wanted)
            for key in set(self._feeds) - self._wanted - set(self._asked_at):
                self._drop(key)
            for key, feed in self._feeds.items():
                self._show(feed, is_shown=key in self._wanted)

    async def ticker(self, listing: Listing) -> Ticker:
        """Return the newest quote; raises ``Unsupported`` without the right to it, or a ``BrokerError``."""
        feed = await self._answering(listing, FeedKind.QUOTES, QuoteFeed)
        ticker = feed.ticker()
        if not ticker.ts_arrival_ns:
            raise BrokerTimeout(f"TWS told no quote of {listing.instrument.instrument_id}")
        return ticker

    async def depth(self, listing: Listing) -> Depth:
        """Return the book; raises as ``ticker`` does."""
        feed = await self._answering(listing, FeedKind.DEPTH, DepthFeed)
        depth = feed.depth()
        if depth is None:
            raise BrokerTimeout(f"TWS told no book of {listing.instrument.instrument_id}")
        return depth

    async def _answering(self, listing: Listing, kind: FeedKind, of: type[_Answering]) -> _Answering:
        """Return a feed that is complete, or as complete as it gets in time."""
        key: _Key = (kind, listing.instrument.instrument_id, None)
        self._asked_at[key] = self._monotonic()
        async with self._changing:
            feed = self._feeds.get(key) or await self._made(
                MarketSubscription(feed=kind, instrument_id=listing.instrument.instrument_id)
            )
        if not isinstance(feed, of):
            raise TypeError(f"{key} is no {of.__name__}")
        begun = self._monotonic()
        while not feed.is_complete and self._monotonic() - begun < self._link.options.request_timeout_s:
            if feed.is_heard and self._monotonic() - begun > ENOUGH_S:
                break
            if feed.refusal is not None:
                self._drop_unwanted(key)
                self._raise_refusal(feed)
            if not self._link.is_up:
                raise NotConnected("TWS is not connected; it is dialled again by itself")
            await asyncio.sleep(0.01)
        return feed

    async def _made(self, subscription: MarketSubscription) -> Feed:
        """Make a feed and begin it where there is a connection."""
        listing = await self._catalogue.load(subscription.instrument_id)
        feed = self._feed_of(subscription, listing)
        self._feeds[subscription.feed, subscription.instrument_id, subscription.timeframe] = feed
        await self._begin(feed)
        return feed

    def _feed_of(self, subscription: MarketSubscription, listing: Listing) -> Feed:
        match subscription.feed:
            case FeedKind.QUOTES:
                return QuoteFeed(listing, self._buffer, self._link, self._clock)
            case FeedKind.DEPTH:
                return DepthFeed(listing, self._buffer, self._link, self._clock)
            case FeedKind.TRADES:
                if listing.instrument.product is Product.FOREX:
                    raise Unsupported(f"{subscription.instrument_id}: {NO_TRADES}")
                return TradeFeed(listing, self._buffer, lambda: self._quote(subscription.instrument_id))
            case FeedKind.BARS:
                return self._bars_of(subscription, listing)

    def _bars_of(self, subscription: MarketSubscription, listing: Listing) -> Feed:
        timeframe = subscription.timeframe or Timeframe.M1
        if timeframe not in WORDS:
            raise Unsupported(f"TWS has no bars of {timeframe}")
        if timeframe is Timeframe.S1:
            return SecondBars(listing, self._buffer)
        options = self._link.options
        return BarFeed(listing, timeframe, self._buffer, self._link.now_ns, extended_hours=options.extended_hours)

    def _quote(self, instrument_id: str) -> Ticker | None:
        feed = self._feeds.get((FeedKind.QUOTES, instrument_id, None))
        return feed.ticker() if isinstance(feed, QuoteFeed) else None

    async def _begin(self, feed: Feed) -> None:
        """Ask for a feed; without a connection it is asked for on the next one."""
        await self._pace.turn()
        with suppress(NotConnected, ConnectionError):
            feed.begin(self._link.api)

    async def _accepted(self, feed: Feed) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(ACCEPT_S):
                await feed.answered.wait()
        if feed.refusal is not None:
            self._raise_refusal(feed)

    def _raise_refusal(self, feed: Feed) -> None:
        reason = feed.why_not() or "refused"
        if feed.refusal is not None and feed.refusal[0] in LATER:
            raise BrokerUnreachable(reason)
        raise Unsupported(reason)

    def _show(self, feed: Feed, *, is_shown: bool) -> None:
        if isinstance(feed, QuoteFeed | DepthFeed):
            feed.show(is_shown=is_shown)

    def _drop_unwanted(self, key: _Key) -> None:
        self._asked_at.pop(key, None)
        if key not in self._wanted:
            self._drop(key)

    def _drop(self, key: _Key) -> None:
        feed = self._feeds.pop(key, None)
        if feed is not None:
            feed.end(self._link.api if self._link.is_up else None)

    async def _resume(self) -> None:
        """Begin every feed that does not run."""
        for feed in list(self._feeds.values()):
            if not feed.is_running and feed.refusal is None:
                await self._begin(feed)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(STEP_S)
            now, now_ns = self._monotonic(), self._link.now_ns()
            for key, asked_at in list(self._asked_at.items()):
                if now - asked_at > LINGER_S:
                    self._drop_unwanted(key)
            for feed in list(self._feeds.values()):
                if isinstance(feed, BarFeed | SecondBars):
                    feed.close_due(now_ns)
            if now - self._retried_at > RETRY_S and self._link.is_up:
                self._retried_at = now
                await self._retry(now_ns)

    async def _retry(self, now_ns: int) -> None:
        """Ask again for what was refused for a time, and for live bars that went silent."""
        for feed in list(self._feeds.values()):
            is_refused = feed.refusal is not None and feed.refusal[0] in LATER
            is_silent = isinstance(feed, BarFeed) and feed.is_running and feed.is_silent(now_ns)
            if is_refused or is_silent:
                feed.end(self._link.api)
                await self._begin(feed)


def _key(feed: Feed) -> _Key:
    subscription = feed.subscription
    return (subscription.feed, subscription.instrument_id, subscription.timeframe)
