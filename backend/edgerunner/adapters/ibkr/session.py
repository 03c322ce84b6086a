"""One open session: everything a connection is made of, wired, started and stopped."""

import asyncio
import random as random_module
import time
from typing import Final

import structlog

from edgerunner.adapters.background import Background
from edgerunner.adapters.broker import Capabilities
from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer, WallClock
from edgerunner.adapters.ibkr.account import AccountBook
from edgerunner.adapters.ibkr.api import FIRST_REQUEST_ID, Api
from edgerunner.adapters.ibkr.capabilities import capabilities
from edgerunner.adapters.ibkr.catalogue import Catalogue
from edgerunner.adapters.ibkr.ears import ErrorListener
from edgerunner.adapters.ibkr.history import History
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.link import Link
from edgerunner.adapters.ibkr.market import MarketStreams
from edgerunner.adapters.ibkr.options import Credentials, Options
from edgerunner.adapters.ibkr.order_ears import OrderEars
from edgerunner.adapters.ibkr.order_path import OrderPath
from edgerunner.adapters.ibkr.pace import Pace
from edgerunner.adapters.ibkr.placement import OrderStyle
from edgerunner.adapters.ibkr.values import NS_PER_S
from edgerunner.domain.accounts import Account
from edgerunner.domain.errors import NotConnected, NotFound, Unsupported
from edgerunner.domain.instruments import Instrument

_log = structlog.get_logger(__name__)

_VALIDATION: Final = 321
_READ_ONLY: Final = "read-only"


async def open_session(
    credentials: Credentials, options: Options, *, clock: WallClock, random: random_module.Random
) -> "IbSession":
    """Log on, read accounts, positions and open orders, and keep the connection from then on.

    Raises as ``BrokerAdapter.connect`` does; then nothing stays open.
    """
    session = IbSession(credentials, options, clock=clock, random=random)
    try:
        await session.start()
    except BaseException:
        await session.close()
        raise
    return session


class IbSession:
    """The parts of a logged-on connection; ``start`` and ``close`` bound their life.

    Attributes:
        refusal: Why this gateway takes no orders, or None: its API is read-only.
    """

    def __init__(
        self, credentials: Credentials, options: Options, *, clock: WallClock, random: random_module.Random
    ) -> None:
        self.options = options
        self.refusal: str | None = None
        self.updates = UpdateBuffer(clock)
        self.market_updates = MarketBuffer()
        self.link = Link(
            credentials, options, make_api=self._make_api, updates=self.updates, clock=clock, random=random
        )
        pace = Pace(time.monotonic)
        self.catalogue = Catalogue(self.link, pace)
        self.account = AccountBook(self.link, self.catalogue, self.updates, pace)
        self.history = History(self.link, pace, time.monotonic)
        self.market = MarketStreams(
            self.link, self.catalogue, self.market_updates, pace, clock=clock, monotonic=time.monotonic
        )
        self.orders = OrderPath(
            account_ids=lambda: frozenset(self.link.accounts),
            instrument_of=lambda contract: _instrument(self.catalogue.known(contract)),
            qualify=self.catalogue.learn,
            tell=self.updates.put,
            ready=self._require_ready,
            renew=self.link.ask_to_read_again,
            now_ns=self.link.now_ns,
            style=OrderStyle(),
            timeout_s=options.request_timeout_s,
            settle_ns=int(options.settle_s * NS_PER_S),
        )
        self._background = Background()
        self._read_only: asyncio.Future[str] | None = None
        self._wire()

    async def start(self) -> None:
        """Bring the connection up; raises a ``BrokerError``."""
        self.market.start()
        await self.link.start()
        self.accounts: list[Account] = self.account.accounts()
        self._background.start(self.catalogue.load_major_pairs())

    async def close(self) -> None:
        """Close everything; the readers' streams end. Idempotent."""
        await self._background.stop()
        await self.market.stop()
        await self.orders.stop()
        await self.account.stop()
        await self.link.stop()
        self.updates.close()
        self.market_updates.close()

    @property
    def capabilities(self) -> Capabilities:
        """What can be done through this gateway."""
        return capabilities(self.refusal)

    def require_account(self, account_id: str) -> None:
        """Raise ``NotFound`` for an account that this connection does not use."""
        if account_id not in self.link.accounts:
            raise NotFound(f"this connection has no account {account_id}")

    async def tradable(self, account_id: str, instrument_id: str) -> Listing:
        """Return the instrument to trade; raises ``NotFound`` or ``Unsupported`` with the reason."""
        self.require_account(account_id)
        if self.refusal is not None:
            raise Unsupported(self.refusal)
        return await self.catalogue.load(instrument_id)

    def _wire(self) -> None:
        self.link.hearers += [self._hear_read_only, self._hear_order_code]
        self.link.openers += [self.account.open, self._open_orders, self.market.open]
        self.link.closers += [self.orders.closed, lambda _: self.market.closed()]
        self.link.restorers.append(lambda is_data_lost: self.market.data_lost() if is_data_lost else None)

    def _make_api(self, on_error: ErrorListener) -> Api:
        api = Api(on_error, OrderEars)
        if isinstance(api.ears, OrderEars):
            api.ears.listener = self.orders.desk
        return api

    async def _open_orders(self, api: Api) -> None:
        """Read the orders that work, or learn that the API is read-only: then TWS never ends the list."""
        self.refusal = None
        self._read_only = asyncio.get_running_loop().create_future()
        reading = asyncio.ensure_future(self.orders.open(api))
        try:
            waits: set[asyncio.Future[None] | asyncio.Future[str]] = {reading, self._read_only}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                await reading
            else:
                self.refusal = f"this gateway takes no orders: {self._read_only.result()}"
                _log.warning("tws_read_only", reason=self.refusal)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _hear_read_only(self, _request_id: int, code: int, text: str) -> None:
        waiting = self._read_only
        if code == _VALIDATION and _READ_ONLY in text.lower() and waiting is not None and not waiting.done():
            waiting.set_result(text)

    def _hear_order_code(self, request_id: int, code: int, text: str) -> None:
        if request_id < FIRST_REQUEST_ID:
            self.orders.desk.error(request_id, code, text)

    def _require_ready(self) -> None:
        if not self.link.is_up:
            reason = self.link.connectivity.cut_reason or "TWS is not connected; it is dialled again by itself"
            raise NotConnected(reason)


def _instrument(listing: Listing | None) -> Instrument | None:
    return None if listing is None else listing.instrument
