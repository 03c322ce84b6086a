"""The order and execution objects of REST answers and private streams, made from venue values.

Field lists of the pages "Get Open & Closed Orders", "Get Trade History", "Order" and "Execution"
of the Bybit V5 documentation. "Unset" has several spellings there, which are kept as they are.
"""

from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import formats, order_words
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.legs import INDEXES
from edgerunner.simulators.venue_types import OrderState, VenueFill, VenueInstrument, VenueOrder

SIDES: Final = {"buy": "Buy", "sell": "Sell"}
ORDER_TYPES: Final = {"market": "Market", "limit": "Limit"}
TIME_IN_FORCE_WORDS: Final = {"gtc": "GTC", "ioc": "IOC", "fok": "FOK", "post_only": "PostOnly"}
SELF_MATCH_WORDS: Final = {
    "none": "None",
    "cancel_maker": "CancelMaker",
    "cancel_taker": "CancelTaker",
    "cancel_both": "CancelBoth",
}
_STATUS_WORDS: Final = {
    OrderState.NEW: "New",
    OrderState.PARTIALLY_FILLED: "PartiallyFilled",
    OrderState.FILLED: "Filled",
    OrderState.CANCELED: "Cancelled",
    OrderState.REJECTED: "Rejected",
    OrderState.UNTRIGGERED: "Untriggered",
    OrderState.TRIGGERED: "Triggered",
    OrderState.DEACTIVATED: "Deactivated",
}
EXECUTION_TYPES: Final = {
    "trade": "Trade",
    "liquidation": "BustTrade",
    "adl": "AdlTrade",
    "delivery": "Delivery",
    "funding": "Funding",
}
_REJECT_REASONS: Final = {
    None: "EC_NoError",
    "user": "EC_PerCancelRequest",
    "ioc": "EC_NoImmediateQtyToFill",
    "no_liquidity": "EC_NoImmediateQtyToFill",
    "fok": "EC_NoEnoughQtyToFill",
    "post_only": "EC_PostOnlyWillTakeLiquidity",
    "self_match": "EC_BySelfMatch",
    "insufficient_funds": "EC_CannotAffordOrderCost",
}
_TRIGGER_WORDS: Final = ("triggerBy", "tpTriggerBy", "slTriggerBy")


def order_object(order: VenueOrder, instrument: VenueInstrument, parent_link_id: str = "") -> dict[str, Any]:
    """Return the object of an order as REST lists show it.

    ``parent_link_id`` is that of the order which an exit came with; the exit itself never has a link id.
    """
    category = Category(instrument.product)
    return {
        "orderId": order.order_id,
        "orderLinkId": order.client_key or "",
        "parentOrderLinkId": parent_link_id,
        "blockTradeId": "",
        "symbol": instrument.name,
        "side": SIDES[order.side],
        "orderType": ORDER_TYPES[order.order_type],
        "timeInForce": TIME_IN_FORCE_WORDS[order.time_in_force],
        "isLeverage": "0" if category.is_spot else "",
        "positionIdx": INDEXES[order.leg],
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": order.close_on_trigger,
        **({} if category.is_spot else {"createType": order_words.create_type(order)}),
        **_progress(order, instrument),
        **_fees(order),
        **order_words.trigger_fields(order, instrument),
        "lastPriceOnCreated": formats.price_text(instrument, order.last_price_ticks),
        "basePrice": formats.price_text(instrument, order.last_price_ticks) if category.is_spot else "",
        "marketUnit": order_words.market_unit(order),
        "orderIv": "",
        "placeType": "",
        "smpType": SELF_MATCH_WORDS[order.self_match],
        "smpGroup": 0,
        "smpOrderId": "",
        "slippageToleranceType": "UNKNOWN",
        "slippageTolerance": "",
        "rpiTakerAccess": False,
        "rpiMatchedQty": "",
        "createdTime": formats.milliseconds_text(order.created_ns),
        "updatedTime": formats.milliseconds_text(order.updated_ns),
    }


def order_event(
    order: VenueOrder, instrument: VenueInstrument, closed_pnl: Decimal, parent_link_id: str = ""
) -> dict[str, Any]:
    """Return the object of an order as the ``order`` stream shows it: an unset trigger word is empty there."""
    category = Category(instrument.product)
    shown = order_object(order, instrument, parent_link_id)
    return {
        "category": category.value,
        **shown,
        **{name: "" for name in _TRIGGER_WORDS if shown[name] == "UNKNOWN"},
        "feeCurrency": next(iter(order.fees), "") if category.is_spot else "",
        "closedPnl": formats.money_text(closed_pnl),
    }


def order_status(order: VenueOrder, category: Category) -> str:
    """Return Bybit's word for where the order stands."""
    if order.state is OrderState.CANCELED and order.filled_lots and "rejected_with_fills" in order.attributes:
        return "Rejected"
    is_dust_feigned = order.state is OrderState.FILLED and "quote_buy_dust" in order.attributes
    if (order.state is OrderState.CANCELED or is_dust_feigned) and category.is_spot and order.filled_lots:
        return "PartiallyFilledCanceled"
    return _STATUS_WORDS[order.state]


