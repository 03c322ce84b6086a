"""The book of one instrument."""

from collections.abc import Hashable
from copy import copy
from typing import Final

from edgerunner.adapters.broker import Feed as FeedKind
from edgerunner.adapters.broker import MarketSubscription
from edgerunner.adapters.buffers import MarketBuffer, WallClock
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.depth_book import DepthBook
from edgerunner.adapters.ibkr.ears import RowChange
from edgerunner.adapters.ibkr.feed import Feed
from edgerunner.adapters.ibkr.instrument_ids import SMART
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.link import Link
from edgerunner.domain.market import Depth

DEPTH_ROWS: Final = 20
_RESET: Final = 317
_NO_BOOK: Final = 10092


class DepthFeed(Feed):
    """The best rows of both sides; SMART's are those of all exchanges together."""

    def __init__(self, listing: Listing, buffer: MarketBuffer, link: Link, clock: WallClock) -> None:
        super().__init__(
            MarketSubscription(feed=FeedKind.DEPTH, instrument_id=listing.instrument.instrument_id), listing
        )
        self._buffer = buffer
        self._link = link
        self._clock = clock
        self._book = DepthBook(DEPTH_ROWS)
        self._key: Hashable = (FeedKind.DEPTH, listing.instrument.instrument_id)
        self._event_ns = self._arrival_ns = 0
        self._is_shown = False
        self._is_smart = listing.contract.exchange == SMART
        self._api: Api | None = None

    def request(self, api: Api, request_id: int) -> None:
        """Ask for the rows, of all exchanges where TWS adds them up, else of the primary one."""
        self._api = api
        contract = copy(self.listing.contract)
        if not self._is_smart and contract.exchange == SMART:
            contract.exchange = contract.primaryExchange
        api.client.reqMktDepth(request_id, contract, DEPTH_ROWS, self._is_smart, [])

    def cancel(self, api: Api, request_id: int) -> None:
        """Give the book back; TWS allows few at once."""
        api.client.cancelMktDepth(request_id, self._is_smart)

    def lost(self) -> None:
        """Forget the book."""
        self._book.clear()
        self._buffer.forget(self._key)

    def on_depth(self, change: RowChange) -> None:
        """Take a change."""
        self._book.apply(change)
        self._event_ns, self._arrival_ns = self._link.now_ns(), self._clock.time_ns()
        self.answered.set()
        if self._is_shown:
            self._buffer.changed(self._key, self.depth)

    def on_error(self, code: int, text: str) -> None:
        """Empty the book when TWS says so (317): it is told anew."""
        if code == _RESET:
            self._book.clear()
        elif code == _NO_BOOK and self._is_smart and self.listing.contract.primaryExchange and self._api is not None:
            self._is_smart = False
            self.begin(self._api)
        else:
            super().on_error(code, text)

    def show(self, *, is_shown: bool) -> None:
        """Stream the book, or run for single questions only; a stream begins with what is known."""
        if is_shown and not self._is_shown and not self._book.is_empty:
            self._buffer.changed(self._key, self.depth)
        self._is_shown = is_shown

    @property
    def is_heard(self) -> bool:
        """Tell whether anything is known."""
        return not self._book.is_empty

    @property
    def is_complete(self) -> bool:
        """Tell whether both sides are there."""
        return all(self._book.levels())

    def depth(self) -> Depth | None:
        """Return the book as it stands, None while it is empty."""
        if self._book.is_empty:
            return None
        bids, asks = self._book.levels()
        return Depth(
            instrument_id=self.listing.instrument.instrument_id,
            bids=bids,
            asks=asks,
            sequence=None,
            ts_event_ns=self._event_ns,
            ts_arrival_ns=self._arrival_ns,
        )
