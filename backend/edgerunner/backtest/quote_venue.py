"""Orders of a run on ticks or books: the same rules as local execution (``matching.working_orders``)."""

from math import isnan

from edgerunner.backtest.agenda import Agenda
from edgerunner.backtest.execution import NO_MARGIN, Execution
from edgerunner.backtest.grid import Grid
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.domain.orders import OrderStatus, OrderType, Side, TimeInForce
from edgerunner.matching.quote_fill import UNLIMITED, Level
from edgerunner.matching.words import Side as SideWord
from edgerunner.matching.working_order import (
    Added,
    Canceled,
    Changed,
    Exits,
    Expired,
    Filled,
    OrderEvent,
    Trigger,
    Triggered,
    TriggerSource,
    WorkingOrder,
    stop_trigger,
    touch_trigger,
)
from edgerunner.matching.working_orders import WorkingOrders
from edgerunner.strategies.intents import ChangeIntent
from edgerunner.strategies.market_data import Book, Tick

DAY_NS = 86_400_000_000_000


class QuoteVenue:
    """The venue of a run on ticks or books (``desk.Venue``).

    An order, change or cancel meets the market that was last shown before its arrival. The market is shown to the
    matching only while orders work, so that a tick without any costs next to nothing.

    Attributes:
        arrivals: What was sent without latency: it arrives when the strategy's callback has returned.
    """

    def __init__(self, execution: Execution, agenda: Agenda, latency_ns: int) -> None:
        self._execution = execution
        self._account = execution.account
        self._agenda = agenda
        self._latency_ns = latency_ns
        self._working: dict[str, WorkingOrders] = {}
        self._orders: dict[str, SimulatedOrder] = {}
        self.arrivals: list[tuple[Market, SimulatedOrder]] = []

    # desk.Venue

    def accept(self, market: Market, order: SimulatedOrder) -> None:
        """Let an order arrive after the latency, or when the callback has returned."""
        if not self._latency_ns:
            self.arrivals.append((market, order))
            return
        order.active_ns += self._latency_ns

        def arrive(due_ns: int) -> None:
            self._account.now_ns = due_ns
            self._add(market, order)

        self._agenda.plan(order.active_ns, arrive)

    def cancel(self, market: Market, order: SimulatedOrder) -> None:
        """Cancel an order, after the latency."""

        def arrive(due_ns: int) -> None:
            self._account.now_ns = due_ns
            if order.is_open and self._book(market).get(order.order_id) is not None:
                self._apply(market, self._book(market).cancel(order.order_id))
            elif order.is_open:
                self._execution.end(market, order, OrderStatus.CANCELED, "canceled")

        if self._latency_ns:
            order.status = OrderStatus.PENDING_CANCEL
            self._agenda.plan(self._account.now_ns + self._latency_ns, arrive)
        else:
            arrive(self._account.now_ns)

    def modify(self, market: Market, order: SimulatedOrder, change: ChangeIntent) -> None:
        """Change an order, after the latency."""

        def arrive(due_ns: int) -> None:
            self._account.now_ns = due_ns
            book, grid = self._book(market), market.grid
            if order.is_open and book.get(order.order_id) is not None:
                lots = None if change.quantity is None else grid.lots(change.quantity)
                limit = None if change.limit is None else grid.ticks(change.limit)
                trigger = None if change.trigger is None else grid.ticks(change.trigger)
                events = book.modify(order.order_id, lots=lots, limit=limit, trigger=trigger, now_ns=due_ns)
                self._apply(market, events)

        if self._latency_ns:
            self._agenda.plan(self._account.now_ns + self._latency_ns, arrive)
        else:
            arrive(self._account.now_ns)

    # The engine's side

    def arrive(self) -> None:
        """Let what was sent without latency arrive, what its fills cause included."""
        while self.arrivals:
            market, order = self.arrivals.pop(0)
            self._add(market, order)

    def show(self, market: Market, event: Tick | Book) -> None:
        """Let the orders of a market meet its newest quote, trade or book, and check its margin."""
        if market.orders:
            events = _shown(self._book(market), market.grid, event)
            if events:
                self._apply(market, events)
        if market.lots:
            mark = market.mark
            if mark <= market.ruin_low or mark >= market.ruin_high:
                self._force_close(market)
        market.is_watched = bool(market.orders) or (market.lots != 0 and market.is_margined)

    def _book(self, market: Market) -> WorkingOrders:
        found = self._working.get(market.key)
        if found is None:
            found = self._working[market.key] = WorkingOrders()
        return found

    def _add(self, market: Market, order: SimulatedOrder) -> None:
        if not order.is_open:
            return
        book = self._book(market)
        event = market.event
        if event is not None and not market.orders:
            self._apply(market, _shown(book, market.grid, event))
        refused = self._refusal(market, order, book)
        if refused is not None:
            self._execution.end(market, order, OrderStatus.REJECTED, refused)
            return
        self._orders[order.order_id] = order
        market.orders.append(order)
        market.is_watched = True
        self._apply(market, book.add(_working_order(order, self._account.now_ns), self._account.now_ns))

    def _refusal(self, market: Market, order: SimulatedOrder, book: WorkingOrders) -> str | None:
        if order.reduce_only:
            return None
        side: SideWord = "buy" if order.is_buy else "sell"
        price = order.limit if order.limit is not None else order.trigger
        ticks = book.shown.price_for(side) if price is None else abs(price)
        signed = order.lots if order.is_buy else -order.lots
        return self._execution.account.refusal(market, signed_lots=signed, ticks=ticks or market.mark, is_taker=True)

    def _apply(self, market: Market, events: list[OrderEvent]) -> None:
        for event in events:
            order = self._orders.get(event.order.order_id)
            match event:
                case Added(order=working) if order is None:
                    self._add_exit(market, working)
                case Filled(price=price, lots=lots, is_maker=is_maker) if order is not None:
                    self._execution.record(market, order, price, lots=lots, is_taker=not is_maker)
                case Triggered() if order is not None:
                    order.is_awake = True
                    order.status = OrderStatus.TRIGGERED
                    self._execution.tell(order)
                case Changed(order=working) if order is not None:
                    _follow(order, working, market.grid)
                case Canceled(reason=reason) if order is not None and order.is_open:
                    self._execution.end(market, order, OrderStatus.CANCELED, reason)
                case Expired() if order is not None and order.is_open:
                    self._execution.end(market, order, OrderStatus.EXPIRED, "expired")
        market.orders = [order for order in market.orders if order.is_open]

    def _add_exit(self, market: Market, working: WorkingOrder) -> None:
        parent = self._orders[working.parent_id or ""]
        side = Side.BUY if working.side == "buy" else Side.SELL
        quantity = market.grid.quantity(working.lots)
        order = self._execution.new_order(market, side, quantity, order_id=working.order_id)
        order.parent = parent
        order.is_exit = order.reduce_only = True
        order.order_type = OrderType.STOP_MARKET if working.limit is None else OrderType.LIMIT
        _follow(order, working, market.grid)
        self._orders[working.order_id] = order
        market.orders.append(order)
        self._execution.tell(order)

    def _force_close(self, market: Market) -> None:
        book = self._book(market)
        for working in book.orders:
            self._apply(market, book.cancel(working.order_id, NO_MARGIN))
        order = self._execution.new_forced_close(market)
        self._orders[order.order_id] = order
        market.orders.append(order)
        self._apply(market, book.add(_working_order(order, self._account.now_ns), self._account.now_ns))


