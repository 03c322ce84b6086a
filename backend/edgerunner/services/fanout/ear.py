"""A replica hears the owner's bell in Redis and looks into the journal at once instead of by and by."""

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from edgerunner.services.fanout.link import RedisLink, within

if TYPE_CHECKING:  # the package is an extra
    from redis.asyncio import Redis

BLOCK_S: Final = 2.0
"""How long one question waits for a ring."""

_FROM_NOW_ON = "$"


class JournalEar:
    """Sets ``news`` at every ring; ``rings`` counts them."""

    def __init__(self, news: asyncio.Event, link: RedisLink, *, key: str) -> None:
        self._news = news
        self._link = link
        self._key = key
        self.rings = 0

    @property
    def link(self) -> RedisLink:
        """The connection to Redis."""
        return self._link

    def start(self) -> None:
        """Listen from now on."""
        self._link.start(self._listen, name="journal-ear")

    async def stop(self) -> None:
        """Stop listening."""
        await self._link.stop()

    async def _listen(self, redis: "Redis") -> None:
        heard = _FROM_NOW_ON
        await within(redis.ping())
        self._link.note_answer()
        while True:
            question = redis.xread({self._key: heard}, block=int(BLOCK_S * 1000))
            answer = cast("Any", await within(question, extra_s=BLOCK_S))
            self._link.note_answer()
            if answer:
                heard = str(answer[0][1][-1][0])  # of the one stream that was asked for: the last entry's id
                self.rings += 1
                self._news.set()
            else:
                heard = _FROM_NOW_ON  # a stream that was begun anew may be behind what was heard
