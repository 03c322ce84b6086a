"""One open session: everything a connection is made of, wired, started and stopped."""

import random as random_module
from typing import Final

import structlog

from edgerunner.adapters.broker import Capabilities, product_label
from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer, WallClock
from edgerunner.adapters.mt5.books import Book
from edgerunner.adapters.mt5.capabilities import capabilities
from edgerunner.adapters.mt5.catalogue import Catalogue
from edgerunner.adapters.mt5.clock_keeper import ClockKeeper
from edgerunner.adapters.mt5.entry import OrderEntry
from edgerunner.adapters.mt5.follower import Follower
from edgerunner.adapters.mt5.history import History
from edgerunner.adapters.mt5.ledger import Ledger
from edgerunner.adapters.mt5.link import Identity, Link
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.market import Market
from edgerunner.adapters.mt5.options import Options
from edgerunner.adapters.mt5.own_keys import OwnKeys
from edgerunner.adapters.mt5.records import ProofRule, Records
from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.terminal import Calls, Terminal
from edgerunner.adapters.mt5.values import NS_PER_S
from edgerunner.domain.accounts import Account
from edgerunner.domain.errors import NotFound, Unsupported

_log = structlog.get_logger(__name__)

_ID_BITS: Final = 64


class Mt5Session:
    """The parts of a logged-in connection; ``start`` and ``close`` bound their life."""

    def __init__(
        self,
        terminal: Terminal,
        options: Options,
        identity: Identity,
        *,
        clock: WallClock,
        random: random_module.Random,
    ) -> None:
        self._terminal = terminal
        self.updates = UpdateBuffer(clock)
        self.market_updates = MarketBuffer()
        self.keys = OwnKeys()
        server_clock = ServerClock(options.server_zone)
        calls = self.calls = Calls(terminal)
        ledger = Ledger(calls, server_clock)
        self.catalogue = Catalogue(calls, suffix=options.symbol_suffix)
        self.history = History(terminal, server_clock, now_ns=clock.time_ns)
        self.market = Market(
            terminal,
            calls,
            self.catalogue,
            self.history,
            clock=server_clock,
            buffer=self.market_updates,
            now_ns=clock.time_ns,
        )
        self.records = Records(
            calls,
            self.catalogue,
            ledger,
            book=lambda: self.book,
            now_ns=clock.time_ns,
            proof=ProofRule(settle_ns=int(options.settle_s * NS_PER_S)),
        )
        follower = Follower(
            calls,
            self.catalogue,
            ledger,
            self.records,
            book=lambda: self.book,
            tell=self.updates.put,
            now_ns=clock.time_ns,
        )
        self.link = Link(
            terminal,
            calls,
            identity,
            options,
            keeper=ClockKeeper(server_clock, calls, now_ns=clock.time_ns, wait_s=options.clock_wait_s),
            catalogue=self.catalogue,
            follower=follower,
            market=self.market,
            history=self.history,
            updates=self.updates,
            clock=clock,
            random=random,
        )
        self.server_clock = server_clock
        self.orders = OrderEntry(
            terminal,
            calls,
            self.catalogue,
            book=lambda: self.book,
            poke=self.link.on_change,
            new_id=lambda: f"{random.getrandbits(_ID_BITS):x}",
            deviation=options.deviation_points,
        )

    async def start(self) -> None:
        """Bring the connection up; raises as ``BrokerAdapter.connect`` does."""
        await self.link.start()

    async def close(self) -> None:
        """Close everything; the readers' streams end. Idempotent."""
        await self.market.stop()
        await self.link.stop()
        await self._terminal.close()
        self.updates.close()
        self.market_updates.close()

    @property
    def account(self) -> Account:
        """Return the account that the terminal is logged in to."""
        return self.link.account

    @property
    def book(self) -> Book:
        """Return what the account's records are read with."""
        account = self.account
        return Book(
            account_id=account.account_id,
            currency=account.currency,
            is_hedged=self.link.is_hedged,
            clock=self.server_clock,
            keys=self.keys,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here, now."""
        known = (listing for listing in self.catalogue.known() if listing.info.ticks_bookdepth)
        return capabilities(
            is_hedged=self.link.is_hedged,
            refusal=self.link.refusal,
            with_depth={product_label(listing.instrument) for listing in known},
        )

    def require_account(self, account_id: str) -> None:
        """Raise ``NotFound`` for another account than this connection's."""
        if account_id != self.account.account_id:
            raise NotFound(f"this connection has no account {account_id}")

    async def tradable(self, account_id: str, instrument_id: str) -> Listing:
        """Return the instrument to trade; raises ``NotFound``, ``NotConnected``, ``Unsupported`` with the reason."""
        self.require_account(account_id)
        self.link.require_up()
        if self.link.refusal is not None:
            raise Unsupported(self.link.refusal)
        return await self.catalogue.load(instrument_id)
