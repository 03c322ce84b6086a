"""Bybit's order objects as ``OrderReport``: words, terms, and what may be concluded from them.

Words are those of the V5 "Enums Definitions" page and the order pages; a word that is not known
never ends an order: it works on, ``held`` with the broker's word, until a known one arrives.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import OrderReport
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.legs import NET, leg_of
from edgerunner.adapters.bybit.values import (
    Malformed,
    Scalar,
    Strangers,
    nanoseconds,
    number,
    price,
    required_nanoseconds,
    required_number,
    required_text,
    text,
)
from edgerunner.adapters.bybit.wire import Order
from edgerunner.domain.identifiers import CLIENT_ORDER_ID
from edgerunner.domain.numbers import floor_to_step
from edgerunner.domain.orders import (
    BrokerWords,
    ChildKind,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)

_STATUSES: Final[Mapping[str, OrderStatus]] = {
    "Created": OrderStatus.ACCEPTED,
    "New": OrderStatus.ACCEPTED,
    "Active": OrderStatus.ACCEPTED,
    "Untriggered": OrderStatus.ACCEPTED,
    "PendingCancel": OrderStatus.ACCEPTED,
    "Triggered": OrderStatus.TRIGGERED,
    "PartiallyFilled": OrderStatus.PARTIALLY_FILLED,
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELED,
    "PartiallyFilledCanceled": OrderStatus.CANCELED,
    "Deactivated": OrderStatus.CANCELED,
    "Rejected": OrderStatus.REJECTED,
}
_TIMES: Final[Mapping[str, tuple[TimeInForce, bool]]] = {
    "GTC": (TimeInForce.GTC, False),
    "IOC": (TimeInForce.IOC, False),
    "FOK": (TimeInForce.FOK, False),
    "PostOnly": (TimeInForce.GTC, True),
    "RPI": (TimeInForce.GTC, True),
}
_SIDES: Final[Mapping[str, Side]] = {"Buy": Side.BUY, "Sell": Side.SELL}
_NO_REASON: Final = frozenset({None, "EC_NoError", "UNKNOWN"})
_CHILD_KINDS: Final[Mapping[str, ChildKind]] = {
    "TakeProfit": ChildKind.POSITION_ATTRIBUTE,
    "StopLoss": ChildKind.POSITION_ATTRIBUTE,
    "PartialTakeProfit": ChildKind.ORDER,
    "PartialStopLoss": ChildKind.ORDER,
    "BidirectionalTpslOrder": ChildKind.ORDER,
}
"""Exits by ``stopOrderType``: the first two follow the whole position (tpslMode Full)."""

_IS_STOP: Final = {(Side.BUY, 1): True, (Side.BUY, 2): False, (Side.SELL, 1): False, (Side.SELL, 2): True}
"""A trigger by rise (1) or fall (2) is a stop when it follows the order's direction."""


def side_of(value: Scalar) -> Side:
    """Return the side; raises ``Malformed`` for a word that is none: no meaning would be safe."""
    side = _SIDES.get(required_text(value, "side"))
    if side is None:
        raise Malformed(f"side is {value!r}")
    return side


def client_key(order_link_id: str | None) -> str | None:
    """Return the client order id an order carries, or None for a key that cannot be ours."""
    return order_link_id if order_link_id and CLIENT_ORDER_ID.fullmatch(order_link_id) else None


