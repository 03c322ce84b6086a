"""Rate limits: no request leaves before Bybit's rules allow it, cancels first.

Bybit counts per account and endpoint in a rolling second, and per address over everything
(documentation: "Rate Limit Rules"). A place is taken when a request leaves and given back one
second after its answer arrived. Since the server saw the request before that answer, it can
never see more than the limit within one of its seconds, whatever the network does.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from edgerunner.adapters.bybit.errors import NotSent
from edgerunner.adapters.bybit.server_clock import Clock

NS_PER_S: Final = 1_000_000_000


class Priority(IntEnum):
    """Who goes first where requests compete; lower goes first."""

    CANCEL = 0
    MODIFY = 1
    PLACE = 2
    QUERY = 3


DOCUMENTED: Final = {
    "linear.place": 10,
    "linear.modify": 10,
    "linear.cancel": 10,
    "inverse.place": 10,
    "inverse.modify": 10,
    "inverse.cancel": 10,
    "spot.place": 20,
    "spot.modify": 10,
    "spot.cancel": 20,
    "/v5/order/realtime": 50,
    "/v5/order/history": 50,
    "/v5/execution/list": 50,
    "/v5/position/list": 50,
    "/v5/account/wallet-balance": 50,
    "/v5/account/info": 50,
    "/v5/account/transaction-log": 25,
    "/v5/user/query-api": 10,
    "/v5/position/set-leverage": 10,
    "/v5/position/switch-mode": 10,
    "/v5/position/trading-stop": 10,
    "/v5/account/set-margin-mode": 5,
}
"""Requests a second by bucket; an answer's ``X-Bapi-Limit`` header replaces the figure."""

_UNDOCUMENTED: Final = 50
_PER_ADDRESS: Final = (500, 5 * NS_PER_S)
"""Bybit allows 600 in 5 s from one address and bans it for ten minutes beyond; other programs share it."""


@dataclass(slots=True)
class Bucket:
    """Places within a rolling window; pure, all times are monotonic nanoseconds."""

    capacity: int
    window_ns: int = NS_PER_S
    in_flight: int = 0
    given_back: deque[int] = field(default_factory=deque)
    blocked_until_ns: int = 0

    def ready_ns(self, now_ns: int) -> int | None:
        """Return when the next place is free (``now_ns`` when it is), or None while answers are awaited."""
        while self.given_back and self.given_back[0] + self.window_ns <= now_ns:
            self.given_back.popleft()
        taken = self.in_flight + len(self.given_back)
        if taken < self.capacity:
            return max(now_ns, self.blocked_until_ns)
        missing = taken - self.capacity
        if missing >= len(self.given_back):
            return None
        return max(self.given_back[missing] + self.window_ns, self.blocked_until_ns)

    def take(self) -> None:
        """Occupy a place."""
        self.in_flight += 1

    def give_back(self, now_ns: int) -> None:
        """Note that an answer arrived: the place is free one window later."""
        self.in_flight -= 1
        self.given_back.append(now_ns)

    def block(self, until_ns: int) -> None:
        """Let nothing through before ``until_ns``."""
        self.blocked_until_ns = max(self.blocked_until_ns, until_ns)


@dataclass(order=True, slots=True)
class _Waiter:
    priority: Priority
    number: int
    bucket: Bucket = field(compare=False)
    granted: asyncio.Future[None] = field(compare=False)


class Place:
    """A granted place; tells the scheduler what the answer said about the limits."""

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock

    def learn(self, *, limit: int | None) -> None:
        """Take over the limit that an answer names for its endpoint."""
        if limit is not None and limit > 0:
            self._bucket.capacity = limit

    def exceeded(self, *, wait_ns: int) -> None:
        """Hold the endpoint back after a "too many visits"."""
        self._bucket.block(self._clock.monotonic_ns() + wait_ns)


class Scheduler:
    """Grants places by priority, then in order of arrival."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._address = Bucket(*_PER_ADDRESS)
        self._buckets: dict[str, Bucket] = {}
        self._waiting: list[_Waiter] = []
        self._count = 0
        self._alarm: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def place(self, bucket_name: str, priority: Priority, timeout_s: float) -> AsyncIterator[Place]:
        """Wait for a place in a bucket and hold it until the answer is there.

        Raises ``NotSent`` when none gets free in time: nothing was sent. A cancel waits for as long as it takes:
        whoever wants to be out of hundreds of orders is served with all of them, at the pace that Bybit allows.
        """
        capacity = DOCUMENTED.get(bucket_name, _UNDOCUMENTED)
        bucket = self._buckets.setdefault(bucket_name, Bucket(capacity))
        await self._granted(bucket, bucket_name, priority, None if priority is Priority.CANCEL else timeout_s)
        try:
            yield Place(bucket, self._clock)
        finally:
            now_ns = self._clock.monotonic_ns()
            bucket.give_back(now_ns)
            self._address.give_back(now_ns)
            self._grant()

    async def _granted(self, bucket: Bucket, name: str, priority: Priority, timeout_s: float | None) -> None:
        self._count += 1
        waiter = _Waiter(priority, self._count, bucket, asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, waiter)
        self._grant()
        try:
            async with asyncio.timeout(timeout_s):
                await waiter.granted
        except BaseException as error:
            if waiter.granted.done() and not waiter.granted.cancelled():
                bucket.in_flight -= 1  # granted in the very moment of giving up: nothing was sent
                self._address.in_flight -= 1
            waiter.granted.cancel()
            self._grant()
            if isinstance(error, TimeoutError):
                raise NotSent(f"not sent: the rate limit of {name} was used up for {timeout_s:g} s") from None
            raise

    def _grant(self) -> None:
        """Grant what can leave now, and wake up again when the next one can."""
        now_ns = self._clock.monotonic_ns()
        held: list[_Waiter] = []
        next_ns: int | None = None
        while self._waiting:
            waiter = heapq.heappop(self._waiting)
            if waiter.granted.done():
                continue
            ready = [self._address.ready_ns(now_ns), waiter.bucket.ready_ns(now_ns)]
            known = [at for at in ready if at is not None]
            if len(known) == 2 and max(known) <= now_ns:
                self._address.take()
                waiter.bucket.take()
                waiter.granted.set_result(None)
                continue
            held.append(waiter)
            if len(known) == 2:
                next_ns = min(max(known), next_ns or max(known))
        for waiter in held:
            heapq.heappush(self._waiting, waiter)
        self._wake_at(now_ns, next_ns)

    def _wake_at(self, now_ns: int, next_ns: int | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if next_ns is not None:
            delay_s = max(next_ns - now_ns, 0) / NS_PER_S
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self._grant)
