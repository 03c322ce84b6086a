"""One open session: everything a connection is made of, wired, started and stopped."""

import asyncio
import random as random_module
from typing import Final

from edgerunner.adapters.background import Background
from edgerunner.adapters.broker import Capabilities, LinkStatus, PositionReport
from edgerunner.adapters.buffers import MarketBuffer, UpdateBuffer
from edgerunner.adapters.bybit.account import ACCOUNT_CURRENCY, WalletBook
from edgerunner.adapters.bybit.capabilities import capabilities
from edgerunner.adapters.bybit.commands import OrderEntry
from edgerunner.adapters.bybit.controls import Controls
from edgerunner.adapters.bybit.errors import Refused
from edgerunner.adapters.bybit.instruments import Catalogue, Listing
from edgerunner.adapters.bybit.legs import PositionModes
from edgerunner.adapters.bybit.limits import NS_PER_S
from edgerunner.adapters.bybit.link import Link
from edgerunner.adapters.bybit.login import Identity, Positions, identify, margin_mode
from edgerunner.adapters.bybit.market import MarketReader
from edgerunner.adapters.bybit.options import Credentials, Options
from edgerunner.adapters.bybit.private import PrivateSession
from edgerunner.adapters.bybit.private_events import PrivateEvents
from edgerunner.adapters.bybit.public import PublicStreams
from edgerunner.adapters.bybit.records import ProofRule, Records
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.trade import TradeSession
from edgerunner.adapters.bybit.transport import Transport
from edgerunner.adapters.bybit.values import NS_PER_MS, Strangers
from edgerunner.adapters.bybit.wire import Wallets
from edgerunner.domain.accounts import Account, AccountMode, AccountSummary
from edgerunner.domain.errors import BrokerAuthFailed, BrokerUnreachable, NotFound, Unsupported

_CLOCK_STEP_S: Final = 60.0


async def open_session(
    options: Options, credentials: Credentials, *, clock: Clock, random: random_module.Random
) -> "BybitSession":
    """Log in, load instruments, start the streams.

    Raises as ``BrokerAdapter.connect`` does; then nothing stays open.
    """
    transport = Transport(options, credentials, clock=clock, random=random)
    try:
        return await _opened(transport)
    except Refused as error:
        raise BrokerAuthFailed(f"Bybit refuses this key or account: {error.detail}") from error


async def _opened(transport: Transport) -> "BybitSession":
    rest, session = transport.rest, None
    try:
        await rest.start()
        await rest.measure_clock()
        identity = await identify(rest, transport.options)
        catalogue = Catalogue(rest)
        await catalogue.load()
        session = BybitSession(transport, catalogue, identity, margin_mode=await margin_mode(rest))
        await session.start()
        return session
    except BaseException:
        if session is not None:
            await session.close()
        await rest.stop()
        raise


