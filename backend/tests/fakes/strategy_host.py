"""A host for one strategy that fills simply: market orders at the last price, resting orders when a bar reaches them.

Callbacks come after the callback that caused them has returned, as in every real host. What is open to be reduced is
counted as the worker process does: an exit beside a stop of the whole position is refused.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import Liquidity, OrderStatus, OrderType, Side
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.history import BarHistory
from edgerunner.strategies.intents import ChangeIntent, OrderHandle, OrderIntent
from edgerunner.strategies.market_data import Bar, Book, Fill, OrderUpdate, Position
from edgerunner.strategies.strategy import Strategy

MINUTE_NS = 60_000_000_000
MARKETABLE = frozenset({OrderType.MARKET})


@dataclass(slots=True, kw_only=True)
class Holding:
    quantity: float = 0
    average_price: float | None = None

    def trade(self, signed: float, price: float) -> None:
        if self.quantity * signed >= 0:
            paid = (self.average_price or 0.0) * self.quantity + price * signed
            self.average_price = paid / (self.quantity + signed)
        elif abs(signed) > abs(self.quantity):
            self.average_price = price
        self.quantity = round(self.quantity + signed, 12)
        if self.quantity == 0:
            self.average_price = None


@dataclass(slots=True)
class FakeHost:
    """Implements ``Host``.

    Attributes:
        refuses: Keys whose opening orders come back denied at once, with the reason. Nothing else tells of it.
        refuses_stops: Why stop orders come back denied at once, None when they do not.
        rejects: Keys whose orders are rejected after the callback, as by a broker.
        is_holding: Market orders stay open until ``fill`` is called.
        keeps_canceled: A cancel is on its way, and nothing shows it, until ``confirm_cancels`` is called.
        intents: Everything that was asked for, in order.
        cancels: Ids of the orders whose cancel was asked for.
        changes: Ids of the orders that were changed.
    """

    instruments: dict[str, Instrument]
    timeframe: str = "1m"
    is_warming_up: bool = False
    refuses: dict[str, str] = field(default_factory=dict)
    refuses_stops: str | None = None
    rejects: dict[str, str] = field(default_factory=dict)
    is_holding: bool = False
    keeps_canceled: bool = False
    now_ns: int = 0
    intents: list[OrderIntent] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    books: set[str] = field(default_factory=set)
    prices: dict[str, float] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    working: dict[str, tuple[OrderHandle, OrderIntent]] = field(default_factory=dict)
    strategy: Strategy | None = None
    _histories: dict[str, BarHistory] = field(default_factory=dict)
    _later: deque[Callable[[], None]] = field(default_factory=deque)
    _placed: int = 0

    # --- the Host protocol

    @property
    def instrument_ids(self) -> tuple[str, ...]:
        return tuple(self.instruments)

    def account(self) -> tuple[float, float]:
        return 100_000.0, 100_000.0

    def position(self, key: str) -> Position:
        held = self.holdings.get(key, Holding())
        return Position(key, held.quantity, held.average_price, 0.0)

    def open_orders(self, key: str | None = None) -> tuple[OrderHandle, ...]:
        return tuple(order for order, _ in self.working.values() if key in {None, order.instrument_id})

    def instrument(self, key: str) -> Instrument:
        return self.instruments[key]

    def unit_value(self, key: str) -> float:
        return self.prices[key]

    def history(self, key: str, timeframe: str) -> BarHistory:
        return self._histories[key]

    def submit(self, intent: OrderIntent) -> OrderHandle:
        key = intent.instrument_id
        self._placed += 1
        order = OrderHandle(f"order-{self._placed}", key, intent.side, intent.quantity)
        self.intents.append(intent)
        order.reason = self._refusal(intent)
        if order.reason is not None:
            order.status, order.is_open = OrderStatus.DENIED, False
            return order
        order.status = OrderStatus.SUBMITTED
        self.working[order.order_id] = (order, intent)
        if key in self.rejects:
            self._later.append(lambda: self.reject(order, self.rejects[key]))
        elif intent.order_type in MARKETABLE and not self.is_holding:
            self._later.append(lambda: self._fill_at_market(order))
        return order

    def cancel(self, handle: OrderHandle) -> None:
        self.cancels.append(handle.order_id)
        if not self.keeps_canceled and handle.order_id in self.working:
            self._end(handle, OrderStatus.CANCELED)

    def modify(self, handle: OrderHandle, change: ChangeIntent) -> None:
        self.changes.append(handle.order_id)
        if change.quantity is not None:
            handle.quantity = change.quantity

    def subscribe_bars(self, key: str, timeframe: str) -> None:
        raise StrategyMisuse("the fake host has one time frame")

    def subscribe_ticks(self, key: str) -> None:
        raise StrategyMisuse("the fake host has no ticks")

    def subscribe_book(self, key: str) -> None:
        self.books.add(key)

    def set_timer(self, name: str, *, every_s: float | None = None, at: str | None = None) -> None:
        raise StrategyMisuse("the fake host has no timers")

    def log(self, text: str) -> None:
        self.lines.append(text)

    # --- what a test does

    def start(self, strategy_class: type[Strategy], parameters: dict[str, object] | None = None) -> Strategy:
        """Start a strategy; a second start is a restart, which keeps state, positions and orders."""
        state = {} if self.strategy is None else self.strategy.state
        self.strategy = strategy_class(self, parameters)
        self.strategy.state = state
        self.strategy.on_start()
        return self.strategy

    def bar(self, bar: Bar) -> None:
        """Fill what the bar reaches, then show it."""
        self.now_ns = bar.time_ns + MINUTE_NS
        self._fill_reached(bar)
        self.prices[bar.instrument_id] = bar.close
        self._histories.setdefault(bar.instrument_id, BarHistory()).append(bar)
        self.running.on_bar(bar)
        self._deliver()

    def book(self, bid: float, ask: float, *, after_s: float = 1.0) -> None:
        """Fill the resting orders that the book has come to, then show it."""
        key = self.instrument_ids[0]
        self.now_ns += int(after_s * 1_000_000_000)
        for order, intent in list(self.working.values()):
            assert intent.limit is not None
            if ask <= intent.limit if intent.side is Side.BUY else bid >= intent.limit:
                self.fill(order, intent.limit)
        self._deliver()
        self.running.on_book(Book(key, self.now_ns, ((bid, 1.0),), ((ask, 1.0),)))
        self._deliver()

    def fill(self, order: OrderHandle, price: float, quantity: float | None = None) -> None:
        """Fill an order, whole unless told otherwise."""
        done = order.quantity - order.filled_quantity if quantity is None else quantity
        order.filled_quantity += done
        order.average_price = price
        self.holdings.setdefault(order.instrument_id, Holding()).trade(done * order.side.sign, price)
        fill = Fill(
            order.order_id, order.instrument_id, order.side, done, price, 0.0, "USD", self.now_ns, Liquidity.TAKER
        )
        self._later.append(lambda: self.running.on_fill(fill))
        if order.filled_quantity >= order.quantity:
            self._end(order, OrderStatus.FILLED)

    def reject(self, order: OrderHandle, reason: str) -> None:
        """Let the broker refuse an order."""
        order.reason = reason
        self._end(order, OrderStatus.REJECTED)

    def refuse_cancel(self, order: OrderHandle) -> None:
        """Let a cancel come to nothing: the order is told to work on."""
        self._tell(order, OrderStatus.ACCEPTED)
        self._deliver()

    def confirm_cancels(self) -> None:
        """Let every cancel that is on its way succeed."""
        for order, _ in list(self.working.values()):
            if order.order_id in self.cancels:
                self._end(order, OrderStatus.CANCELED)
        self._deliver()

    def confirm_cancels_unheard(self) -> None:
        """Let every cancel that is on its way succeed while the strategy is away."""
        for order, _ in list(self.working.values()):
            if order.order_id in self.cancels:
                self._end(order, OrderStatus.CANCELED)
        self._later.clear()

    def settle(self) -> None:
        """Deliver the callbacks of what a test did by itself."""
        self._deliver()

    @property
    def sent(self) -> list[str]:
        """Everything that was asked for, as short sentences."""
        return [sentence(intent) for intent in self.intents]

    @property
    def running(self) -> Strategy:
        """Return the strategy that was started last."""
        assert self.strategy is not None
        return self.strategy

    def _refusal(self, intent: OrderIntent) -> str | None:
        key = intent.instrument_id
        if self.is_warming_up:
            return "warming up"
        if intent.trigger is not None and self.refuses_stops:
            return self.refuses_stops
        if intent.reduce_only:
            reducing = [
                order for order, known in self.working.values() if known.reduce_only and order.instrument_id == key
            ]
            free = -self.position(key).quantity * intent.side.sign - sum(order.quantity for order in reducing)
            if intent.quantity > free:
                return "nothing left to reduce"
        return self.refuses.get(key) if not intent.reduce_only else None

    def _fill_at_market(self, order: OrderHandle) -> None:
        if order.is_open:
            self.fill(order, self.prices[order.instrument_id])

    def _fill_reached(self, bar: Bar) -> None:
        for order, intent in list(self.working.values()):
            if intent.instrument_id != bar.instrument_id or intent.trigger is None:
                continue
            if bar.high >= intent.trigger if intent.side is Side.BUY else bar.low <= intent.trigger:
                self.fill(order, intent.trigger)
        self._deliver()

    def _end(self, order: OrderHandle, status: OrderStatus) -> None:
        self.working.pop(order.order_id, None)
        order.is_open = False
        self._tell(order, status)

    def _tell(self, order: OrderHandle, status: OrderStatus) -> None:
        order.status = status
        update = OrderUpdate(
            order.order_id,
            order.instrument_id,
            status,
            order.filled_quantity,
            order.average_price,
            order.reason,
            self.now_ns,
        )
        self._later.append(lambda: self.running.on_order(update))

    def _deliver(self) -> None:
        while self._later:
            self._later.popleft()()


def sentence(intent: OrderIntent) -> str:
    """``sell 2 stop 95 reduce``: side, quantity and what else was given."""
    words = [f"{intent.side} {intent.quantity:g}"]
    words += [f"limit {intent.limit:g}"] if intent.limit is not None else []
    words += [f"stop {intent.trigger:g}"] if intent.trigger is not None else []
    words += ["post"] if intent.post_only else []
    words += ["reduce"] if intent.reduce_only else []
    return " ".join(words)


def bars_of(key: str, closes: Sequence[float], *, reach: float = 0.0, first: int = 0) -> list[Bar]:
    """Minute bars that open at the close before, with highs and lows ``reach`` beyond the body."""
    opens = [closes[0], *closes[:-1]]
    return [
        Bar(key, "1m", (first + place) * MINUTE_NS, start, max(start, end) + reach, min(start, end) - reach, end, 1.0)
        for place, (start, end) in enumerate(zip(opens, closes, strict=True))
    ]
