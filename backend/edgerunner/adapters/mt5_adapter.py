"""MetaTrader 5 behind the broker contract: currencies, CFDs, futures, shares; in process or through the bridge."""

import random as random_module
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from edgerunner.adapters.broker import (
    BrokerUpdate,
    CancelOrder,
    Capabilities,
    CashReport,
    Environment,
    FillReport,
    MarketSubscription,
    MarketUpdate,
    ModifyOrder,
    OrderAck,
    OrderLookup,
    OrderReport,
    PlaceOrder,
    PositionReport,
)
from edgerunner.adapters.buffers import WallClock
from edgerunner.adapters.mt5.account import summary_of
from edgerunner.adapters.mt5.bridge import BridgeTerminal
from edgerunner.adapters.mt5.bridge_http import Address
from edgerunner.adapters.mt5.capabilities import capabilities
from edgerunner.adapters.mt5.experts.run_ea import ExpertRunner
from edgerunner.adapters.mt5.in_process import InProcessTerminal, Launch
from edgerunner.adapters.mt5.link import Identity
from edgerunner.adapters.mt5.options import Credentials, Options, parse_credentials, parse_options
from edgerunner.adapters.mt5.session import Mt5Session
from edgerunner.adapters.mt5.terminal import Terminal
from edgerunner.domain.accounts import Account, AccountSummary
from edgerunner.domain.errors import Conflict, NotConnected, Unsupported
from edgerunner.domain.experts import (
    NO_CHART_CONTROL,
    BacktestOutcome,
    BacktestRequest,
    ExpertView,
    LaunchRequest,
)
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe
from edgerunner.domain.orders import OrderTerms


def create_mt5_adapter(
    *,
    connection_id: str,
    environment: Environment,
    credentials: Mapping[str, str],
    options: Mapping[str, object],
    clock: WallClock,
    random: random_module.Random,
    experts: ExpertRunner | None = None,
) -> "MT5Adapter":
    """Return an adapter that is not connected yet.

    ``credentials``: ``login``, ``password``, ``server``, ``bridge_token``; which are needed depends on whether the
    options name a bridge. ``options``: the fields of ``Options``. ``random`` spreads retries. ``experts``: where
    ``run_ea`` starts Expert Advisors. Raises ``InvalidRequest`` naming every wrong or missing field.
    """
    parsed = parse_options(environment, options)
    known = parse_credentials(credentials, parsed)
    return MT5Adapter(connection_id, parsed, known, clock=clock, random=random, experts=experts)


