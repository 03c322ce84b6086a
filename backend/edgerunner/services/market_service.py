"""Market data of all connections: queries, and live feeds shared by everybody who listens."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgerunner.adapters.broker import BrokerAdapter, Feed, LinkStatus, MarketSubscription, product_label
from edgerunner.adapters.instrument_lookup import look_up
from edgerunner.domain.bars import merge_bars
from edgerunner.domain.errors import NotConnected, NotFound
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe
from edgerunner.services.clock import Clock
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.ending import end_task
from edgerunner.services.market_feed import MarketFeed, MarketListener
from edgerunner.services.session import Session
from edgerunner.services.trade_bars import TradeBars

Unsubscribe = Callable[[], Awaitable[None]]

PRICE_AGE_NS = 5_000_000_000
"""How old a price may be that values positions, before it is asked for again."""


CLOSE_BARS_EVERY_S = 0.5


class Sessions(Protocol):
    """What market data needs of the connections."""

    def session(self, connection_id: str) -> Session:
        """Return a running session; raises ``NotFound`` or ``NotConnected``."""
        ...

    def views(self) -> list[ConnectionView]:
        """Return all connections."""
        ...

    def add_listener(self, listener: Callable[[ConnectionView], None]) -> Callable[[], None]:
        """Call ``listener`` on each change; returns how to stop that."""
        ...


OLD_NS = 60_000_000_000
"""Age at its arrival that makes a quote a thing of the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A ticker; ``is_stale`` = its stream is silent for 10 s, its data link down, or its price a minute old.

    The last is how the quotes of a closed market look at a broker that keeps showing them.
    """

    ticker: Ticker
    is_stale: bool


class MarketService:
    """Serves market data; ``start`` and ``stop`` bound its tasks."""

    def __init__(self, *, connections: Sessions, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock
        self._feeds: dict[str, MarketFeed] = {}
        self._priced: dict[tuple[str, str], tuple[Ticker, int]] = {}
        self._changed = asyncio.Event()
        self._trade_bars: set[TradeBars] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._stop_listening: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Follow the connections: read each session's stream, and the next one's after a reconnect."""
        self._stop_listening = self._connections.add_listener(lambda _: self._changed.set())
        self._changed.set()
        self._tasks = [
            asyncio.create_task(self._follow(), name="market-sessions"),
            asyncio.create_task(self._close_bars(), name="trade-bars"),
        ]

    async def stop(self) -> None:
        """End all readers."""
        self._stop_listening()
        while self._tasks:
            task = self._tasks.pop()
            await end_task(task)
        for feed in self._feeds.values():
            await feed.stop()

    async def instruments(
        self, connection_id: str, *, query: str | None = None, instrument_id: str | None = None
    ) -> Sequence[Instrument]:
        """Return the instrument with an id (``NotFound`` without one), or those that match ``query``."""
        adapter = self._adapter(connection_id)
        if instrument_id is not None:
            return [await look_up(adapter, instrument_id)]
        return await adapter.search_instruments(query or "")

    async def ohlc(
        self,
        connection_id: str,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return the newest ``limit`` bars of an interval, oldest first.

        A length that the broker does not serve is made of shorter bars where one fits; raises
        ``Unsupported`` otherwise.
        """
        adapter = self._adapter(connection_id)
        source = _served_timeframe(adapter, await look_up(adapter, instrument_id), timeframe)
        if source is timeframe:
            return await adapter.get_chart_data(instrument_id, timeframe, start_ns=start_ns, end_ns=end_ns, limit=limit)
        parts = await adapter.get_chart_data(
            instrument_id,
            source,
            start_ns=start_ns,
            end_ns=end_ns,
            limit=limit * (timeframe.length_ns // source.length_ns),
        )
        return merge_bars(parts, source=source, target=timeframe)[-limit:]

    async def ticker(self, connection_id: str, instrument_id: str) -> Quote:
        """Return the newest quote: the streamed one while subscribed, else the broker's answer."""
        adapter = self._adapter(connection_id)
        streamed = self.quote(connection_id, instrument_id)
        if streamed is not None:
            return streamed
        ticker = await adapter.get_ticker(instrument_id)
        return Quote(ticker=ticker, is_stale=ticker.ts_arrival_ns - ticker.ts_event_ns > OLD_NS)

    async def depth(self, connection_id: str, instrument_id: str, levels: int) -> Depth:
        """Return at least the best ``levels`` of both sides, or all there are."""
        return await self._adapter(connection_id).get_depth(instrument_id, levels)

    async def funding(self, connection_id: str, instrument_id: str, limit: int) -> Funding:
        """Return past funding rates and the next one; raises ``Unsupported`` without funding."""
        return await self._adapter(connection_id).get_funding(instrument_id, limit)

    def quote(self, connection_id: str, instrument_id: str) -> Quote | None:
        """Return the streamed quote without asking anybody; None while it is not subscribed."""
        feed = self._feeds.get(connection_id)
        heard = feed.heard(instrument_id) if feed else None
        if feed is None or heard is None:
            return None
        session = self._running(connection_id)
        is_cut = session is None or session.data.status is not LinkStatus.UP
        return Quote(ticker=heard.ticker, is_stale=is_cut or feed.is_silent(heard))

    async def price(self, connection_id: str, instrument_id: str) -> Ticker:
        """Return a ticker at most 5 s old, for valuing; raises when the broker cannot be asked."""
        quote = self.quote(connection_id, instrument_id)
        if quote is not None and not quote.is_stale:
            return quote.ticker
        key, now_ns = (connection_id, instrument_id), self._clock.monotonic_ns()
        known = self._priced.get(key)
        if known is not None and now_ns - known[1] <= PRICE_AGE_NS:
            return known[0]
        ticker = await self._adapter(connection_id).get_ticker(instrument_id)
        self._priced[key] = (ticker, now_ns)
        return ticker

    async def subscribe(
        self, connection_id: str, subscription: MarketSubscription, listener: MarketListener
    ) -> Unsubscribe:
        """Let ``listener`` hear a live feed until the returned function is awaited.

        The feed survives reconnects. Bars shorter than the broker's shortest are made of its
        trades. Raises ``NotFound``, ``NotConnected``, ``Unsupported``.
        """
        feed = self._feed(connection_id)
        adapter = self._adapter(connection_id)
        await feed.follow(adapter)
        if not _is_made_of_trades(adapter, await look_up(adapter, subscription.instrument_id), subscription):
            await feed.add(adapter, subscription, listener)
            return lambda: feed.remove(subscription, listener)
        return await self._subscribe_trade_bars(feed, adapter, subscription, listener)

    async def _subscribe_trade_bars(
        self, feed: MarketFeed, adapter: BrokerAdapter, subscription: MarketSubscription, listener: MarketListener
    ) -> Unsubscribe:
        timeframe = subscription.timeframe or Timeframe.M1
        bars = TradeBars(subscription.instrument_id, timeframe, listener=listener, clock=self._clock)
        trades = MarketSubscription(feed=Feed.TRADES, instrument_id=subscription.instrument_id)
        hear = bars.hear
        await feed.add(adapter, trades, hear)
        self._trade_bars.add(bars)

        async def unsubscribe() -> None:
            self._trade_bars.discard(bars)
            await feed.remove(trades, hear)

        return unsubscribe

    def _adapter(self, connection_id: str) -> BrokerAdapter:
        return self._connections.session(connection_id).adapter

    def _feed(self, connection_id: str) -> MarketFeed:
        self._connections.session(connection_id)
        return self._feeds.setdefault(connection_id, MarketFeed(connection_id, self._clock))

    async def _close_bars(self) -> None:
        while True:
            await asyncio.sleep(CLOSE_BARS_EVERY_S)
            for bars in tuple(self._trade_bars):
                bars.close_due()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            for connection_id, feed in list(self._feeds.items()):
                session = self._running(connection_id)
                await feed.follow(session.adapter if session else None)

    def _running(self, connection_id: str) -> Session | None:
        try:
            return self._connections.session(connection_id)
        except (NotFound, NotConnected):
            return None


def _is_made_of_trades(adapter: BrokerAdapter, instrument: Instrument, subscription: MarketSubscription) -> bool:
    """Tell whether bars are shorter than the shortest that the broker serves."""
    if subscription.feed is not Feed.BARS or subscription.timeframe is None:
        return False
    product = adapter.capabilities.products.get(product_label(instrument))
    served = () if product is None else product.timeframes
    return bool(served) and subscription.timeframe.length_ns < min(timeframe.length_ns for timeframe in served)


def _served_timeframe(adapter: BrokerAdapter, instrument: Instrument, timeframe: Timeframe) -> Timeframe:
    """Return the length itself where it is served, else the longest served one that fits into it."""
    product = adapter.capabilities.products.get(product_label(instrument))
    if product is None or timeframe in product.timeframes:
        return timeframe
    fitting = [
        served
        for served in product.timeframes
        if served.length_ns < timeframe.length_ns and timeframe.length_ns % served.length_ns == 0
    ]
    return max(fitting, key=lambda served: served.length_ns, default=timeframe)
