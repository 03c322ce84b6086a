"""What Bybit tells about markets, asked of whatever session is open: with a key or without."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Generic, Protocol, TypeVar

from edgerunner.adapters.broker import BrokerUpdate, MarketSubscription, MarketUpdate
from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer
from edgerunner.adapters.bybit.instruments import Catalogue
from edgerunner.adapters.bybit.market import MarketReader
from edgerunner.adapters.bybit.public import PublicStreams
from edgerunner.domain.errors import Conflict, NotConnected
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe


class MarketParts(Protocol):
    """The parts of an open session that tell about markets."""

    catalogue: Catalogue
    market: MarketReader
    public: PublicStreams
    updates: UpdateBuffer
    market_updates: MarketBuffer

    async def close(self) -> None:
        """Close everything."""


P = TypeVar("P", bound=MarketParts)


class MarketSession(Generic[P]):
    """The methods of ``MarketDataAdapter`` but ``capabilities`` and ``connect``; a subclass opens ``_open``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: P | None = None

    async def disconnect(self) -> None:
        """Close everything; running streams end. Idempotent."""
        session, self._open = self._open, None
        if session is not None:
            await session.close()

    def get_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument; raises ``NotFound``."""
        return self._session.catalogue.get(instrument_id).instrument

    async def search_instruments(self, query: str) -> Sequence[Instrument]:
        """Return instruments whose id, symbol or base contains ``query``."""
        return self._session.catalogue.search(query)

    async def get_chart_data(
        self,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return bars that open in [start, end), oldest first."""
        session = self._session
        listing = session.catalogue.get(instrument_id)
        return await session.market.bars(listing, timeframe, start_ns=start_ns, end_ns=end_ns, limit=limit)

    async def get_ticker(self, instrument_id: str) -> Ticker:
        """Return the newest quote."""
        session = self._session
        return await session.market.ticker(session.catalogue.get(instrument_id))

    async def get_depth(self, instrument_id: str, levels: int) -> Depth:
        """Return the best levels of both sides."""
        session = self._session
        return await session.market.depth(session.catalogue.get(instrument_id), levels)

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:
        """Return past funding rates and the next one."""
        session = self._session
        return await session.market.funding(session.catalogue.get(instrument_id), limit)

    def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        """Yield what the session has to tell as it arrives: of public data the health of the link."""
        return self._session.updates.read()

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these."""
        await self._session.public.subscribe(subscriptions)

    def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        """Yield live market data."""
        return self._session.market_updates.read()

    def _require_closed(self) -> None:
        if self._open is not None:
            raise Conflict(f"{self._name} is connected already")

    @property
    def _session(self) -> P:
        if self._open is None:
            raise NotConnected(f"{self._name} is not connected")
        return self._open
