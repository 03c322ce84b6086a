"""A Redis that may be slow, full, wiped or gone: nothing waits for it, and it is never the truth."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import structlog

from edgerunner.domain.errors import InvalidRequest, Unsupported
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task

if TYPE_CHECKING:  # the package is an extra
    from redis.asyncio import Redis

ANSWER_TIMEOUT_S: Final = 1.0
"""Longest wait for any answer of Redis; then the connection is given up and made anew."""

FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 5.0
_NOT_YET: Final = "not connected yet"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisState:
    """Whether Redis answers, since when (UTC nanoseconds), and what is wrong with it."""

    is_up: bool
    since_ns: int
    reason: str | None


class RedisLink:
    """One connection to Redis, made again whenever it fails, and the one task that uses it.

    Raises ``Unsupported`` without the package, ``InvalidRequest`` for an address that is none.
    """

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._delay_s = FIRST_DELAY_S
        self._client()  # a missing package and an address that is none are told at the start
        self.state = RedisState(is_up=False, since_ns=clock.now_ns(), reason=_NOT_YET)

    def start(self, work: Callable[["Redis"], Awaitable[None]], *, name: str) -> None:
        """Run ``work`` on a connection, and again on a new one whenever it fails; it notes what is answered."""
        self._task = asyncio.create_task(self._run(work), name=name)

    async def stop(self) -> None:
        """End the task and its connection."""
        await end_task(self._task)

    def note_answer(self) -> None:
        """Note that Redis did what it was asked for."""
        self._delay_s = FIRST_DELAY_S
        self._note(is_up=True, reason=None)

    async def _run(self, work: Callable[["Redis"], Awaitable[None]]) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415 - the package is an extra

        while True:
            client = self._client()
            try:
                await work(client)
            except TimeoutError:
                self._note(is_up=False, reason=f"no answer within {ANSWER_TIMEOUT_S:g} s")
            except (RedisError, OSError) as error:
                self._note(is_up=False, reason=str(error) or type(error).__name__)
            finally:
                await _closed(client)
            await asyncio.sleep(self._delay_s * (0.5 + secrets.randbelow(1000) / 2000))
            self._delay_s = min(self._delay_s * 2, LONGEST_DELAY_S)

    def _client(self) -> "Redis":
        try:
            from redis.asyncio import Redis  # noqa: PLC0415 - the package is an extra
            from redis.asyncio.retry import Retry  # noqa: PLC0415 - as above
            from redis.backoff import NoBackoff  # noqa: PLC0415 - as above
        except ImportError as error:
            raise Unsupported(
                "EDGERUNNER_REDIS_URL is set, but the package redis is not installed: "
                "run pip install 'edgerunner[redis]', or leave the setting out"
            ) from error
        try:
            return Redis.from_url(
                self._url,
                single_connection_client=True,
                socket_connect_timeout=ANSWER_TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),  # this class retries, and says so
                decode_responses=True,
                protocol=2,
            )
        except ValueError as error:
            raise InvalidRequest(f"EDGERUNNER_REDIS_URL is no address of Redis: {error}") from error

    def _note(self, *, is_up: bool, reason: str | None) -> None:
        before = self.state
        since_ns = before.since_ns if is_up == before.is_up else self._clock.now_ns()
        self.state = RedisState(is_up=is_up, since_ns=since_ns, reason=reason)
        if is_up == before.is_up and before.reason != _NOT_YET:
            return
        if is_up:
            _log.info("redis_up")
        else:
            _log.warning("redis_down", reason=reason, meaning="trading and streams go on without it")


async def within(answer: Awaitable[object], *, extra_s: float = 0.0) -> object:
    """Wait for an answer of Redis, ``ANSWER_TIMEOUT_S`` and ``extra_s`` at most. Raises ``TimeoutError``."""
    async with asyncio.timeout(ANSWER_TIMEOUT_S + extra_s):
        return await answer


def stream_key(api_key: str) -> str:
    """Return the name of an installation's stream: several installations may share one Redis."""
    return f"edgerunner:{sha256(f'edgerunner {api_key}'.encode()).hexdigest()[:16]}:journal"


async def _closed(client: "Redis") -> None:
    """Close a connection without waiting for a server that does not answer."""
    with suppress(Exception):
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await client.aclose()
