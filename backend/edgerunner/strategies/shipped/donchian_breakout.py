"""Trend following by channel breakouts, after the Turtles."""

from collections.abc import Mapping

from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.strategies.indicators import Atr, Donchian
from edgerunner.strategies.intents import OrderHandle
from edgerunner.strategies.market_data import Bar, Fill, OrderUpdate
from edgerunner.strategies.parameters import ParameterValue, parameter
from edgerunner.strategies.strategy import Strategy

REFUSED = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED})


class DonchianBreakout(Strategy):
    """Buys a close above the highest high of the bars before it and holds until the trend breaks.

    A position is left on a close below the lowest low of the (shorter) exit channel, or by a working stop order
    ``stop_atrs`` average true ranges from its average price, measured at the signal. Shorts mirror this. It is
    system one of the Turtles without its filter and adding (Curtis Faith, "The Original Turtle Trading Rules", 2003).

    ``state`` keeps the average true range of the signal, the id of the stop and whether the position is being left;
    position and open orders are the host's. So after a restart it is neither doubled nor left without its stop.
    """

    entry: int = parameter(20, minimum=2, maximum=1000, description="bars of the channel whose break opens a position")
    exit: int = parameter(10, minimum=1, maximum=1000, description="bars of the channel whose break closes it")
    atr_period: int = parameter(20, minimum=1, maximum=500, description="bars of the average true range")
    stop_atrs: float = parameter(2.0, exclusive_minimum=0, maximum=50, description="distance of the stop in ranges")
    quantity: float = parameter(1.0, exclusive_minimum=0, description="size of a position")
    allow_short: bool = parameter(default=True, description="trade breaks downward from the short side")

    @classmethod
    def check_parameters(cls, values: Mapping[str, ParameterValue]) -> dict[str, str]:
        """Demand an exit channel no longer than the entry channel."""
        if values["exit"] > values["entry"]:  # type: ignore[operator]
            return {"exit": "must not be longer than entry"}
        return {}

    def on_start(self) -> None:
        """Begin with empty channels; the host replays history."""
        self.breakout, self.retreat = Donchian(self.entry), Donchian(self.exit)
        self.range = Atr(self.atr_period)
        self.is_inventory = self.instrument().contract.is_inventory

    def on_bar(self, bar: Bar) -> None:
        """Compare the closed bar with the channels of the bars before it."""
        if bar.instrument_id != self.instrument_id:
            return
        if not self.is_warming_up:
            self._trade(bar)
        self.breakout.update(bar.high, bar.low)
        self.retreat.update(bar.high, bar.low)
        self.range.update(bar.high, bar.low, bar.close)

    def on_fill(self, fill: Fill) -> None:
        """Put the stop under a position as soon as there is one."""
        if fill.instrument_id == self.instrument_id:
            self._protect()

    def on_order(self, update: OrderUpdate) -> None:
        """Go on when the stop ended: close once a cancel of ours is confirmed, or when the stop was refused."""
        if update.order_id != self.state.get("stop_order") or not self.position.quantity:
            return
        if update.status in REFUSED:
            self._leave_without_stop(update.reason)
        elif update.status is OrderStatus.CANCELED and self.state.get("leaving"):
            self._leave()

    def _trade(self, bar: Bar) -> None:
        if not self.position.quantity:
            self._seek_entry(bar)
        elif self.state.get("leaving") or self._breaks_trend(bar.close):
            self._leave()
        else:
            self._protect()

    def _seek_entry(self, bar: Bar) -> None:
        highest, lowest, reach = self.breakout.upper, self.breakout.lower, self.range.value
        if highest is None or lowest is None or reach is None or self.open_orders:
            return
        if bar.close > highest:
            self._enter(Side.BUY, reach)
        elif bar.close < lowest and self.allow_short and not self.is_inventory:
            self._enter(Side.SELL, reach)

    def _enter(self, side: Side, reach: float) -> None:
        self.state.update(range=reach, leaving=False, stop_order=None)
        self._send(side, self.quantity)

    def _breaks_trend(self, close: float) -> bool:
        highest, lowest = self.retreat.upper, self.retreat.lower
        if highest is None or lowest is None:
            return False
        return close < lowest if self.position.quantity > 0 else close > highest

    def _leave(self) -> None:
        """Cancel stop and entry, and close once no exit works any more: two exits could turn the position round."""
        self.state["leaving"] = True
        exits = self._exits()
        for order in self.open_orders:
            is_closing = order in exits and order.order_id != self.state.get("stop_order")
            if not is_closing and order.status is not OrderStatus.PENDING_CANCEL:
                self.cancel(order)
        if not self._exits():
            self.close_position()

    def _leave_without_stop(self, reason: str | None) -> None:
        self.log(f"the stop was refused ({reason}): leaving the position")
        self._leave()

    def _protect(self) -> None:
        """Keep one exit order of the position's size working."""
        held, average = self.position.quantity, self.position.average_price
        reach = self.state.get("range", self.range.value)
        if not held or average is None or reach is None or self.state.get("leaving"):
            return
        exits = self._exits()
        if not exits:
            stop = average - self.stop_atrs * reach * (1 if held > 0 else -1)
            # Coins cannot be sold twice, and spot markets know no reduce-only orders.
            order = self._send(self._exit_side, abs(held), stop=stop, reduce_only=not self.is_inventory)
            self.state["stop_order"] = order.order_id
            if order.status in REFUSED:
                self._leave_without_stop(order.reason)
        elif exits[0].order_id == self.state.get("stop_order") and exits[0].quantity != abs(held):
            self.modify(exits[0], quantity=abs(held))

    def _send(
        self, side: Side, quantity: float, *, stop: float | None = None, reduce_only: bool = False
    ) -> OrderHandle:
        send = self.buy if side is Side.BUY else self.sell
        return send(quantity, stop=stop, reduce_only=reduce_only)

    @property
    def _exit_side(self) -> Side:
        return Side.SELL if self.position.quantity > 0 else Side.BUY

    def _exits(self) -> list[OrderHandle]:
        return [order for order in self.open_orders if order.side is self._exit_side]
