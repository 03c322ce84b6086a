"""A small honest broker in memory: it keeps its records straight and fails only as scripted.

    broker = FakeBroker(clock=clock)
    broker.script("place", Reject(code="110007", text="not enough balance"))
    broker.script("place", Lost(arrives=True))          # placed, but the answer never comes
    gate = broker.hold("cancel")                        # `await gate.reached()`, `gate.release()`
    broker.script("get_open_orders", BrokerUnreachable("no route"))
    broker.fill("ORDER-1", "0.4", "100")                # execution, order and position are pushed
    with broker.unseen(): broker.fill(...)              # recorded, but nobody is told
    broker.link_down(); broker.link_up()
    broker.push(anything again)                         # repeats, late news

Scripted steps are used up one per call, in order; without one a call succeeds.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Collection, Generator, Iterator, Sequence
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
    OrderAck,
    OrderLookup,
    OrderReport,
    PlaceOrder,
    PositionReport,
)
from edgerunner.domain.accounts import Account, AccountMode, AccountSummary
from edgerunner.domain.errors import BrokerRejected, NotFound, OutcomeUnknown, Unsupported
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


class _Turn:
    """Lets others run once, as every real broker does."""

    def __await__(self) -> Generator[None, None, None]:
        yield


Step = Reject | RejectLater | Lost | Gate | Exception
Command = PlaceOrder | ModifyOrder | CancelOrder


class FakeBroker:
    """``BrokerAdapter`` over dictionaries. What a test may look at is public."""

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

    def move_cash(self, movement: CashMoved, *, account_id: str = ACCOUNT_ID) -> CashReport:
        report = CashReport(account_id=account_id, movement=movement, ts_event_ns=self._stamp())
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

    # What the product calls: `BrokerAdapter`.

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def connect(self) -> Sequence[Account]:
        await self._query("connect")
        self.connects += 1
        self.is_connected = True
        self._updates, self._market = asyncio.Queue(QUEUE_LIMIT), asyncio.Queue(QUEUE_LIMIT)
        for link in ("orders", "data"):
            self.link_up(link=link)
        return self.accounts

    async def disconnect(self) -> None:
        self.is_connected = False
        self._updates.put_nowait(None)
        self._market.put_nowait(None)

    async def get_account_summary(self) -> Sequence[AccountSummary]:
        await self._query("get_account_summary")
        return [self.summaries.get(account.account_id) or self._summary(account) for account in self.accounts]

    async def get_positions(self) -> Sequence[PositionReport]:
        await self._query("get_positions")
        return [report for report in self.positions.values() if report.quantity]

    async def place_order(self, command: PlaceOrder) -> OrderAck:
        self.placements[command.client_order_id] += 1
        step = await self._enter("place", command)
        if any(order.client_order_id == command.client_order_id for order in self.orders.values()):
            raise BrokerRejected("duplicate", f"{command.client_order_id} was used before")
        order = self._new_order(command.client_order_id, command.account_id, command.terms)
        if isinstance(step, RejectLater):
            self.end(command.client_order_id, OrderStatus.REJECTED, code=step.code, text=step.text)
        return self._leave(step, order)

    async def modify_order(self, command: ModifyOrder) -> OrderAck:
        step = await self._enter("modify", command)
        order = self._open(command)
        terms = replace(
            order.terms,
            quantity=command.quantity or order.terms.quantity,
            price=command.price or order.terms.price,
            trigger_price=command.trigger_price or order.terms.trigger_price,
        )
        return self._leave(step, self._store(replace(order, terms=terms)))

    async def cancel_order(self, command: CancelOrder) -> OrderAck:
        step = await self._enter("cancel", command)
        order = replace(
            self._open(command), status=OrderStatus.CANCELED, broker=BrokerWords(status="canceled", text="by user")
        )
        return self._leave(step, self._store(order))

    async def get_open_orders(self) -> Sequence[OrderReport]:
        await self._query("get_open_orders")
        return [order for order in self.orders.values() if not order.status.is_closed]

    async def find_order(
        self, *, client_order_id: str | None, venue_order_id: str | None, instrument_id: str, sent_at_ns: int | None
    ) -> OrderLookup:
        await self._query("find_order")
        for order in self.orders.values():
            is_named = client_order_id is not None and order.client_order_id == client_order_id
            if is_named or order.venue_order_id == venue_order_id:
                fills = tuple(fill for fill in self.fills if fill.venue_order_id == order.venue_order_id)
                return OrderLookup(report=order, fills=fills, is_proof_of_absence=False)
        return OrderLookup(report=None, fills=(), is_proof_of_absence=self.proves_absence)

    async def get_fills(self, since_ns: int) -> Sequence[FillReport]:
        await self._query("get_fills")
        return [fill for fill in self.fills if fill.ts_event_ns >= since_ns]

    async def get_cash_movements(self, since_ns: int) -> Sequence[CashReport]:
        await self._query("get_cash_movements")
        return [movement for movement in self.cash if movement.ts_event_ns >= since_ns]

    def get_instrument(self, instrument_id: str) -> Instrument:
        if instrument_id not in self.instruments:
            raise NotFound(f"no instrument {instrument_id}")
        return self.instruments[instrument_id]

    async def search_instruments(self, query: str) -> Sequence[Instrument]:
        await self._query("search_instruments")
        return [known for name, known in self.instruments.items() if query.upper() in name]

    async def get_chart_data(
        self,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        await self._query("get_chart_data")
        if (self.get_instrument(instrument_id).instrument_id, timeframe) not in self.bars:
            raise Unsupported(f"the fake broker has no {timeframe} bars of {instrument_id}")
        bars = [
            bar
            for bar in self.bars[instrument_id, timeframe]
            if (start_ns is None or bar.open_ns >= start_ns) and (end_ns is None or bar.open_ns < end_ns)
        ]
        return bars[-limit:]

    async def get_ticker(self, instrument_id: str) -> Ticker:
        await self._query("get_ticker")
        if instrument_id not in self.tickers:
            raise NotFound(f"no ticker of {instrument_id}")
        now_ns = self.clock.now_ns()
        return replace(self.tickers[instrument_id], ts_arrival_ns=now_ns)

    async def get_depth(self, instrument_id: str, levels: int) -> Depth:
        await self._query("get_depth")
        if instrument_id not in self.depths:
            raise NotFound(f"no book of {instrument_id}")
        return self.depths[instrument_id]

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:
        await self._query("get_funding")
        if instrument_id not in self.fundings:
            raise Unsupported(f"{instrument_id} has no funding")
        return self.fundings[instrument_id]

    async def stream_updates(self) -> AsyncIterator[BrokerUpdate]:
        while (update := await self._updates.get()) is not None:
            yield update

    async def subscribe(self, subscriptions: Collection[MarketSubscription]) -> None:
        wanted = frozenset(subscriptions)
        self.subscribe_calls.append(wanted)
        await self._query("subscribe")
        for subscription in wanted:
            self.get_instrument(subscription.instrument_id)
        self.subscribed = wanted

    async def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        while (update := await self._market.get()) is not None:
            yield update

    # How it works inside.

    async def _query(self, name: str) -> None:
        self.queries[name] += 1
        await self._step(name)

    async def _step(self, operation: str) -> Step | None:
        """Take the next scripted step; raises what it raises before anything happened."""
        await _Turn()
        step = self._steps[operation].popleft() if self._steps[operation] else None
        match step:
            case Gate():
                await step.pass_through()
                return None
            case Exception():
                raise step
            case _:
                return step

    async def _enter(self, operation: str, command: Command) -> Step | None:
        self.commands.append(command)
        step = await self._step(operation)
        match step:
            case Reject(code=code, text=text):
                raise BrokerRejected(code, text)
            case Lost(arrives=False):
                raise OutcomeUnknown("no answer from the fake broker")
            case _:
                return step

    def _leave(self, step: Step | None, order: OrderReport) -> OrderAck:
        if isinstance(step, Lost):
            raise OutcomeUnknown("no answer from the fake broker")
        return OrderAck(venue_order_id=order.venue_order_id)

    def _open(self, command: ModifyOrder | CancelOrder) -> OrderReport:
        for order in self.orders.values():
            if command.client_order_id == order.client_order_id or command.venue_order_id == order.venue_order_id:
                if order.status.is_closed:
                    raise BrokerRejected("order_closed", f"the order is {order.status}")
                return order
        raise BrokerRejected("order_not_found", "no such order")

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

    def _summary(self, account: Account) -> AccountSummary:
        return AccountSummary(
            account_id=account.account_id,
            currency=account.currency,
            balance=Decimal(100_000),
            equity=Decimal(100_000),
            margin_initial=None,
            margin_maintenance=None,
            margin_available=None,
            unrealized_pnl=None,
            realized_pnl=None,
            balances=(),
            as_of_ns=self.clock.now_ns(),
        )


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
