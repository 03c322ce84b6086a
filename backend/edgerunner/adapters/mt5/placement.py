"""Order terms as trade requests. Pure. Fields that are not set are absent: a None is refused by the package (-2)."""

from decimal import Decimal
from typing import Final

from edgerunner.adapters.mt5.filling import PENDING_FILLING, lifetime, market_filling
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_words import TYPES
from edgerunner.adapters.mt5.server_clock import ServerClock
from edgerunner.adapters.mt5.terminal import Request
from edgerunner.domain.errors import InvalidRequest, Unsupported
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import OrderTerms, OrderType, Side, TimeInForce
from edgerunner.mt5_surface import constants as mt5
from edgerunner.mt5_surface import masks
from edgerunner.mt5_surface.structs import Tick, TradeOrder, TradePosition

ORDER_TYPES: Final = frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_MARKET, OrderType.STOP_LIMIT})
COMMENT_LENGTH: Final = 27
"""What every server takes: reports differ on 28 to 31."""

NO_TOUCH: Final = (
    "MetaTrader 5 has no such order: a limit order, or a take profit on a position, waits for the same price"
)
NO_TRAILING: Final = (
    "MetaTrader 5 trails a stop in the terminal's window only, by hand; set a stop_loss and move it, "
    "or let a strategy do so; POST /positions/trailing-stop is not offered"
)
NO_POST_ONLY: Final = "MetaTrader 5's limit orders never take: one that would is refused (10015)"
NO_LIMIT_EXITS: Final = "a stop loss in MetaTrader 5 closes at the market: it has no limit price"
NO_GROUPS: Final = "MetaTrader 5 has no groups of orders of which one cancels the others"
BEHIND: Final = (
    "MetaTrader 5 places the limit of a stop-limit order behind its trigger: below it for a buy, above it for a sell"
)
NO_QUANTITY: Final = "MetaTrader 5 changes prices of a working order, not its volume: cancel it and place a new one"
PENDING_CLOSE: Final = "only a market order closes a position in MetaTrader 5; to close at a price set its exits"
NET_REDUCE: Final = (
    "MetaTrader 5 has no reduce-only orders: on a netting account an order beyond the position turns it around"
)

_MODES: Final = {
    OrderType.MARKET: masks.SYMBOL_ORDER_MARKET,
    OrderType.LIMIT: masks.SYMBOL_ORDER_LIMIT,
    OrderType.STOP_MARKET: masks.SYMBOL_ORDER_STOP,
    OrderType.STOP_LIMIT: masks.SYMBOL_ORDER_STOP_LIMIT,
}


def check(terms: OrderTerms, listing: Listing, *, is_hedged: bool) -> None:
    """Refuse what MetaTrader 5 or the symbol cannot do; raises ``Unsupported`` or ``InvalidRequest``."""
    kind = terms.order_type
    if kind not in ORDER_TYPES:
        raise Unsupported(NO_TRAILING if kind is OrderType.TRAILING_STOP_MARKET else NO_TOUCH)
    if not listing.info.order_mode & _MODES[kind]:
        raise Unsupported(f"{listing.symbol} takes no {kind} orders at this broker")
    if terms.oca_group is not None:
        raise Unsupported(NO_GROUPS)
    if terms.post_only:
        raise Unsupported(NO_POST_ONLY)
    if kind is OrderType.MARKET:
        market_filling(listing.info, terms.time_in_force)
    else:
        lifetime(listing.info, terms.time_in_force)
    if terms.stop_loss is not None and terms.stop_loss.price is not None:
        raise Unsupported(NO_LIMIT_EXITS)
    _check_position(terms, is_hedged=is_hedged)
    _check_numbers(terms, listing)


def check_side(terms: OrderTerms, tick: Tick) -> None:
    """Refuse a trigger that the market has passed, which MetaTrader 5 would refuse with 10015."""
    price = Decimal(repr(tick.ask if terms.side is Side.BUY else tick.bid))
    if not price or terms.trigger_price is None:
        return
    rises = terms.side is Side.BUY
    if (terms.trigger_price <= price) if rises else (terms.trigger_price >= price):
        where = "above" if rises else "below"
        text = f"a {terms.side} {terms.order_type} waits {where} the market, which is at {to_plain(price)}"
        raise InvalidRequest.of("trigger_price", "wrong_side", text)


def market_request(
    terms: OrderTerms, listing: Listing, tick: Tick, *, position: TradePosition | None, deviation: int
) -> dict[str, int | float | str]:
    """Return the request of a market order; the price is there for symbols of instant execution."""
    request: dict[str, int | float | str] = {
        "action": mt5.TRADE_ACTION_DEAL,
        "symbol": listing.symbol,
        "volume": float(terms.quantity),
        "type": TYPES[(terms.side, OrderType.MARKET)],
        "price": float(tick.ask if terms.side is Side.BUY else tick.bid),
        "deviation": deviation,
        "type_filling": market_filling(listing.info, terms.time_in_force),
        "type_time": mt5.ORDER_TIME_GTC,
        **_exits(terms),
    }
    return request if position is None else request | {"position": position.ticket}


