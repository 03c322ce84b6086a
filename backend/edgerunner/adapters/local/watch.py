"""Live market data of the connection: handed on to its reader, and to the orders that work on it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Final

import structlog

from edgerunner.adapters.broker import (
    BarUpdate,
    Feed,
    MarketDataAdapter,
    MarketSubscription,
    MarketUpdate,
    product_label,
    subscription_of,
)
from edgerunner.adapters.buffers import MarketBuffer, WallClock
from edgerunner.domain.errors import BrokerError, EdgerunnerError, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Depth, MarketTrade, Ticker

_log = structlog.get_logger(__name__)

RETRY_S: Final = 1.0
ASK_AFTER_NS: Final = 10**9
"""Age from which the market is asked for before an order meets it."""

ASK_TIMEOUT_S: Final = 3.0
NEEDED_TIMEOUT_S: Final = 4.0
"""How long an order that has no market to meet waits for one; less than what the order service allows a check."""

ASK_AGAIN_S: Final = 0.25
SILENCE_NS: Final = 2 * 10**9
"""How long a broker that did not answer is not asked again."""
DEPTH: Final = 50


class MarketWatch:
    """Keeps the feeds equal to what the reader wants and what the account needs; ``start`` and ``stop`` bound it."""

    def __init__(
        self, data: MarketDataAdapter, *, on_update: Callable[[MarketUpdate], Awaitable[None]], clock: WallClock
    ) -> None:
        self._data = data
        self._on_update = on_update
        self._clock = clock
        self.buffer = MarketBuffer()
        self._wanted: frozenset[MarketSubscription] = frozenset()
        self._watched: frozenset[str] = frozenset()
        self._served: frozenset[MarketSubscription] = frozenset()
        self._changed = asyncio.Event()
        self._subscribing = asyncio.Lock()
        self._heard_ns: dict[str, int] = {}
        self._silent_ns: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to read."""
        self._tasks = [
            asyncio.create_task(self._read(), name="local-market"),
            asyncio.create_task(self._keep_subscribed(), name="local-subscriptions"),
        ]

    async def stop(self) -> None:
        """End; the reader's stream ends, too. Idempotent."""
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.buffer.close()

    def watch(self, instrument_ids: frozenset[str]) -> None:
        """Let the account hear these instruments, soon."""
        if instrument_ids != self._watched:
            self._watched = instrument_ids
            self._changed.set()

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the reader's feeds exactly these; raises ``NotFound`` or ``Unsupported`` and then changes nothing."""
        wanted = frozenset(subscriptions)
        async with self._subscribing:
            await self._serve(wanted | self._needed())
            self._wanted = wanted

    async def ask(self, instrument: Instrument, *, is_needed: bool = False) -> None:
        """Have a book and quote at most a second old, if the broker answers.

        ``is_needed``: an order has no market to meet: newer ones, asked for again until the broker answers or the
        time is over. What does not answer is logged: orders then wait for the stream, or are refused as stale.
        """
        instrument_id = instrument.instrument_id
        now_ns = self._clock.time_ns()
        is_heard = now_ns - self._heard_ns.get(instrument_id, 0) <= ASK_AFTER_NS
        is_silent = now_ns - self._silent_ns.get(instrument_id, 0) <= SILENCE_NS
        if not is_needed and (is_heard or is_silent):
            return
        error: BrokerError | TimeoutError | None = None
        try:
            async with asyncio.timeout(NEEDED_TIMEOUT_S if is_needed else ASK_TIMEOUT_S):
                while (error := await self._failure(instrument)) is not None and is_needed:  # noqa: ASYNC110 - no event
                    await asyncio.sleep(ASK_AGAIN_S)
        except TimeoutError as late:
            error = error or late
        if error is not None:
            self._silent_ns[instrument_id] = self._clock.time_ns()
            _log.warning("market_not_answering", instrument_id=instrument_id, reason=repr(error))

    async def _failure(self, instrument: Instrument) -> BrokerError | None:
        """Ask once, and return why the broker did not answer."""
        try:
            await self._hear(await self._data.get_ticker(instrument.instrument_id))
            if self.has_depth(instrument):
                await self._hear(await self._data.get_depth(instrument.instrument_id, DEPTH))
        except BrokerError as error:
            return error
        return None

    def has_depth(self, instrument: Instrument) -> bool:
        """Tell whether the connection shows more than the best quote of an instrument."""
        product = self._data.capabilities.products.get(product_label(instrument))
        return product is not None and product.depth_levels > 1

    def _needed(self) -> frozenset[MarketSubscription]:
        found: set[MarketSubscription] = set()
        for instrument_id in self._watched:
            feeds = {Feed.QUOTES, Feed.TRADES}
            with suppress(EdgerunnerError):  # not listed any more: nothing to hear
                if self.has_depth(self._data.get_instrument(instrument_id)):
                    feeds.add(Feed.DEPTH)
                found |= {MarketSubscription(feed=feed, instrument_id=instrument_id) for feed in feeds}
        return frozenset(found)

    async def _serve(self, subscriptions: frozenset[MarketSubscription]) -> None:
        if subscriptions != self._served:
            await self._data.subscribe(subscriptions)
            self._served = subscriptions

    async def _keep_subscribed(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                async with self._subscribing:
                    await self._serve(self._wanted | self._needed())
            except (BrokerError, Unsupported) as error:
                _log.warning("local_subscription_failed", reason=error.detail)
                self._changed.set()
                await asyncio.sleep(RETRY_S)

    async def _read(self) -> None:
        """Hand out what comes; a defect in one update must not silence the rest."""
        async for update in self._data.stream_market_data():
            self._hand_on(update)
            if update.instrument_id not in self._watched or isinstance(update, BarUpdate):
                continue
            try:
                await self._hear(update)
            except EdgerunnerError as error:
                _log.error("market_update_not_booked", instrument_id=update.instrument_id, reason=error.detail)
            except Exception:  # noqa: BLE001 - the root of this reader: log whole, go on
                _log.exception("market_update_failed", instrument_id=update.instrument_id)

    async def _hear(self, update: MarketUpdate) -> None:
        if isinstance(update, Depth) or (isinstance(update, Ticker) and not self._has_depth(update.instrument_id)):
            self._heard_ns[update.instrument_id] = self._clock.time_ns()
        await self._on_update(update)

    def _has_depth(self, instrument_id: str) -> bool:
        return self.has_depth(self._data.get_instrument(instrument_id))

    def _hand_on(self, update: MarketUpdate) -> None:
        key = subscription_of(update)
        if key not in self._wanted:
            return
        if isinstance(update, MarketTrade) or (isinstance(update, BarUpdate) and update.bar.is_complete):
            self.buffer.add(update, replaces=key)
        else:
            self.buffer.changed(key, lambda: update)
