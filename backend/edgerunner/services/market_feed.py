"""Live market data of one connection: who wants what, the reader of the broker's stream, newest quotes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from edgerunner.adapters.broker import BrokerAdapter, Feed, MarketSubscription, MarketUpdate, subscription_of
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.market import Ticker
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task

_log = structlog.get_logger(__name__)

STALE_AFTER_NS = 10_000_000_000
RETRY_S = 1.0

MarketListener = Callable[[MarketUpdate], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardTicker:
    """A streamed ticker and when it got here by the monotonic clock."""

    ticker: Ticker
    arrived_ns: int


class MarketFeed:
    """Keeps the broker's live feeds equal to what listeners want; outlives the sessions it reads.

    Subscriptions are counted: the broker sees one per feed, however many listen.
    """

    def __init__(self, connection_id: str, clock: Clock) -> None:
        self.connection_id = connection_id
        self._clock = clock
        self._listeners: dict[MarketSubscription, list[MarketListener]] = {}
        self._heard: dict[str, HeardTicker] = {}
        self._changing = asyncio.Lock()
        self._following = asyncio.Lock()
        self._adapter: BrokerAdapter | None = None
        self._reader: asyncio.Task[None] | None = None

    def heard(self, instrument_id: str) -> HeardTicker | None:
        """Return the newest streamed ticker while its quotes are subscribed."""
        return self._heard.get(instrument_id)

    def is_silent(self, heard: HeardTicker) -> bool:
        """Tell whether a ticker got no successor for 10 s."""
        return self._clock.monotonic_ns() - heard.arrived_ns > STALE_AFTER_NS

    async def follow(self, adapter: BrokerAdapter | None) -> None:
        """Read this session's stream from now on; None = there is no session at the moment."""
        async with self._following:
            if adapter is self._adapter:
                return
            await self._end_reader()
            self._adapter = adapter
            if adapter is not None:
                self._reader = asyncio.create_task(self._read(adapter), name=f"market-{self.connection_id}")

    async def stop(self) -> None:
        """End the reader; listeners stay."""
        await self.follow(None)

    async def _end_reader(self) -> None:
        reader, self._reader = self._reader, None
        self._heard.clear()
        await end_task(reader)

    async def add(self, adapter: BrokerAdapter, subscription: MarketSubscription, listener: MarketListener) -> None:
        """Let ``listener`` hear a feed; raises what the broker says against it, and then hears nothing."""
        async with self._changing:
            listeners = self._listeners.setdefault(subscription, [])
            listeners.append(listener)
            if len(listeners) > 1:
                return
            try:
                await adapter.subscribe(list(self._listeners))
            except BaseException:
                del self._listeners[subscription]
                raise

    async def remove(self, subscription: MarketSubscription, listener: MarketListener) -> None:
        """Let ``listener`` hear a feed no more; an unknown one is no error."""
        async with self._changing:
            listeners = self._listeners.get(subscription, [])
            if listener not in listeners:
                return
            listeners.remove(listener)
            if listeners:
                return
            del self._listeners[subscription]
            if subscription.feed is Feed.QUOTES:
                self._heard.pop(subscription.instrument_id, None)
            if self._adapter is not None:
                await self._drop(self._adapter)

    async def _drop(self, adapter: BrokerAdapter) -> None:
        """Tell the broker what is left; a feed that stays on costs traffic, nothing else."""
        try:
            await adapter.subscribe(list(self._listeners))
        except EdgerunnerError as error:
            _log.warning("unsubscribe_failed", connection_id=self.connection_id, reason=error.detail)

    async def _read(self, adapter: BrokerAdapter) -> None:
        """Subscribe what is wanted and hand out what comes, until the session ends."""
        while True:
            try:
                async with self._changing:
                    if self._listeners:
                        await adapter.subscribe(list(self._listeners))
                async for update in adapter.stream_market_data():
                    self._hand_out(update)
            except EdgerunnerError as error:
                _log.warning("market_data_interrupted", connection_id=self.connection_id, reason=error.detail)
                await asyncio.sleep(RETRY_S)
            else:
                return

    def _hand_out(self, update: MarketUpdate) -> None:
        subscription = subscription_of(update)
        listeners = self._listeners.get(subscription)
        if listeners is None:
            return
        if isinstance(update, Ticker):
            heard = HeardTicker(ticker=update, arrived_ns=self._clock.monotonic_ns())
            self._heard[update.instrument_id] = heard
        for listener in tuple(listeners):
            try:
                listener(update)
            except Exception:  # noqa: BLE001 - one reader's defect must not silence the others
                _log.exception("market_listener_failed", connection_id=self.connection_id)
