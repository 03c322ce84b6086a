"""Accounts of a venue: money, positions and what open orders tie up."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from edgerunner.domain.numbers import round_money
from edgerunner.matching.position import NetPosition
from edgerunner.matching.words import Side
from edgerunner.simulators.venue_types import VenueInstrument, VenueOrder, VenuePosition

ZERO = Decimal(0)
RECENT_ORDERS = 500
"""Closed orders kept in the recent view, per product; the ledger keeps all of them."""

Mark = Callable[[str], Decimal]
"""Value of one lot of a symbol at its mark price, quote currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """A derivative position with its history; profits are before fees."""

    net: NetPosition = field(default_factory=NetPosition)
    realized_pnl: Decimal = ZERO
    cumulative_realized_pnl: Decimal = ZERO
    leverage: Decimal
    created_ns: int = 0
    updated_ns: int = 0
    sequence: int = -1


class Account:
    """One account; changed only by the engine. Position and order margin follow the worst of both directions."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.balances: dict[str, Decimal] = {}
        self.locked: dict[str, Decimal] = {}
        self.positions: dict[str, PositionState] = {}
        self.orders = OrderIndex()
        self._open_value: dict[tuple[str, Side], Decimal] = {}

    def position(self, instrument: VenueInstrument) -> PositionState:
        """Return the position in an instrument, flat when it never traded."""
        found = self.positions.get(instrument.symbol)
        return found if found is not None else PositionState(leverage=instrument.default_leverage)

    def track(self, instrument: VenueInstrument, before: VenueOrder | None, after: VenueOrder) -> None:
        """Take note of an order's change: what it ties up and where it is listed."""
        for order, sign in ((before, -1), (after, 1)):
            if order is None or not order.live:
                continue
            if instrument.is_spot:
                currency, amount = lock_of(instrument, order)
                self.locked[currency] = self.locked.get(currency, ZERO) + sign * amount
            elif not order.reduce_only:
                key = (order.symbol, order.side)
                value = instrument.value(order.price_ticks or 0, order.leaves_lots)
                self._open_value[key] = self._open_value.get(key, ZERO) + sign * value
        self.orders.put(instrument.product, after)

    def margin(
        self, instrument: VenueInstrument, mark: Mark, side: Side | None = None, value: Decimal = ZERO
    ) -> Decimal:
        """Return the initial margin of position and open orders, with one more order of ``value`` on ``side``."""
        state = self.position(instrument)
        held = mark(instrument.symbol) * state.net.lots
        opening: dict[Side, Decimal] = {
            each: self._open_value.get((instrument.symbol, each), ZERO) + (value if each == side else ZERO)
            for each in ("buy", "sell")
        }
        worst = max(abs(held), held + opening["buy"], opening["sell"] - held)
        return worst / state.leverage

    def position_margin(self, instrument: VenueInstrument, mark: Mark) -> Decimal:
        """Return the initial margin of the open position alone."""
        state = self.position(instrument)
        return abs(mark(instrument.symbol) * state.net.lots) / state.leverage

    def margined_symbols(self) -> set[str]:
        """Return the symbols that have a position or open orders that could open one."""
        held = {symbol for symbol, state in self.positions.items() if state.net.lots}
        return held | {symbol for (symbol, _), value in self._open_value.items() if value}


class OrderIndex:
    """Live orders, and the bounded view of recently closed ones."""

    def __init__(self) -> None:
        self._live: dict[str, VenueOrder] = {}
        self._recent: dict[str, OrderedDict[str, VenueOrder]] = {}
        self._keys: dict[str, str] = {}
        self._live_count: dict[str, int] = {}

    def put(self, product: str, order: VenueOrder) -> None:
        """File an order under its latest state."""
        was_live = order.order_id in self._live
        if order.client_key is not None:
            self._keys[order.client_key] = order.order_id
        if order.live:
            self._live[order.order_id] = order
        else:
            self._live.pop(order.order_id, None)
            self._close(self._recent.setdefault(product, OrderedDict()), order)
        change = int(order.live) - int(was_live)
        if change:
            self._live_count[order.symbol] = self._live_count.get(order.symbol, 0) + change

    def live(self) -> Iterator[VenueOrder]:
        """Yield the live orders, oldest first."""
        return iter(self._live.values())

    def live_count(self, symbol: str) -> int:
        """Return how many live orders a symbol has."""
        return self._live_count.get(symbol, 0)

    def recent(self) -> list[VenueOrder]:
        """Return the recently closed orders, the newest closed first."""
        closed = [order for view in self._recent.values() for order in view.values()]
        return sorted(closed, key=lambda order: order.sequence, reverse=True)

    def get_live(self, order_id: str) -> VenueOrder | None:
        """Return a live order."""
        return self._live.get(order_id)

    def find(self, order_id: str | None, client_key: str | None) -> VenueOrder | None:
        """Return a live or recently closed order; the order id wins over the client key."""
        if order_id is None:
            order_id = self._keys.get(client_key) if client_key is not None else None
        if order_id is None:
            return None
        found = self._live.get(order_id)
        views = (view.get(order_id) for view in self._recent.values())
        return found or next((order for order in views if order is not None), None)

    def forget_closed(self) -> None:
        """Empty the view of closed orders."""
        self._recent.clear()
        self._keys = {order.client_key: order.order_id for order in self.live() if order.client_key is not None}

    def _close(self, view: OrderedDict[str, VenueOrder], order: VenueOrder) -> None:
        view[order.order_id] = order
        if len(view) > RECENT_ORDERS:
            _, oldest = view.popitem(last=False)
            if oldest.client_key is not None and self._keys.get(oldest.client_key) == oldest.order_id:
                del self._keys[oldest.client_key]


def lock_of(instrument: VenueInstrument, order: VenueOrder) -> tuple[str, Decimal]:
    """Return the currency and amount that an open spot order ties up: the price of a buy, the coins of a sell."""
    if order.side == "buy":
        return instrument.instrument.quote, instrument.value(order.price_ticks or 0, order.leaves_lots)
    return instrument.instrument.base, instrument.quantity(order.leaves_lots)


def position_view(account_id: str, instrument: VenueInstrument, state: PositionState) -> VenuePosition:
    """Return a position as clients see it; the entry price is rounded to 18 decimals."""
    lots = abs(state.net.lots)
    units = instrument.quantity(lots) * instrument.instrument.multiplier
    entry = round_money(state.net.cost / units) if lots else None
    return VenuePosition(
        account_id=account_id,
        symbol=instrument.symbol,
        side="none" if not lots else "buy" if state.net.lots > 0 else "sell",
        quantity_lots=lots,
        entry_price=entry,
        realized_pnl=state.realized_pnl,
        cumulative_realized_pnl=state.cumulative_realized_pnl,
        leverage=state.leverage,
        created_ns=state.created_ns,
        updated_ns=state.updated_ns,
        sequence=state.sequence,
    )
