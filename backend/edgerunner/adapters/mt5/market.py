"""Quotes, depth and live bars of one terminal."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Final

import structlog

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription, MarketUpdate
from edgerunner.adapters.buffers import MarketBuffer
from edgerunner.adapters.mt5.catalogue import Catalogue
from edgerunner.adapters.mt5.history import TIMEFRAMES, History
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.terminal import Calls, Terminal
from edgerunner.adapters.mt5.values import decimal_of, price_or_none
from edgerunner.domain.errors import BrokerError, BrokerUnreachable, Unsupported
from edgerunner.domain.market import Bar, Depth, Ticker, Timeframe
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface.structs import BookInfo, Tick

_log = structlog.get_logger(__name__)

DEPTH_LEVELS: Final = 32
NO_TRADES: Final = (
    "MetaTrader 5 tells no tape of currencies and CFDs; of exchange symbols it tells last prices as ticks, "
    "which are not in this version"
)
DEPTH_S: Final = 0.5
BARS_S: Final = 1.0
_BUYS: Final = frozenset({mt5.BOOK_TYPE_BUY, mt5.BOOK_TYPE_BUY_MARKET})


class Market:
    """Answers single questions and keeps live feeds; ``start`` and ``stop`` bound its task."""

    def __init__(
        self,
        terminal: Terminal,
        calls: Calls,
        catalogue: Catalogue,
        history: History,
        *,
        clock: ServerClock,
        buffer: MarketBuffer,
        now_ns: Callable[[], int],
    ) -> None:
        self._terminal = terminal
        self._calls = calls
        self._catalogue = catalogue
        self._history = history
        self._clock = clock
        self._buffer = buffer
        self._now_ns = now_ns
        self._wanted: frozenset[MarketSubscription] = frozenset()
        self._booked: set[str] = set()
        self._bars: dict[MarketSubscription, Bar] = {}
        self._poller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, or go on after a break: what is wanted is asked for anew."""
        self._booked.clear()
        await self._terminal.watch(self._quoted())
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="mt5-market")

    async def stop(self) -> None:
        """End the feeds. Idempotent."""
        poller, self._poller = self._poller, None
        if poller is not None:
            poller.cancel()
            with suppress(asyncio.CancelledError):
                await poller

    async def ticker(self, listing: Listing) -> Ticker:
        """Return the newest quote; ``ts_event_ns`` tells how old it is: a closed market keeps its last one."""
        await self._catalogue.select(listing)
        tick = await self._calls.tick(listing.symbol)
        if tick is None or not tick.time_msc:
            raise BrokerUnreachable(f"{listing.symbol} has no price yet")
        return self._ticker(listing, tick)

    async def depth(self, listing: Listing) -> Depth:
        """Return the depth of market; raises ``Unsupported`` where the broker has none of the symbol."""
        await self._open_book(listing)
        rows = await self._calls.book(listing.symbol)
        if rows is None:
            raise BrokerUnreachable(f"the terminal does not show the depth of {listing.symbol} (yet)")
        return self._depth(listing, rows)

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these."""
        for each in subscriptions:
            listing = await self._catalogue.load(each.instrument_id)
            if each.feed is Feed.TRADES:
                raise Unsupported(NO_TRADES)
            if each.feed is Feed.BARS and each.timeframe not in TIMEFRAMES:
                raise Unsupported(f"MetaTrader 5 has no bars of {each.timeframe}")
            await self._catalogue.select(listing)
            if each.feed is Feed.DEPTH:
                await self._open_book(listing)
        gone, self._wanted = self._wanted - frozenset(subscriptions), frozenset(subscriptions)
        for each in gone:
            self._buffer.forget(each)
            self._bars.pop(each, None)
        await self._terminal.watch(self._quoted())

    def hear(self, symbol: str, ticks: Sequence[Tick]) -> None:
        """Take in ticks of a watched symbol."""
        listing = self._catalogue.of_symbol(symbol)
        if listing is None or not ticks:
            return
        subscription = MarketSubscription(feed=Feed.QUOTES, instrument_id=listing.instrument.instrument_id)
        if subscription in self._wanted:
            newest = ticks[-1]
            self._buffer.changed(subscription, lambda: self._ticker(listing, newest))

    def _quoted(self) -> frozenset[str]:
        ids = {each.instrument_id for each in self._wanted if each.feed is Feed.QUOTES}
        return frozenset(self._catalogue.get(instrument_id).symbol for instrument_id in ids)

    async def _open_book(self, listing: Listing) -> None:
        if not listing.info.ticks_bookdepth:
            raise Unsupported(f"this broker shows no depth of {listing.symbol}")
        if listing.symbol not in self._booked:
            await self._catalogue.select(listing)
            await self._calls.ask("market_book_add", listing.symbol)
            self._booked.add(listing.symbol)

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        next_bars = loop.time()
        while True:
            await asyncio.sleep(DEPTH_S)
            is_bar_time = loop.time() >= next_bars
            if is_bar_time:
                next_bars = loop.time() + BARS_S
            for each in self._wanted:
                try:
                    await self._read(each, is_bar_time=is_bar_time)
                except (BrokerError, Unsupported) as error:  # the link's own health tells of a broken one
                    _log.debug(
                        "mt5_feed_not_read", feed=each.feed, instrument_id=each.instrument_id, reason=error.detail
                    )

    async def _read(self, subscription: MarketSubscription, *, is_bar_time: bool) -> None:
        listing = self._catalogue.get(subscription.instrument_id)
        if subscription.feed is Feed.DEPTH:
            depth = await self.depth(listing)
            self._buffer.changed(subscription, lambda: depth)
        elif subscription.feed is Feed.BARS and is_bar_time and subscription.timeframe is not None:
            self._tell_bars(
                subscription, subscription.timeframe, await self._history.newest(listing, subscription.timeframe, 3)
            )

    def _tell_bars(self, subscription: MarketSubscription, timeframe: Timeframe, bars: Sequence[Bar]) -> None:
        """Queue what has closed since the last look, mark the growing bar."""
        before = self._bars.get(subscription)
        for bar in bars[:-1]:
            if before is not None and bar.open_ns >= before.open_ns:
                self._buffer.add(self._update(subscription, timeframe, bar), replaces=subscription)
        if bars:
            newest = bars[-1]
            self._bars[subscription] = newest
            self._buffer.changed(subscription, lambda: self._update(subscription, timeframe, newest))

    def _update(self, subscription: MarketSubscription, timeframe: Timeframe, bar: Bar) -> MarketUpdate:
        return BarUpdate(instrument_id=subscription.instrument_id, timeframe=timeframe, bar=bar)

    def _ticker(self, listing: Listing, tick: Tick) -> Ticker:
        step, instrument = listing.instrument.tick_size, listing.instrument
        bid, ask, last = (price_or_none(value, step) for value in (tick.bid, tick.ask, tick.last))
        try:
            ts_event_ns = self._clock.utc_ns(tick.time_msc)
        except ValueError as error:
            raise BrokerUnreachable(str(error)) from error
        return Ticker(
            instrument_id=instrument.instrument_id,
            bid=bid,
            ask=ask,
            bid_size=None,
            ask_size=None,
            last=last if last is not None else bid,
            mark=None,
            index=None,
            ts_event_ns=ts_event_ns,
            ts_arrival_ns=self._now_ns(),
        )

    def _depth(self, listing: Listing, rows: Sequence[BookInfo]) -> Depth:
        step = listing.instrument.tick_size
        priced = [
            (row.type in _BUYS, price_or_none(row.price, step), decimal_of(row.volume_dbl or row.volume))
            for row in rows
        ]
        bids = [(price, size) for is_buy, price, size in priced if is_buy and price is not None]
        asks = [(price, size) for is_buy, price, size in priced if not is_buy and price is not None]
        now_ns = self._now_ns()
        return Depth(
            instrument_id=listing.instrument.instrument_id,
            bids=tuple(sorted(bids, reverse=True)),
            asks=tuple(sorted(asks)),
            sequence=None,
            ts_event_ns=now_ns,
            ts_arrival_ns=now_ns,
        )
