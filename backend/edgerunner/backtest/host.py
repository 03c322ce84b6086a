"""What a strategy reaches in a backtest: its orders, positions, history and timers."""

from collections.abc import Callable, Mapping
from math import isnan, nan
from operator import attrgetter
from typing import NoReturn

from edgerunner.backtest.account import Account
from edgerunner.backtest.agenda import Agenda
from edgerunner.backtest.config import BacktestConfig
from edgerunner.backtest.desk import Desk
from edgerunner.backtest.grid import MONEY_UNIT
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.backtest.records import Journal
from edgerunner.backtest.result import LogLine
from edgerunner.backtest.timeframes import BarAggregator
from edgerunner.domain.instruments import Instrument
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.history import BarHistory
from edgerunner.strategies.intents import ChangeIntent, OrderHandle, OrderIntent
from edgerunner.strategies.market_data import Fill, OrderUpdate, Position
from edgerunner.strategies.strategy import Strategy

DAY_NS = 86_400_000_000_000
MOST_UPDATES = 10_000
"""Updates of orders that one event may cause before it counts as endless."""


class BacktestHost:
    """The strategy's host in a backtest (``strategies.host.Host``), and the listener of its orders."""

    def __init__(
        self,
        config: BacktestConfig,
        markets: Mapping[str, Market],
        *,
        account: Account,
        journal: Journal,
        agenda: Agenda,
        bar_ns: int,
    ) -> None:
        self.instrument_ids = tuple(config.instruments)
        self.timeframe = config.timeframe
        self._markets = markets
        self._account = account
        self._journal = journal
        self._agenda = agenda
        self._bar_ns = bar_ns
        self._histories: dict[tuple[str, str], BarHistory] = {}
        self._timers: dict[str, int] = {}
        self.updates: list[OrderUpdate] = []
        self._length = config.strategy_class.history_length
        self.aggregators: dict[str, list[BarAggregator]] = {}
        self.tick_keys: frozenset[str] = frozenset()
        self.book_keys: frozenset[str] = frozenset()
        self.desk: Desk
        self._strategy: Strategy
        for key in markets:
            self._histories[key, config.timeframe] = BarHistory(self._length)

    def serve(self, strategy: Strategy, desk: Desk) -> None:
        """Take over the strategy and the desk that accepts its orders."""
        self._strategy = strategy
        self.desk = desk

    # strategies.host.Host

    @property
    def now_ns(self) -> int:
        """Return the time of the event being handled."""
        return self._account.now_ns

    @property
    def is_warming_up(self) -> bool:
        """Tell whether orders are dropped because history is replayed."""
        return self.desk.is_warming_up

    def account(self) -> tuple[float, float]:
        """Return (cash, equity) in the base currency."""
        return self._account.cash / MONEY_UNIT, self._account.equity() / MONEY_UNIT

    def position(self, key: str) -> Position:
        """Return the position; only its open profit is computed anew between fills."""
        try:
            market = self._markets[key]
        except KeyError:
            self._unknown(key)
        known = market.position or _position(market)
        average = known.average_price
        if average is None:
            return known
        last = market.last
        price = market.price if last is None else last.close
        if market.per_point is None:
            profit = market.grid.profit(known.quantity, average, price)
        else:
            profit = market.per_point * (price - average)
        return Position(key, known.quantity, average, profit)

    def open_orders(self, key: str | None = None) -> tuple[OrderHandle, ...]:
        """Return the open orders, oldest first, of one instrument or of all."""
        markets = self._markets.values() if key is None else [self.market(key)]
        found = [order for market in markets for order in market.orders if order.is_open]
        return tuple(sorted(found, key=attrgetter("number")) if len(found) > 1 else found)

    def instrument(self, key: str) -> Instrument:
        """Return the instrument's terms."""
        return self.market(key).instrument

    def unit_value(self, key: str) -> float:
        """Return the worth of one unit at the newest price, base currency; NaN before any price."""
        market = self.market(key)
        if isnan(market.price):
            return nan
        one_lot = self._account.to_base(market, market.grid.worth(1, market.mark))
        return one_lot / MONEY_UNIT * market.grid.per_lot

    def history(self, key: str, timeframe: str) -> BarHistory:
        """Return the closed bars of a subscribed time frame."""
        found = self._histories.get((key, timeframe))
        if found is None:
            self.market(key)
            raise StrategyMisuse(f"no {timeframe} bars of {key}: call subscribe_bars in on_start")
        return found

    def submit(self, intent: OrderIntent) -> OrderHandle:
        """Place an order."""
        key = intent.instrument_id
        return self.desk.submit(intent, self._markets.get(key) or self._unknown(key))

    def cancel(self, handle: OrderHandle) -> None:
        """Cancel an order."""
        order = _own(handle)
        self.desk.cancel(order, self.market(order.instrument_id))

    def modify(self, handle: OrderHandle, change: ChangeIntent) -> None:
        """Change a working order."""
        order = _own(handle)
        self.desk.modify(order, self.market(order.instrument_id), change)

    def subscribe_bars(self, key: str, timeframe: str) -> None:
        """Aggregate a longer time frame from the run's bars."""
        self.market(key)
        if (key, timeframe) not in self._histories:
            self.aggregators.setdefault(key, []).append(BarAggregator(timeframe, self._bar_ns))
            self._histories[key, timeframe] = BarHistory(self._length)

    def subscribe_ticks(self, key: str) -> None:
        """Check that the run has ticks; they are delivered anyway."""
        self.market(key)
        if key not in self.tick_keys:
            raise StrategyMisuse(f"this run has no ticks of {key}: run it on tick data")

    def subscribe_book(self, key: str) -> None:
        """Check that the run has books; they are delivered anyway."""
        self.market(key)
        if key not in self.book_keys:
            raise StrategyMisuse(f"this run has no order book of {key}: run it on book data")

    def set_timer(self, name: str, *, every_s: float | None = None, at: str | None = None) -> None:
        """Plan a timer; an older one of that name ends."""
        period_ns = DAY_NS if every_s is None else round(every_s * 1e9)
        if period_ns <= 0:
            raise StrategyMisuse("every_s must be greater than zero")
        now_ns = self.now_ns
        offset_ns = _time_of_day_ns(at) if at is not None else None
        due_ns = now_ns + period_ns if offset_ns is None else now_ns - (now_ns - offset_ns) % DAY_NS + DAY_NS
        generation = self._timers[name] = self._timers.get(name, 0) + 1
        self._agenda.plan(due_ns, self._timer(name, generation, period_ns))

    def log(self, text: str) -> None:
        """Keep a line of the strategy's log."""
        self._journal.log.append(LogLine(time_ns=self.now_ns, text=text))

    # Listener

    def on_fill(self, fill: Fill) -> None:
        """Tell the strategy of a fill."""
        self._strategy.on_fill(fill)

    def on_change(self, order: SimulatedOrder) -> None:
        """Keep a new status for ``tell_updates``: a strategy is not called from within its own call."""
        self.updates.append(
            OrderUpdate(
                order.order_id,
                order.instrument_id,
                order.status,
                order.filled_quantity,
                order.average_price,
                order.reason,
                self.now_ns,
            )
        )

    def tell_updates(self) -> None:
        """Hand the kept updates to the strategy, those that its own answers cause included.

        Raises ``StrategyMisuse`` when they never end: each answer to an update causes another one.
        """
        for _ in range(MOST_UPDATES):
            if not self.updates:
                return
            self._strategy.on_order(self.updates.pop(0))
        raise StrategyMisuse(f"{MOST_UPDATES} updates of orders at one time: on_order keeps answering its own orders")

    def market(self, key: str) -> Market:
        """Return a market; raises ``StrategyMisuse`` for an instrument that the run does not have."""
        return self._markets.get(key) or self._unknown(key)

    def _unknown(self, key: str) -> NoReturn:
        raise StrategyMisuse(f"{key} is no instrument of this run; it has {', '.join(self._markets)}")

    def _timer(self, name: str, generation: int, period_ns: int) -> Callable[[int], None]:
        def fire(due_ns: int) -> None:
            if self._timers.get(name) != generation:
                return
            self._account.now_ns = due_ns
            self._agenda.plan(due_ns + period_ns, fire)
            self._strategy.on_timer(name)
            self.tell_updates()

        return fire


def _position(market: Market) -> Position:
    if market.lots:
        grid = market.grid
        average = grid.average_price(abs(market.lots), market.cost)
        position = Position(market.key, grid.quantity(market.lots), average, 0.0)
        market.per_point = None if grid.is_inverse else grid.profit(position.quantity, 0.0, 1.0)
    else:
        position = Position(market.key, 0.0, None, 0.0)
    market.position = position
    return position


def _own(handle: OrderHandle) -> SimulatedOrder:
    if not isinstance(handle, SimulatedOrder):
        raise StrategyMisuse("this order handle belongs to another host")
    return handle


def _time_of_day_ns(at: str) -> int:
    hour, colon, minute = at.partition(":")
    if not (colon and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
        raise StrategyMisuse(f"{at!r} is no time of day; write HH:MM (UTC)")
    return (int(hour) * 60 + int(minute)) * 60_000_000_000
