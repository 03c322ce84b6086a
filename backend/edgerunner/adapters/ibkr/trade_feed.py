"""Trades of the tape, and bars of one second made of them."""

from collections.abc import Callable
from decimal import Decimal

from edgerunner.adapters.broker import BarUpdate, MarketSubscription
from edgerunner.adapters.broker import Feed as FeedKind
from edgerunner.adapters.buffers import MarketBuffer
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.feed import Feed
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.values import NS_PER_S, number
from edgerunner.domain.bars import BarAggregator
from edgerunner.domain.instruments import Product
from edgerunner.domain.market import Bar, MarketTrade, Ticker, Timeframe
from edgerunner.domain.orders import Side


def taker_side(price: Decimal, quote: Ticker | None, last: Decimal | None, last_side: Side) -> Side:
    """Return who most likely took: TWS does not tell.

    A trade nearer to the ask was a buyer's; one in the middle follows the last change of price (the rule of Lee and
    Ready, "Inferring Trade Direction from Intraday Data", 1991).
    """
    if quote is not None and quote.bid is not None and quote.ask is not None:
        middle = (quote.bid + quote.ask) / 2
        if price != middle:
            return Side.BUY if price > middle else Side.SELL
    if last is None or price == last:
        return last_side
    return Side.BUY if price > last else Side.SELL


class _Tape(Feed):
    """A tick-by-tick request: trades, or mid prices of currency pairs, which have no trades."""

    @property
    def _kind(self) -> str:
        return "MidPoint" if self.listing.instrument.product is Product.FOREX else "Last"

    def request(self, api: Api, request_id: int) -> None:
        """Ask for every tick."""
        api.client.reqTickByTickData(request_id, self.listing.contract, self._kind, 0, False)  # noqa: FBT003 - ib_async's

    def cancel(self, api: Api, request_id: int) -> None:
        """Give the feed back; TWS allows few at once."""
        api.client.cancelTickByTickData(request_id)

    def lost(self) -> None:
        """Nothing is kept."""


class TradeFeed(_Tape):
    """Public trades, each one."""

    def __init__(self, listing: Listing, buffer: MarketBuffer, quote: Callable[[], Ticker | None]) -> None:
        super().__init__(
            MarketSubscription(feed=FeedKind.TRADES, instrument_id=listing.instrument.instrument_id), listing
        )
        self._buffer = buffer
        self._quote = quote
        self._last: Decimal | None = None
        self._side = Side.BUY
        self._count = 0

    def on_trade(self, time_s: int, value: float, size: float) -> None:
        """Pass a trade on; TWS gives it no id and whole seconds."""
        exact, quantity = number(value), number(size)
        if exact is None or not quantity:
            return
        self._side = taker_side(exact, self._quote(), self._last, self._side)
        self._last = exact
        self._count += 1
        self.answered.set()
        self._buffer.add(
            MarketTrade(
                instrument_id=self.listing.instrument.instrument_id,
                trade_id=f"{time_s}-{self._count}",
                price=exact,
                quantity=quantity,
                side=self._side,
                ts_event_ns=time_s * NS_PER_S,
            )
        )


class SecondBars(_Tape):
    """Live bars of one second: TWS has none, so they are made of the tape."""

    def __init__(self, listing: Listing, buffer: MarketBuffer) -> None:
        instrument_id = listing.instrument.instrument_id
        super().__init__(
            MarketSubscription(feed=FeedKind.BARS, instrument_id=instrument_id, timeframe=Timeframe.S1), listing
        )
        self._buffer = buffer
        self._bars = BarAggregator(Timeframe.S1)

    def on_trade(self, time_s: int, value: float, size: float) -> None:
        """Add a trade."""
        self._add(time_s, value, number(size) or Decimal(0))

    def on_middle(self, time_s: int, value: float) -> None:
        """Add a mid price."""
        self._add(time_s, value, Decimal(0))

    def close_due(self, now_ns: int) -> None:
        """Close the bar that ended without a successor."""
        closed = self._bars.close_due(now_ns)
        if closed is not None:
            self._tell(closed)

    def _add(self, time_s: int, value: float, quantity: Decimal) -> None:
        exact = number(value)
        if exact is None:
            return
        self.answered.set()
        step = self._bars.add(price=exact, quantity=quantity, ts_ns=time_s * NS_PER_S)
        if step.closed is not None:
            self._tell(step.closed)
        if step.live is not None:
            self._tell(step.live)

    def _tell(self, bar: Bar) -> None:
        key = (FeedKind.BARS, self.listing.instrument.instrument_id, Timeframe.S1)
        update = BarUpdate(instrument_id=self.listing.instrument.instrument_id, timeframe=Timeframe.S1, bar=bar)
        if bar.is_complete:
            self._buffer.add(update, replaces=key)
        else:
            self._buffer.changed(key, lambda: update)