def pending_request(terms: OrderTerms, listing: Listing, clock: ServerClock) -> dict[str, int | float | str]:
    """Return the request of an order that waits for a price."""
    is_limit = terms.order_type is OrderType.LIMIT
    request: dict[str, int | float | str] = {
        "action": mt5.TRADE_ACTION_PENDING,
        "symbol": listing.symbol,
        "volume": float(terms.quantity),
        "type": TYPES[(terms.side, terms.order_type)],
        "price": _number(terms.price if is_limit else terms.trigger_price),
        "type_filling": PENDING_FILLING,
        "type_time": lifetime(listing.info, terms.time_in_force),
        **_exits(terms),
    }
    if terms.order_type is OrderType.STOP_LIMIT:
        request["stoplimit"] = _number(terms.price)
    if terms.expires_at_ns is not None:
        request["expiration"] = clock.server_s(terms.expires_at_ns)
    return request


def signed(request: dict[str, int | float | str], *, key: str, magic: int) -> Request:
    """Return the request with what tells later whose it is. The magic counts; the comment is for human eyes."""
    return request | {"magic": magic, "comment": key[:COMMENT_LENGTH]}


def change_request(
    order: TradeOrder, *, price: Decimal | None, trigger_price: Decimal | None
) -> dict[str, int | float | str]:
    """Return the request that changes prices of a working order; everything that stays is sent again."""
    is_stop_limit = order.type in {mt5.ORDER_TYPE_BUY_STOP_LIMIT, mt5.ORDER_TYPE_SELL_STOP_LIMIT}
    first = trigger_price if is_stop_limit else (trigger_price if trigger_price is not None else price)
    request: dict[str, int | float | str] = {
        "action": mt5.TRADE_ACTION_MODIFY,
        "order": order.ticket,
        "symbol": order.symbol,
        "price": order.price_open if first is None else float(first),
        "type_time": order.type_time,
    }
    if is_stop_limit:
        request["stoplimit"] = order.price_stoplimit if price is None else float(price)
    kept: dict[str, int | float | str] = {"sl": order.sl, "tp": order.tp, "expiration": order.time_expiration}
    return request | {name: value for name, value in kept.items() if value}


def exits_request(
    position: TradePosition, *, stop: Decimal | float, target: Decimal | float
) -> dict[str, int | float | str]:
    """Return the request that sets BOTH exits of a position: the one left out would be taken away."""
    return {
        "action": mt5.TRADE_ACTION_SLTP,
        "symbol": position.symbol,
        "position": position.ticket,
        "sl": float(stop),
        "tp": float(target),
    }


def remove_request(ticket: int, symbol: str) -> dict[str, int | float | str]:
    """Return the request that cancels a working order."""
    return {"action": mt5.TRADE_ACTION_REMOVE, "order": ticket, "symbol": symbol}


def close_by_request(position: TradePosition, opposite: TradePosition) -> dict[str, int | float | str]:
    """Return the request that closes a position by an opposite one (hedging accounts)."""
    return {
        "action": mt5.TRADE_ACTION_CLOSE_BY,
        "symbol": position.symbol,
        "position": position.ticket,
        "position_by": opposite.ticket,
    }


def _exits(terms: OrderTerms) -> dict[str, int | float | str]:
    exits: dict[str, int | float | str] = {}
    if terms.stop_loss is not None:
        exits["sl"] = float(terms.stop_loss.trigger_price)
    if terms.take_profit is not None:
        exits["tp"] = float(terms.take_profit.price)
    return exits


def _number(price: Decimal | None) -> float:
    if price is None:
        raise AssertionError("checked before")
    return float(price)


def _check_position(terms: OrderTerms, *, is_hedged: bool) -> None:
    if terms.reduce_only and not is_hedged:
        raise Unsupported(NET_REDUCE)
    if terms.position_id is None:
        return
    if not is_hedged:
        if terms.position_id != "net":
            raise Unsupported("the account nets: there is one position per symbol, and no ticket to name")
        return
    if not terms.position_id.isdecimal():
        raise InvalidRequest.of("position_id", "invalid", "must be the ticket of an open position")
    if terms.order_type is not OrderType.MARKET:
        raise Unsupported(PENDING_CLOSE)


def _check_numbers(terms: OrderTerms, listing: Listing) -> None:
    kind = terms.order_type
    if terms.quantity_unit is not listing.instrument.quantity_unit or terms.quantity <= 0:
        raise InvalidRequest.of("quantity", "invalid", f"must be positive, in {listing.instrument.quantity_unit}")
    for field, value, is_wanted in (
        ("price", terms.price, kind.has_price),
        ("trigger_price", terms.trigger_price, kind.has_trigger),
    ):
        if is_wanted and value is None:
            raise InvalidRequest.of(field, "required", f"a {kind} order needs one")
        if not is_wanted and value is not None:
            raise InvalidRequest.of(field, "invalid", f"a {kind} order has none")
    if terms.price is not None and terms.trigger_price is not None:
        is_behind = terms.price < terms.trigger_price if terms.side is Side.BUY else terms.price > terms.trigger_price
        if not is_behind:
            raise InvalidRequest.of("price", "wrong_side", BEHIND)
    if (terms.expires_at_ns is not None) != (terms.time_in_force is TimeInForce.GTD):
        raise InvalidRequest.of("expires_at", "invalid", "belongs to gtd, and gtd needs it")
