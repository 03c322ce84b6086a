"""An order as TWS wants it written: terms to ib_async ``Order`` objects.

Prices and quantities go out as the decimals they are: ib_async writes a float with its noise, a
``Decimal`` as its text.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from ib_async.order import Order

from edgerunner.adapters.ibkr.order_words import ORDER_TYPES, SIDES, TIMES
from edgerunner.domain.errors import InvalidRequest, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Ticker
from edgerunner.domain.numbers import to_plain
from edgerunner.domain.orders import OrderTerms, OrderType, Side, StopLoss, TakeProfit, TimeInForce

TARGET_SUFFIX: Final = "/tp"
STOP_SUFFIX: Final = "/sl"
_NS_PER_S: Final = 10**9
_CANCEL_WITH_BLOCK: Final = 1
"""OCA type 1: a fill of one cancels the rest, with protection against both filling."""


_STOPS: Final = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStyle:
    """What a connection's options say about orders.

    Attributes:
        outside_rth: Orders also work outside of regular trading hours.
    """

    outside_rth: bool = False


def check_terms(terms: OrderTerms, instrument: Instrument) -> None:
    """Raise ``Unsupported`` or ``InvalidRequest`` for terms that TWS has no words for."""
    if terms.post_only:
        raise Unsupported("post_only: TWS has no order that is refused when it would take liquidity")
    if terms.reduce_only:
        raise Unsupported("reduce_only: TWS does not bind an order to a position; size it by the position")
    if terms.position_id not in {None, "net"}:
        raise InvalidRequest.of("position_id", "unknown", "an account at Interactive Brokers nets: there are no legs")
    if terms.order_type is OrderType.TRAILING_STOP_MARKET and terms.trailing_offset is None:
        raise InvalidRequest.of("trailing_offset", "required", "a trailing stop needs its distance")
    _check_exits(terms, instrument)


def _check_exits(terms: OrderTerms, instrument: Instrument) -> None:
    target, stop = terms.take_profit, terms.stop_loss
    if target is None and stop is None:
        return
    if terms.order_type.has_trigger or terms.order_type is OrderType.TRAILING_STOP_MARKET:
        raise Unsupported(f"take_profit, stop_loss: attached to a {terms.order_type} entry they are not offered")
    for field, price in _exit_prices(target, stop):
        if not instrument.is_on_tick(price):
            step = to_plain(instrument.tick_at(price))
            raise InvalidRequest.of(field, "off_tick", f"{to_plain(price)} is not a multiple of {step}")


def _exit_prices(target: TakeProfit | None, stop: StopLoss | None) -> list[tuple[str, Decimal]]:
    prices = [] if target is None else [("take_profit.price", target.price)]
    if stop is not None:
        prices.append(("stop_loss.trigger_price", stop.trigger_price))
        if stop.price is not None:
            prices.append(("stop_loss.price", stop.price))
    return prices


def check_trigger_side(terms: OrderTerms, ticker: Ticker) -> None:
    """Refuse a trigger that the market has passed: TWS would take it, and trade at once.

    Raises ``InvalidRequest``. Without a price (no right to market data) nothing can be said, and TWS decides.
    """
    market = ticker.last if ticker.last is not None else ticker.mark
    if market is None and ticker.bid is not None and ticker.ask is not None:  # currencies have quotes alone
        market = (ticker.bid + ticker.ask) / 2
    if terms.trigger_price is None or market is None:
        return
    rises = (terms.side is Side.BUY) == (terms.order_type in _STOPS)
    if (terms.trigger_price <= market) if rises else (terms.trigger_price >= market):
        wanted = "above" if rises else "below"
        text = f"a {terms.side} {terms.order_type} needs a trigger {wanted} the market, which is at {to_plain(market)}"
        raise InvalidRequest.of("trigger_price", "wrong_side", text)


def parent_order(terms: OrderTerms, *, key: str, account_id: str, style: OrderStyle) -> Order:
    """Return the order itself, without its exits; ``key`` travels as its orderRef."""
    order = _order(terms, key=key, account_id=account_id, style=style)
    order.action = SIDES[terms.side]
    order.orderType = ORDER_TYPES[terms.order_type]
    order.tif = TIMES[terms.time_in_force]
    if terms.price is not None:
        order.lmtPrice = plain(terms.price)
    if terms.trigger_price is not None:
        order.auxPrice = plain(terms.trigger_price)
    if terms.oca_group is not None:
        order.ocaGroup, order.ocaType = terms.oca_group, _CANCEL_WITH_BLOCK
    if terms.order_type is OrderType.TRAILING_STOP_MARKET and terms.trailing_offset is not None:
        order.auxPrice = plain(terms.trailing_offset)
    if terms.time_in_force is TimeInForce.GTD and terms.expires_at_ns is not None:
        until = datetime.fromtimestamp(terms.expires_at_ns // _NS_PER_S, UTC)
        order.goodTillDate = f"{until:%Y%m%d-%H:%M:%S}"
    return order


def exit_orders(terms: OrderTerms, *, key: str, account_id: str, style: OrderStyle) -> list[Order]:
    """Return the attached exits: good till canceled, of the parent's size, one cancels the other.

    TWS holds them until the parent fills; their parent ids are set when ids are given out.
    """
    exits: list[Order] = []
    if terms.take_profit is not None:
        target = _exit(terms, key=key + TARGET_SUFFIX, account_id=account_id, style=style)
        target.orderType, target.lmtPrice = "LMT", plain(terms.take_profit.price)
        exits.append(target)
    if terms.stop_loss is not None:
        stop = _exit(terms, key=key + STOP_SUFFIX, account_id=account_id, style=style)
        stop.orderType, stop.auxPrice = "STP", plain(terms.stop_loss.trigger_price)
        if terms.stop_loss.price is not None:
            stop.orderType, stop.lmtPrice = "STP LMT", plain(terms.stop_loss.price)
        exits.append(stop)
    if len(exits) > 1:
        for each in exits:
            each.ocaGroup, each.ocaType = key, _CANCEL_WITH_BLOCK
    return exits


def _exit(terms: OrderTerms, *, key: str, account_id: str, style: OrderStyle) -> Order:
    order = _order(terms, key=key, account_id=account_id, style=style)
    order.action = SIDES[terms.side.opposite]
    order.tif = TIMES[TimeInForce.GTC]
    return order


def _order(terms: OrderTerms, *, key: str, account_id: str, style: OrderStyle) -> Order:
    return Order(
        totalQuantity=plain(terms.quantity),
        orderRef=key,
        account=account_id,
        outsideRth=style.outside_rth,
        transmit=True,
    )


def plain(number: Decimal) -> Any:
    """Return a number that ib_async writes as its plain text: it asks floats for their text, anything else too."""
    return Decimal(to_plain(number))
