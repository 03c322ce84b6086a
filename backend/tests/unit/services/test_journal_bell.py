"""The bell between owner and replicas on a real server that hangs, forgets, is full, refuses or lies."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from edgerunner.domain.errors import InvalidRequest, Unsupported
from edgerunner.services.clock import SystemClock
from edgerunner.services.fanout.bell import JournalBell
from edgerunner.services.fanout.ear import JournalEar
from edgerunner.services.fanout.link import RedisLink, stream_key
from edgerunner.storage.values import Commit
from tests.system.processes import Redis
from tests.waiting import until

KEY = stream_key("a-key-of-this-test")


class FakeJournal:
    """Ends at ``last_seq``; ``commit`` moves on and tells the listeners."""

    def __init__(self) -> None:
        self.last_seq = 0
        self._listeners: list[Callable[[Commit], None]] = []

    def add_listener(self, listener: Callable[[Commit], None], /) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def commit(self, count: int = 1) -> None:
        for _ in range(count):
            self.last_seq += 1
            for listener in tuple(self._listeners):
                listener(Commit())


@pytest.fixture
def redis() -> Iterator[Redis]:
    redis = Redis()
    yield redis
    redis.end()


@asynccontextmanager
async def ringing(url: str, *, owner_epoch: int = 1) -> AsyncIterator[tuple[FakeJournal, RedisLink]]:
    journal, link = FakeJournal(), RedisLink(url, clock=SystemClock())
    bell = JournalBell(journal, link, key=KEY, owner_epoch=owner_epoch)
    bell.start()
    try:
        yield journal, link
    finally:
        await bell.stop()


@asynccontextmanager
async def hearing(url: str) -> AsyncIterator[tuple[asyncio.Event, JournalEar]]:
    news = asyncio.Event()
    ear = JournalEar(news, RedisLink(url, clock=SystemClock()), key=KEY)
    ear.start()
    try:
        await is_up(ear.link)
        yield news, ear
    finally:
        await ear.stop()


async def is_up(link: RedisLink, *, up: bool = True) -> None:
    async def seen() -> bool:
        return link.state.is_up is up

    await until(seen, timeout_s=20, what=f"Redis is {'up' if up else 'down'}: {link.state}")


async def rings(news: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await news.wait()
    news.clear()


async def commit_until_heard(journal: FakeJournal, news: asyncio.Event) -> None:
    async def heard() -> bool:
        journal.commit()
        return news.is_set()

    await until(heard, timeout_s=20, what="a commit is heard")
    news.clear()


async def test_replica_hears_of_a_commit(redis: Redis) -> None:
    async with hearing(redis.url) as (news, _), ringing(redis.url) as (journal, link):
        await is_up(link)
        await rings(news)
        journal.commit()
        await rings(news)


async def test_thousand_commits_while_redis_hangs_wait_for_nothing_and_ring_once(redis: Redis) -> None:
    async with ringing(redis.url) as (journal, link):
        await is_up(link)
        redis.hang()
        journal.commit(1_000)
        await is_up(link, up=False)
        assert link.state.reason is not None
        assert "no answer" in link.state.reason
        journal.commit(1_000)
        redis.wake()
        await is_up(link)
        assert entries(redis)[-1] == f"1-{journal.last_seq}"
        assert len(entries(redis)) < 10


async def test_wiped_stream_is_heard_again(redis: Redis) -> None:
    async with hearing(redis.url) as (news, _), ringing(redis.url) as (journal, link):
        await is_up(link)
        await asyncio.to_thread(redis.wipe)
        await commit_until_heard(journal, news)


async def test_server_that_was_killed_and_started_empty_is_heard_again(redis: Redis) -> None:
    async with hearing(redis.url) as (news, ear), ringing(redis.url) as (journal, link):
        await is_up(link)
        await asyncio.to_thread(redis.kill)
        journal.commit()
        await is_up(link, up=False)
        await is_up(ear.link, up=False)
        await asyncio.to_thread(redis.start_again)
        await is_up(ear.link)
        await commit_until_heard(journal, news)


async def test_stream_that_is_further_than_the_journal_begins_anew(redis: Redis) -> None:
    redis.client().execute_command("XADD", KEY, "9-9000", "owner", "9")
    async with hearing(redis.url) as (news, _), ringing(redis.url, owner_epoch=3) as (journal, link):
        await is_up(link)
        assert entries(redis) == ["3-0"]
        await commit_until_heard(journal, news)


async def test_next_owner_rings_beyond_the_one_before(redis: Redis) -> None:
    async with ringing(redis.url, owner_epoch=1) as (journal, link):
        journal.commit(50)
        await is_up(link)
    async with hearing(redis.url) as (news, _), ringing(redis.url, owner_epoch=2) as (journal, _):
        await rings(news)
        await commit_until_heard(journal, news)
    assert entries(redis)[-1].startswith("2-")


async def test_full_server_is_down_with_its_own_words(redis: Redis) -> None:
    client = redis.client()
    client.execute_command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    client.execute_command("CONFIG", "SET", "maxmemory", "1")
    async with ringing(redis.url) as (_, link):
        await until_reason(link, "maxmemory")


async def test_wrong_password_is_down_with_the_servers_words_and_without_the_password(redis: Redis) -> None:
    redis.client().execute_command("CONFIG", "SET", "requirepass", "right")
    async with ringing(redis.url.replace("://", "://:wrong-word@")) as (_, link):
        await until_reason(link, "invalid username-password pair")
        assert "wrong-word" not in str(link.state.reason)


async def test_address_where_nobody_listens_is_down_since_the_start() -> None:
    async with ringing("redis://127.0.0.1:1/0") as (journal, link):
        journal.commit(100)
        await until_reason(link, "onnect")


def test_address_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(InvalidRequest, match="EDGERUNNER_REDIS_URL"):
        RedisLink("localhost:6379", clock=SystemClock())


def test_missing_package_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(Unsupported, match=r"edgerunner\[redis\]"):
        RedisLink("redis://127.0.0.1:1/0", clock=SystemClock())


async def until_reason(link: RedisLink, words: str) -> None:
    async def told() -> bool:
        return not link.state.is_up and words in str(link.state.reason)

    await until(told, timeout_s=20, what=f"{words} in the reason")


def entries(redis: Redis) -> list[str]:
    return [entry_id for entry_id, _ in redis.client().xrange(KEY)]
