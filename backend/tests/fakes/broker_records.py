"""The books of the fake broker, and how a test writes its script."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

from edgerunner.adapters.broker import (
    BrokerUpdate,
    CancelOrder,
    Capabilities,
    CashReport,
    Feed,
    FillReport,
    LinkHealth,
    LinkStatus,
    MarketSubscription,
    MarketUpdate,
    ModifyOrder,
    OrderReport,
    PlaceOrder,
    PositionReport,
)
from edgerunner.domain.accounts import Account, AccountMode, AccountSummary
from edgerunner.domain.errors import NotFound
from edgerunner.domain.events import CashMoved, OrderFilled
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe
from edgerunner.domain.orders import BrokerWords, Liquidity, Money, OrderStatus, OrderTerms
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import CAPABILITIES, INVERSE, LINEAR, SPOT

ACCOUNT_ID = "1"
QUEUE_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """The command is refused at once; the broker keeps no record of it."""

    code: str
    text: str = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectLater:
    """The command is acknowledged, and the order's report then says that it was refused."""

    code: str
    text: str = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The caller gets no answer; ``arrives`` tells whether the command took effect."""

    arrives: bool


class Gate:
    """A command that waits at the broker's door until the test lets it in."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._open = asyncio.Event()

    async def reached(self) -> None:
        async with asyncio.timeout(5):
            await self._reached.wait()

    def release(self) -> None:
        self._open.set()

    async def pass_through(self) -> None:
        self._reached.set()
        await self._open.wait()


class Turn:
    """Lets others run once, as every real broker does."""

    def __await__(self) -> Generator[None, None, None]:
        yield


Step = Reject | RejectLater | Lost | Gate | Exception
Command = PlaceOrder | ModifyOrder | CancelOrder


