"""The floors of the backtest benchmark: what plain Python classes cost for the same works.

A bar object with slots per bar, `on_bar`, orders, `on_fill` and an equity list: as little as an engine that calls a
strategy can do, without instruments, refusals, exact money or any rule that the work does not need.
"""

from collections import deque
from collections.abc import Sequence

RATE = 0.0002
START = 1_000_000.0
Column = list[float]


class Bar:
    __slots__ = ("close", "high", "low", "open", "time", "volume")

    def __init__(  # noqa: PLR0917 - keywords would make the floor slower
        self, time: int, open_: float, high: float, low: float, close: float, volume: float
    ) -> None:
        self.time = time
        self.open = open_
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume


class Order:
    __slots__ = ("age", "limit", "side", "status", "stop_loss", "take_profit")

    def __init__(self, side: int, limit: float | None = None, take_profit: float = 0.0, stop_loss: float = 0.0) -> None:
        self.side = side
        self.limit = limit
        self.take_profit = take_profit
        self.stop_loss = stop_loss
        self.status = "open"
        self.age = 0


class Strategy:
    def __init__(self, engine: "Engine") -> None:
        self.engine = engine

    def on_bar(self, bar: Bar) -> None:
        raise NotImplementedError

    def on_fill(self, order: Order, price: float) -> None:
        pass


class SmaCross(Strategy):
    def __init__(self, engine: "Engine") -> None:
        super().__init__(engine)
        self.window: deque[float] = deque()
        self.fast_sum = self.slow_sum = 0.0
        self.was_above: bool | None = None

    def on_bar(self, bar: Bar) -> None:
        window = self.window
        close = bar.close
        window.append(close)
        self.fast_sum += close
        self.slow_sum += close
        if len(window) > 10:
            self.fast_sum -= window[-11]
        if len(window) > 30:
            self.slow_sum -= window.popleft()
        elif len(window) < 30:
            return
        is_above = self.fast_sum / 10 > self.slow_sum / 30
        if is_above is not self.was_above:
            if is_above and self.was_above is False:
                self.engine.send(Order(1))
            elif not is_above and self.engine.position:
                self.engine.send(Order(-1))
            self.was_above = is_above


class BracketEntry(Strategy):
    def on_bar(self, bar: Bar) -> None:
        engine = self.engine
        if engine.position == 0 and not engine.orders:
            limit = round(bar.close * 0.9995, 2)
            engine.send(Order(1, limit, round(limit * 1.003, 2), round(limit * 0.998, 2)))


class Engine:
    def __init__(self, strategy_class: type[Strategy]) -> None:
        self.cash = START
        self.position = 0
        self.orders: list[Order] = []
        self.all_orders: list[Order] = []
        self.fills: list[tuple[int, int, float]] = []
        self.equity: list[float] = []
        self.target = self.stop = 0.0
        self.strategy = strategy_class(self)

    def send(self, order: Order) -> None:
        self.orders.append(order)
        self.all_orders.append(order)

    def fill(self, order: Order, time: int, price: float) -> None:
        self.cash -= order.side * price + RATE * price
        self.position += order.side
        order.status = "filled"
        self.fills.append((time, order.side, price))
        self.strategy.on_fill(order, price)

    def run(self, times: list[int], columns: Sequence[Column]) -> None:
        on_bar, equity = self.strategy.on_bar, self.equity
        for time, open_, high, low, close, volume in zip(times, *columns, strict=True):
            bar = Bar(time, open_, high, low, close, volume)
            if self.orders:
                self.match(bar)
            on_bar(bar)
            equity.append(self.cash + self.position * close)

    def match(self, bar: Bar) -> None:
        still_open: list[Order] = []
        for order in self.orders:
            if order.limit is None:
                self.fill(order, bar.time, bar.open)
            elif order.status == "entered":
                self.exit(order, bar, still_open)
            elif bar.low <= order.limit:
                self.fill(order, bar.time, min(order.limit, bar.open))
                order.status = "entered"
                still_open.append(order)
            else:
                order.age += 1
                if order.age < 10:
                    still_open.append(order)
        self.orders = still_open

    def exit(self, order: Order, bar: Bar, still_open: list[Order]) -> None:
        if bar.low <= order.stop_loss:
            self.fill(Order(-1), bar.time, min(order.stop_loss, bar.open))
        elif bar.high >= order.take_profit:
            self.fill(Order(-1), bar.time, max(order.take_profit, bar.open))
        else:
            still_open.append(order)


def weekly(times: list[int], opens: Sequence[Column], closes: Sequence[Column]) -> float:
    """Work D: one callback per instrument bar, equal weights on Mondays, filled at the next open."""
    count = len(closes)
    quantities = [0.0] * count
    cash = START
    wanted: list[float] | None = None
    day_before = -1

    def on_bar(_number: int, _close: float) -> None:
        pass

    for row, time in enumerate(times):
        if wanted is not None:
            for number in range(count):
                price = opens[number][row]
                change = wanted[number] - quantities[number]
                cash -= change * price + RATE * abs(change) * price
                quantities[number] = wanted[number]
            wanted = None
        for number in range(count):
            on_bar(number, closes[number][row])
        day = time // 86_400
        if day != day_before:
            day_before = day
            if (day + 3) % 7 == 0:
                equity = cash + sum(quantities[number] * closes[number][row] for number in range(count))
                wanted = [equity * 0.98 / count / closes[number][row] for number in range(count)]
    return cash + sum(quantities[number] * closes[number][-1] for number in range(count))


class Tick:
    __slots__ = ("ask", "bid", "time")

    time: int
    bid: float
    ask: float


def ticks(times: list[int], bids: Column, asks: Column) -> int:
    """Work E: a do-nothing `on_tick` with one reused object fed from lists."""
    tick = Tick()
    seen = 0

    def on_tick(_tick: Tick) -> None:
        pass

    for time, bid, ask in zip(times, bids, asks, strict=True):
        tick.time = time
        tick.bid = bid
        tick.ask = ask
        on_tick(tick)
        seen += 1
    return seen
