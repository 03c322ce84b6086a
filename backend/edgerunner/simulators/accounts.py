"""Accounts of a venue: money, positions and what open orders tie up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from edgerunner.matching.position import NetPosition
from edgerunner.matching.words import Side
from edgerunner.simulators.order_index import OrderIndex
from edgerunner.simulators.trigger_types import Leg
from edgerunner.simulators.venue_types import MarginMode, OrderState, VenueInstrument, VenueOrder, VenuePosition

ZERO = Decimal(0)
Mark = Callable[[str], Decimal]
"""Value of one lot of a symbol at its mark price, settle currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """A derivative position with its history; profits are before fees.

    ``open_fees`` = the fees of the fills that opened what is open now, ``added_margin`` = what was set apart for the
    position beyond its initial margin (isolated only), ``settled`` = profit of what is open that daily settlements have
    paid in cash; all settle currency.
    """

    net: NetPosition = field(default_factory=NetPosition)
    realized_pnl: Decimal = ZERO
    cumulative_realized_pnl: Decimal = ZERO
    leverage: Decimal
    open_fees: Decimal = ZERO
    added_margin: Decimal = ZERO
    settled: Decimal = ZERO
    created_ns: int = 0
    updated_ns: int = 0
    sequence: int = -1


class Account:
    """One account; changed only by the engine. Position and order margin follow the worst of both directions."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.balances: dict[str, Decimal] = {}
        self.locked: dict[str, Decimal] = {}
        self.positions: dict[tuple[str, Leg], PositionState] = {}
        self.hedging: set[str] = set()
        self.margin_mode = MarginMode.CROSS
        self.fee_coin: tuple[str, Decimal] | None = None
        self.orders = OrderIndex()
        self._open_value: dict[tuple[str, Side], Decimal] = {}

    def choose(self, key: str, value: str) -> None:
        """Take a choice of the account, as the ledger keeps it.

        ``hedging:SYMBOL`` = ``yes`` or ``no``; ``margin_mode``; ``fee_coin`` = coin and its price in dollars, or empty.
        """
        name, _, symbol = key.partition(":")
        match name, value:
            case "hedging", "yes":
                self.hedging.add(symbol)
            case "hedging", "no":
                self.hedging.discard(symbol)
            case "margin_mode", mode:
                self.margin_mode = MarginMode(mode)
            case "fee_coin", "":
                self.fee_coin = None
            case "fee_coin", coin_and_price:
                coin, price = coin_and_price.split()
                self.fee_coin = (coin, Decimal(price))
            case _:
                raise ValueError(f"account {self.account_id} cannot choose {key} = {value}")

    def legs(self, symbol: str) -> tuple[Leg, ...]:
        """Return the legs that orders of a symbol may name."""
        return (Leg.LONG, Leg.SHORT) if symbol in self.hedging else (Leg.NET,)

    def position(self, instrument: VenueInstrument, leg: Leg = Leg.NET) -> PositionState:
        """Return a position in an instrument, flat when it never traded."""
        found = self.positions.get((instrument.symbol, leg))
        return found if found is not None else PositionState(leverage=instrument.default_leverage)

    def has_position(self, symbol: str) -> bool:
        """Tell whether any leg of a symbol is open."""
        states = (self.positions.get((symbol, leg)) for leg in self.legs(symbol))
        return any(state is not None and state.net.lots for state in states)

    def track(self, instrument: VenueInstrument, before: VenueOrder | None, after: VenueOrder) -> None:
        """Take note of an order's change: what it ties up and where it is listed."""
        for order, sign in ((before, -1), (after, 1)):
            if order is None or not order.live or order.is_waiting or order.state is OrderState.TRIGGERED:
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
        self,
        instrument: VenueInstrument,
        mark: Mark,
        side: Side | None = None,
        value: Decimal = ZERO,
        *,
        leverages: Mapping[Leg, Decimal] | None = None,
    ) -> Decimal:
        """Return the initial margin of positions and open orders.

        With one more order of ``value`` on ``side``, or at other ``leverages``, when these are given.
        """
        opening: dict[Side, Decimal] = {
            each: self._open_value.get((instrument.symbol, each), ZERO) + (value if each == side else ZERO)
            for each in ("buy", "sell")
        }
        total = ZERO
        for leg in self.legs(instrument.symbol):
            state = self.position(instrument, leg)
            held = self._worth(state, mark(instrument.symbol))
            rising = held + opening["buy"] if leg is not Leg.SHORT else ZERO
            falling = opening["sell"] - held if leg is not Leg.LONG else ZERO
            leverage = state.leverage if leverages is None else leverages[leg]
            total += max(abs(held), rising, falling) / leverage + state.added_margin
        return total

    def position_margin(self, instrument: VenueInstrument, mark: Mark, leg: Leg = Leg.NET) -> Decimal:
        """Return the margin of one open position alone."""
        state = self.position(instrument, leg)
        return abs(self._worth(state, mark(instrument.symbol))) / state.leverage + state.added_margin

    def isolated_margin(self, instrument: VenueInstrument, leg: Leg) -> Decimal:
        """Return what is set apart for one position in isolated mode: margin at its entry, and what was added."""
        state = self.position(instrument, leg)
        return state.net.cost / state.leverage + state.added_margin

    def _worth(self, state: PositionState, lot_mark: Decimal) -> Decimal:
        """Return the signed worth that margin is asked for: at the mark, or in isolated mode at the entry."""
        if self.margin_mode is not MarginMode.ISOLATED:
            return lot_mark * state.net.lots
        return state.net.cost if state.net.lots > 0 else -state.net.cost

    def margined_symbols(self) -> set[str]:
        """Return the symbols that have a position or open orders that could open one."""
        held = {symbol for (symbol, _), state in self.positions.items() if state.net.lots}
        return held | {symbol for (symbol, _), value in self._open_value.items() if value}


