"""Every channel of the stream by name, and the clocks behind them."""

import asyncio
from typing import Protocol

import structlog

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.routes.channels import BookChannel, MarketChannel, parse_channel
from edgerunner.services.ending import end_task
from edgerunner.services.hub import Channel, Hub
from edgerunner.services.key_locks import KeyLocks

HEARTBEAT_S = 5.0
SAMPLE_S = 0.25
"""How often figures that follow prices are looked at, while somebody reads them."""

_log = structlog.get_logger(__name__)


class Book(Protocol):
    """The channels of the book; once open they stay."""

    async def start(self) -> None:
        """Follow what the channels are about."""
        ...

    async def stop(self) -> None:
        """Follow nothing any more."""
        ...

    async def open(self, name: str, target: BookChannel) -> Channel:
        """Return a channel with its state up to date."""
        ...

    async def sample(self) -> None:
        """Publish what changed of the figures that somebody reads."""
        ...


class Market(Protocol):
    """The channels of market data; given up with their last reader."""

    async def open(self, name: str, target: MarketChannel) -> Channel:
        """Begin a feed and return its channel with its present state."""
        ...

    async def close(self, name: str) -> None:
        """Give a feed up."""
        ...

    async def close_all(self) -> None:
        """Give every feed up."""
        ...

    def publish_stale(self) -> None:
        """Say which quotes have fallen silent."""
        ...


class Topics:
    """Opens and closes channels for clients; ``start`` and ``stop`` bound its listeners and tasks."""

    def __init__(self, hub: Hub, *, book: Book, market: Market) -> None:
        self.hub = hub
        self._book = book
        self._market = market
        self._locks = KeyLocks()
        self._clocks: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Open the channels of the book and follow the services."""
        await self._book.start()
        self._clocks = (
            asyncio.create_task(self._beat(), name="stream-heartbeat"),
            asyncio.create_task(self._sample(), name="stream-samples"),
        )

    async def stop(self) -> None:
        """Stop to follow, and give all market data up."""
        for clock in self._clocks:
            await end_task(clock)
        await self._book.stop()
        await self._market.close_all()

    async def acquire(self, name: str) -> Channel:
        """Return a channel for one more reader.

        Raises ``InvalidRequest`` for no such name, ``NotFound`` for no such connection or
        instrument, ``Unsupported`` with the reason, and what the broker says against a feed.
        """
        target = parse_channel(name)
        async with self._locks.hold("channel", name):
            match target:
                case BookChannel():
                    return await self._book.open(name, target)
                case MarketChannel():
                    return self.hub.channel(name) or await self._market.open(name, target)

    async def release(self, name: str) -> None:
        """Note that a reader has gone; market data without readers is given up."""
        if isinstance(parse_channel(name), BookChannel):
            return
        async with self._locks.hold("channel", name):
            channel = self.hub.channel(name)
            if channel is None or not channel.clients:
                await self._market.close(name)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self.hub.beat()
            try:
                self._market.publish_stale()
            except Exception:  # noqa: BLE001 - the next beat must come whatever is wrong with a quote
                _log.exception("staleness_unknown")

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            try:
                await self._book.sample()
            except EdgerunnerError as error:
                _log.warning("sampling_failed", reason=error.detail)
            except Exception:  # noqa: BLE001 - one bad figure must not silence all others for good
                _log.exception("sampling_failed")
