"""Marks for open positions: their quotes stay subscribed for as long as the positions are open."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from edgerunner.adapters.broker import Feed, MarketSubscription, MarketUpdate
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.positions import Position
from edgerunner.services.ending import end_task
from edgerunner.services.market_service import MarketService, Sessions, Unsubscribe
from edgerunner.services.position_view import Mark, mark_of_ticker
from edgerunner.storage.values import Commit

_log = structlog.get_logger(__name__)

RETRY_S = 10.0
"""How long until a refused or impossible subscription is tried again."""

_Market = tuple[str, str]


class OpenPositions(Protocol):
    """What marks need of the journal."""

    def positions(self, connection_id: str | None = None) -> list[Position]:
        """Return the positions that are not flat."""
        ...

    def add_listener(self, listener: Callable[[Commit], None]) -> Callable[[], None]:
        """Call ``listener`` after each commit; returns how to stop that."""
        ...


class Marks:
    """Keeps quotes of the open positions' instruments subscribed; ``start`` and ``stop`` bound its task."""

    def __init__(self, *, journal: OpenPositions, markets: MarketService, connections: Sessions) -> None:
        self._journal = journal
        self._markets = markets
        self._connections = connections
        self._subscribed: dict[_Market, Unsubscribe] = {}
        self._changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._stop_listening: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Begin to follow the positions."""
        self._stop_listening = [
            self._journal.add_listener(self._on_commit),
            self._connections.add_listener(lambda _: self._changed.set()),
        ]
        self._changed.set()
        self._keeper = asyncio.create_task(self._keep(), name="marks")

    async def stop(self) -> None:
        """Give every subscription back."""
        while self._stop_listening:
            self._stop_listening.pop()()
        await end_task(self._keeper)
        await self._subscribe_exactly(frozenset())

    def mark(self, connection_id: str, instrument_id: str) -> Mark | None:
        """Return the newest streamed mark; None without one, or when it is stale."""
        quote = self._markets.quote(connection_id, instrument_id)
        return None if quote is None or quote.is_stale else mark_of_ticker(quote.ticker)

    def _on_commit(self, commit: Commit) -> None:
        if commit.positions:
            self._changed.set()

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._changed.wait()
            self._changed.clear()
            positions = self._journal.positions()
            await self._subscribe_exactly({(p.key.connection_id, p.key.instrument_id) for p in positions})

    async def _subscribe_exactly(self, wanted: frozenset[_Market] | set[_Market]) -> None:
        for market in [market for market in self._subscribed if market not in wanted]:
            await self._subscribed.pop(market)()
        for connection_id, instrument_id in sorted(wanted - self._subscribed.keys()):
            subscription = MarketSubscription(feed=Feed.QUOTES, instrument_id=instrument_id)
            try:
                unsubscribe = await self._markets.subscribe(connection_id, subscription, _hear)
            except EdgerunnerError as error:
                _log.info("mark_unavailable", instrument_id=instrument_id, reason=error.detail)
            else:
                self._subscribed[connection_id, instrument_id] = unsubscribe


def _hear(update: MarketUpdate) -> None:
    """Do nothing: the feed itself keeps the newest quote."""
