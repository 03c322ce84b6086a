"""A live feed of one instrument: one request to TWS, begun, ended, and begun again on the next connection."""

import asyncio
from abc import ABC, abstractmethod
from typing import Final

import structlog

from edgerunner.adapters.broker import MarketSubscription
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.ears import Sink
from edgerunner.adapters.ibkr.instruments import Listing

_log = structlog.get_logger(__name__)

DELAYED_INSTEAD: Final = 10167
_ENDS_FEED: Final = {
    101: "too many market data lines",
    200: "no such contract",
    309: "too many books at once",
    321: "refused",
    354: "no right to these market data",
    420: "no right, or asked too often",
    10089: "no right to these market data",
    10092: "TWS has no book of this contract",
    10168: "no right to live data, and delayed ones are not switched on",
    10182: "live bars ended",
    10186: "no right to these market data, and delayed ones are not switched on",
    10189: "no right to the tape",
    10190: "too many tick-by-tick feeds",
    10197: "another session of this log-in has the live data",
}
"""Codes after which nothing comes on a request, and what they mean."""

LATER: Final = frozenset({101, 309, 420, 10182, 10190, 10197})
"""Those that time, or giving something back, can cure."""


class Feed(Sink, ABC):
    """One request for live data.

    Attributes:
        answered: Set when TWS has taken the request, or refused it.
        refusal: Code and text when nothing will come, or None.
    """

    def __init__(self, subscription: MarketSubscription, listing: Listing) -> None:
        self.subscription = subscription
        self.listing = listing
        self.answered = asyncio.Event()
        self.refusal: tuple[int, str] | None = None
        self._request_id: int | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether TWS was asked and has not refused."""
        return self._request_id is not None and self.refusal is None

    def begin(self, api: Api) -> None:
        """Ask for the feed; raises ``NotConnected``."""
        self.refusal = None
        self.answered.clear()
        if self._request_id is not None:
            api.unlisten(self._request_id)
        self._request_id = api.listen(self)
        self.request(api, self._request_id)

    def end(self, api: Api | None) -> None:
        """Give the feed back; None = its connection is gone, and the feed with it."""
        request_id, self._request_id = self._request_id, None
        if api is not None and request_id is not None:
            api.unlisten(request_id)
            if self.refusal is None:
                self.cancel(api, request_id)
        self.lost()

    @abstractmethod
    def request(self, api: Api, request_id: int) -> None:
        """Send the request."""

    @abstractmethod
    def cancel(self, api: Api, request_id: int) -> None:
        """Send the end of the request."""

    @abstractmethod
    def lost(self) -> None:
        """Forget what belonged to the connection."""

    def why_not(self) -> str | None:
        """Return in words why nothing comes, or None."""
        if self.refusal is None:
            return None
        code, text = self.refusal
        return f"{self.listing.instrument.instrument_id}: {_ENDS_FEED.get(code, 'refused')} ({code}: {text})"

    def on_data_type(self, data_type: int) -> None:  # noqa: ARG002 - the kind matters to quotes alone
        """TWS has taken the request."""
        self.answered.set()

    def on_error(self, code: int, text: str) -> None:
        """Note that nothing will come; other codes are remarks."""
        instrument_id = self.listing.instrument.instrument_id
        if code in _ENDS_FEED:
            self.refusal = (code, text)
            self.answered.set()
            _log.warning("feed_refused", instrument_id=instrument_id, feed=self.subscription.feed, code=code, text=text)
        else:
            _log.info("feed_remark", instrument_id=instrument_id, feed=self.subscription.feed, code=code, text=text)
