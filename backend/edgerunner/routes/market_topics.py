"""Live market data as channels: subscribed with the first reader, given up with the last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription, MarketUpdate
from edgerunner.domain.market import Bar, Depth, MarketTrade, Ticker
from edgerunner.routes.channels import MarketChannel
from edgerunner.routes.needs import Markets
from edgerunner.schemas.market import BarAnswer, DepthAnswer, MarketTradeAnswer, TickerAnswer
from edgerunner.schemas.scalars import format_time
from edgerunner.services.channel_state import ChannelState, Entry, Keep, ListState, ValueState
from edgerunner.services.hub import Channel, Hub
from edgerunner.services.market_service import Unsubscribe

DEPTH_LEVELS = 50
RECENT_TRADES = 100
RECENT_BARS = 10
"""Bars of a snapshot: a client that lagged still gets the final form of the ones that closed meanwhile."""


@dataclass(kw_only=True)
class _Live:
    target: MarketChannel
    unsubscribe: Unsubscribe
    is_stale: bool = False


class MarketTopics:
    """The market channels that are open. Callers serialise ``open`` and ``close`` per name."""

    def __init__(self, hub: Hub, markets: Markets) -> None:
        self._hub = hub
        self._markets = markets
        self._live: dict[str, _Live] = {}

    async def open(self, name: str, target: MarketChannel) -> Channel:
        """Subscribe at the broker and return the channel with its present state.

        Raises what the market service says against it: ``NotFound``, ``NotConnected``, ``Unsupported``...
        """
        await self.close(name)  # a closing that was interrupted
        state = _state_of(target.subscription.feed)
        channel = self._hub.open(name, state, is_conflated=True)
        unsubscribe: Unsubscribe | None = None
        try:
            unsubscribe = await self._markets.subscribe(target.connection_id, target.subscription, self._listener(name))
            await self._seed(target, state)
        except BaseException:
            self._hub.close(name)
            if unsubscribe is not None:
                await unsubscribe()
            raise
        self._live[name] = _Live(target=target, unsubscribe=unsubscribe)
        return channel

    async def close(self, name: str) -> None:
        """Give a channel up that nobody reads; interrupted, it is done again by the next ``open`` or ``close``."""
        live = self._live.get(name)
        self._hub.close(name)
        if live is not None:
            await live.unsubscribe()
            del self._live[name]

    async def close_all(self) -> None:
        """Give every channel up."""
        for name in list(self._live):
            await self.close(name)

    def publish_stale(self) -> None:
        """Say on quote channels that have fallen silent that their quote is old."""
        for name, live in self._live.items():
            if live.target.subscription.feed is not Feed.QUOTES or live.is_stale:
                continue
            quote = self._markets.quote(live.target.connection_id, live.target.subscription.instrument_id)
            if quote is not None and quote.is_stale:
                live.is_stale = True
                self._hub.publish(name, [_ticker_entry(quote.ticker, is_stale=True)])

    def _listener(self, name: str) -> Callable[[MarketUpdate], None]:
        def publish(update: MarketUpdate) -> None:
            live = self._live.get(name)
            if live is not None:
                live.is_stale = False
            self._hub.publish(name, [_entry(update)])

        return publish

    async def _seed(self, target: MarketChannel, state: ChannelState) -> None:
        """Put the present state under what has arrived meanwhile."""
        entries = await self._present(target.connection_id, target.subscription)
        match state:
            case ListState():
                newer = {entry.key for entry in state.entries()}
                state.reset([*(entry for entry in entries if entry.key not in newer), *state.entries()])
            case _ if entries and state.snapshot() == b"null":
                state.put(entries)

    async def _present(self, connection_id: str, subscription: MarketSubscription) -> Sequence[Entry]:
        instrument_id, timeframe = subscription.instrument_id, subscription.timeframe
        match subscription.feed:
            case Feed.QUOTES:
                quote = await self._markets.ticker(connection_id, instrument_id)
                return [_ticker_entry(quote.ticker, is_stale=quote.is_stale)]
            case Feed.DEPTH:
                return [_entry(await self._markets.depth(connection_id, instrument_id, DEPTH_LEVELS))]
            case Feed.BARS if timeframe is not None:
                bars = await self._markets.ohlc(connection_id, instrument_id, timeframe, limit=RECENT_BARS)
                return [_bar_entry(bar) for bar in bars]
            case _:
                return []


def _state_of(feed: Feed) -> ChannelState:
    match feed:
        case Feed.TRADES:
            return ListState("trades", recent=RECENT_TRADES)
        case Feed.BARS:
            return ListState("bars", recent=RECENT_BARS, is_newest_first=False)
        case _:
            return ValueState()


def _entry(update: MarketUpdate) -> Entry:
    match update:
        case Ticker():
            return _ticker_entry(update, is_stale=False)
        case Depth():
            return Entry(key="depth", body=DepthAnswer.of(update, DEPTH_LEVELS).model_dump_json().encode())
        case MarketTrade():
            body = MarketTradeAnswer.of(update).model_dump_json().encode()
            return Entry(key=update.trade_id, body=body, keep=Keep.RECENT)
        case BarUpdate():
            return _bar_entry(update.bar)


def _ticker_entry(ticker: Ticker, *, is_stale: bool) -> Entry:
    return Entry(key="ticker", body=TickerAnswer.of(ticker, is_stale=is_stale).model_dump_json().encode())


def _bar_entry(bar: Bar) -> Entry:
    return Entry(key=format_time(bar.open_ns), body=BarAnswer.of(bar).model_dump_json().encode(), keep=Keep.RECENT)
