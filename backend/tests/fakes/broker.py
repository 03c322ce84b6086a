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
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from decimal import Decimal

from edgerunner.adapters.broker import (
    BrokerUpdate,
    CancelOrder,
    Capabilities,
    CashReport,
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
from edgerunner.domain.accounts import Account, AccountSummary
from edgerunner.domain.errors import BrokerRejected, NotFound, OutcomeUnknown, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Depth, Funding, Ticker, Timeframe
from edgerunner.domain.orders import BrokerWords, OrderStatus, OrderTerms
from tests.fakes.broker_records import (
    ACCOUNT_ID,
    QUEUE_LIMIT,
    BrokerRecords,
    Command,
    Gate,
    Lost,
    Reject,
    RejectLater,
    Step,
    Turn,
    default_account,
    flat_position,
)

__all__ = ["ACCOUNT_ID", "FakeBroker", "Gate", "Lost", "Reject", "RejectLater", "default_account", "flat_position"]


class FakeBroker(BrokerRecords):
    """``BrokerAdapter`` over dictionaries."""

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

    async def check_order(self, account_id: str, terms: OrderTerms) -> None:
        await self._query("check_order")

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
        await Turn()
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