def _shown(book: WorkingOrders, grid: Grid, event: Tick | Book) -> list[OrderEvent]:
    if isinstance(event, Book):
        return book.on_depth(_levels(event.bids, grid), _levels(event.asks, grid), event.time_ns)
    if isnan(event.bid) and isnan(event.ask):
        last = _quote(event.last, event.last_size, grid, fits_any_size=True)
        return book.on_depth(last, last, event.time_ns)
    bid, ask = _quote(event.bid, event.bid_size, grid), _quote(event.ask, event.ask_size, grid)
    events = book.on_depth(bid, ask, event.time_ns)
    if not isnan(event.last):
        lots = 0 if isnan(event.last_size) else int(event.last_size * grid.per_lot)
        events += book.on_trade(grid.ticks(event.last), lots, None, event.time_ns)
    return events


def _quote(price: float, size: float, grid: Grid, *, fits_any_size: bool = False) -> tuple[Level, ...]:
    if isnan(price):
        return ()
    return ((grid.ticks(price), UNLIMITED if fits_any_size or isnan(size) else int(size * grid.per_lot)),)


def _levels(levels: tuple[tuple[float, float], ...], grid: Grid) -> tuple[Level, ...]:
    return tuple((grid.ticks(price), int(size * grid.per_lot)) for price, size in levels)


def _working_order(order: SimulatedOrder, now_ns: int) -> WorkingOrder:
    side: SideWord = "buy" if order.is_buy else "sell"
    wish = order.time_in_force
    return WorkingOrder(
        order_id=order.order_id,
        side=side,
        lots=order.lots,
        limit=_unsigned(order.limit),
        trigger=_trigger(order, side),
        trail=order.trail,
        time_in_force="ioc" if wish is TimeInForce.IOC else "fok" if wish is TimeInForce.FOK else "gtc",
        expires_ns=now_ns - now_ns % DAY_NS + DAY_NS if wish is TimeInForce.DAY else None,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        exits=_exits(order),
    )


def _trigger(order: SimulatedOrder, side: SideWord) -> Trigger | None:
    source: TriggerSource = "quote"
    if order.order_type is OrderType.TRAILING_STOP_MARKET:
        return stop_trigger(side, None, source)
    price = _unsigned(order.trigger)
    if price is None:
        return None
    is_touch = order.order_type in {OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED}
    return touch_trigger(side, price, source) if is_touch else stop_trigger(side, price, source)


def _exits(order: SimulatedOrder) -> Exits | None:
    if order.take_profit is None and order.stop_loss is None:
        return None
    return Exits(take_profit=_unsigned(order.take_profit), stop=_unsigned(order.stop_loss), source="quote")


def _unsigned(ticks: int | None) -> int | None:
    return None if ticks is None else abs(ticks)


def _follow(order: SimulatedOrder, working: WorkingOrder, grid: Grid) -> None:
    sign = 1 if order.is_buy else -1
    order.lots = working.lots
    order.quantity = grid.quantity(working.lots)
    order.limit = None if working.limit is None else sign * working.limit
    if working.trigger is not None and working.trigger.price is not None:
        order.trigger = sign * working.trigger.price
