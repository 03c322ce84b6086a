"""A replica's feed: told at once when it is rung, by and by when not, never out of order, and over when the file is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from edgerunner.replica.feed import JournalFeed
from edgerunner.storage.database import Database
from edgerunner.storage.follower import JournalFollower, JournalReplaced
from edgerunner.storage.journal import Journal
from edgerunner.storage.reader import Reader
from edgerunner.storage.values import Commit
from tests.unit.storage.journal_events import bought, working
from tests.waiting import until

NEVER_S = 3_600.0


@asynccontextmanager
async def following(database: Database, *, poll_s: float) -> AsyncIterator[tuple[JournalFeed, list[int]]]:
    """Run a feed; the list gets the sequence numbers it tells."""
    reader = Reader(database)
    feed = JournalFeed(await JournalFollower.open(database, reader), poll_s=poll_s)
    told: list[int] = []
    feed.add_listener(lambda commit: told.extend(record.seq for record in commit.records))
    feed.start()
    try:
        yield feed, told
    finally:
        await feed.stop()
        await asyncio.to_thread(reader.close)


async def has_told(told: list[int], last: int) -> None:
    async def seen() -> bool:
        return told[-1:] == [last]

    await until(seen, timeout_s=10, what=f"event {last} is told")


async def test_feed_looks_by_itself_when_nothing_rings(journal: Journal, database: Database) -> None:
    async with following(database, poll_s=0.01) as (_, told):
        await journal.append(*working("ORDER-1"))
        await has_told(told, 3)
        await journal.append(*bought("ORDER-2"))
        await has_told(told, 7)
        assert told == [1, 2, 3, 4, 5, 6, 7]


async def test_ring_makes_the_feed_look_at_once(journal: Journal, database: Database) -> None:
    async with following(database, poll_s=NEVER_S) as (feed, told):
        await journal.append(*working("ORDER-1"))
        feed.news.set()
        await has_told(told, 3)


async def test_rings_that_are_late_doubled_or_about_nothing_change_nothing(
    journal: Journal, database: Database
) -> None:
    async with following(database, poll_s=NEVER_S) as (feed, told):
        for number in range(20):
            feed.news.set()
            await journal.append(*working(f"ORDER-{number}"))
            if number % 3 == 0:
                feed.news.set()
                feed.news.set()
        feed.news.set()
        await has_told(told, 60)
        assert told == list(range(1, 61))


async def test_reading_tells_everything_up_to_what_is_read(journal: Journal, database: Database) -> None:
    async with following(database, poll_s=NEVER_S) as (feed, told):
        await journal.append(*working("ORDER-1"))
        count = await feed.read(lambda connection: connection.execute("SELECT max(seq) FROM events").fetchone()[0])
        assert told == list(range(1, count + 1))


async def test_listener_that_fails_hides_nothing_from_the_others(journal: Journal, database: Database) -> None:
    def fail(_: Commit) -> None:
        raise RuntimeError("a listener's defect")

    async with following(database, poll_s=0.01) as (feed, _):
        feed.add_listener(fail)
        behind: list[int] = []
        feed.add_listener(lambda commit: behind.extend(record.seq for record in commit.records))
        await journal.append(*working("ORDER-1"))
        await has_told(behind, 3)


async def test_replaced_journal_ends_the_feed_with_the_reason(journal: Journal, database: Database) -> None:
    async with following(database, poll_s=0.01) as (feed, _):
        database.path.rename(database.path.with_name("away.db"))
        with pytest.raises(JournalReplaced, match="restart"):
            await asyncio.wait_for(asyncio.shield(feed.replaced), timeout=10)
        assert feed.unreadable is not None
