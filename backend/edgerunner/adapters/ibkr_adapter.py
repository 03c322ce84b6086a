"""Interactive Brokers behind the broker contract: stocks, currencies, futures and options over TWS or IB Gateway."""

import random as random_module
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

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
from edgerunner.adapters.ibkr.capabilities import capabilities
from edgerunner.adapters.ibkr.instruments import Listing
from edgerunner.adapters.ibkr.options import Credentials, Options, parse_credentials, parse_options
from edgerunner.adapters.ibkr.placement import check_trigger_side
from edgerunner.adapters.ibkr.session import IbSession, open_session
from edgerunner.domain.accounts import Account, AccountSummary
from edgerunner.domain.errors import BrokerError, Conflict, NotConnected, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe
from edgerunner.domain.order_preview import OrderEstimate
from edgerunner.domain.orders import OrderTerms


def create_ibkr_adapter(
    *,
    connection_id: str,
    environment: Environment,
    credentials: Mapping[str, str],
    options: Mapping[str, object],
    clock: WallClock,
    random: random_module.Random,
) -> "IBBrokerAdapter":
    """Return an adapter that is not connected yet.

    ``credentials``: ``host``, ``port``, ``client_id``, ``account``, all optional; none is a secret. ``options``: the
    fields of ``Options``. ``random`` spreads retries. Raises ``InvalidRequest`` naming every wrong or missing field.
    """
    return IBBrokerAdapter(
        connection_id,
        parse_options(environment, options),
        parse_credentials(environment, credentials, connection_id=connection_id),
        clock=clock,
        random=random,
    )


