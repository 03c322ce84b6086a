"""The replica's channels: orders and fills out of the journal, everything else out of the owner's stream."""

import sqlite3
from collections.abc import Callable

from edgerunner.replica.feed import JournalFeed
from edgerunner.replica.mirror import Mirror
from edgerunner.routes.book_entries import KINDS, RECENT, fill_entry, order_entry
from edgerunner.routes.channels import BookChannel, MarketChannel
from edgerunner.services.channel_state import Entry, ListState
from edgerunner.services.hub import Channel, Hub
from edgerunner.storage.journal_reads import newest_fills, newest_orders
from edgerunner.storage.values import Commit

RECORDED = frozenset({"orders", "fills"})
"""Channels that are true whatever becomes of the owner or of Redis."""


class ReplicaBook:
    """The channels of the book: those that are recorded are told from here, the others are mirrored."""

    def __init__(self, hub: Hub, feed: JournalFeed, mirror: Mirror) -> None:
        self._hub = hub
        self._feed = feed
        self._mirror = mirror
        self._unfollow: Callable[[], None] | None = None

    async def start(self) -> None:
        """Follow the journal."""
        self._unfollow = self._feed.add_listener(self._on_commit)

    async def stop(self) -> None:
        """Follow nothing any more."""
        if self._unfollow is not None:
            self._unfollow()

    async def open(self, name: str, target: BookChannel) -> Channel:
        """Return a channel with its state; raises what the owner says against it, ``NotConnected`` without one."""
        known = self._hub.channel(name)
        if known is not None:
            return known
        if target.base not in RECORDED:
            return await self._mirror.open(name)
        entries = await self._feed.read(lambda connection: _recorded(connection, target))
        kind = KINDS[target.base]
        state = ListState(kind.list_name, recent=RECENT)
        state.reset(entries)
        return self._hub.open(name, state, is_conflated=kind.is_conflated)

    async def sample(self) -> None:
        """Do nothing: the owner samples."""

    def _on_commit(self, commit: Commit) -> None:
        self._hub.publish_book("orders", [order_entry(order) for order in commit.orders])
        self._hub.publish_book("fills", [fill_entry(fill) for fill in (*commit.restated_fills, *commit.fills)])


class MirroredMarket:
    """The channels of market data: each read once from the owner, given up with its last reader."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    async def open(self, name: str, _: MarketChannel) -> Channel:
        """Return a channel with its state; raises what the owner says against it, ``NotConnected`` without one."""
        return await self._mirror.open(name)

    async def close(self, name: str) -> None:
        """Give a channel up that nobody reads."""
        await self._mirror.close(name)

    async def close_all(self) -> None:
        """Do nothing: the connection to the owner ends, and with it what is read there."""

    def publish_stale(self) -> None:
        """Do nothing: the owner says which quotes are old, and the mirror when the owner is silent."""


def _recorded(connection: sqlite3.Connection, target: BookChannel) -> list[Entry]:
    if target.base == "orders":
        return [order_entry(order) for order in newest_orders(connection, target.connection_id, RECENT)]
    return [fill_entry(fill) for fill in newest_fills(connection, target.connection_id, RECENT)]
