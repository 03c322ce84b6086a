"""What becomes of orders: fills, attached exits, cancels, expiries, forced closes."""

from collections.abc import Callable
from typing import Protocol

from edgerunner.backtest.account import Account
from edgerunner.backtest.config import BacktestConfig, SpreadRule
from edgerunner.backtest.grid import MONEY_UNIT
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.backtest.records import Journal
from edgerunner.domain.orders import Liquidity, OrderStatus, OrderType, Side
from edgerunner.strategies.market_data import Fill

_STOP_MARKET, _LIMIT, _BUY, _SELL = OrderType.STOP_MARKET, OrderType.LIMIT, Side.BUY, Side.SELL
_ACCEPTED, _FILLED = OrderStatus.ACCEPTED, OrderStatus.FILLED
_PARTIALLY_FILLED = OrderStatus.PARTIALLY_FILLED


NO_MARGIN = "forced close: not enough margin"


class Listener(Protocol):
    """Who is told what happened to an order."""

    def on_fill(self, fill: Fill) -> None:
        """Handle a fill, booked already."""

    def on_change(self, order: SimulatedOrder) -> None:
        """Handle a new status of an order."""


class Execution:
    """Books fills and ends orders; ``bar_matching`` decides at what price."""

    def __init__(
        self,
        config: BacktestConfig,
        account: Account,
        journal: Journal,
        listener: Listener,
        *,
        handles: Callable[[str], bool],
    ) -> None:
        self.account = account
        self.journal = journal
        self._listener = listener
        self._tells_fills = handles("on_fill")
        self._tells_changes = handles("on_order")
        self._slippage = config.slippage.as_integer_ratio()
        self._has_price_costs = bool(config.slippage) or config.spread is not SpreadRule.NONE
        self._numbered = 0

    def new_order(self, market: Market, side: Side, quantity: float, *, order_id: str | None = None) -> SimulatedOrder:
        """Return a recorded order without terms; its id is its number unless one is given."""
        self._numbered += 1
        now_ns = self.account.now_ns
        order = SimulatedOrder(
            order_id or str(self._numbered),
            market.key,
            side,
            quantity,
            _ACCEPTED,
            number=self._numbered,
            is_buy=side is _BUY,
            placed_ns=now_ns,
            active_ns=now_ns,
            first_row=market.row + 1,
        )
        self.journal.orders.append(order)
        return order

    def new_forced_close(self, market: Market) -> SimulatedOrder:
        """Return the market order that closes a position for lack of margin; it is filled whatever it costs."""
        side = _SELL if market.lots > 0 else _BUY
        order = self.new_order(market, side, market.grid.quantity(abs(market.lots)))
        order.lots = abs(market.lots)
        order.is_forced = True
        order.reason = NO_MARGIN
        return order

    def fill(self, market: Market, order: SimulatedOrder, price: int, *, lots: int, is_taker: bool) -> None:
        """Fill up to ``lots`` of an order at a buyer's price (negated for a sell order), and see to its exits.

        Orders that take at any price do worse by slippage and recorded spread. What cannot be paid for ends the order.
        """
        if order.reduce_only:
            lots = min(lots, -market.lots if order.is_buy else market.lots)
            if lots <= 0:
                self.end(market, order, OrderStatus.CANCELED, "nothing to reduce")
                return
        if self._has_price_costs and is_taker and order.limit is None:
            price += self._price_cost(market, order, price)
        ticks = price if order.is_buy else 1 if price > -1 else -price
        signed = lots if order.is_buy else -lots
        refused = self.account.refusal(market, signed_lots=signed, ticks=ticks, is_taker=is_taker)
        if refused is not None:
            status = OrderStatus.CANCELED if order.filled_lots else OrderStatus.REJECTED
            self.end(market, order, status, refused)
            return
        fee = self._book(market, order, ticks, lots, is_taker=is_taker)
        if self._tells_changes:
            self._listener.on_change(order)
        if order.sibling is not None:
            self._lower_sibling(market, order, order.sibling, lots)
        if order.take_profit is not None or order.stop_loss is not None:
            self._set_exits(market, order, lots)
        if market.lots == 0:
            self._end_reducing(market)
        if self._tells_fills:
            self._tell_fill(market, order, ticks, lots, fee=fee, is_taker=is_taker)

    def record(self, market: Market, order: SimulatedOrder, ticks: int, *, lots: int, is_taker: bool) -> None:
        """Book a fill that a matching with exits of its own has done already."""
        fee = self._book(market, order, ticks, lots, is_taker=is_taker)
        self.tell(order)
        if self._tells_fills:
            self._tell_fill(market, order, ticks, lots, fee=fee, is_taker=is_taker)

    def _price_cost(self, market: Market, order: SimulatedOrder, price: int) -> int:
        """Return the ticks by which an order that takes at any price does worse: slippage, rounded up, and spread."""
        cost = -(-abs(price) * self._slippage[0] // self._slippage[1])
        return cost if market.spread_costs is None else cost + market.spread_costs.of(order, market.row)

    def _book(self, market: Market, order: SimulatedOrder, ticks: int, lots: int, *, is_taker: bool) -> int:
        """Book a fill and return its fee in money units."""
        signed = lots if order.is_buy else -lots
        row = self.account.book(market, order, signed_lots=signed, ticks=ticks, is_taker=is_taker)
        self.journal.fills.append(row)
        order.filled_lots += lots
        order.filled_value += ticks * lots
        order.filled_quantity = market.grid.quantity(order.filled_lots)
        order.average_price = market.grid.mean_price(order.filled_value, order.filled_lots)
        if order.filled_lots >= order.lots:
            self._close(order, _FILLED, order.reason)
        else:
            order.status = _PARTIALLY_FILLED
        return row.fee

    def end(self, market: Market, order: SimulatedOrder, status: OrderStatus, reason: str) -> None:
        """End an order; its market forgets it when its alarms are set anew."""
        self._close(order, status, reason)
        market.attention = True
        self.tell(order)

    def tell(self, order: SimulatedOrder) -> None:
        """Tell that an order's status changed."""
        if self._tells_changes:
            self._listener.on_change(order)

    def _close(self, order: SimulatedOrder, status: OrderStatus, reason: str | None) -> None:
        order.status = status
        order.reason = reason
        order.is_open = False
        order.closed_ns = self.account.now_ns

    def _lower_sibling(self, market: Market, order: SimulatedOrder, sibling: SimulatedOrder, lots: int) -> None:
        """Take what an exit filled from the other exit of the same position."""
        if sibling.is_open:
            sibling.lots -= lots
            if not order.is_open or sibling.lots <= sibling.filled_lots:
                self.end(market, sibling, OrderStatus.CANCELED, "the other exit filled")

    def _set_exits(self, market: Market, order: SimulatedOrder, lots: int) -> None:
        """Make the exits of what an entry filled, or enlarge those that work already."""
        live = [exit_order for exit_order in order.exits if exit_order.is_open] if order.exits else None
        if live:
            for exit_order in live:
                exit_order.lots += lots
                exit_order.quantity = market.grid.quantity(exit_order.lots)
            return
        quantity = market.grid.quantity(lots)
        made = []
        if order.stop_loss is not None:
            made.append(self._exit(market, order, quantity, lots))
            made[0].order_type, made[0].trigger = _STOP_MARKET, order.stop_loss
        if order.take_profit is not None:
            made.append(self._exit(market, order, quantity, lots))
            made[-1].order_type, made[-1].limit = _LIMIT, order.take_profit
        if len(made) == 2:
            made[0].sibling, made[1].sibling = made[1], made[0]
        order.exits = tuple(made)
        if self._tells_changes:
            for exit_order in made:
                self._listener.on_change(exit_order)
        market.orders += made  # the alarms are set anew when the bar is over

    def _exit(self, market: Market, parent: SimulatedOrder, quantity: float, lots: int) -> SimulatedOrder:
        order = self.new_order(market, _SELL if parent.is_buy else _BUY, quantity)
        order.lots = lots
        order.parent = parent
        order.reduce_only = order.is_exit = True
        return order

    def _end_reducing(self, market: Market) -> None:
        for order in market.orders:
            if order.reduce_only and order.is_open:
                self.end(market, order, OrderStatus.CANCELED, "the position is closed")

    def _tell_fill(
        self, market: Market, order: SimulatedOrder, ticks: int, lots: int, *, fee: int, is_taker: bool
    ) -> None:
        self._listener.on_fill(
            Fill(
                order.order_id,
                market.key,
                order.side,
                market.grid.quantity(lots),
                market.grid.price(ticks),
                fee / MONEY_UNIT,
                market.instrument.settle,
                self.account.now_ns,
                Liquidity.TAKER if is_taker else Liquidity.MAKER,
            )
        )
