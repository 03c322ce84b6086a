"""Which orders of one market fill in one bar, at what price, and in which order."""

from operator import itemgetter

from edgerunner.backtest.config import BacktestConfig, ExitRule, LimitRule
from edgerunner.backtest.entry import apply_change
from edgerunner.backtest.execution import NO_MARGIN, Execution
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import NEVER, SimulatedOrder
from edgerunner.domain.orders import OrderStatus, OrderType, TimeInForce
from edgerunner.matching.bar_fill import (
    NO_FILL,
    BarTicks,
    closing,
    is_stopped,
    is_touched,
    limit_fill,
    limit_fill_after,
    limit_fill_through,
    mirrored,
    stop_fill,
    stop_fill_after,
    stop_limit_fill,
    touch_fill,
    touch_limit_fill,
    trail_fill,
    trail_next,
)
from edgerunner.risk.hours import is_open
from edgerunner.strategies.market_data import Bar

# Enum members as names of this module: reading them off their class is what costs most in here.
_MARKET, _LIMIT, _TRAILING = OrderType.MARKET, OrderType.LIMIT, OrderType.TRAILING_STOP_MARKET
_STOP_MARKET, _STOP_LIMIT = OrderType.STOP_MARKET, OrderType.STOP_LIMIT
_TOUCH_MARKET, _TOUCH_LIMIT = OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED
_IOC, _FOK = TimeInForce.IOC, TimeInForce.FOK
_INTRADAY_NS = 86_400_000_000_000

_AT_OPEN, _STOP, _LATER, _AT_CLOSE = range(4)
Found = tuple[int, int, SimulatedOrder, int, bool]
"""Rank, place among the orders, order, a buyer's price, whether it takes liquidity."""


