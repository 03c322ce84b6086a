"""One open session: everything a connection is made of, wired, started and stopped."""

import asyncio
import random as random_module
from contextlib import suppress
from typing import Final

from edgerunner.adapters.broker import Capabilities, LinkStatus, PositionReport
from edgerunner.adapters.bybit.account import ACCOUNT_CURRENCY, WalletBook
from edgerunner.adapters.bybit.background import Background
from edgerunner.adapters.bybit.capabilities import capabilities
from edgerunner.adapters.bybit.commands import OrderEntry
from edgerunner.adapters.bybit.errors import Refused
from edgerunner.adapters.bybit.instruments import Catalogue, Listing
from edgerunner.adapters.bybit.limits import NS_PER_S, Scheduler
from edgerunner.adapters.bybit.link import Link, LinkSettings, Session, StatusListener
from edgerunner.adapters.bybit.login import Identity, Positions, identify, margin_mode
from edgerunner.adapters.bybit.market import MarketReader
from edgerunner.adapters.bybit.market_buffer import MarketBuffer
from edgerunner.adapters.bybit.options import Credentials, Options
from edgerunner.adapters.bybit.private import PrivateSession
from edgerunner.adapters.bybit.private_events import PrivateEvents
from edgerunner.adapters.bybit.public import PublicStreams
from edgerunner.adapters.bybit.records import ProofRule, Records
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.signing import Signer
from edgerunner.adapters.bybit.sockets import opener
from edgerunner.adapters.bybit.trade import TradeSession
from edgerunner.adapters.bybit.updates import UpdateBuffer
from edgerunner.adapters.bybit.values import NS_PER_MS, Strangers
from edgerunner.adapters.bybit.wire import Push, Wallets
from edgerunner.domain.accounts import Account, AccountMode, AccountSummary
from edgerunner.domain.errors import BrokerAuthFailed, BrokerUnreachable, NotFound, Unsupported

_CLOCK_STEP_S: Final = 60.0


