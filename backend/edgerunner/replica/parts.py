"""What a replica consists of, and how it is started and ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from edgerunner.client.stream import Stream
from edgerunner.replica.feed import JournalFeed
from edgerunner.replica.forwarding import Forwarding
from edgerunner.replica.lost_orders import LostOrders
from edgerunner.replica.mirror import Mirror
from edgerunner.services.alert_service import AlertService
from edgerunner.services.clock import Clock, EventMaker, SystemClock
from edgerunner.services.fanout.ear import JournalEar
from edgerunner.services.fanout.link import RedisLink, stream_key
from edgerunner.services.hub import Hub
from edgerunner.services.identity.service import Identity
from edgerunner.settings import Settings, read_api_key
from edgerunner.storage.codec import EventCodec
from edgerunner.storage.database import Database
from edgerunner.storage.follower import JournalFollower
from edgerunner.storage.journal_reads import JournalReads
from edgerunner.storage.reader import Reader
from edgerunner.storage.secrets import Vault

RECONNECT_DELAY_S = 0.2
LONGEST_RECONNECT_DELAY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """The parts that the application calls; ``journal`` and ``identity`` as the owner's routes know them."""

    settings: Settings
    owner_url: str
    clock: Clock
    journal: JournalReads
    identity: Identity
    hub: Hub
    feed: JournalFeed
    mirror: Mirror
    forwarding: Forwarding
    redis: RedisLink | None


@asynccontextmanager
async def running_replica(settings: Settings, owner_url: str, *, clock: Clock | None = None) -> AsyncIterator[Replica]:
    """Run a replica of the process at ``owner_url`` inside the block; it needs the owner's data folder.

    Raises ``JournalUnavailable``, ``DataFolderError`` without an API key, ``MasterKeyUnusable``, and what
    ``RedisLink`` raises.
    """
    clock, key = clock or SystemClock(), read_api_key(settings).get_secret_value()
    database = await asyncio.to_thread(Database.existing, settings.data_dir)
    async with AsyncExitStack() as stack:
        stack.callback(database.close)
        vault = await asyncio.to_thread(Vault.open, settings.data_dir, settings.master_key_file)
        reader = Reader(database)
        stack.push_async_callback(asyncio.to_thread, reader.close)
        feed = JournalFeed(await JournalFollower.open(database, reader))
        identity = Identity(database, vault, alerts=AlertService(clock=clock), clock=clock)
        await identity.start()
        stack.push_async_callback(identity.stop)
        journal = JournalReads(reader, EventCodec())
        hub = Hub(epoch=EventMaker(clock).new_id(), clock_ns=clock.now_ns)
        mirror = _mirror(hub, owner_url, key, clock)
        forwarding = Forwarding(owner_url, key=key, lost=LostOrders(journal), clock_ns=clock.now_ns)
        stack.push_async_callback(forwarding.stop)
        feed.start()
        stack.push_async_callback(feed.stop)
        await mirror.start()
        stack.push_async_callback(mirror.stop)
        yield Replica(
            settings=settings,
            owner_url=owner_url,
            clock=clock,
            journal=journal,
            identity=identity,
            hub=hub,
            feed=feed,
            mirror=mirror,
            forwarding=forwarding,
            redis=await stack.enter_async_context(_hearing(settings, feed, key, clock)),
        )


def _mirror(hub: Hub, owner_url: str, key: str, clock: Clock) -> Mirror:
    stream = Stream(
        url=owner_url.rstrip("/"),
        api_key=key,
        first_delay_s=RECONNECT_DELAY_S,
        longest_delay_s=LONGEST_RECONNECT_DELAY_S,
    )
    return Mirror(hub, stream, clock)


@asynccontextmanager
async def _hearing(settings: Settings, feed: JournalFeed, key: str, clock: Clock) -> AsyncIterator[RedisLink | None]:
    """Listen to the owner's bell inside the block, where there is a Redis."""
    if settings.redis_url is None:
        yield None
        return
    link = RedisLink(settings.redis_url.get_secret_value(), clock=clock)
    ear = JournalEar(feed.news, link, key=stream_key(key))
    ear.start()
    try:
        yield link
    finally:
        await ear.stop()
