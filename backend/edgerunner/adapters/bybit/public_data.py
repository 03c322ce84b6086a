"""Bybit's public market data alone: no key, no account, nothing signed."""

import asyncio
import random as random_module
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final

from edgerunner.adapters.broker import (
    BrokerUpdate,
    Capabilities,
    Environment,
    LinkStatus,
    MarketSubscription,
    MarketUpdate,
)
from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer
from edgerunner.adapters.bybit.background import Background
from edgerunner.adapters.bybit.capabilities import capabilities
from edgerunner.adapters.bybit.instruments import Catalogue
from edgerunner.adapters.bybit.market import MarketReader
from edgerunner.adapters.bybit.options import Options, parse_options
from edgerunner.adapters.bybit.public import PublicStreams
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.transport import Transport
from edgerunner.domain.accounts import Account
from edgerunner.domain.errors import Conflict, NotConnected
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe

_CLOCK_STEP_S: Final = 60.0


def create_bybit_market_data(
    *, environment: Environment, options: Mapping[str, object], clock: Clock, random: random_module.Random
) -> "BybitMarketData":
    """Return a session that is not connected yet; raises ``InvalidRequest`` naming every wrong option."""
    return BybitMarketData(parse_options(environment, options), clock=clock, random=random)


class _Open:
    """The parts of an open session."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.catalogue = Catalogue(transport.rest)
        self.updates = UpdateBuffer(transport.clock)
        self.buffer = MarketBuffer()
        self.market = MarketReader(transport.rest, transport.clock)
        self.streams = PublicStreams(transport, catalogue=self.catalogue, buffer=self.buffer, on_health=self._on_health)
        self._background = Background()

    async def start(self) -> None:
        rest = self.transport.rest
        await rest.start()
        await rest.measure_clock()
        await self.catalogue.load()
        self._on_health(LinkStatus.UP, None, rest.server_clock.round_trip_ms)
        self._background.start(self._keep_clock())

    async def close(self) -> None:
        await self._background.stop()
        await self.streams.stop()
        await self.transport.rest.stop()
        self.updates.close()
        self.buffer.close()

    def _on_health(self, status: LinkStatus, reason: str | None, latency_ms: float | None) -> None:
        self.updates.health("data", status, reason=reason, latency_ms=latency_ms)

    async def _keep_clock(self) -> None:
        while True:
            await asyncio.sleep(_CLOCK_STEP_S)
            await self.transport.rest.keep_clock()


class BybitMarketData:
    """One session with Bybit's public interfaces; every method is that of ``MarketDataAdapter``."""

    def __init__(self, options: Options, *, clock: Clock, random: random_module.Random) -> None:
        self._options = options
        self._clock = clock
        self._random = random
        self._open: _Open | None = None

    def __repr__(self) -> str:
        return f"BybitMarketData({self._options.endpoints.rest!r})"

    @property
    def capabilities(self) -> Capabilities:
        """Return what Bybit offers; of it only market data counts here."""
        return capabilities(None)

    async def connect(self) -> Sequence[Account]:
        """Load the instruments; there are no accounts. Raises a ``BrokerError``, and ``Conflict`` when open."""
        if self._open is not None:
            raise Conflict("the market data is connected already")
        session = _Open(Transport(self._options, None, clock=self._clock, random=self._random))
        try:
            await session.start()
        except BaseException:
            await session.close()
            raise
        self._open = session
        return []

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
        """Yield the health of the data link."""
        return self._session.updates.read()

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these."""
        await self._session.streams.subscribe(subscriptions)

    def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        """Yield live market data."""
        return self._session.buffer.read()

    @property
    def _session(self) -> _Open:
        if self._open is None:
            raise NotConnected("Bybit's market data is not connected")
        return self._open
