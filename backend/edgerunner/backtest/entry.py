"""From a strategy's intent to an order in ticks and lots, or the reason why the instrument refuses it."""

import math

from edgerunner.backtest.grid import Grid
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import OrderType, TimeInForce
from edgerunner.risk.hours import is_open
from edgerunner.strategies.intents import ChangeIntent, OrderIntent

_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT
_IOC, _FOK, _GTC, _GTD = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC, TimeInForce.GTD
_INTRADAY_NS = 86_400_000_000_000


class _WrongPrice(Exception):
    """A price that cannot be quoted; the text is the refusal."""


def prepare(order: SimulatedOrder, intent: OrderIntent, market: Market) -> str | None:
    """Fill in an order's ticks and lots; return why it is refused (code and sentence), or None."""
    grid = market.grid
    kind = intent.order_type
    order.order_type = kind
    order.post_only = intent.post_only
    order.reduce_only = intent.reduce_only
    wish = intent.time_in_force
    order.time_in_force = wish if wish is not None else _IOC if kind is _MARKET else _GTC
    lots = grid.lots(intent.quantity) if math.isfinite(intent.quantity) else None
    if lots is None or lots < grid.least_lots or lots <= 0 or grid.most_lots is not None:
        refused = _quantity_refusal(intent.quantity, lots, grid, is_market=kind is _MARKET)
        if refused is not None:
            return refused
    order.lots = lots or 0
    if kind is _MARKET and intent.take_profit is None and intent.stop_loss is None:
        return _shape_refusal(order) or _notional_refusal(order, market)
    try:
        _set_prices(order, intent, grid)
    except _WrongPrice as error:
        return str(error)
    if (wish is None or wish is _GTC) and not intent.post_only and market.instrument.min_notional is None:
        return None
    return _shape_refusal(order) or _notional_refusal(order, market)


def session_refusal(market: Market, now_ns: int, bar_ns: int) -> str | None:
    """Return the refusal of an order outside trading hours, or None.

    An order at the very end of a session is still in it. Daily bars carry a date and no time of day: no check.
    """
    if not market.instrument.sessions or bar_ns >= _INTRADAY_NS or is_open(market.instrument, now_ns - 1):
        return None
    return "session_closed: the market is closed; wait for its next session"


def change_refusal(order: SimulatedOrder, change: ChangeIntent, grid: Grid) -> str | None:
    """Return why a change cannot be made, or None."""
    if change.quantity is not None:
        lots = grid.lots(change.quantity)
        if lots is None or lots <= order.filled_lots:
            return (
                f"quantity {change.quantity:g} must be whole lots above the {grid.quantity(order.filled_lots):g} filled"
            )
        refused = _quantity_refusal(change.quantity, lots, grid, is_market=False)
        if refused is not None:
            return refused
    if change.limit is not None and order.limit is None:
        return "the order has no limit price"
    if change.trigger is not None and order.trigger is None:
        return "the order has no trigger price"
    return None


def apply_change(order: SimulatedOrder, change: ChangeIntent, grid: Grid) -> None:
    """Give an order its new terms."""
    sign = 1 if order.is_buy else -1
    if change.quantity is not None:
        order.quantity = change.quantity
        order.lots = grid.lots(change.quantity) or order.lots
    if change.limit is not None:
        order.limit = sign * grid.ticks(change.limit)
    if change.trigger is not None:
        order.trigger = sign * grid.ticks(change.trigger)


def _set_prices(order: SimulatedOrder, intent: OrderIntent, grid: Grid) -> None:
    sign = 1 if order.is_buy else -1
    if intent.limit is not None:
        order.limit = _signed(intent.limit, "limit", sign, grid)
    if intent.trigger is not None:
        order.trigger = _signed(intent.trigger, "trigger", sign, grid)
    if intent.take_profit is not None:
        order.take_profit = _signed(intent.take_profit, "take_profit", -sign, grid)
    if intent.stop_loss is not None:
        order.stop_loss = _signed(intent.stop_loss, "stop_loss", -sign, grid)
    if intent.trail is not None:
        order.trail = _signed(intent.trail, "trail", 1, grid)


def _signed(price: float, name: str, sign: int, grid: Grid) -> int:
    """Return a price in ticks, rounded to the nearest, negated for a seller."""
    if not math.isfinite(price) or price <= 0:
        raise _WrongPrice(f"not_positive: {name} must be a finite price above zero, not {price}")
    ticks = grid.ticks(price)
    if grid.has_bands:
        exact = grid.exact_price(ticks)
        band = grid.instrument.tick_at(exact)
        ticks = round(exact / band) * round(band / grid.tick)
    if ticks == 0:
        raise _WrongPrice(f"off_tick: {name} is below half a tick ({to_plain(grid.tick)})")
    return sign * ticks


def _quantity_refusal(quantity: float, lots: int | None, grid: Grid, *, is_market: bool) -> str | None:
    instrument = grid.instrument
    if not math.isfinite(quantity) or quantity <= 0:
        return f"not_positive: quantity must be a finite number above zero, not {quantity}"
    if lots is None:
        return f"off_step: quantity must be a multiple of {to_plain(grid.lot)} {instrument.quantity_unit}"
    if lots < grid.least_lots or lots == 0:
        return f"below_minimum: quantity must be at least {to_plain(instrument.min_quantity)}"
    most = grid.most_market_lots if is_market else grid.most_lots
    if most is not None and lots > most:
        return f"above_maximum: quantity must be at most {to_plain(grid.exact_quantity(most))}"
    return None


def _shape_refusal(order: SimulatedOrder) -> str | None:
    wish, kind = order.time_in_force, order.order_type
    if wish is _GTD:
        return "unsupported: gtd is not known here; use expire_after_bars"
    if order.post_only and (kind is not _LIMIT or wish is _IOC or wish is _FOK):
        return "not_allowed: only a resting limit order can be post-only"
    if wish is _FOK and kind is not _MARKET and kind is not _LIMIT:
        return "not_allowed: only market and limit orders can be fok"
    return None


def _notional_refusal(order: SimulatedOrder, market: Market) -> str | None:
    """Check the least worth of an order (as the order service does, not for one that only reduces)."""
    minimum = market.instrument.min_notional
    if minimum is None or order.reduce_only:
        return None
    ticks = market.mark if order.limit is None else abs(order.limit)
    grid = market.grid
    worth = grid.exact_price(ticks) * grid.exact_quantity(order.lots) * market.instrument.multiplier
    if worth >= minimum:
        return None
    return f"below_minimum_notional: price x quantity must be at least {to_plain(minimum)} {market.instrument.quote}"
