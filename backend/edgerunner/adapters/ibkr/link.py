"""Keeps one connection to TWS alive: logs on, watches, dials again, and says what each interruption means."""

import asyncio
import random as random_module
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from itertools import count
from typing import Final

import structlog

from edgerunner.adapters.broker import LinkStatus
from edgerunner.adapters.buffers import UpdateBuffer, WallClock
from edgerunner.adapters.ibkr.accounts import chosen_accounts
from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.connectivity import Change, Connectivity
from edgerunner.adapters.ibkr.ears import ErrorListener
from edgerunner.adapters.ibkr.options import Credentials, Options
from edgerunner.adapters.ibkr.values import NS_PER_S, nanoseconds
from edgerunner.domain.errors import BrokerTimeout, EdgerunnerError, InvalidRequest, NotConnected

_log = structlog.get_logger(__name__)

BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0, 15.0)
"""Between log-ons: never more than one a second, and soon enough after a nightly restart of one to two minutes."""

CLOCKS_AGREE_NS: Final = 1_500_000_000
"""TWS tells its time in whole seconds: a smaller difference says nothing."""

Opener = Callable[[Api], Awaitable[None]]


class Link:
    """The way to one gateway.

    Attributes:
        openers: Awaited on every connection that has logged on, one after the other, before the link counts as up; what
            one raises ends the attempt.
        closers: Called with the reason when a connection is lost.
        restorers: Called when TWS has Interactive Brokers again, with whether market data subscriptions are gone.
        hearers: Called with every error and notice, by request or order id, code and text.
    """

    def __init__(
        self,
        credentials: Credentials,
        options: Options,
        *,
        make_api: Callable[[ErrorListener], Api],
        updates: UpdateBuffer,
        clock: WallClock,
        random: random_module.Random,
    ) -> None:
        self.credentials = credentials
        self.options = options
        self.connectivity = Connectivity()
        self.accounts: tuple[str, ...] = ()
        self.openers: list[Opener] = []
        self.closers: list[Callable[[str], None]] = []
        self.restorers: list[Callable[[bool], None]] = []
        self.hearers: list[ErrorListener] = []
        self._make_api = make_api
        self._updates = updates
        self._clock = clock
        self._random = random
        self._api: Api | None = None
        self._is_open = False
        self._clock_ahead_ns = 0
        self._latency_ms: float | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def api(self) -> Api:
        """Return the connection; raises ``NotConnected`` while there is none."""
        if self._api is None:
            raise NotConnected("TWS is not connected; it is dialled again by itself")
        return self._api

    @property
    def is_up(self) -> bool:
        """Tell whether orders can be told to Interactive Brokers and heard from it."""
        return self._is_open and self.connectivity.cut_reason is None

    def now_ns(self) -> int:
        """Return the gateway's time, UTC nanoseconds."""
        return self._clock.time_ns() + self._clock_ahead_ns

    async def start(self) -> None:
        """Log on and keep the connection from then on; raises what ``BrokerAdapter.connect`` does."""
        await self._attempt()
        self._keeper = asyncio.create_task(self._keep(), name=f"tws-{self.credentials.client_id}")

    async def stop(self) -> None:
        """Close the connection. Idempotent."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        self._close("the connection was closed")

    def ask_to_read_again(self, reason: str) -> None:
        """Tell the reader that news may have been missed: the order link went down and is up."""
        if self.is_up:
            self._updates.health("orders", LinkStatus.DOWN, reason=reason)
            self._updates.health("orders", LinkStatus.UP, reason=None, latency_ms=self._latency_ms)

    async def _attempt(self) -> None:
        """Make a connection, log on, do what is needed to begin; what fails leaves nothing open."""
        self.connectivity = Connectivity()
        api = self._make_api(self._hear)
        place = self.credentials
        try:
            told = await api.log_on(place.host, place.port, place.client_id, self.options.connect_timeout_s)
            self._take_accounts(chosen_accounts(told, place.account, self.options.environment))
            self._api = api
            await self._until_lost(api, self._open(api))
        except BaseException:
            self._api = None
            api.drop("the log-on was given up")
            raise
        self._is_open = True
        self._tell_up()

    async def _open(self, api: Api) -> None:
        await self._measure(api)
        for opener in self.openers:
            await opener(api)

    async def _until_lost(self, api: Api, work: Coroutine[None, None, None]) -> None:
        """Await ``work``, but not longer than the connection lasts."""
        task = asyncio.ensure_future(work)
        try:
            waits: set[asyncio.Future[None] | asyncio.Future[str]] = {task, api.lost}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise NotConnected(f"TWS ended the connection at the log-on: {api.lost.result()}")
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _take_accounts(self, accounts: tuple[str, ...]) -> None:
        """Keep the accounts; another log-on behind the same port must not trade in the name of this connection."""
        if self.accounts and accounts != self.accounts:
            text = f"the gateway was logged on for {', '.join(self.accounts)} and now is for {', '.join(accounts)}"
            raise InvalidRequest.of("credentials.account", "changed", text)
        self.accounts = accounts

    async def _measure(self, api: Api) -> None:
        """Ask for the time: it tells how far away TWS is, and how its clock differs."""
        before_ns = self._clock.time_ns()
        moment = await api.ask(
            "for the time", api.reqCurrentTimeAsync, timeout_s=self.options.heartbeat_s, key="currentTime"
        )
        after_ns = self._clock.time_ns()
        self._latency_ms = (after_ns - before_ns) / 1e6
        ahead_ns = nanoseconds(moment) + NS_PER_S // 2 - (before_ns + after_ns) // 2
        self._clock_ahead_ns = 0 if abs(ahead_ns) < CLOCKS_AGREE_NS else ahead_ns

    async def _keep(self) -> None:
        while True:
            reason = await self._watch(self.api)
            _log.warning("tws_lost", port=self.credentials.port, reason=reason)
            self._close(reason)
            await self._dial_again()

    def _close(self, reason: str) -> None:
        self._is_open = False
        api, self._api = self._api, None
        if api is None:
            return
        for closer in self.closers:
            closer(reason)
        api.drop(reason)
        self._updates.health("orders", LinkStatus.DOWN, reason=reason)
        self._updates.health("data", LinkStatus.DOWN, reason=reason)

    async def _watch(self, api: Api) -> str:
        """Wait until the connection is gone, or TWS is silent for two heartbeats; return why."""
        is_doubtful = False
        while True:
            await asyncio.wait({api.lost}, timeout=self.options.heartbeat_s)
            if api.lost.done():
                return api.lost.result()
            try:
                await self._measure(api)
            except NotConnected:
                continue
            except BrokerTimeout as error:
                if is_doubtful:
                    return error.detail
                is_doubtful = True
            else:
                is_doubtful = False

    async def _dial_again(self) -> None:
        for attempt in count():
            wait_s = BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]
            await asyncio.sleep(wait_s * self._random.uniform(1.0, 1.3))
            try:
                await self._attempt()
            except EdgerunnerError as error:
                _log.info("tws_not_back", port=self.credentials.port, attempt=attempt, reason=error.detail)
                self._updates.health("orders", LinkStatus.DOWN, reason=error.detail)
            else:
                return

    def _tell_up(self) -> None:
        """Say how the links stand; from here on whoever reads the updates re-reads everything."""
        cut = self.connectivity.cut_reason
        if cut is None:
            self._updates.health("orders", LinkStatus.UP, reason=None, latency_ms=self._latency_ms)
        else:
            self._updates.health("orders", LinkStatus.DOWN, reason=cut)
        self._tell_data()

    def _tell_data(self) -> None:
        cut, reason = self.connectivity.cut_reason, self.connectivity.data_reason
        if cut is not None:
            self._updates.health("data", LinkStatus.DOWN, reason=cut)
        else:
            self._updates.health("data", LinkStatus.STALE if reason else LinkStatus.UP, reason=reason)

    def _hear(self, request_id: int, code: int, text: str) -> None:
        change = self.connectivity.hear(code, text)
        for hearer in self.hearers:
            hearer(request_id, code, text)
        if change is Change.NOTHING or not self._is_open:
            return  # while it opens, all of it is told at once at the end
        _log.info("tws_connectivity", code=code, text=text)
        match change:
            case Change.CUT:
                self._updates.health("orders", LinkStatus.DOWN, reason=self.connectivity.cut_reason)
            case Change.RESTORED | Change.RESTORED_WITHOUT_DATA:
                self._restored(is_data_lost=change is Change.RESTORED_WITHOUT_DATA)
        self._tell_data()

    def _restored(self, *, is_data_lost: bool) -> None:
        """Report the order link down and up, even when no 1100 was heard: events may have been missed."""
        self._updates.health("orders", LinkStatus.DOWN, reason="TWS was cut off from Interactive Brokers")
        self._updates.health("orders", LinkStatus.UP, reason=None, latency_ms=self._latency_ms)
        for restorer in self.restorers:
            restorer(is_data_lost)
