"""Local execution behind the broker contract: a connection's live market data, orders filled by our own matching core.

Nothing is sent to the broker. The account lives in a file of its own and is called ``local``; what the model assumes
stands in ``docs/local-execution.md``.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from edgerunner.adapters.broker import (
    BrokerUpdate,
    CancelOrder,
    Capabilities,
    CashReport,
    FillReport,
    MarketDataAdapter,
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
from edgerunner.adapters.local.capabilities import local_capabilities
from edgerunner.adapters.local.money import summary
from edgerunner.adapters.local.options import LocalDefaults, LocalOptions, parse_local_options
from edgerunner.adapters.local.records import ACCOUNT_ID, LocalOrder, cash_report, fill_report, order_report
from edgerunner.adapters.local.session import LocalSession
from edgerunner.adapters.local.store import store_path
from edgerunner.adapters.wire_mark import handed_over
from edgerunner.domain.accounts import Account, AccountMode, AccountSummary
from edgerunner.domain.errors import Conflict, NotConnected
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe
from edgerunner.domain.orders import OrderTerms

SETTLED_NS: Final = 10 * 10**9
"""A placement that left no record for so long never reached the book."""


def create_local_adapter(
    data: MarketDataAdapter,
    *,
    connection_id: str,
    folder: Path,
    options: Mapping[str, object],
    defaults: LocalDefaults,
    clock: WallClock,
) -> "LocalAdapter":
    """Return an adapter that is not connected yet; the book lies in ``folder``.

    ``options``: the fields of ``LocalOptions``. Raises ``InvalidRequest`` naming every wrong one.
    """
    path = store_path(folder, connection_id)
    return LocalAdapter(data, path, parse_local_options(options, defaults), clock=clock)


class LocalAdapter:
    """One paper account on one connection's prices; every method is that of ``BrokerAdapter``."""

    def __init__(self, data: MarketDataAdapter, path: Path, options: LocalOptions, *, clock: WallClock) -> None:
        self._data = data
        self._path = path
        self._options = options
        self._clock = clock
        self._open: LocalSession | None = None

    def __repr__(self) -> str:
        return f"LocalAdapter({self._data!r}, {self._path.name!r})"

    @property
    def capabilities(self) -> Capabilities:
        """Return what local execution can do on this connection's market data."""
        return local_capabilities(self._data.capabilities)

    async def connect(self) -> Sequence[Account]:
        """Connect the market data and open the book; raises ``Conflict`` when it is open already."""
        if self._open is not None:
            raise Conflict("the paper account is connected already")
        session = LocalSession(self._data, self._path, self._options, clock=self._clock)
        try:
            await self._data.connect()
            await session.start()
        except BaseException:
            await session.close()
            await self._data.disconnect()
            raise
        self._open = session
        currency = self._options.currency
        return [Account(account_id=ACCOUNT_ID, mode=AccountMode.NETTING, currency=currency, is_live=False)]

    async def disconnect(self) -> None:
        """Close book and market data; running streams end. Idempotent."""
        session, self._open = self._open, None
        if session is not None:
            await session.close()
            await self._data.disconnect()

    async def get_account_summary(self) -> Sequence[AccountSummary]:
        """Return the paper account's money at the newest marks."""
        session = self._session
        await session.refresh_marks()
        return [summary(session.desk.book.account, self._clock.time_ns())]

    async def get_positions(self) -> Sequence[PositionReport]:
        """Return what is held."""
        session = self._session
        await session.refresh_marks()
        return session.desk.book.positions(self._clock.time_ns())

    async def check_order(self, account_id: str, terms: OrderTerms) -> None:
        """Raise what would keep the order from being taken in."""
        await self._session.check(account_id, terms)

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        """Take one order in, once; it is durable before this returns."""
        handed_over()
        order = await self._session.place(command)
        return OrderAck(venue_order_id=order.venue_order_id)

    async def modify_order(self, command: ModifyOrder) -> OrderAck:
        """Change a working order."""
        await self._session.modify(command)
        return OrderAck(venue_order_id=command.venue_order_id)

    async def cancel_order(self, command: CancelOrder) -> OrderAck:
        """Cancel a working order."""
        await self._session.cancel(command)
        return OrderAck(venue_order_id=command.venue_order_id)

    async def get_open_orders(self) -> Sequence[OrderReport]:
        """Return every working order."""
        return [self._report(order) for order in self._session.desk.book.open_orders]

    async def find_order(
        self, *, client_order_id: str | None, venue_order_id: str | None, instrument_id: str, sent_at_ns: int | None
    ) -> OrderLookup:
        """Look an order up in the book, which keeps all there ever were."""
        session = self._session
        order = await session.desk.read(
            lambda store: store.find(client_order_id=client_order_id, venue_order_id=venue_order_id)
        )
        if order is None:
            is_old = sent_at_ns is not None and self._clock.time_ns() - sent_at_ns > SETTLED_NS
            return OrderLookup(report=None, fills=(), is_proof_of_absence=is_old)
        found = order.venue_order_id
        fills = await session.desk.read(lambda store: store.fills_of(found))
        instrument = session.booked(instrument_id)
        reports = tuple(fill_report(fill, instrument) for fill in fills)
        return OrderLookup(report=self._report(order), fills=reports, is_proof_of_absence=False)

    async def get_fills(self, since_ns: int) -> Sequence[FillReport]:
        """Return executions since a time, oldest first."""
        session = self._session
        fills = await session.desk.read(lambda store: store.fills_since(since_ns))
        return [fill_report(fill, session.booked(fill.instrument_id)) for fill in fills]

    async def get_cash_movements(self, since_ns: int) -> Sequence[CashReport]:
        """Return cash movements booked since a time, oldest first; funding that is due is booked before."""
        session = self._session
        await session.book_funding()
        return [cash_report(cash) for cash in await session.desk.read(lambda store: store.cash_since(since_ns))]

    async def pay_in(self, amount: Decimal) -> None:
        """Pay paper money in, or out with a negative amount."""
        await self._session.desk.run(lambda book, now_ns: (None, book.pay_in(amount, now_ns)))

    def get_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument; raises ``NotFound``."""
        return self._session.instrument(instrument_id)

    async def search_instruments(self, query: str) -> Sequence[Instrument]:
        """Return instruments whose id, symbol or base contains ``query``."""
        return await self._session.data.search_instruments(query)

    async def get_chart_data(
        self,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return the connection's bars."""
        return await self._session.data.get_chart_data(
            instrument_id, timeframe, start_ns=start_ns, end_ns=end_ns, limit=limit
        )

    async def get_ticker(self, instrument_id: str) -> Ticker:
        """Return the connection's newest quote."""
        return await self._session.data.get_ticker(instrument_id)

    async def get_depth(self, instrument_id: str, levels: int) -> Depth:
        """Return the connection's book."""
        return await self._session.data.get_depth(instrument_id, levels)

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:
        """Return the connection's funding rates."""
        return await self._session.data.get_funding(instrument_id, limit)

    def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        """Yield orders, fills, positions, account and health as they are written."""
        return self._session.updates.read()

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        """Make the live feeds exactly these."""
        await self._session.watch.subscribe(subscriptions)

    def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        """Yield the connection's live market data."""
        return self._session.watch.buffer.read()

    def _report(self, order: LocalOrder) -> OrderReport:
        return order_report(order, self._session.booked(order.terms.instrument_id).lot_step)

    @property
    def _session(self) -> LocalSession:
        if self._open is None:
            raise NotConnected("the paper account is not connected")
        return self._open
