"""The ``Host`` of a strategy that trades: what it may know and want, inside its worker process.

It keeps the strategy's view (positions, handles, histories) from the messages of the API and turns
what the strategy wants into messages. Pure but for ``send``.
"""

import base64
import hashlib
import math
from collections.abc import Callable
from decimal import Decimal

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import OrderStatus, OrderType, Side
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.history import BarHistory
from edgerunner.strategies.intents import ChangeIntent, OrderHandle, OrderIntent
from edgerunner.strategies.market_data import Bar, Position, Tick
from edgerunner.strategy_worker.exact import exact_distance, exact_price, exact_quantity
from edgerunner.strategy_worker.messages import (
    Cancel,
    FromWorker,
    LogLine,
    Market,
    Modify,
    Money,
    OrderState,
    PositionState,
    Start,
    Submit,
    Subscribe,
)
from edgerunner.strategy_worker.timers import Timers

HANDLES_KEPT = 1_000
LONGEST_LOG_LINE = 2_000


class LiveHost:
    """Implements ``strategies.host.Host`` over messages.

    Attributes:
        now_ns: Time of the event being handled; the worker's loop sets it.
        is_warming_up: True while history is replayed.
        refusal: Why orders are refused at the moment, or None when they count.
        dropped: Orders that were asked for and dropped while they did not count.
    """

    def __init__(self, start: Start, send: Callable[[FromWorker], None], *, history_length: int) -> None:
        self.now_ns = start.now_ns
        self.is_warming_up = True
        self.refusal: str | None = "the strategy is warming up: orders count once it is live"
        self.dropped = 0
        self.timers = Timers()
        self._send = send
        self._salt = start.order_salt
        self._cause, self._number = "start", 0
        self._markets = {market.key: market for market in start.markets}
        self._aliases = {_full_key(market): market.key for market in start.markets} | {
            market.key: market.key for market in start.markets
        }
        self._timeframe = start.timeframe
        self._history_length = history_length
        self._histories = {(market.key, start.timeframe): BarHistory(history_length) for market in start.markets}
        self._prices: dict[str, float] = {}
        self._money = start.money
        self._positions = {position.key: position for position in start.positions}
        self._handles: dict[str, OrderHandle] = {}
        self._reducing: set[str] = set()
        self._bars_left: dict[str, int] = {}
        for order in start.orders:
            self.hear_order(order)

    # What the strategy reads: `Host`.

    @property
    def instrument_ids(self) -> tuple[str, ...]:
        """Return the keys of the strategy's instruments, the main one first."""
        return tuple(self._markets)

    @property
    def timeframe(self) -> str:
        """Return the main time frame."""
        return self._timeframe

    def account(self) -> tuple[float, float]:
        """Return (cash, equity) as the broker last said them; NaN while it has not."""
        if self._money is None:
            return math.nan, math.nan
        return float(self._money.cash), float(self._money.equity)

    def position(self, key: str) -> Position:
        """Return what the strategy's own fills add up to."""
        own = self._key(key)
        held = self._positions.get(own)
        if held is None or not held.quantity:
            return Position(own, 0.0, None, 0.0)
        average = None if held.average_price is None else float(held.average_price)
        return Position(
            instrument_id=own,
            quantity=float(held.quantity),
            average_price=average,
            unrealized_pnl=self._unrealized(own, held, average),
        )

    def open_orders(self, key: str | None = None) -> tuple[OrderHandle, ...]:
        """Return the open orders, oldest first."""
        wanted = None if key is None else self._key(key)
        return tuple(
            handle for handle in self._handles.values() if handle.is_open and wanted in {None, handle.instrument_id}
        )

    def instrument(self, key: str) -> Instrument:
        """Return the instrument's terms."""
        return self._markets[self._key(key)].instrument

    def unit_value(self, key: str) -> float:
        """Return the value of one unit of quantity in the settlement currency; NaN before any price."""
        own = self._key(key)
        last = self._prices.get(own, math.nan)
        if math.isnan(last):
            return last
        return float(self._markets[own].instrument.contract.notional(Decimal(repr(last)), Decimal(1)))

    def history(self, key: str, timeframe: str) -> BarHistory:
        """Return closed bars of a subscribed time frame."""
        found = self._histories.get((self._key(key), timeframe))
        if found is None:
            raise StrategyMisuse(f"{timeframe} bars of {key} are not subscribed: subscribe_bars in on_start")
        return found

    # What the strategy wants: `Host`.

    def submit(self, intent: OrderIntent) -> OrderHandle:
        """Ask for an order; its handle follows what becomes of it."""
        key = self._key(intent.instrument_id)
        self._number += 1
        handle = OrderHandle(self._order_id(), key, intent.side, intent.quantity)
        if self.refusal is not None:
            self.dropped += 1
            return _denied(handle, self.refusal)
        try:
            wish = self._wish(handle, intent, self._markets[key].instrument)
        except InvalidRequest as error:
            return _denied(handle, error.detail)
        shortage = self._shortage(wish) if intent.reduce_only else None
        if shortage is not None:
            return _denied(handle, shortage)
        self._follow(handle)
        if intent.reduce_only:
            self._reducing.add(handle.order_id)
        if intent.expire_after_bars is not None:
            self._bars_left[handle.order_id] = intent.expire_after_bars
        self._send(wish)
        return handle

    def cancel(self, handle: OrderHandle) -> None:
        """Ask for a cancel; of a closed order nothing is asked."""
        if handle.is_open:
            self._send(Cancel(order_id=handle.order_id))

    def modify(self, handle: OrderHandle, change: ChangeIntent) -> None:
        """Ask for new terms of a working order."""
        if not handle.is_open:
            raise StrategyMisuse(f"order {handle.order_id} is {handle.status} and cannot be changed")
        instrument = self._markets[handle.instrument_id].instrument
        quantity = None if change.quantity is None else exact_quantity(change.quantity, instrument)
        self._send(
            Modify(
                order_id=handle.order_id,
                quantity=quantity,
                price=exact_price(change.limit, instrument, "limit"),
                trigger_price=exact_price(change.trigger, instrument, "stop"),
            )
        )

    def subscribe_bars(self, key: str, timeframe: str) -> None:
        """Ask for bars of a further time frame."""
        own = self._key(key)
        if (own, timeframe) not in self._histories:
            self._histories[own, timeframe] = BarHistory(self._history_length)
            self._send(Subscribe(feed="bars", key=own, timeframe=timeframe))

    def subscribe_ticks(self, key: str) -> None:
        """Ask for quotes."""
        self._send(Subscribe(feed="ticks", key=self._key(key), timeframe=None))

    def subscribe_book(self, key: str) -> None:
        """Ask for the book."""
        self._send(Subscribe(feed="book", key=self._key(key), timeframe=None))

    def set_timer(self, name: str, *, every_s: float | None = None, at: str | None = None) -> None:
        """Begin a timer; it runs once the strategy is live."""
        self.timers.set(name, every_s=every_s, at=at, now_ns=self.now_ns)

    def log(self, text: str) -> None:
        """Write a line to the strategy's log, cut to 2,000 characters."""
        self._send(LogLine(text=str(text)[:LONGEST_LOG_LINE]))

    # What the worker's loop tells.

    def begin(self, cause: str) -> None:
        """Begin an event; orders get their ids from it."""
        self._cause, self._number = cause, 0

    def hear_money(self, money: Money) -> None:
        """Note the account's money."""
        self._money = money

    def hear_bar(self, bar: Bar) -> None:
        """Note a closed bar, and let orders expire that were to see no more."""
        self._histories[bar.instrument_id, bar.timeframe].append(bar)
        self._prices[bar.instrument_id] = bar.close
        if bar.timeframe == self._timeframe and not self.is_warming_up:
            self._expire(bar.instrument_id)

    def hear_tick(self, tick: Tick) -> None:
        """Note the newest price."""
        newest = tick.last if math.isfinite(tick.last) else tick.mid
        if math.isfinite(newest):
            self._prices[tick.instrument_id] = newest

    def hear_position(self, position: PositionState) -> None:
        """Note a position."""
        self._positions[position.key] = position

    def hear_order(self, order: OrderState) -> OrderHandle:
        """Bring an order's handle up to date; an unknown one (a bracket's exit) gets one."""
        handle = self._handles.get(order.order_id)
        if handle is None:
            handle = OrderHandle(order.order_id, order.key, Side(order.side), float(order.quantity))
            self._follow(handle)
        handle.status = OrderStatus(order.status)
        handle.quantity = float(order.quantity)
        handle.filled_quantity = float(order.filled_quantity)
        handle.average_price = None if order.average_price is None else float(order.average_price)
        handle.is_open = not handle.status.is_closed
        handle.reason = order.reason or None
        if not handle.is_open:
            self._reducing.discard(order.order_id)
            self._bars_left.pop(order.order_id, None)
        return handle

    def _key(self, key: str) -> str:
        own = self._aliases.get(key)
        if own is None:
            raise StrategyMisuse(f"{key!r} is none of the strategy's instruments: {', '.join(self._markets)}")
        return own

    def _order_id(self) -> str:
        """Return the same id for the same wish of the same event, so that a repetition is recognised."""
        digest = hashlib.sha256(f"{self._salt}\x00{self._cause}\x00{self._number}".encode()).digest()
        return "S" + base64.b32encode(digest).decode("ascii")[:25]

    def _wish(self, handle: OrderHandle, intent: OrderIntent, instrument: Instrument) -> Submit:
        is_market = intent.order_type is OrderType.MARKET
        return Submit(
            order_id=handle.order_id,
            key=handle.instrument_id,
            side=intent.side.value,
            order_type=intent.order_type.value,
            quantity=exact_quantity(intent.quantity, instrument),
            price=exact_price(intent.limit, instrument, "limit"),
            trigger_price=exact_price(intent.trigger, instrument, "stop"),
            trailing_offset=exact_distance(intent.trail, instrument, "trail"),
            time_in_force=None if intent.time_in_force is None else str(intent.time_in_force),
            post_only=intent.post_only,
            reduce_only=intent.reduce_only and not is_market,
            take_profit=exact_price(intent.take_profit, instrument, "take_profit"),
            stop_loss=exact_price(intent.stop_loss, instrument, "stop_loss"),
        )

    def _shortage(self, wish: Submit) -> str | None:
        """Return why a reduce-only order has too little to reduce, or None.

        Decided here and not by the broker: the account's position may be other strategies' too.
        """
        held = self._positions.get(wish.key)
        side = Side(wish.side)
        reducible = Decimal(0) if held is None else -held.quantity * side.sign
        asked = sum(
            handle.quantity - handle.filled_quantity
            for handle in self.open_orders(wish.key)
            if handle.order_id in self._reducing and handle.side is side
        )
        free = float(reducible) - asked
        if float(wish.quantity) <= free * (1 + 1e-9):
            return None
        return f"reduce_only: {max(free, 0.0):g} of the strategy's own position are left to reduce"

    def _follow(self, handle: OrderHandle) -> None:
        self._handles[handle.order_id] = handle
        if len(self._handles) > HANDLES_KEPT:
            closed = next((name for name, known in self._handles.items() if not known.is_open), None)
            if closed is not None:
                del self._handles[closed]

    def _expire(self, key: str) -> None:
        for order_id in list(self._bars_left):
            handle = self._handles[order_id]
            if handle.instrument_id != key:
                continue
            self._bars_left[order_id] -= 1
            if self._bars_left[order_id] <= 0:
                del self._bars_left[order_id]
                self.cancel(handle)

    def _unrealized(self, key: str, held: PositionState, average: float | None) -> float:
        last = self._prices.get(key, math.nan)
        if average is None or math.isnan(last):
            return math.nan
        contract = self._markets[key].instrument.contract
        size = float(held.quantity * contract.multiplier)
        return size * (1 / average - 1 / last) if contract.is_inverse else size * (last - average)


def _full_key(market: Market) -> str:
    return f"{market.connection_id}:{market.instrument.instrument_id}"


def _denied(handle: OrderHandle, reason: str) -> OrderHandle:
    handle.status, handle.is_open, handle.reason = OrderStatus.DENIED, False, reason
    return handle
