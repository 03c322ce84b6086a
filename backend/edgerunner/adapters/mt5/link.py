"""Keeps one terminal connected: logs in, verifies who that is, follows it, and comes back after every break."""

import asyncio
import random as random_module
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Final

import structlog

from edgerunner.adapters.broker import Environment, LinkStatus
from edgerunner.adapters.buffers import UpdateBuffer, WallClock
from edgerunner.adapters.mt5.account import account_of, summary_of
from edgerunner.adapters.mt5.catalogue import Catalogue
from edgerunner.adapters.mt5.clock_keeper import ClockKeeper
from edgerunner.adapters.mt5.follower import Follower
from edgerunner.adapters.mt5.history import PIECE, History
from edgerunner.adapters.mt5.market import Market
from edgerunner.adapters.mt5.options import Options
from edgerunner.adapters.mt5.switches import is_hedged, refusal_of
from edgerunner.adapters.mt5.terminal import Calls, Terminal
from edgerunner.domain.accounts import Account
from edgerunner.domain.errors import BrokerTimeout, EdgerunnerError, InvalidRequest, NotConnected
from edgerunner.mt5_surface.structs import AccountInfo, TerminalInfo, Tick

_log = structlog.get_logger(__name__)

BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
LOOK_AT_LEAST_EVERY_S: Final = 5.0
"""Looks are taken when something changed; one goes in any case, so that a change nobody told of is found."""

TIMEOUTS: Final = 2
"""Time-outs in a row that count as a break: one slow answer is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the terminal must be logged in as; None = whoever it is at the first connect."""

    login: int | None
    server: str | None


