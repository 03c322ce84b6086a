"""Bybit's public market data alone: no key, no account, nothing signed."""

import asyncio
import random as random_module
from collections.abc import Mapping, Sequence
from typing import Final

from edgerunner.adapters.background import Background
from edgerunner.adapters.broker import (
    Capabilities,
    Environment,
    LinkStatus,
)
from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer
from edgerunner.adapters.bybit.capabilities import capabilities
from edgerunner.adapters.bybit.instruments import Catalogue
from edgerunner.adapters.bybit.market import MarketReader
from edgerunner.adapters.bybit.market_session import MarketSession
from edgerunner.adapters.bybit.options import Options, parse_options
from edgerunner.adapters.bybit.public import PublicStreams
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.transport import Transport
from edgerunner.domain.accounts import Account

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
        self.market_updates = MarketBuffer()
        self.market = MarketReader(transport.rest, transport.clock)
        self.public = PublicStreams(
            transport, catalogue=self.catalogue, buffer=self.market_updates, on_health=self._on_health
        )
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
        await self.public.stop()
        await self.transport.rest.stop()
        self.updates.close()
        self.market_updates.close()

    def _on_health(self, status: LinkStatus, reason: str | None, latency_ms: float | None) -> None:
        self.updates.health("data", status, reason=reason, latency_ms=latency_ms)

    async def _keep_clock(self) -> None:
        while True:
            await asyncio.sleep(_CLOCK_STEP_S)
            await self.transport.rest.keep_clock()


class BybitMarketData(MarketSession[_Open]):
    """One session with Bybit's public interfaces; every method is that of ``MarketDataAdapter``."""

    def __init__(self, options: Options, *, clock: Clock, random: random_module.Random) -> None:
        super().__init__("Bybit's market data")
        self._options = options
        self._clock = clock
        self._random = random

    def __repr__(self) -> str:
        return f"BybitMarketData({self._options.endpoints.rest!r})"

    @property
    def capabilities(self) -> Capabilities:
        """Return what Bybit offers; of it only market data counts here."""
        return capabilities(None)

    async def connect(self) -> Sequence[Account]:
        """Load the instruments; there are no accounts. Raises a ``BrokerError``, and ``Conflict`` when open."""
        self._require_closed()
        session = _Open(Transport(self._options, None, clock=self._clock, random=self._random))
        try:
            await session.start()
        except BaseException:
            await session.close()
            raise
        self._open = session
        return []
