"""Accepts what a strategy asks for, or refuses it by name."""

from math import isnan
from typing import Protocol

from edgerunner.backtest.account import Account
from edgerunner.backtest.entry import change_refusal, prepare, session_refusal
from edgerunner.backtest.execution import Execution
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.backtest.result import LogLine
from edgerunner.backtest.risk_gate import RiskGate
from edgerunner.domain.orders import OrderStatus, OrderType
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.intents import ChangeIntent, OrderIntent

_TRAILING = OrderType.TRAILING_STOP_MARKET


class Venue(Protocol):
    """Where orders meet the market: bars, or quotes and books."""

    def accept(self, market: Market, order: SimulatedOrder) -> None:
        """Take an order that is on its way."""

    def cancel(self, market: Market, order: SimulatedOrder) -> None:
        """Cancel an open order, after the latency."""

    def modify(self, market: Market, order: SimulatedOrder, change: ChangeIntent) -> None:
        """Change an open order, after the latency."""


class Desk:
    """Accepts a strategy's orders, changes and cancels and hands them to the venue.

    Attributes:
        is_warming_up: Orders are dropped and counted: history is replayed.
        is_closed: Orders are refused: the run is over.
    """

    def __init__(self, execution: Execution, venue: Venue, bar_ns: int, *, gate: RiskGate | None) -> None:
        self._execution = execution
        self._gate = gate
        self._account: Account = execution.account
        self._venue = venue
        self._bar_ns = bar_ns
        self.is_warming_up = False
        self.is_closed = False

    def submit(self, intent: OrderIntent, market: Market) -> SimulatedOrder:
        """Place an order; a refused one comes back denied."""
        if self.is_warming_up:
            return self._dropped(intent, market)
        order = self._execution.new_order(market, intent.side, intent.quantity)
        refused = self._refusal(order, intent, market)
        if refused is not None:
            self._deny(order, refused)
            return order
        if intent.expire_after_bars is not None:
            order.expiry_row = market.row + intent.expire_after_bars
        if order.order_type is _TRAILING and order.trail is not None:
            order.trigger = (market.mark if order.is_buy else -market.mark) + order.trail
        self._venue.accept(market, order)
        self._execution.tell(order)
        return order

    def cancel(self, order: SimulatedOrder, market: Market) -> None:
        """Cancel an order; one that is closed already is left alone."""
        if order.is_open:
            self._venue.cancel(market, order)

    def modify(self, order: SimulatedOrder, market: Market, change: ChangeIntent) -> None:
        """Change an order; raises ``StrategyMisuse`` when it cannot be changed."""
        refused = "the order is closed" if not order.is_open else change_refusal(order, change, market.grid)
        if refused is not None:
            raise StrategyMisuse(f"order {order.order_id} cannot be changed: {refused}")
        if self._gate is not None:
            refused = self._gate.change_refusal(order, change, market)
        if refused is not None:
            self._log(f"change of order {order.order_id} refused: {refused}")
            return
        self._venue.modify(market, order, change)

    def _refusal(self, order: SimulatedOrder, intent: OrderIntent, market: Market) -> str | None:
        if self.is_closed:
            return "stopped: the run is over"
        if market.last is None and isnan(market.price):
            return "no_price: wait for the instrument's first bar or tick"
        refused = prepare(order, intent, market)
        if refused is None and market.instrument.sessions:
            refused = session_refusal(market, self._account.now_ns, self._bar_ns)
        if refused is None and intent.expire_after_bars is not None and intent.expire_after_bars < 1:
            refused = "not_positive: expire_after_bars must be at least 1"
        if refused is None and self._gate is not None:
            refused = self._gate.refusal(order, market)
        return refused

    def _log(self, text: str) -> None:
        self._execution.journal.log.append(LogLine(time_ns=self._account.now_ns, text=text))

    def _deny(self, order: SimulatedOrder, reason: str) -> None:
        order.status = OrderStatus.DENIED
        order.reason = reason
        order.is_open = False
        order.closed_ns = self._account.now_ns
        self._execution.tell(order)

    def _dropped(self, intent: OrderIntent, market: Market) -> SimulatedOrder:
        self._execution.journal.dropped_orders += 1
        order = SimulatedOrder("warm-up", market.key, intent.side, intent.quantity)
        order.status = OrderStatus.DENIED
        order.reason = "warming_up: orders are dropped while history is replayed"
        order.is_open = False
        return order