class BybitSession:
    """Owns transport, streams and state of one connection; ``open`` and ``close`` bound its life."""

    def __init__(
        self, options: Options, credentials: Credentials, *, clock: Clock, random: random_module.Random
    ) -> None:
        self._options = options
        self._clock = clock
        self._random = random
        self._signer = Signer(credentials, options.recv_window_ms)
        self._scheduler = Scheduler(clock)
        self.rest = RestClient(
            options=options, signer=self._signer, scheduler=self._scheduler, clock=clock, random=random
        )
        self.strangers = Strangers()
        self.updates = UpdateBuffer(clock)
        self.market_updates = MarketBuffer()
        self.catalogue = Catalogue(self.rest)
        self.market = MarketReader(self.rest, clock)
        self.public = PublicStreams(
            options=options,
            catalogue=self.catalogue,
            buffer=self.market_updates,
            clock=clock,
            random=random,
            on_health=lambda status, reason, latency_ms: self.updates.health(
                "data", status, reason=reason, latency_ms=latency_ms
            ),
        )
        self._background = Background()
        self._links: list[Link] = []
        self._events: PrivateEvents | None = None
        self._identity = Identity(account_id="", refusal=None)
        self._linear_refusal: str | None = None

    async def open(self) -> list[Account]:
        """Connect everything; raises as ``BrokerAdapter.connect`` does, and then nothing stays open."""
        try:
            await self.rest.start()
            await self.rest.measure_clock()
            self._identity = await identify(self.rest, self._options)
            await self.catalogue.load()
            await self._read_account()
            await self._start_streams()
        except Refused as error:
            await self.close()
            raise BrokerAuthFailed(f"Bybit refuses this key or account: {error.detail}") from error
        except BaseException:
            await self.close()
            raise
        self._background.start(self._keep_clock())
        mode = AccountMode.NETTING if self._linear_refusal is None else AccountMode.HEDGING
        return [
            Account(account_id=self.account_id, mode=mode, currency=ACCOUNT_CURRENCY, is_live=self._options.is_live)
        ]

    async def close(self) -> None:
        """Close everything. Idempotent."""
        await self._background.stop()
        for link in self._links:
            await link.stop()
        self._links.clear()
        await self.public.stop()
        if self._events is not None:
            await self._events.stop()
        await self.rest.stop()
        self.updates.close()
        self.market_updates.close()

    @property
    def account_id(self) -> str:
        """The account's UID."""
        return self._identity.account_id

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with this key and account."""
        return capabilities(self._identity.refusal, self._linear_refusal)

    def tradable(self, account_id: str, instrument_id: str) -> Listing:
        """Return the instrument to trade; raises ``NotFound`` or ``Unsupported`` with the reason."""
        self._check_account(account_id)
        listing = self.catalogue.get(instrument_id)
        refusal = self._identity.refusal or (None if listing.is_spot else self._linear_refusal)
        if refusal is not None:
            raise Unsupported(refusal)
        return listing

    def listed(self, account_id: str, instrument_id: str) -> Listing:
        """Return the instrument of an existing order; raises ``NotFound``."""
        self._check_account(account_id)
        return self.catalogue.get(instrument_id)

    def _check_account(self, account_id: str) -> None:
        if account_id != self.account_id:
            raise NotFound(f"this connection has no account {account_id}")

    async def summaries(self) -> list[AccountSummary]:
        """Return the account's money."""
        summary, _ = await self._read_wallet()
        return [summary]

    async def all_positions(self) -> list[PositionReport]:
        """Return contract positions and coins held."""
        contracts = await self.positions.all()
        _, coins = await self._read_wallet()
        return contracts + [report for report in coins if report.quantity]

    async def _read_wallet(self) -> tuple[AccountSummary, list[PositionReport]]:
        wallets, now_ns = await self.rest.get_timed("/v5/account/wallet-balance", {"accountType": "UNIFIED"}, Wallets)
        if not wallets.rows:
            raise BrokerUnreachable("Bybit shows no unified account")
        ts_ns = now_ns or self.rest.server_clock.now_ns()
        wallet = wallets.rows[0]
        return self.wallet.replace(wallet, ts_ns), self.wallet.inventory(wallet.coin, ts_ns)

    async def _read_account(self) -> None:
        account_id = self.account_id
        self.positions = Positions(self.rest, self.catalogue, account_id=account_id)
        self.wallet = WalletBook(account_id, self.catalogue, margin_mode=await margin_mode(self.rest))
        self.records = Records(
            self.rest,
            self.catalogue,
            account_id=account_id,
            strangers=self.strangers,
            proof=ProofRule(
                queue_ns=int(self._options.queue_timeout_s * NS_PER_S),
                recv_window_ns=self._options.recv_window_ms * NS_PER_MS,
                settle_ns=int(self._options.settle_s * NS_PER_S),
            ),
        )
        hedged = await self.positions.in_hedge_mode()
        if hedged is not None:
            self._refuse_linear(hedged)
        await self._read_wallet()

    def _refuse_linear(self, symbol: str) -> None:
        self._linear_refusal = (
            f"the account trades {symbol} in hedge mode, which this version does not; switch it to one-way mode"
        )

    async def _start_streams(self) -> None:
        private = PrivateSession(
            self._signer, self.rest.server_clock, on_push=self._on_push, refresh_clock=self.rest.try_clock
        )
        link = self._link("private", self._options.endpoints.private, private, self._on_private)
        private.attach(link)
        self._events = PrivateEvents(
            account_id=self.account_id,
            catalogue=self.catalogue,
            records=self.records,
            wallet=self.wallet,
            updates=self.updates,
            strangers=self.strangers,
            renew=link.renew,
            on_hedge=self._refuse_linear,
        )
        self.orders = OrderEntry(self.rest, self._start_trade_stream())
        link.start()
        await link.wait_up(2 * self._options.request_timeout_s)
        self.updates.health("data", LinkStatus.UP, reason=None, latency_ms=self.rest.server_clock.round_trip_ms)

    def _start_trade_stream(self) -> TradeSession | None:
        url = self._options.endpoints.trade
        if url is None:
            return None
        trade = TradeSession(
            options=self._options,
            signer=self._signer,
            rest=self.rest,
            scheduler=self._scheduler,
            refresh_clock=self.rest.try_clock,
        )
        link = self._link("trade", url, trade, lambda status, reason: None)  # noqa: ARG005 - REST stands in for it
        trade.attach(link)
        link.start()
        return trade

    def _link(self, name: str, url: str, session: Session, on_status: StatusListener) -> Link:
        link = Link(
            LinkSettings(
                name=name,
                url=url,
                heartbeat_s=self._options.heartbeat_s,
                timeout_s=self._options.request_timeout_s,
            ),
            session,
            open_socket=opener(self._options.websocket),
            clock=self._clock,
            random=self._random,
            on_status=on_status,
        )
        self._links.append(link)
        return link

    def _on_private(self, status: LinkStatus, reason: str | None) -> None:
        latency_ms = self._links[0].latency_ms if status is LinkStatus.UP else None
        self.updates.health("orders", status, reason=reason, latency_ms=latency_ms)

    def _on_push(self, push: Push) -> None:
        if self._events is not None:
            self._events.receive(push)

    async def _keep_clock(self) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(_CLOCK_STEP_S)
                await self.rest.keep_clock()
