"""The part of the adapter contract that tells about markets: what local execution needs of a connection.

Every ``BrokerAdapter`` has it. A broker whose prices are public can also offer it alone, without any account.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Protocol

from edgerunner.adapters.broker import BrokerUpdate, Capabilities, MarketSubscription, MarketUpdate
from edgerunner.domain.accounts import Account
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe


class MarketDataAdapter(Protocol):
    """One session that tells about markets; each method is that of ``BrokerAdapter``."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what this connection can do; of it only market data counts."""
        ...

    async def connect(self) -> Sequence[Account]:
        """Open the session; the accounts behind it, none for public data."""
        ...

    async def disconnect(self) -> None:
        """Close everything; running streams end. Idempotent."""
        ...

    def get_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument; raises ``NotFound``."""
        ...

    async def search_instruments(self, query: str) -> Sequence[Instrument]:
        """Return instruments whose id, symbol or base contains ``query``; all for an empty one."""
        ...

    async def get_chart_data(
        self,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return bars oldest first."""
        ...

    async def get_ticker(self, instrument_id: str) -> Ticker:
        """Return the newest quote, last, mark and index price."""
        ...

    async def get_depth(self, instrument_id: str, levels: int) -> Depth:
        """Return at least the best ``levels`` of both sides, or all there are."""
        ...

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:
        """Return past funding rates and the next one."""
        ...

    def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        """Yield the health of the ``data`` link, and whatever else the session has to tell."""
        ...

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these."""
        ...

    def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        """Yield live market data; one reader."""
        ...