class BybitSession:
    """The parts of a logged-in connection; ``start`` and ``close`` bound their life."""

    def __init__(
        self, transport: Transport, catalogue: Catalogue, identity: Identity, *, margin_mode: str | None
    ) -> None:
        self._transport = transport
        self._identity = identity
        self._background = Background()
        account_id, rest, clock = identity.account_id, transport.rest, transport.clock
        self.account_id = account_id
        self.catalogue = catalogue
        self.strangers = Strangers()
        self.updates = UpdateBuffer(clock)
        self.market_updates = MarketBuffer()
        self.market = MarketReader(rest, clock)
        self.modes = PositionModes(rest)
        self.positions = Positions(rest, catalogue, account_id=account_id, modes=self.modes)
        self.wallet = WalletBook(account_id, catalogue, margin_mode=margin_mode)
        self._controls = Controls(
            rest, account_id=account_id, modes=self.modes, positions=self.positions, wallet=self.wallet
        )
        self.records = Records(
            rest,
            catalogue,
            account_id=account_id,
            strangers=self.strangers,
            proof=_proof_rule(transport.options),
            modes=self.modes,
        )
        self.public = PublicStreams(transport, catalogue=catalogue, buffer=self.market_updates, on_health=self._on_data)
        self._private, self._events = self._private_stream()
        self._trade = self._trade_stream()
        self.orders = OrderEntry(rest, self._trade, modes=self.modes, market=self.market, style=transport.options.style)

    async def start(self) -> None:
        """Read the account and bring the private stream up; raises a ``BrokerError``."""
        await self.positions.read_modes()
        await self._read_wallet()
        if self._trade is not None:
            self._trade.link.start()
        self._private.start()
        await self._private.wait_up(2 * self._transport.options.request_timeout_s)
        self._on_data(LinkStatus.UP, None, self._transport.rest.server_clock.round_trip_ms)
        self._background.start(self._keep_clock())

    async def close(self) -> None:
        """Close everything; the readers' streams end. Idempotent."""
        await self._background.stop()
        await self._private.stop()
        if self._trade is not None:
            await self._trade.link.stop()
        await self.public.stop()
        await self._events.stop()
        await self._transport.rest.stop()
        self.updates.close()
        self.market_updates.close()

    @property
    def accounts(self) -> list[Account]:
        """The account behind the key."""
        mode = AccountMode.HEDGING if self.modes.any_hedged else AccountMode.NETTING
        is_live = self._transport.options.is_live
        return [Account(account_id=self.account_id, mode=mode, currency=ACCOUNT_CURRENCY, is_live=is_live)]

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with this key and account."""
        return capabilities(self._identity.refusal)

    def tradable(self, account_id: str, instrument_id: str) -> Listing:
        """Return the instrument to trade; raises ``NotFound`` or ``Unsupported`` with the reason."""
        listing = self.listed(account_id, instrument_id)
        if self._identity.refusal is not None:
            raise Unsupported(self._identity.refusal)
        return listing

    def listed(self, account_id: str, instrument_id: str) -> Listing:
        """Return the instrument of an existing order; raises ``NotFound``."""
        if account_id != self.account_id:
            raise NotFound(f"this connection has no account {account_id}")
        return self.catalogue.get(instrument_id)

    def controls(self, account_id: str) -> Controls:
        """Return what sets the account up; raises ``NotFound``."""
        if account_id != self.account_id:
            raise NotFound(f"this connection has no account {account_id}")
        return self._controls

    def changeable(self, account_id: str) -> Controls:
        """Return the same for changes; raises ``Unsupported`` when the key may not make any."""
        if self._identity.refusal is not None:
            raise Unsupported(self._identity.refusal)
        return self.controls(account_id)

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
        rest = self._transport.rest
        wallets, now_ns = await rest.get_timed("/v5/account/wallet-balance", {"accountType": "UNIFIED"}, Wallets)
        if not wallets.rows:
            raise BrokerUnreachable("Bybit shows no unified account")
        ts_ns = now_ns or rest.server_clock.now_ns()
        wallet = wallets.rows[0]
        return self.wallet.replace(wallet, ts_ns), self.wallet.inventory(wallet.coin, ts_ns)

    def _private_stream(self) -> tuple[Link, PrivateEvents]:
        private = PrivateSession(self._transport, self._on_private)
        events = PrivateEvents(
            account_id=self.account_id,
            catalogue=self.catalogue,
            records=self.records,
            wallet=self.wallet,
            updates=self.updates,
            strangers=self.strangers,
            renew=private.link.renew,
            modes=self.modes,
        )
        private.on_push = events.receive
        return private.link, events

    def _trade_stream(self) -> TradeSession | None:
        url = self._transport.options.endpoints.trade
        return None if url is None else TradeSession(self._transport, url)

    def _on_private(self, status: LinkStatus, reason: str | None) -> None:
        latency_ms = self._private.latency_ms if status is LinkStatus.UP else None
        self.updates.health("orders", status, reason=reason, latency_ms=latency_ms)

    def _on_data(self, status: LinkStatus, reason: str | None, latency_ms: float | None) -> None:
        self.updates.health("data", status, reason=reason, latency_ms=latency_ms)

    async def _keep_clock(self) -> None:
        while True:
            await asyncio.sleep(_CLOCK_STEP_S)
            await self._transport.rest.keep_clock()


def _proof_rule(options: Options) -> ProofRule:
    return ProofRule(
        queue_ns=int(options.queue_timeout_s * NS_PER_S),
        recv_window_ns=options.recv_window_ms * NS_PER_MS,
        settle_ns=int(options.settle_s * NS_PER_S),
    )
