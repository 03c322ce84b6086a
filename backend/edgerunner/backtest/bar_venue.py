"""Orders on their way to the bars: latency, end of day, and what fills at the deciding close."""

from edgerunner.backtest.agenda import Agenda
from edgerunner.backtest.execution import Execution
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.domain.orders import OrderStatus, OrderType, TimeInForce
from edgerunner.strategies.intents import ChangeIntent

DAY_NS = 86_400_000_000_000
_MARKET = OrderType.MARKET
_IOC, _FOK, _DAY = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.DAY


class BarVenue:
    """The venue of a run on bars (``desk.Venue``): what is accepted waits in its market for the next bar.

    Attributes:
        decided: Markets with new market orders, which may fill at the close of the deciding bar.
    """

    def __init__(self, execution: Execution, agenda: Agenda, latency_ns: int) -> None:
        self._execution = execution
        self._account = execution.account
        self._agenda = agenda
        self._latency_ns = latency_ns
        self.decided: dict[str, Market] = {}

    def accept(self, market: Market, order: SimulatedOrder) -> None:
        """Let an order wait for the bars from its arrival on."""
        wish = order.time_in_force
        if self._latency_ns:
            order.active_ns += self._latency_ns
        if order.post_only or wish is _IOC or wish is _FOK or self._latency_ns:
            order.first_look = True
        if order.order_type is _MARKET:
            self.decided[market.key] = market
        if wish is _DAY:
            self._plan_end_of_day(market, order)
        market.add(order)

    def cancel(self, market: Market, order: SimulatedOrder) -> None:
        """Cancel an order at once, or when the cancel arrives."""
        if not self._latency_ns:
            self._execution.end(market, order, OrderStatus.CANCELED, "canceled")
            return
        self._request(market, order, None)
        order.status = OrderStatus.PENDING_CANCEL
        self._execution.tell(order)

    def modify(self, market: Market, order: SimulatedOrder, change: ChangeIntent) -> None:
        """Change an order from the next bar on, or from the one after the change arrives."""
        self._request(market, order, change)

    def _request(self, market: Market, order: SimulatedOrder, change: ChangeIntent | None) -> None:
        order.requests = [*(order.requests or []), (self._account.now_ns + self._latency_ns, change)]
        market.attention = market.has_requests = True

    def _plan_end_of_day(self, market: Market, order: SimulatedOrder) -> None:
        def expire(due_ns: int) -> None:
            if order.is_open:
                self._account.now_ns = due_ns
                self._execution.end(market, order, OrderStatus.EXPIRED, "expired")

        now_ns = self._account.now_ns
        self._agenda.plan(now_ns - now_ns % DAY_NS + DAY_NS, expire)