class IBBrokerAdapter:
    """One session with one TWS or IB Gateway; every method is that of ``BrokerAdapter``."""

    def __init__(
        self,
        connection_id: str,
        options: Options,
        credentials: Credentials,
        *,
        clock: WallClock,
        random: random_module.Random,
    ) -> None:
        self._connection_id = connection_id
        self._options = options
        self._credentials = credentials
        self._clock = clock
        self._random = random
        self._open: IbSession | None = None

    def __repr__(self) -> str:
        place = f"{self._credentials.host}:{self._credentials.port}"
        return f"IBBrokerAdapter({self._connection_id!r}, {place!r}, client_id={self._credentials.client_id})"

    @property
    def capabilities(self) -> Capabilities:
        """Return what this connection can do; complete after ``connect``."""
        return capabilities(None) if self._open is None else self._open.capabilities

    async def connect(self) -> Sequence[Account]:
        """Open the session; raises ``Conflict`` when it is open already, or the client id is in use."""
        if self._open is not None:
            raise Conflict(f"{self._connection_id} is connected already")
        self._open = await open_session(self._credentials, self._options, clock=self._clock, random=self._random)
        return self._open.accounts

    async def disconnect(self) -> None:
        """Close everything; running streams end. Idempotent."""
        session, self._open = self._open, None
        if session is not None:
            await session.close()

    async def get_account_summary(self) -> Sequence[AccountSummary]:
        """Return each account's money."""
        return await self._session.account.summaries()

    async def get_positions(self) -> Sequence[PositionReport]:
        """Return the positions that are not flat."""
        return await self._session.account.positions()

    async def check_order(self, account_id: str, terms: OrderTerms) -> None:
        """Raise what would keep the order from being sent."""
        session = self._session
        listing = await session.tradable(account_id, terms.instrument_id)
        session.orders.entry.check(terms, listing.instrument)
        await _check_trigger(session, listing, terms)

    async def preview_order(self, account_id: str, terms: OrderTerms) -> OrderEstimate:
        """Return TWS's estimate of margin, equity and commission after an order."""
        session = self._session
        listing = await session.tradable(account_id, terms.instrument_id)
        currency = next(each.currency for each in session.accounts if each.account_id == account_id)
        return await session.orders.what_if.ask(
            terms,
            account_id=account_id,
            contract=listing.contract,
            instrument=listing.instrument,
            currency=currency,
        )

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        """Send one order and its exits, once."""
        session = self._session
        listing = await session.tradable(command.account_id, command.terms.instrument_id)
        session.orders.entry.check(command.terms, listing.instrument)
        await _check_trigger(session, listing, command.terms)
        return await session.orders.entry.place(command, listing.contract, listing.instrument)

    async def modify_order(self, command: ModifyOrder) -> OrderAck:
        """Change a working order."""
        session = self._session
        listing = await session.tradable(command.account_id, command.instrument_id)
        return await session.orders.entry.modify(command, listing.contract, listing.instrument)

    async def cancel_order(self, command: CancelOrder) -> OrderAck:
        """Cancel a working order."""
        session = self._session
        session.require_account(command.account_id)
        return await session.orders.entry.cancel(command)

    async def get_open_orders(self) -> Sequence[OrderReport]:
        """Return every working order; none through a read-only API, which tells no orders."""
        session = self._session
        return [] if session.refusal is not None else await session.orders.records.open_orders()

    async def find_order(
        self, *, client_order_id: str | None, venue_order_id: str | None, instrument_id: str, sent_at_ns: int | None
    ) -> OrderLookup:
        """Look an order up in every record that TWS keeps; a read-only API proves nothing."""
        session = self._session
        if session.refusal is not None:
            return OrderLookup(report=None, fills=(), is_proof_of_absence=False)
        await session.catalogue.load(instrument_id)
        return await session.orders.records.find_order(
            client_order_id=client_order_id, venue_order_id=venue_order_id, sent_at_ns=sent_at_ns
        )

    async def get_fills(self, since_ns: int) -> Sequence[FillReport]:
        """Return today's executions since a time, oldest first: TWS tells no older ones."""
        return await self._session.orders.records.fills(since_ns)

    async def get_cash_movements(self, since_ns: int) -> Sequence[CashReport]:
        """Return commissions that came after their fill; TWS tells no other movements (see ``capabilities``)."""
        return await self._session.orders.records.commissions(since_ns)

    def get_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument from memory; raises ``NotFound``, also for one that nobody asked TWS for yet."""
        return self._session.catalogue.get(instrument_id).instrument

    async def load_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument, asked for when it is not in memory; raises ``NotFound`` with the candidates."""
        return (await self._session.catalogue.load(instrument_id)).instrument

    async def search_instruments(self, query: str) -> Sequence[Instrument]:
        """Return what TWS finds for a symbol or name; for an empty query what is in memory."""
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
        return await session.history.bars(listing, timeframe, start_ns=start_ns, end_ns=end_ns, limit=limit)

    async def get_ticker(self, instrument_id: str) -> Ticker:
        """Return the newest quote."""
        session = self._session
        return await session.market.ticker(await session.catalogue.load(instrument_id))

    async def get_depth(self, instrument_id: str, levels: int) -> Depth:  # noqa: ARG002 - TWS tells all it tells
        """Return the book, 20 rows of a side at most."""
        session = self._session
        return await session.market.depth(await session.catalogue.load(instrument_id))

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:  # noqa: ARG002 - the contract's
        """Raise ``Unsupported``: nothing traded here has funding."""
        await self._session.catalogue.load(instrument_id)
        raise Unsupported(f"{instrument_id} has no funding")

    def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        """Yield orders, fills, positions, account and health as they arrive."""
        return self._session.updates.read()

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these."""
        await self._session.market.subscribe(subscriptions)

    def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        """Yield live market data."""
        return self._session.market_updates.read()

    @property
    def _session(self) -> IbSession:
        if self._open is None:
            raise NotConnected(f"{self._connection_id} is not connected")
        return self._open


async def _check_trigger(session: IbSession, listing: Listing, terms: OrderTerms) -> None:
    """Refuse a trigger on the wrong side of the price, where a price can be had."""
    if not terms.order_type.has_trigger:
        return
    try:
        ticker = await session.market.ticker(listing)
    except BrokerError:
        return
    check_trigger_side(terms, ticker)