def execution_object(
    fill: VenueFill, order: VenueOrder | None, instrument: VenueInstrument, mark_price: Decimal | None
) -> dict[str, Any]:
    """Return one execution as REST lists show it; funding has no ``order``.

    ``mark_price`` None = not known any more.
    """
    return {
        "symbol": instrument.name,
        "orderId": fill.order_id,
        "orderLinkId": fill.client_key or "",
        "side": SIDES[fill.side],
        **_words_of_order(order, instrument),
        "leavesQty": formats.quantity_text(instrument, fill.leaves_lots),
        "execFee": formats.exact_text(fill.fee),
        "execId": fill.trade_id,
        "execPrice": formats.price_text(instrument, fill.price_ticks),
        "execQty": formats.quantity_text(instrument, fill.quantity_lots),
        "execType": EXECUTION_TYPES[fill.kind],
        "execValue": formats.exact_text(fill.value),
        "execTime": formats.milliseconds_text(fill.time_ns),
        "feeCurrency": fill.fee_currency,
        "isMaker": fill.is_maker,
        "feeRate": formats.exact_text(fill.fee_rate),
        "tradeIv": "",
        "markIv": "",
        "markPrice": "" if mark_price is None else formats.quoted_price_text(instrument, mark_price),
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": formats.quantity_text(instrument, fill.closed_lots) if not instrument.is_spot else "",
        "seq": fill.sequence,
        "extraFees": "",
    }


def execution_event(
    fill: VenueFill, order: VenueOrder | None, instrument: VenueInstrument, mark_price: Decimal
) -> dict[str, Any]:
    """Return one execution as the ``execution`` stream shows it."""
    return {
        "category": instrument.product,
        **execution_object(fill, order, instrument, mark_price),
        "isLeverage": "0",
        "marketUnit": order_words.market_unit(order) if order is not None else "",
        "execPnl": formats.money_text(fill.realized_pnl),
        "extraFees": [],
    }


def fast_execution_event(fill: VenueFill, instrument: VenueInstrument) -> dict[str, Any]:
    """Return one execution as the ``execution.fast`` stream shows it (no link id for makers)."""
    return {
        "category": instrument.product,
        "symbol": instrument.name,
        "execId": fill.trade_id,
        "execPrice": formats.price_text(instrument, fill.price_ticks),
        "execQty": formats.quantity_text(instrument, fill.quantity_lots),
        "orderId": fill.order_id,
        "isMaker": fill.is_maker,
        "orderLinkId": "" if fill.is_maker else fill.client_key or "",
        "side": SIDES[fill.side],
        "execTime": formats.milliseconds_text(fill.time_ns),
        "seq": fill.sequence,
    }


def _words_of_order(order: VenueOrder | None, instrument: VenueInstrument) -> dict[str, str]:
    if order is None:
        return {
            "orderPrice": "0",
            "orderQty": "0",
            "createType": "",
            "orderType": "UNKNOWN",
            "stopOrderType": "UNKNOWN",
        }
    return {
        "orderPrice": _price(order, instrument),
        "orderQty": _quantity(order, instrument),
        **({} if instrument.is_spot else {"createType": order_words.create_type(order)}),
        "orderType": ORDER_TYPES[order.order_type],
        "stopOrderType": order_words.stop_order_type(order, Category(instrument.product)),
    }


def _progress(order: VenueOrder, instrument: VenueInstrument) -> dict[str, Any]:
    category = Category(instrument.product)
    average = instrument.average_price(order.filled_value, order.filled_lots) if order.filled_lots else None
    return {
        "price": _price(order, instrument),
        "qty": _quantity(order, instrument),
        "orderStatus": order_status(order, category),
        "cancelType": order_words.cancel_type(order),
        "rejectReason": _REJECT_REASONS.get(order.cancel_reason, "EC_NoError"),
        "avgPrice": formats.money_text(average) if average is not None else "",
        "leavesQty": formats.quantity_text(instrument, order.leaves_lots),
        "leavesValue": formats.exact_text(_leaves_value(order, instrument)),
        "cumExecQty": formats.quantity_text(instrument, order.filled_lots),
        "cumExecValue": formats.exact_text(order.filled_value),
    }


def _leaves_value(order: VenueOrder, instrument: VenueInstrument) -> Decimal:
    if order.quote_amount is not None:
        return order.quote_amount - order.filled_value
    return instrument.value(order.price_ticks or order.last_price_ticks, order.leaves_lots)


def _price(order: VenueOrder, instrument: VenueInstrument) -> str:
    return formats.price_text(instrument, order.price_ticks or 0)


def _quantity(order: VenueOrder, instrument: VenueInstrument) -> str:
    if order.quote_amount is not None:
        return formats.exact_text(order.quote_amount)
    return formats.quantity_text(instrument, order.quantity_lots)


def _fees(order: VenueOrder) -> dict[str, Any]:
    total = sum(order.fees.values(), Decimal(0)) if len(order.fees) <= 1 else Decimal(0)
    return {
        "cumExecFee": formats.exact_text(total),
        "cumFeeDetail": {currency: formats.exact_text(fee) for currency, fee in order.fees.items()},
    }