class BarMatching:
    """Meets a market's orders with its bars.

    What fills at the open comes first, in the order of sending; then stops, then everything else; what arrives within
    the bar meets its close.
    """

    def __init__(self, config: BacktestConfig, execution: Execution, bar_ns: int) -> None:
        self._execution = execution
        self._account = execution.account
        self._bar_ns = bar_ns
        self._limit_fill = limit_fill if config.limit_rule is LimitRule.TOUCH else limit_fill_through
        self._is_exit_in_entry_bar = config.exit_rule is ExitRule.ENTRY_BAR
        self._share = None if config.volume_share is None else config.volume_share.as_integer_ratio()

    def meet(self, market: Market, bar: Bar, row: int) -> None:
        """Let every order of a market meet a bar; ``market.row`` is the bar's row already."""
        account = self._account
        account.now_ns = bar.time_ns
        seen = market.grid.bar_ticks(bar)
        if market.instrument.sessions and not self._is_in_session(market, bar):
            return
        if market.has_requests:
            self._arrive(market, bar.time_ns)
        left = NEVER if self._share is None else self._tradable_lots(market, bar)
        for rank, _, order, price, is_taker in self._found(market, bar, row, seen):
            if order.is_open and left > 0:
                if rank == _AT_CLOSE:
                    account.now_ns = bar.time_ns + self._bar_ns
                left = self._fill(market, order, price, left=left, is_taker=is_taker)
                if order.exits and self._is_exit_in_entry_bar:
                    self._exit_in_entry_bar(market, order, -price, mirrored(seen) if order.is_buy else seen)
        account.now_ns = bar.time_ns
        if market.lots:
            self._liquidate(market, seen)
        self._finish(market, bar, row, seen)
        market.reset_alarms()

    def meet_close(self, market: Market, bar: Bar) -> None:
        """Let the market orders that were just decided fill at the close of the deciding bar."""
        left = self._tradable_lots(market, bar)
        close = market.grid.ticks(bar.close)
        for order in list(market.orders):
            if order.order_type is _MARKET and order.is_open and left > 0:
                left = self._fill(market, order, close if order.is_buy else -close, left=left, is_taker=True)
        market.reset_alarms()

    def _is_in_session(self, market: Market, bar: Bar) -> bool:
        return self._bar_ns >= _INTRADAY_NS or is_open(market.instrument, bar.time_ns) is not False

    def _tradable_lots(self, market: Market, bar: Bar) -> int:
        if self._share is None:
            return NEVER
        numerator, denominator = self._share
        return int(bar.volume * numerator / denominator * market.grid.per_lot * (1 + 1e-12))

    def _arrive(self, market: Market, open_ns: int) -> None:
        """Carry out the changes and cancels that have arrived before the bar opens."""
        market.has_requests = False
        for order in market.orders:
            while order.requests and order.is_open and order.requests[0][0] <= open_ns:
                _, change = order.requests.pop(0)
                if change is None:
                    self._execution.end(market, order, OrderStatus.CANCELED, "canceled")
                else:
                    apply_change(order, change, market.grid)
            market.has_requests = market.has_requests or bool(order.requests)

    def _found(self, market: Market, bar: Bar, row: int, seen: BarTicks) -> list[Found]:
        found: list[Found] = []
        open_ns = bar.time_ns
        for place, order in enumerate(market.orders):
            if not order.is_open:
                continue
            view = seen if order.is_buy else mirrored(seen)
            if order.active_ns > open_ns:
                if order.active_ns >= open_ns + self._bar_ns:
                    order.first_row = row + 1
                    continue
                view = closing(view)
            is_first = not order.has_met and row <= order.first_row
            order.has_met = True
            price = self._price(order, view, is_first=is_first)
            if price != NO_FILL:
                found.append(_finding(order, place, price, view, is_late=order.active_ns > open_ns, is_first=is_first))
        return found if len(found) < 2 else sorted(found, key=itemgetter(0, 1))

    def _view(self, order: SimulatedOrder, bar: Bar, seen: BarTicks) -> BarTicks:
        view = seen if order.is_buy else mirrored(seen)
        return closing(view) if order.active_ns > bar.time_ns else view

    def _price(self, order: SimulatedOrder, view: BarTicks, *, is_first: bool) -> int:
        kind = order.order_type
        if kind is _MARKET:
            return view[0]
        limit, trigger = order.limit, order.trigger
        if trigger is not None and not order.is_awake:
            return _triggered_price(order, trigger, view)
        if limit is None:
            raise AssertionError(f"order {order.order_id} has no price to trade at")
        if is_first and order.first_look:
            return self._first_price(order, limit, view)
        return self._limit_fill(limit, view)

    def _first_price(self, order: SimulatedOrder, limit: int, view: BarTicks) -> int:
        """Return what an order that takes at once, or must not take, does with the open of its first bar."""
        can_trade = view[0] <= limit
        if order.post_only:
            if can_trade:
                order.refusal = "post_only: it would have taken"
            return NO_FILL if can_trade else self._limit_fill(limit, view)
        if order.time_in_force is _IOC or order.time_in_force is _FOK:
            order.refusal = f"{order.time_in_force}: not filled at once"
            return view[0] if can_trade else NO_FILL
        return self._limit_fill(limit, view)

    def _fill(self, market: Market, order: SimulatedOrder, price: int, *, left: int, is_taker: bool) -> int:
        """Fill as much of an order as the bar's volume allows and return what it still allows."""
        lots = order.lots - order.filled_lots
        if lots > left:
            if order.time_in_force is _FOK:
                order.refusal = "fok: not enough volume"
                return left
            lots = left
        before = order.filled_lots
        self._execution.fill(market, order, price, lots=lots, is_taker=is_taker)
        return left - (order.filled_lots - before)

    def _exit_in_entry_bar(self, market: Market, entry: SimulatedOrder, price: int, view: BarTicks) -> None:
        """Let the exits meet the rest of the bar in which their entry filled; ``price`` and ``view`` are theirs."""
        for order in entry.exits:
            if not order.is_open:
                continue
            order.has_met = True
            found = NO_FILL
            if order.trigger is not None:
                found = stop_fill_after(price, order.trigger, view)
            elif order.limit is not None:
                found = limit_fill_after(price, order.limit, view)
            if found != NO_FILL:
                self._execution.fill(market, order, found, lots=order.left, is_taker=order.trigger is not None)

    def _finish(self, market: Market, bar: Bar, row: int, seen: BarTicks) -> None:
        """End what does not wait for another bar, wake triggers, move trailing stops."""
        for order in market.orders:
            if not order.is_open or not order.has_met:
                continue
            if order.refusal is not None:
                self._execution.end(market, order, OrderStatus.CANCELED, order.refusal)
            elif row >= order.expiry_row:
                self._execution.end(market, order, OrderStatus.EXPIRED, "expired")
            elif order.trigger is not None and not order.is_awake:
                self._wake(order, order.trigger, self._view(order, bar, seen))

    def _wake(self, order: SimulatedOrder, trigger: int, view: BarTicks) -> None:
        kind = order.order_type
        if kind is _TRAILING and order.trail is not None:
            order.trigger = trail_next(trigger, order.trail, view)
        elif (kind is _STOP_LIMIT and is_stopped(trigger, view)) or (
            kind is _TOUCH_LIMIT and is_touched(trigger, view)
        ):
            order.is_awake = True
            order.status = OrderStatus.TRIGGERED
            self._execution.tell(order)

    def _liquidate(self, market: Market, seen: BarTicks) -> None:
        """Close the position at the price of ruin, at the open when the market gapped beyond it."""
        if market.lots > 0 and seen[2] <= market.ruin_low:
            self.force_close(market, min(seen[0], market.ruin_low))
        elif market.lots < 0 and seen[1] >= market.ruin_high:
            self.force_close(market, max(seen[0], market.ruin_high))

    def force_close(self, market: Market, ticks: int) -> None:
        """Cancel a market's orders and close its position at a price, as a broker does without margin."""
        for order in market.orders:
            if order.is_open:
                self._execution.end(market, order, OrderStatus.CANCELED, NO_MARGIN)
        order = self._execution.new_forced_close(market)
        self._execution.fill(market, order, ticks if order.is_buy else -ticks, lots=order.lots, is_taker=True)


def _finding(order: SimulatedOrder, place: int, price: int, view: BarTicks, *, is_late: bool, is_first: bool) -> Found:
    at_open = price == view[0]
    rests = order.order_type is _LIMIT or order.is_awake
    if is_late:
        rank = _AT_CLOSE
    elif at_open:
        rank = _AT_OPEN
    else:
        rank = _STOP if order.trigger is not None and not order.is_awake and not _is_touch(order) else _LATER
    return rank, place, order, price, (at_open and is_first) or not rests


def _is_touch(order: SimulatedOrder) -> bool:
    return order.order_type is _TOUCH_MARKET or order.order_type is _TOUCH_LIMIT


def _triggered_price(order: SimulatedOrder, trigger: int, view: BarTicks) -> int:
    kind = order.order_type
    if kind is _STOP_MARKET:
        return stop_fill(trigger, view)
    if kind is _TOUCH_MARKET:
        return touch_fill(trigger, view)
    if kind is _TRAILING and order.trail is not None:
        return trail_fill(trigger, order.trail, view)
    if kind is _STOP_LIMIT and order.limit is not None:
        return stop_limit_fill(trigger, order.limit, view)
    if kind is _TOUCH_LIMIT and order.limit is not None:
        return touch_limit_fill(trigger, order.limit, view)
    raise AssertionError(f"order {order.order_id} of type {kind} has no rule")