class Link:
    """Owns the connection; implements ``TerminalListener``. ``start`` and ``stop`` bound its life."""

    def __init__(
        self,
        terminal: Terminal,
        calls: Calls,
        identity: Identity,
        options: Options,
        *,
        keeper: ClockKeeper,
        catalogue: Catalogue,
        follower: Follower,
        market: Market,
        history: History,
        updates: UpdateBuffer,
        clock: WallClock,
        random: random_module.Random,
    ) -> None:
        self._terminal = terminal
        self._calls = calls
        self._identity = identity
        self._options = options
        self._keeper = keeper
        self._catalogue = catalogue
        self._follower = follower
        self._market = market
        self._history = history
        self._updates = updates
        self._clock = clock
        self._random = random
        self._info: AccountInfo | None = None
        self._refusal: str | None = None
        self._is_up = False
        self._lost: str | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timeouts = 0
        self._next_account = 0.0

    @property
    def account(self) -> Account:
        """Return the account; raises ``NotConnected`` before the first connect."""
        return account_of(self._known)

    @property
    def is_hedged(self) -> bool:
        """Tell whether the account keeps positions by ticket; before the first connect that it does not."""
        return self._info is not None and is_hedged(self._info)

    @property
    def refusal(self) -> str | None:
        """Why no orders can be sent, or None."""
        return self._refusal

    def require_up(self) -> None:
        """Raise ``NotConnected`` unless the terminal is reached and connected to its broker."""
        if not self._is_up:
            raise NotConnected(self._lost or "the terminal is not connected; it is called again by itself")

    async def start(self) -> None:
        """Connect and keep the connection from then on; raises what ``BrokerAdapter.connect`` does."""
        self._terminal.listen(self)
        await self._attempt()
        self._task = asyncio.create_task(self._run(), name="mt5-link")

    async def stop(self) -> None:
        """End the work. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._down("the connection was closed")

    # what the terminal tells

    def on_change(self) -> None:
        """Look soon."""
        self._changed.set()

    def on_ticks(self, symbol: str, ticks: Sequence[Tick]) -> None:
        """Hand ticks on, and measure the clock with them."""
        self._keeper.see(symbol, ticks[-1].time_msc, self._clock.time_ns())
        self._market.hear(symbol, ticks)

    def on_lost(self, reason: str) -> None:
        """Note that the way to the terminal is broken."""
        self._lost = self._lost or reason
        self._changed.set()

    # connecting

    async def _attempt(self) -> None:
        """Open the terminal, verify who it is, read what is needed to begin, and take a first look."""
        self._lost = None
        await self._terminal.open()
        await self._read_account()
        if self._lost is not None:
            raise NotConnected(self._lost)
        await self._catalogue.open(self._known.currency)
        await self._keeper.open()
        self._is_up = True
        await self._follower.look()
        await self._market.start()
        self._timeouts = 0
        self._tell_up()

    async def _read_account(self) -> None:
        """Read account and switches; raises ``InvalidRequest`` for a stranger, notes a terminal without a broker."""
        info, terminal = await self._calls.account_info(), await self._calls.terminal_info()
        self._verify(info)
        self._info = info
        refusal = self._terminal.refusal or refusal_of(info, terminal)
        if refusal != self._refusal:
            _log.info("mt5_switches", refusal=refusal)
        self._refusal = refusal
        self._history.maxbars = terminal.maxbars or PIECE
        self._require_broker(terminal)
        self._updates.put(summary_of(info, self._clock.time_ns()))
        if self._is_up:
            self._tell_up()

    def _require_broker(self, terminal: TerminalInfo) -> None:
        if not terminal.connected:
            self.on_lost("the terminal has no connection to its broker")

    def _verify(self, info: AccountInfo) -> None:
        """Refuse another account than the one named, or the one at first: who shares the terminal can switch."""
        wanted = self._identity
        if wanted.login is not None and info.login != wanted.login:
            text = f"the terminal is logged in as {info.login}, not as {wanted.login}"
            raise InvalidRequest.of("credentials.login", "mismatch", text)
        if wanted.server is not None and info.server != wanted.server:
            text = f"the terminal is logged in on {info.server}, not on {wanted.server}"
            raise InvalidRequest.of("credentials.server", "mismatch", text)
        if self._info is not None and (info.login, info.server) != (self._info.login, self._info.server):
            text = f"the terminal was logged in as {self._info.login} on {self._info.server} and now is as {info.login}"
            raise InvalidRequest.of("credentials.login", "changed", text)
        is_live = account_of(info).is_live
        if self._options.environment is Environment.LIVE and not is_live:
            text = f"account {info.login} trades no real money: name the environment demo"
            raise InvalidRequest.of("environment", "mismatch", text)

    # following

    async def _run(self) -> None:
        while True:
            reason = await self._follow()
            _log.warning("mt5_lost", reason=reason)
            self._down(reason)
            await self._come_back()

    async def _follow(self) -> str:
        """Look whenever something changed, until the connection breaks; return why."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_AT_LEAST_EVERY_S, self._options.account_every_s)):
                    await self._changed.wait()
            self._changed.clear()
            if self._lost is not None:
                return self._lost
            try:
                await self._step()
                self._timeouts = 0
            except BrokerTimeout as error:
                self._timeouts += 1
                if self._timeouts >= TIMEOUTS:
                    return error.detail
            except EdgerunnerError as error:
                return error.detail
            except Exception as error:  # noqa: BLE001 - the root of the task: a defect must not end the link for good
                _log.exception("mt5_look_failed")
                return f"internal error: {type(error).__name__}"

    async def _step(self) -> None:
        is_news = await self._follower.look()
        now = asyncio.get_running_loop().time()
        if is_news or now >= self._next_account:
            self._next_account = now + self._options.account_every_s
            await self._read_account()
            await self._follower.tell_positions()
            if await self._keeper.measure():
                self._renew("the trade server's clock was set to another time: everything is dated anew")

    async def _come_back(self) -> None:
        for attempt in count():
            wait_s = BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]
            await asyncio.sleep(wait_s * self._random.uniform(1.0, 1.3))
            try:
                await self._attempt()
            except EdgerunnerError as error:
                self._not_back(error.detail, attempt)
            except Exception as error:  # noqa: BLE001 - as above
                _log.exception("mt5_connect_failed")
                self._not_back(f"internal error: {type(error).__name__}", attempt)
            else:
                return

    def _not_back(self, reason: str, attempt: int) -> None:
        self._is_up = False
        self._lost = reason
        _log.info("mt5_not_back", attempt=attempt, reason=reason)
        self._updates.health("orders", LinkStatus.DOWN, reason=reason)

    # health

    @property
    def _known(self) -> AccountInfo:
        if self._info is None:
            raise NotConnected("the terminal was not reached yet")
        return self._info

    def _tell_up(self) -> None:
        latency_ms = None
        self._updates.health("orders", LinkStatus.UP, reason=self._refusal, latency_ms=latency_ms)
        self._updates.health("data", LinkStatus.UP, reason=self._keeper.doubt)

    def _down(self, reason: str) -> None:
        self._is_up = False
        self._lost = reason
        self._updates.health("orders", LinkStatus.DOWN, reason=reason)
        self._updates.health("data", LinkStatus.DOWN, reason=reason)

    def _renew(self, reason: str) -> None:
        """Ask the reader to read everything again."""
        self._updates.health("orders", LinkStatus.DOWN, reason=reason)
        self._tell_up()
