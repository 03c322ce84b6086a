"""From a strategy's intent to an order in ticks and lots, or the reason why the instrument refuses it."""

from decimal import Decimal
from math import inf

from edgerunner.backtest.grid import Grid
from edgerunner.backtest.market import Market
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.domain.errors import FieldError
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.order_rules import (
    changed_quantity_error,
    default_time_in_force,
    positive_error,
    post_only_error,
    quantity_error,
    worth_error,
)
from edgerunner.domain.orders import OrderType, TimeInForce
from edgerunner.risk.hours import is_open
from edgerunner.strategies.intents import ChangeIntent, OrderIntent

_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT
_FOK, _GTC, _GTD = TimeInForce.FOK, TimeInForce.GTC, TimeInForce.GTD
_INTRADAY_NS = 86_400_000_000_000


class _WrongPrice(Exception):
    """A price that cannot be quoted; the text is the refusal."""


def prepare(order: SimulatedOrder, intent: OrderIntent, market: Market) -> str | None:
    """Fill in an order's ticks and lots; return why it is refused (code and sentence), or None."""
    grid = market.grid
    kind = intent.order_type
    order.order_type = kind
    if intent.post_only:
        order.post_only = True
    if intent.reduce_only:
        order.reduce_only = True
    wish = intent.time_in_force
    order.time_in_force = default_time_in_force(kind) if wish is None else wish
    lots = grid.lots(intent.quantity)
    if lots is None or not grid.least_lots <= lots <= (grid.most_market_lots if kind is _MARKET else grid.most_lots):
        return _quantity_refusal(intent, grid)
    order.lots = lots
    if kind is _MARKET and intent.take_profit is None and intent.stop_loss is None:
        return _shape_refusal(order) or _worth_refusal(order, market)
    try:
        _set_prices(order, intent, grid)
    except _WrongPrice as error:
        return str(error)
    if (wish is None or wish is _GTC) and not intent.post_only and market.instrument.min_notional is None:
        return None
    return _shape_refusal(order) or _worth_refusal(order, market)


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
        wanted, filled = _exact(change.quantity, grid), grid.exact_quantity(order.filled_lots)
        refused = _text(changed_quantity_error(wanted, filled, grid.instrument))
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
    if not 0 < price < inf:
        raise _WrongPrice(_text(positive_error(name, Decimal(repr(float(price))))))
    ticks = round(price * grid.per_tick)
    if grid.has_bands:
        exact = grid.exact_price(ticks)
        band = grid.instrument.tick_at(exact)
        ticks = round(exact / band) * round(band / grid.tick)
    if ticks == 0:
        raise _WrongPrice(f"off_tick: {name} is below half a tick ({to_plain(grid.tick)})")
    return sign * ticks


def _quantity_refusal(intent: OrderIntent, grid: Grid) -> str:
    is_market = intent.order_type is _MARKET
    refused = _text(quantity_error(_exact(intent.quantity, grid), grid.instrument, is_market=is_market))
    return refused or "above_maximum: quantity is more than a run can count in lots"


def _exact(quantity: float, grid: Grid) -> Decimal:
    lots = grid.lots(quantity)
    return Decimal(repr(float(quantity))) if lots is None else grid.exact_quantity(lots)


def _text(error: FieldError | None) -> str | None:
    return None if error is None else f"{error.code}: {error.field} {error.message}"


def _shape_refusal(order: SimulatedOrder) -> str | None:
    wish, kind = order.time_in_force, order.order_type
    if wish is _GTD:
        return "unsupported: gtd is not known here; use expire_after_bars"
    if wish is _FOK and kind is not _MARKET and kind is not _LIMIT:
        return "not_allowed: only market and limit orders can be fok"
    return _text(post_only_error(kind, wish)) if order.post_only else None


def _worth_refusal(order: SimulatedOrder, market: Market) -> str | None:
    """Check the least worth of an order (as the order service does, not for one that only reduces)."""
    if market.instrument.min_notional is None or order.reduce_only:
        return None
    grid = market.grid
    price = grid.exact_price(market.mark if order.limit is None else abs(order.limit))
    return _text(worth_error(price, grid.exact_quantity(order.lots), market.instrument))
