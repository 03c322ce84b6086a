"""Live bars: a request for past bars that TWS keeps up to date."""

from collections.abc import Callable, Hashable
from typing import Final

from ib_async.objects import BarData

from edgerunner.adapters.broker import BarUpdate, MarketSubscription
from edgerunner.adapters.broker import Feed as FeedKind
from edgerunner.adapters.buffers import MarketBuffer
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.bar_words import EPOCH_DATES, WORDS, bar_of, is_regular_only, shown
from edgerunner.adapters.ibkr.feed import Feed
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.domain.bars import CLOSE_GRACE_NS
from edgerunner.domain.market import Bar, Timeframe
from edgerunner.domain.values import replace

SILENT_NS: Final = 600 * 1_000_000_000
"""How long a live request may say nothing before it is made anew: some end without a word at midnight or a restart."""


class BarFeed(Feed):
    """Bars of one length: the growing one conflated, closed ones each, and each once."""

    def __init__(
        self,
        listing: Listing,
        timeframe: Timeframe,
        buffer: MarketBuffer,
        now_ns: Callable[[], int],
        *,
        extended_hours: bool,
    ) -> None:
        instrument_id = listing.instrument.instrument_id
        super().__init__(
            MarketSubscription(feed=FeedKind.BARS, instrument_id=instrument_id, timeframe=timeframe), listing
        )
        self._timeframe = timeframe
        self._buffer = buffer
        self._now_ns = now_ns
        self._extended_hours = extended_hours
        self._past: list[Bar] = []
        self._growing: Bar | None = None
        self._closed_ns: int | None = None
        self._heard_ns = 0
        self._key: Hashable = (FeedKind.BARS, instrument_id, timeframe)

    def request(self, api: Api, request_id: int) -> None:
        """Ask for the newest bars and what follows."""
        self._past, self._heard_ns = [], self._now_ns()
        words, product = WORDS[self._timeframe], self.listing.instrument.product
        api.client.reqHistoricalData(
            request_id,
            self.listing.contract,
            "",
            words.start,
            words.size,
            shown(product),
            is_regular_only(product, extended_hours=self._extended_hours),
            EPOCH_DATES,
            True,  # noqa: FBT003 - keep up to date
            [],
        )

    def cancel(self, api: Api, request_id: int) -> None:
        """End the request."""
        api.client.cancelHistoricalData(request_id)

    def lost(self) -> None:
        """Forget the growing bar; which bars were told as closed is remembered, so that each is told once."""
        self._growing = None
        self._buffer.forget(self._key)

    def on_bar(self, bar: BarData) -> None:
        """Collect what the request begins with."""
        self._past.append(bar_of(bar, self._timeframe, self._now_ns()))

    def on_bars_end(self) -> None:
        """Begin to tell: what closed while nobody listened, and the bar that grows."""
        past, self._past = self._past, []
        self._heard_ns = self._now_ns()
        self.answered.set()
        if self._closed_ns is None:
            self._closed_ns = max((bar.open_ns for bar in past if bar.is_complete), default=-1)
        for bar in past:
            self._take(bar)

    def on_bar_update(self, bar: BarData) -> None:
        """Take the growing bar's new state, or the bar after it."""
        self._heard_ns = self._now_ns()
        self._take(bar_of(bar, self._timeframe, self._heard_ns))

    def close_due(self, now_ns: int) -> None:
        """Close the growing bar when it ended 2 s ago and no other has begun."""
        growing = self._growing
        if growing is not None and growing.open_ns + self._timeframe.length_ns + CLOSE_GRACE_NS <= now_ns:
            self._close(growing)

    def is_silent(self, now_ns: int) -> bool:
        """Tell whether nothing came for so long that the request may have ended."""
        return now_ns - self._heard_ns > max(SILENT_NS, 2 * self._timeframe.length_ns)

    def _take(self, bar: Bar) -> None:
        if self._closed_ns is not None and bar.open_ns <= self._closed_ns:
            return
        if self._growing is not None and bar.open_ns > self._growing.open_ns:
            self._close(self._growing)
        self._growing = bar
        self._buffer.changed(self._key, self._live)

    def _close(self, bar: Bar) -> None:
        self._closed_ns, self._growing = bar.open_ns, None
        self._buffer.add(self._update(replace(bar, is_complete=True)), replaces=self._key)

    def _live(self) -> BarUpdate | None:
        return None if self._growing is None else self._update(replace(self._growing, is_complete=False))

    def _update(self, bar: Bar) -> BarUpdate:
        return BarUpdate(instrument_id=self.listing.instrument.instrument_id, timeframe=self._timeframe, bar=bar)
