"""One instrument of a run: its position, its open orders, and the prices that would wake one of them."""

from math import inf, nan

from edgerunner.backtest.config import MARGINED
from edgerunner.backtest.grid import Grid
from edgerunner.backtest.orders import NEVER, SimulatedOrder
from edgerunner.backtest.spreads import SpreadCosts
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import OrderType
from edgerunner.strategies.market_data import Bar, Book, Position, Tick

_MARKET, _TRAILING = OrderType.MARKET, OrderType.TRAILING_STOP_MARKET
_STOP_MARKET, _STOP_LIMIT = OrderType.STOP_MARKET, OrderType.STOP_LIMIT


class Market:
    """State of one instrument.

    A bar that stays between ``low_alarm`` and ``high_alarm`` (prices) cannot fill anything, so that the cost of a bar
    does not depend on how many orders rest. Alarms may be too near (after a cancel), never too far.

    Attributes:
        lots: Position, negative short; ``cost`` is what it cost, money units of the settle currency, never negative.
        last: The newest closed bar.
        event: The newest tick or book, None in a run on bars.
        spread_costs: What takers pay of the bars' recorded spread, None = nothing.
        row: Row of the bar being handled.
        position: What the strategy was last told of the position, None when that has changed.
        per_point: What that position wins when the price rises by one, settle currency; None where that depends on it.
        attention: An order has to be looked at in the next bar whatever its prices.
        has_requests: Changes or cancels of its orders are on their way.
        expiry_row: First row at which an order may expire.
        is_watched: Whether there is any order or any price of ruin to look out for.
        ruin_low, ruin_high: Ticks at which the account would be closed by force.
    """

    __slots__ = (
        "attention",
        "cost",
        "event",
        "expiry_row",
        "grid",
        "has_requests",
        "high_alarm",
        "instrument",
        "is_margined",
        "is_watched",
        "key",
        "last",
        "lots",
        "low_alarm",
        "orders",
        "per_point",
        "position",
        "row",
        "ruin_high",
        "ruin_low",
        "spread_costs",
    )

    def __init__(self, key: str, instrument: Instrument) -> None:
        self.key = key
        self.instrument = instrument
        self.grid = Grid(instrument)
        self.is_margined = instrument.product in MARGINED
        self.lots = 0
        self.cost = 0
        self.orders: list[SimulatedOrder] = []
        self.last: Bar | None = None
        self.event: Tick | Book | None = None
        self.row = -1
        self.attention = self.has_requests = self.is_watched = False
        self.low_alarm, self.high_alarm = -inf, inf
        self.expiry_row = NEVER
        self.ruin_low, self.ruin_high = -NEVER, NEVER
        self.position: Position | None = None
        self.per_point: float | None = None
        self.spread_costs: SpreadCosts | None = None

    @property
    def price(self) -> float:
        """Return the newest price, NaN before any."""
        if self.event is not None:
            return middle(self.event)
        return nan if self.last is None else self.last.close

    @property
    def mark(self) -> int:
        """Return the newest price in ticks; raises ``ValueError`` before any."""
        return self.grid.ticks(self.price)

    def is_alarmed(self, bar: Bar) -> bool:
        """Tell whether an order has to meet a bar; the hot loop of a single instrument asks the same without a call."""
        return self.attention or bar.low <= self.low_alarm or bar.high >= self.high_alarm or self.row >= self.expiry_row

    def add(self, order: SimulatedOrder) -> None:
        """Let an order wait for the market from the next bar on."""
        self.orders.append(order)
        self._look_out_for(order)
        self.is_watched = True

    def remove(self, order: SimulatedOrder) -> None:
        """Forget an order; the alarms may stay too near."""
        self.orders.remove(order)

    def reset_alarms(self) -> None:
        """Drop closed orders and set the alarms anew."""
        if self.orders:
            self.orders = [order for order in self.orders if order.is_open]
        self.low_alarm, self.high_alarm = -inf, inf
        self.attention = False
        self.expiry_row = NEVER
        for order in self.orders:
            self._look_out_for(order)
        if self.ruin_low > 0:
            self.low_alarm = max(self.low_alarm, (self.ruin_low + 0.5) * self.grid.tick_float)
        if self.ruin_high != NEVER:
            self.high_alarm = min(self.high_alarm, (self.ruin_high - 0.5) * self.grid.tick_float)
        self.is_watched = bool(self.orders) or self.ruin_low > 0 or self.ruin_high != NEVER

    def _look_out_for(self, order: SimulatedOrder) -> None:
        if order.expiry_row < self.expiry_row:  # noqa: PLR1730 - here and below, a call costs more than all the rest
            self.expiry_row = order.expiry_row
        kind = order.order_type
        if kind is _MARKET or kind is _TRAILING or order.requests or (order.first_look and not order.has_met):
            self.attention = True
            return
        is_waiting = order.trigger is not None and not order.is_awake
        price = order.trigger if is_waiting else order.limit
        if price is None:
            raise AssertionError(f"order {order.order_id} has no price to wait for")
        waits_for_rise = is_waiting and (kind is _STOP_MARKET or kind is _STOP_LIMIT)
        is_buy = order.is_buy
        ticks = price if is_buy else -price
        # Half a tick of tolerance: prices of the data that are off the tick are rounded to it when an order is met.
        if waits_for_rise is is_buy:
            alarm = (ticks - 0.5) * self.grid.tick_float
            if alarm < self.high_alarm:  # noqa: PLR1730
                self.high_alarm = alarm
        else:
            alarm = (ticks + 0.5) * self.grid.tick_float
            if alarm > self.low_alarm:  # noqa: PLR1730
                self.low_alarm = alarm


def middle(event: Tick | Book) -> float:
    """Return the middle of bid and ask, the last price without them, NaN without either."""
    if isinstance(event, Book):
        return (event.bids[0][0] + event.asks[0][0]) / 2 if event.bids and event.asks else nan
    mid = event.mid
    return event.last if mid != mid else mid  # noqa: PLR0124 - NaN alone differs from itself
