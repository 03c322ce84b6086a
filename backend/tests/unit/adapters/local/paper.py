"""A paper account in memory, and the market it sees, in plain numbers."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from edgerunner.adapters.broker import CancelOrder, CashReport, FillReport, ModifyOrder, OrderReport, PlaceOrder
from edgerunner.adapters.local.book import PaperBook
from edgerunner.adapters.local.options import LocalOptions
from edgerunner.adapters.local.records import ACCOUNT_ID, Change, LocalFill, LocalOrder, StoredBook
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Depth, MarketTrade, Ticker
from edgerunner.domain.orders import OrderTerms, OrderType, Side
from edgerunner.matching.fees import FeeSchedule
from tests.fakes.instruments import LINEAR

SECOND = 10**9
WIDE = replace(LINEAR, max_quantity=Decimal(1000))
OPTIONS = LocalOptions(
    currency="USDT", balance=Decimal(1000), fees=FeeSchedule(maker=Decimal("0.001"), taker=Decimal("0.002"))
)


class Paper:
    """One instrument's market at 99.9 / 100.1 with 5 on each side, and an account on it."""

    def __init__(
        self,
        instrument: Instrument = WIDE,
        options: LocalOptions = OPTIONS,
        *,
        stored: StoredBook | None = None,
        now_ns: int = 1_000 * SECOND,
        coin_markets: Sequence[Instrument] = (),
    ) -> None:
        empty = StoredBook(book_id="book", balances={}, holdings={}, live_orders=(), instruments={}, numbers=(0, 0, 0))
        self.instrument = instrument
        self.now_ns = now_ns
        self.book = PaperBook(stored or empty, options)
        self.reports: list[OrderReport | FillReport | CashReport] = []
        self.booked: list[LocalFill] = []
        self.everything = Change()
        self._number = 0
        self.heard(self.book.open_account(coin_markets, now_ns))

    def heard(self, change: Change) -> Change:
        self.reports += change.reports
        self.booked += change.fills
        all_of_it = self.everything
        all_of_it.orders |= change.orders
        all_of_it.fills += change.fills
        all_of_it.cash += change.cash
        all_of_it.balances |= change.balances
        all_of_it.holdings |= change.holdings
        all_of_it.instruments |= change.instruments
        return change

    def quote(self, bid: str, ask: str, *, size: str = "5", mark: str | None = None) -> Change:
        """Show a market and its mark (the middle, unless told)."""
        middle = (Decimal(bid) + Decimal(ask)) / 2
        first = self.mark(mark or str(middle))
        level = Decimal(size)
        depth = Depth(
            instrument_id=self.instrument.instrument_id,
            bids=((Decimal(bid), level),),
            asks=((Decimal(ask), level),),
            sequence=None,
            ts_event_ns=self.now_ns,
            ts_arrival_ns=self.now_ns,
        )
        self.heard(self.book.on_depth(self.instrument, depth, self.now_ns))
        return first

    def mark(self, price: str) -> Change:
        """Let last and mark price be known, without any liquidity."""
        return self.heard(self.book.on_ticker(self.instrument, self.ticker(price), self.now_ns, has_depth=True))

    def ticker(self, price: str) -> Ticker:
        return Ticker(
            instrument_id=self.instrument.instrument_id,
            bid=None,
            ask=None,
            bid_size=None,
            ask_size=None,
            last=Decimal(price),
            mark=Decimal(price),
            index=None,
            ts_event_ns=self.now_ns,
            ts_arrival_ns=self.now_ns,
        )

    def best(self, bid: str, ask: str) -> Change:
        """Show a best quote without sizes, last or mark, as currency brokers do."""
        quote = replace(self.ticker("1"), bid=Decimal(bid), ask=Decimal(ask), last=None, mark=None)
        return self.heard(self.book.on_ticker(self.instrument, quote, self.now_ns, has_depth=False))

    def trade(self, price: str, quantity: str, side: Side) -> None:
        public = MarketTrade(
            instrument_id=self.instrument.instrument_id,
            trade_id="T",
            price=Decimal(price),
            quantity=Decimal(quantity),
            side=side,
            ts_event_ns=self.now_ns,
        )
        self.heard(self.book.on_trade(self.instrument, public, self.now_ns))

    def terms(self, side: Side, quantity: str, price: str | None = None, **changes: object) -> OrderTerms:
        terms = OrderTerms(
            instrument_id=self.instrument.instrument_id,
            side=side,
            order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
            quantity=Decimal(quantity),
            quantity_unit=self.instrument.quantity_unit,
            price=None if price is None else Decimal(price),
        )
        return replace(terms, **changes)  # type: ignore[arg-type]

    def place(self, side: Side, quantity: str, price: str | None = None, **changes: object) -> LocalOrder:
        self._number += 1
        command = PlaceOrder(
            client_order_id=f"C{self._number}",
            account_id=ACCOUNT_ID,
            terms=self.terms(side, quantity, price, **changes),
        )
        order, change = self.book.place(command, self.instrument, self.now_ns)
        self.heard(change)
        return order

    def cancel(self, order: LocalOrder) -> None:
        command = CancelOrder(
            client_order_id=order.client_order_id or "",
            venue_order_id=order.venue_order_id,
            account_id=ACCOUNT_ID,
            instrument_id=self.instrument.instrument_id,
        )
        self.heard(self.book.cancel(command, self.now_ns))

    def modify(self, order: LocalOrder, **changes: Decimal) -> None:
        command = ModifyOrder(
            client_order_id=order.client_order_id or "",
            venue_order_id=order.venue_order_id,
            account_id=ACCOUNT_ID,
            instrument_id=self.instrument.instrument_id,
            **changes,
        )
        self.heard(self.book.modify(command, self.now_ns))

    def newest(self, order: LocalOrder) -> OrderReport:
        """The order's newest report."""
        told = [r for r in self.reports if isinstance(r, OrderReport) and r.venue_order_id == order.venue_order_id]
        return told[-1]

    @property
    def fills(self) -> list[FillReport]:
        return [report for report in self.reports if isinstance(report, FillReport)]

    @property
    def cash(self) -> list[CashReport]:
        return [report for report in self.reports if isinstance(report, CashReport)]

    @property
    def written(self) -> StoredBook:
        """The book as a restart finds it."""
        done = self.everything
        return StoredBook(
            book_id="book",
            balances=done.balances,
            holdings=done.holdings,
            live_orders=tuple(order for order in done.orders.values() if order.is_live),
            instruments=done.instruments,
            numbers=(len(done.orders), len(done.fills), len(done.cash)),
        )

    @property
    def newest_trade_id(self) -> str:
        """The id that the newest fill got."""
        return self.fills[-1].fill.trade_id

    @property
    def held(self) -> Decimal:
        return self.book.position(self.instrument.instrument_id, self.now_ns).quantity
