"""The owner rings a bell in Redis after each commit: "the journal now ends at event N".

The bell says *that* there is news; *what* it is stands in the journal, where every process reads it for
itself. So nothing that happens to Redis can lose, double or reorder an event: a lost ring only means that
a replica learns of the event when it next looks by itself.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from edgerunner.services.fanout.link import RedisLink, within
from edgerunner.storage.values import Commit

if TYPE_CHECKING:  # the package is an extra
    from redis.asyncio import Redis

KEPT_ENTRIES: Final = 1_000
"""About so many rings are kept, for those who look at the stream; replicas need the newest alone."""

LIFETIME_S: Final = 86_400
IDLE_S: Final = 5.0
"""How often Redis is asked whether it is there while nothing is committed."""


class Committing(Protocol):
    """What the bell follows."""

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event."""
        ...

    def add_listener(self, listener: Callable[[Commit], None], /) -> Callable[[], None]:
        """Call ``listener`` after each commit; returns how to stop that."""
        ...


class JournalBell:
    """Rings for the newest commit; between two rings any number of commits may have passed.

    All that stands between a commit and Redis is one number, overwritten by the next commit: there is
    nothing that could fill up, and a commit never waits.
    """

    def __init__(self, journal: Committing, link: RedisLink, *, key: str, owner_epoch: int) -> None:
        self._journal = journal
        self._link = link
        self._key = key
        self._owner_epoch = owner_epoch
        self._news = asyncio.Event()
        self._unfollow: Callable[[], None] | None = None

    @property
    def link(self) -> RedisLink:
        """The connection to Redis."""
        return self._link

    def start(self) -> None:
        """Follow the journal."""
        self._unfollow = self._journal.add_listener(lambda _: self._news.set())
        self._link.start(self._ring_on, name="journal-bell")

    async def stop(self) -> None:
        """Follow nothing any more."""
        if self._unfollow is not None:
            self._unfollow()
        await self._link.stop()

    async def _ring_on(self, redis: "Redis") -> None:
        self._news.set()
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._news.wait()
            except TimeoutError:
                await within(redis.ping())
                self._link.note_answer()
                continue
            self._news.clear()
            await self._ring(redis, f"{self._owner_epoch}-{self._journal.last_seq}")
            self._link.note_answer()

    async def _ring(self, redis: "Redis", entry_id: str) -> None:
        """Add the newest place; a stream that claims to be further is of another journal and begins anew."""
        from redis.exceptions import ResponseError  # noqa: PLC0415 - the package is an extra

        try:
            await self._add(redis, entry_id)
        except ResponseError as error:
            if "equal or smaller" not in str(error):
                raise
            await within(redis.delete(self._key))
            await self._add(redis, entry_id)

    async def _add(self, redis: "Redis", entry_id: str) -> None:
        pipeline = redis.pipeline(transaction=False)
        pipeline.xadd(self._key, {"owner": self._owner_epoch}, id=entry_id, maxlen=KEPT_ENTRIES, approximate=True)
        pipeline.expire(self._key, LIFETIME_S)
        await within(pipeline.execute())