def lock_of(instrument: VenueInstrument, order: VenueOrder) -> tuple[str, Decimal]:
    """Return the currency and amount that an open spot order ties up: the price of a buy, the coins of a sell."""
    if order.side == "buy":
        return instrument.instrument.quote, instrument.value(order.price_ticks or 0, order.leaves_lots)
    return instrument.instrument.base, instrument.quantity(order.leaves_lots)


def position_view(account: Account, instrument: VenueInstrument, leg: Leg = Leg.NET) -> VenuePosition:
    """Return a position as clients see it, with its exits; the entry price is rounded to 18 decimals."""
    state = account.position(instrument, leg)
    lots = abs(state.net.lots)
    exits = {order.exit_kind: order for order in account.orders.waiting(instrument.symbol) if order.leg is leg}
    trailing = exits["trailing_stop"].trailing if "trailing_stop" in exits else None
    return VenuePosition(
        account_id=account.account_id,
        symbol=instrument.symbol,
        leg=leg,
        side="none" if not lots else "buy" if state.net.lots > 0 else "sell",
        quantity_lots=lots,
        entry_price=instrument.average_price(state.net.cost, lots) if lots else None,
        cost=state.net.cost,
        open_fees=state.open_fees,
        realized_pnl=state.realized_pnl,
        cumulative_realized_pnl=state.cumulative_realized_pnl,
        leverage=state.leverage,
        created_ns=state.created_ns,
        updated_ns=state.updated_ns,
        sequence=state.sequence,
        take_profit_ticks=_trigger_ticks(exits.get("take_profit")),
        stop_loss_ticks=_trigger_ticks(exits.get("stop_loss")),
        trailing_distance_ticks=trailing.distance_ticks if trailing is not None else None,
        trailing_active_ticks=trailing.activation_ticks if trailing is not None else None,
    )


def _trigger_ticks(order: VenueOrder | None) -> int | None:
    return order.trigger.price_ticks if order is not None and order.trigger is not None else None