class BrokerRecords:
    """The broker's books and what a test does to them. What a test may look at is public."""

    def __init__(
        self,
        *,
        clock: FakeClock | None = None,
        accounts: Sequence[Account] | None = None,
        instruments: Sequence[Instrument] = (LINEAR, SPOT, INVERSE),
        capabilities: Capabilities = CAPABILITIES,
    ) -> None:
        self.clock = clock or FakeClock()
        self.accounts = tuple(accounts or (default_account(),))
        self.instruments = {instrument.instrument_id: instrument for instrument in instruments}
        self._capabilities = capabilities
        self.commands: list[Command] = []
        self.placements: Counter[str] = Counter()
        self.connects = 0
        self.is_connected = False
        self.proves_absence = True
        self.orders: dict[str, OrderReport] = {}
        self.fills: list[FillReport] = []
        self.cash: list[CashReport] = []
        self.positions: dict[tuple[str, str, str], PositionReport] = {}
        self.summaries: dict[str, AccountSummary] = {}
        self.tickers: dict[str, Ticker] = {}
        self.depths: dict[str, Depth] = {}
        self.bars: dict[tuple[str, Timeframe], list[Bar]] = {}
        self.fundings: dict[str, Funding] = {}
        self.subscribed: frozenset[MarketSubscription] = frozenset()
        self.subscribe_calls: list[frozenset[MarketSubscription]] = []
        self.queries: Counter[str] = Counter()
        self._steps: dict[str, deque[Step]] = defaultdict(deque)
        self._numbers = count(1)
        self._last_stamp = 0
        self._is_told = True
        self._updates: asyncio.Queue[BrokerUpdate | None] = asyncio.Queue(QUEUE_LIMIT)
        self._market: asyncio.Queue[MarketUpdate | None] = asyncio.Queue(QUEUE_LIMIT)

    # What a test scripts.

    def script(self, operation: str, *steps: Step) -> None:
        """Have the next calls of ``place``, ``modify``, ``cancel`` or a query's name end so."""
        self._steps[operation].extend(steps)

    def hold(self, operation: str) -> Gate:
        """Stop the next call of an operation at the door."""
        gate = Gate()
        self.script(operation, gate)
        return gate

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Let things happen at the broker of which no update tells."""
        self._is_told = False
        try:
            yield
        finally:
            self._is_told = True

    def push(self, update: BrokerUpdate) -> None:
        """Send an update to whoever reads ``stream_updates``."""
        self._updates.put_nowait(update)

    def push_market(self, update: MarketUpdate) -> None:
        """Send market data to whoever reads ``stream_market_data``."""
        self._market.put_nowait(update)

    def link_down(self, reason: str = "connection lost", *, link: str = "orders") -> None:
        self.push(self._health(link, LinkStatus.DOWN, reason))

    def link_up(self, *, link: str = "orders") -> None:
        self.push(self._health(link, LinkStatus.UP, None))

    def order(self, client_order_id: str) -> OrderReport:
        """Return the broker's record of one of our orders."""
        for report in self.orders.values():
            if report.client_order_id == client_order_id:
                return report
        raise KeyError(client_order_id)

    def fill(
        self,
        client_order_id: str,
        quantity: str,
        price: str,
        *,
        fee: str = "0",
        fee_currency: str = "USDT",
        trade_id: str | None = None,
    ) -> FillReport:
        """Execute a part of an order."""
        return self.fill_order(
            self.order(client_order_id),
            Decimal(quantity),
            Decimal(price),
            fee=Money(currency=fee_currency, amount=Decimal(fee)),
            trade_id=trade_id,
        )

    def fill_order(
        self, order: OrderReport, quantity: Decimal, price: Decimal, *, fee: Money, trade_id: str | None = None
    ) -> FillReport:
        """Execute a part of any order, foreign ones too."""
        report = FillReport(
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            account_id=order.account_id,
            fill=OrderFilled(
                trade_id=trade_id or f"TRADE-{next(self._numbers)}",
                venue_order_id=order.venue_order_id,
                instrument_id=order.terms.instrument_id,
                side=order.terms.side,
                quantity=quantity,
                price=price,
                liquidity=Liquidity.TAKER,
                fee=fee,
                contract=self.get_instrument(order.terms.instrument_id).contract,
            ),
            ts_event_ns=self._stamp(),
        )
        self.fills.append(report)
        filled = order.filled_quantity + quantity
        value = (order.average_price or Decimal(0)) * order.filled_quantity + price * quantity
        is_complete = filled >= order.terms.quantity
        status = OrderStatus.FILLED if is_complete else OrderStatus.PARTIALLY_FILLED
        status = order.status if order.status.is_closed and not is_complete else status
        self._tell(report)
        self._store(replace(order, filled_quantity=filled, average_price=value / filled, status=status))
        self._move_position(report)
        return report

    def end(
        self, client_order_id: str, status: OrderStatus, *, code: str | None = None, text: str | None = None
    ) -> None:
        """End an order from the broker's side: ``canceled``, ``expired`` or ``rejected``."""
        words = BrokerWords(status=status.value, code=code, text=text)
        self._store(replace(self.order(client_order_id), status=status, broker=words))

    def place_foreign(self, terms: OrderTerms, *, account_id: str = ACCOUNT_ID) -> OrderReport:
        """Place an order as somebody else would, in the broker's own terminal."""
        return self._new_order(None, account_id, terms)

    def move_cash(
        self, movement: CashMoved, *, account_id: str = ACCOUNT_ID, client_order_id: str | None = None
    ) -> CashReport:
        report = CashReport(
            account_id=account_id, movement=movement, ts_event_ns=self._stamp(), client_order_id=client_order_id
        )
        self.cash.append(report)
        self._tell(report)
        return report

    def set_position(self, report: PositionReport) -> None:
        """Have a position that no execution explains."""
        self.positions[report.account_id, report.instrument_id, report.leg] = report
        self._tell(report)

    def set_summary(self, summary: AccountSummary) -> None:
        self.summaries[summary.account_id] = summary
        self._tell(summary)

    def quote(self, instrument_id: str, price: str) -> Ticker:
        """Set bid, ask, last and mark to one price, and tell those who are subscribed."""
        ticker = Ticker(
            instrument_id=instrument_id,
            bid=Decimal(price),
            ask=Decimal(price),
            bid_size=Decimal(1),
            ask_size=Decimal(1),
            last=Decimal(price),
            mark=Decimal(price),
            index=None,
            ts_event_ns=self.clock.now_ns(),
            ts_arrival_ns=self.clock.now_ns(),
        )
        self.tickers[instrument_id] = ticker
        if MarketSubscription(feed=Feed.QUOTES, instrument_id=instrument_id) in self.subscribed:
            self.push_market(ticker)
        return ticker

    def get_instrument(self, instrument_id: str) -> Instrument:
        if instrument_id not in self.instruments:
            raise NotFound(f"no instrument {instrument_id}")
        return self.instruments[instrument_id]

    # How the books are kept.

    def _new_order(self, client_order_id: str | None, account_id: str, terms: OrderTerms) -> OrderReport:
        stamp = self._stamp()
        return self._store(
            OrderReport(
                client_order_id=client_order_id,
                venue_order_id=f"V{next(self._numbers)}",
                account_id=account_id,
                terms=terms,
                status=OrderStatus.ACCEPTED,
                held=None,
                filled_quantity=Decimal(0),
                average_price=None,
                broker=BrokerWords(status="new"),
                ts_event_ns=stamp,
                created_at_ns=stamp,
            )
        )

    def _store(self, order: OrderReport) -> OrderReport:
        stored = replace(order, ts_event_ns=self._stamp())
        self.orders[stored.venue_order_id] = stored
        self._tell(stored)
        return stored

    def _tell(self, update: BrokerUpdate) -> None:
        if self._is_told and self.is_connected:
            self.push(update)

    def _stamp(self) -> int:
        """Return the time, a nanosecond later than any stamp before."""
        self._last_stamp = max(self._last_stamp + 1, self.clock.now_ns())
        return self._last_stamp

    def _move_position(self, report: FillReport) -> None:
        fill, account_id = report.fill, report.account_id
        key = (account_id, fill.instrument_id, fill.leg)
        before = self.positions.get(key) or flat_position(account_id, fill.instrument_id, fill.leg)
        change = fill.side.sign * fill.quantity
        if fill.contract.is_inventory and fill.fee.currency == fill.contract.base:
            change -= fill.fee.amount
        quantity = before.quantity + change
        average = _average(before, change, fill.price)
        self.set_position(
            replace(
                before,
                quantity=quantity,
                average_price=None if fill.contract.is_inventory or not quantity else average,
                mark_price=fill.price,
                ts_event_ns=report.ts_event_ns,
            )
        )

    def _health(self, link: str, status: LinkStatus, reason: str | None) -> LinkHealth:
        return LinkHealth(link=link, status=status, latency_ms=None, reason=reason, ts_ns=self.clock.now_ns())


def default_account(account_id: str = ACCOUNT_ID) -> Account:
    return Account(account_id=account_id, mode=AccountMode.NETTING, currency="USD", is_live=False)


def flat_position(account_id: str, instrument_id: str, leg: str = "net") -> PositionReport:
    return PositionReport(
        account_id=account_id,
        instrument_id=instrument_id,
        leg=leg,
        quantity=Decimal(0),
        average_price=None,
        mark_price=None,
        unrealized_pnl=None,
        leverage=None,
        take_profit=None,
        stop_loss=None,
        ts_event_ns=0,
    )


def _average(before: PositionReport, change: Decimal, price: Decimal) -> Decimal:
    """Average cost, worked out on its own: the fake shares no arithmetic with the product."""
    if before.average_price is None or before.quantity * (before.quantity + change) < 0:
        return price
    if before.quantity * change < 0:
        return before.average_price
    cost = before.average_price * abs(before.quantity) + price * abs(change)
    return cost / abs(before.quantity + change)