class MT5Adapter:
    """One session with one terminal; every method is that of ``BrokerAdapter``, or of ``ClosesBy``."""

    def __init__(
        self,
        connection_id: str,
        options: Options,
        credentials: Credentials,
        *,
        clock: WallClock,
        random: random_module.Random,
        experts: ExpertRunner | None = None,
    ) -> None:
        self._connection_id = connection_id
        self._options = options
        self._credentials = credentials
        self._clock = clock
        self._random = random
        self._experts = experts
        self._open: Mt5Session | None = None

    def __repr__(self) -> str:
        place = self._options.bridge_url or self._options.path or self._options.module
        return f"MT5Adapter({self._connection_id!r}, {place!r}, login={self._credentials.login})"

    @property
    def capabilities(self) -> Capabilities:
        """Return what this connection can do; complete after ``connect``."""
        known = capabilities(is_hedged=False, refusal=None, with_depth=())
        if self._open is not None:
            known = self._open.capabilities
        return replace(known, run_ea=self._experts is not None)

    async def connect(self) -> Sequence[Account]:
        """Launch or reach the terminal; raises ``Conflict`` when the session is open already."""
        if self._open is not None:
            raise Conflict(f"{self._connection_id} is connected already")
        identity = Identity(login=self._credentials.login, server=self._credentials.server)
        session = Mt5Session(self._terminal(), self._options, identity, clock=self._clock, random=self._random)
        try:
            await session.start()
        except BaseException:
            await session.close()
            raise
        self._open = session
        return [session.account]

    async def disconnect(self) -> None:
        """Close everything; running streams end. Idempotent."""
        session, self._open = self._open, None
        if session is not None:
            await session.close()

    def remember_keys(self, client_order_ids: Iterable[str]) -> None:
        """Take note of keys whose orders may be found with their comments rewritten."""
        self._session.keys.remember(client_order_ids)

    async def get_account_summary(self) -> Sequence[AccountSummary]:
        """Return the account's money."""
        session = self._session
        return [summary_of(await session.calls.account_info(), self._clock.time_ns())]

    async def get_positions(self) -> Sequence[PositionReport]:
        """Return the open positions: on a hedging account one per ticket, else one per symbol."""
        return await self._session.records.positions()

    async def check_order(self, account_id: str, terms: OrderTerms) -> None:
        """Raise what would keep the order from being sent."""
        session = self._session
        await session.orders.check(terms, await session.tradable(account_id, terms.instrument_id))

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        """Send one order, once."""
        session = self._session
        return await session.orders.place(
            command, await session.tradable(command.account_id, command.terms.instrument_id)
        )

    async def modify_order(self, command: ModifyOrder) -> OrderAck:
        """Change prices of a working order, or of an exit of a position."""
        session = self._session
        await session.tradable(command.account_id, command.instrument_id)
        return await session.orders.modify(command)

    async def cancel_order(self, command: CancelOrder) -> OrderAck:
        """Cancel a working order, or take an exit of a position away; whatever the switches say, the broker decides."""
        session = self._session
        session.require_account(command.account_id)
        return await session.orders.cancel(command)

    async def close_by(self, client_order_id: str, position_id: str, opposite_id: str) -> OrderAck:
        """Close a position by an opposite one of the same symbol, which costs one spread less (hedging accounts)."""
        return await self._session.orders.close_by(client_order_id, position_id, opposite_id)

    async def run_ea(self, request: LaunchRequest | BacktestRequest) -> ExpertView | BacktestOutcome:
        """Launch an Expert Advisor or run the Strategy Tester, in a terminal of its own and never in this session's.

        Raises ``Unsupported`` without such terminals, and what ``ExpertRunner`` raises.
        """
        if self._experts is None:
            raise Unsupported(f"no terminal was given to run Expert Advisors in. {NO_CHART_CONTROL}.")
        return await self._experts.run_ea(request)

    async def get_open_orders(self) -> Sequence[OrderReport]:
        """Return every working order, and every stop loss and take profit of an open position."""
        return await self._session.records.open_orders()

    async def find_order(
        self,
        *,
        client_order_id: str | None,
        venue_order_id: str | None,
        instrument_id: str,  # noqa: ARG002 - tickets and magics are unique in an account
        sent_at_ns: int | None,
    ) -> OrderLookup:
        """Look an order up in every record that the terminal shows."""
        return await self._session.records.find_order(
            client_order_id=client_order_id, venue_order_id=venue_order_id, sent_at_ns=sent_at_ns
        )

    async def get_fills(self, since_ns: int) -> Sequence[FillReport]:
        """Return trades since a time, oldest first."""
        return await self._session.records.fills(since_ns)

    async def get_cash_movements(self, since_ns: int) -> Sequence[CashReport]:
        """Return money moved since a time that no fill carries, swaps of closed positions included."""
        return await self._session.records.cash(since_ns)

    def get_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument from memory; raises ``NotFound``, also for one that nobody asked the broker for yet."""
        return self._session.catalogue.get(instrument_id).instrument

    async def load_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument, asked for when it is not in memory; raises ``NotFound`` with similar names."""
        return (await self._session.catalogue.load(instrument_id)).instrument

    async def search_instruments(self, query: str) -> Sequence[Instrument]:
        """Return instruments whose name contains ``query``; for an empty query what is in memory."""
        return await self._session.catalogue.search(query)

    async def get_chart_data(
        self,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return bars that open in [start, end), oldest first."""
        session = self._session
        listing = await session.catalogue.load(instrument_id)
        await session.catalogue.select(listing)
        return await session.history.bars(listing, timeframe, start_ns=start_ns, end_ns=end_ns, limit=limit)

    async def get_ticker(self, instrument_id: str) -> Ticker:
        """Return the newest quote."""
        session = self._session
        return await session.market.ticker(await session.catalogue.load(instrument_id))

    async def get_depth(self, instrument_id: str, levels: int) -> Depth:  # noqa: ARG002 - the terminal tells all it has
        """Return the depth of market; raises ``Unsupported`` where the broker shows none."""
        session = self._session
        return await session.market.depth(await session.catalogue.load(instrument_id))

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:  # noqa: ARG002 - the contract's
        """Raise ``Unsupported``: nothing traded here has funding."""
        await self._session.catalogue.load(instrument_id)
        raise Unsupported(f"{instrument_id} has no funding; positions held over night pay or receive swap")

    def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        """Yield orders, fills, positions, account and health as they arrive."""
        return self._session.updates.read()

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these."""
        await self._session.market.subscribe(subscriptions)

    def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        """Yield live market data."""
        return self._session.market_updates.read()

    def _terminal(self) -> Terminal:
        options, credentials = self._options, self._credentials
        if options.bridge_url is not None:
            address = Address(
                url=options.bridge_url,
                token=credentials.bridge_token or "",
                client=self._connection_id,
                login=credentials.login,
                server=credentials.server,
            )
            return BridgeTerminal(address, options.pace, take_over=options.take_over)
        launch = Launch(
            module=options.module,
            path=options.path,
            login=credentials.login,
            password=credentials.password,
            server=credentials.server,
            portable=options.portable,
            timeout_s=options.launch_timeout_s,
        )
        return InProcessTerminal(launch, options.pace)

    @property
    def _session(self) -> Mt5Session:
        if self._open is None:
            raise NotConnected(f"{self._connection_id} is not connected")
        return self._open
