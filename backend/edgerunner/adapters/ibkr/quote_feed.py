"""Quotes of one instrument from TWS's ticks."""

from collections.abc import Hashable
from typing import Final

from edgerunner.adapters.broker import Feed as FeedKind
from edgerunner.adapters.broker import MarketSubscription
from edgerunner.adapters.buffers import MarketBuffer, WallClock
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.feed import Feed
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.link import Link
from edgerunner.adapters.ibkr.values import NS_PER_S, number, price
from edgerunner.domain.instruments import Product
from edgerunner.domain.market import Ticker

_BID: Final = frozenset({1, 66})
_ASK: Final = frozenset({2, 67})
_LAST: Final = frozenset({4, 68})
_BID_SIZE: Final = frozenset({0, 69})
_ASK_SIZE: Final = frozenset({3, 70})
_MARK: Final = frozenset({37})
_LAST_TIME: Final = frozenset({45, 88})
"""Tick types, live and delayed. What else comes (highs, volumes, exchanges) is not used."""

_MARK_PRICE: Final = "221"
_NOTHING: Final = float("nan")


class QuoteFeed(Feed):
    """Best bid and ask, last and mark price. TWS stamps no quote: its time is that of its arrival."""

    def __init__(self, listing: Listing, buffer: MarketBuffer, link: Link, clock: WallClock) -> None:
        super().__init__(
            MarketSubscription(feed=FeedKind.QUOTES, instrument_id=listing.instrument.instrument_id), listing
        )
        self._buffer = buffer
        self._link = link
        self._clock = clock
        self._key: Hashable = (FeedKind.QUOTES, listing.instrument.instrument_id)
        self._told: Ticker | None = None
        self._is_shown = False
        self._forget()

    def request(self, api: Api, request_id: int) -> None:
        """Ask for streaming ticks, with the mark price where there is one."""
        generic = "" if self.listing.instrument.product is Product.FOREX else _MARK_PRICE
        api.client.reqMktData(request_id, self.listing.contract, generic, False, False, [])  # noqa: FBT003 - ib_async's

    def cancel(self, api: Api, request_id: int) -> None:
        """Give the market data line back."""
        api.client.cancelMktData(request_id)

    def lost(self) -> None:
        """Forget the quote."""
        self._forget()
        self._buffer.forget(self._key)

    def on_price(self, tick_type: int, value: float, size: float) -> None:
        """Take a price; bids and asks come with their size, 0 or -1 without one is no quote."""
        if tick_type in _BID:
            self._bid, self._bid_size = value, size
        elif tick_type in _ASK:
            self._ask, self._ask_size = value, size
        elif tick_type in _LAST:
            self._last, self._last_size = value, size
        elif tick_type in _MARK:
            self._mark = value
        else:
            return
        self._touch()

    def on_size(self, tick_type: int, size: float) -> None:
        """Take a size that changed alone."""
        if tick_type in _BID_SIZE and size != self._bid_size:
            self._bid_size = size
        elif tick_type in _ASK_SIZE and size != self._ask_size:
            self._ask_size = size
        else:
            return
        self._touch()

    def on_text(self, tick_type: int, text: str) -> None:
        """Take the time of the last trade, which delayed data are as old as."""
        if tick_type in _LAST_TIME and text.isdecimal():
            self._last_time_s = int(text)

    def on_data_type(self, data_type: int) -> None:
        """Note whether the data are delayed."""
        self._is_delayed = data_type in {3, 4}
        super().on_data_type(data_type)

    def show(self, *, is_shown: bool) -> None:
        """Stream the quotes, or run for single questions only; a stream begins with what is known."""
        if is_shown and not self._is_shown and self._arrival_ns:
            self._told = None
            self._buffer.changed(self._key, self._build)
        self._is_shown = is_shown

    @property
    def is_heard(self) -> bool:
        """Tell whether anything is known."""
        return self._arrival_ns > 0

    @property
    def is_complete(self) -> bool:
        """Tell whether both sides of the quote are known."""
        ticker = self.ticker()
        return ticker.bid is not None and ticker.ask is not None

    def ticker(self) -> Ticker:
        """Return what is known now."""
        stamp_ns = self._last_time_s * NS_PER_S if self._is_delayed and self._last_time_s else self._event_ns
        return Ticker(
            instrument_id=self.listing.instrument.instrument_id,
            bid=price(self._bid, self._bid_size),
            ask=price(self._ask, self._ask_size),
            bid_size=number(self._bid_size) if self._bid_size > 0 else None,
            ask_size=number(self._ask_size) if self._ask_size > 0 else None,
            last=price(self._last, 1),
            mark=price(self._mark, 1),
            index=None,
            ts_event_ns=stamp_ns,
            ts_arrival_ns=self._arrival_ns,
        )

    def _touch(self) -> None:
        self._event_ns, self._arrival_ns = self._link.now_ns(), self._clock.time_ns()
        self.answered.set()
        if self._is_shown:
            self._buffer.changed(self._key, self._build)

    def _build(self) -> Ticker | None:
        ticker = self.ticker()
        if ticker == self._told:
            return None
        self._told = ticker
        return ticker

    def _forget(self) -> None:
        self._bid = self._ask = self._last = self._mark = _NOTHING
        self._bid_size = self._ask_size = self._last_size = 0.0
        self._is_delayed = False
        self._last_time_s = 0
        self._event_ns = self._arrival_ns = 0
        self._told = None