class OrderMapper:
    """Maps order objects of REST and of the stream alike."""

    def __init__(self, account_id: str, strangers: Strangers) -> None:
        self._account_id = account_id
        self._strangers = strangers

    def report(self, order: Order, listing: Listing, raw: str | None = None) -> OrderReport:
        """Return the report of one order object; raises ``Malformed`` when an indispensable field is missing."""
        filled = number(order.cum_exec_qty) or Decimal(0)
        average = price(order.avg_price)
        if average is None and filled and (value := number(order.cum_exec_value)):
            average = value / filled
        status, held = self._status(order, listing, filled)
        return OrderReport(
            client_order_id=client_key(text(order.order_link_id)),
            venue_order_id=required_text(order.order_id, "orderId"),
            account_id=self._account_id,
            terms=self._terms(order, listing, filled),
            status=status,
            held=held,
            filled_quantity=filled,
            average_price=average,
            broker=_words(order),
            ts_event_ns=required_nanoseconds(order.updated_time or order.created_time, "updatedTime"),
            created_at_ns=nanoseconds(order.created_time),
            parent_client_order_id=client_key(text(order.parent_order_link_id)),
            child_kind=_child_kind(order),
            raw=raw,
        )

    def _status(self, order: Order, listing: Listing, filled: Decimal) -> tuple[OrderStatus, str | None]:
        word = required_text(order.order_status, "orderStatus")
        status = _STATUSES.get(word)
        if status is None:
            self._strangers.met("orderStatus", word)
            return OrderStatus.ACCEPTED, f"unknown status {word}"
        if status is OrderStatus.REJECTED and filled:  # the part that was filled stays real
            return OrderStatus.CANCELED, None
        if word == "PartiallyFilledCanceled" and _is_complete(order, listing, filled):
            return OrderStatus.FILLED, None
        return status, "untriggered" if word == "Untriggered" else None

    def _terms(self, order: Order, listing: Listing, filled: Decimal) -> OrderTerms:
        side = side_of(order.side)
        order_type = self._order_type(order, side)
        time_in_force, post_only = self._time_in_force(order)
        instrument = listing.instrument
        return OrderTerms(
            instrument_id=instrument.instrument_id,
            side=side,
            order_type=order_type,
            quantity=_base_quantity(order, listing, filled),
            quantity_unit=instrument.quantity_unit,
            price=price(order.price) if order_type.has_price else None,
            trigger_price=price(order.trigger_price) if order_type.has_trigger else None,
            time_in_force=time_in_force,
            post_only=post_only,
            reduce_only=order.reduce_only is True,
            position_id=None if leg_of(order.position_idx) == NET else leg_of(order.position_idx),
            take_profit=_take_profit(order),
            stop_loss=_stop_loss(order),
        )

    def _order_type(self, order: Order, side: Side) -> OrderType:
        word = text(order.order_type)
        if word not in {"Market", "Limit"}:
            self._strangers.met("orderType", word)
        is_limit = word == "Limit"
        if text(order.stop_order_type) == "TrailingStop":
            return OrderType.TRAILING_STOP_MARKET
        if price(order.trigger_price) is None:
            return OrderType.LIMIT if is_limit else OrderType.MARKET
        if _is_stop(order, side):
            return OrderType.STOP_LIMIT if is_limit else OrderType.STOP_MARKET
        return OrderType.LIMIT_IF_TOUCHED if is_limit else OrderType.MARKET_IF_TOUCHED

    def _time_in_force(self, order: Order) -> tuple[TimeInForce, bool]:
        word = text(order.time_in_force)
        if word is not None and word not in _TIMES:
            self._strangers.met("timeInForce", word)
        return _TIMES.get(word or "GTC", (TimeInForce.GTC, False))


def _is_stop(order: Order, side: Side) -> bool:
    """Tell stops from touches: by the direction, which spot leaves out, or by the price at placing."""
    direction = int(number(order.trigger_direction) or 0)
    if not direction:
        trigger, reference = price(order.trigger_price), price(order.base_price) or price(order.last_price_on_created)
        if trigger is None or reference is None:
            return "TakeProfit" not in (text(order.stop_order_type) or "")
        direction = 1 if trigger > reference else 2
    return _IS_STOP.get((side, direction), True)


def _child_kind(order: Order) -> ChildKind | None:
    """Return what kind of exit an order is; spot's own kinds are exits only where a parent is named."""
    kind = _CHILD_KINDS.get(text(order.stop_order_type) or "")
    return ChildKind.ORDER if kind is None and text(order.parent_order_link_id) else kind


def _words(order: Order) -> BrokerWords:
    reject, cancel = text(order.reject_reason), text(order.cancel_type)
    return BrokerWords(
        status=text(order.order_status),
        code=reject if reject not in _NO_REASON else cancel,
        text=cancel if reject not in _NO_REASON else None,
    )


def _is_complete(order: Order, listing: Listing, filled: Decimal) -> bool:
    """Tell whether nothing but dust of a quote amount was left when Bybit says that the rest was canceled."""
    return _counts_quote(order, listing) or filled >= required_number(order.qty, "qty")


def _counts_quote(order: Order, listing: Listing) -> bool:
    """Tell whether ``qty`` is an amount of quote coin.

    So it is for spot market buys unless ``marketUnit`` says ``baseCoin``; an empty one in an answer
    still means quote (ccxt issue 27725).
    """
    if text(order.market_unit) == "quoteCoin":
        return True
    is_spot_market_buy = listing.is_spot and order.order_type == "Market" and order.side == "Buy"
    return is_spot_market_buy and text(order.market_unit) is None


def _base_quantity(order: Order, listing: Listing, filled: Decimal) -> Decimal:
    """Return the order's quantity in base coin.

    An amount of quote coin (only orders of others have one) ends as what it bought; before that
    it is estimated at the price Bybit noted when it was placed.
    """
    quantity = required_number(order.qty, "qty")
    if not _counts_quote(order, listing):
        return quantity
    if filled:
        return filled
    reference = price(order.base_price) or price(order.last_price_on_created) or price(order.price)
    if reference is None:
        return listing.instrument.lot_step
    return max(floor_to_step(quantity / reference, listing.instrument.lot_step), listing.instrument.lot_step)


def _take_profit(order: Order) -> TakeProfit | None:
    target = price(order.take_profit)
    return None if target is None else TakeProfit(price=target)


def _stop_loss(order: Order) -> StopLoss | None:
    trigger = price(order.stop_loss)
    return None if trigger is None else StopLoss(trigger_price=trigger, price=price(order.sl_limit_price))
