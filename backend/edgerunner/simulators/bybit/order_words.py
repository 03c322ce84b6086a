"""Bybit's words for conditional orders, exits and how orders came about.

Enumerations of the page "Enums Definitions" of the Bybit V5 documentation: stopOrderType, createType, cancelType.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgerunner.simulators.bybit import codes, formats
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    ExitOrder,
    ExitScope,
    HistoryQuery,
    OrderState,
    TriggerRule,
    TriggerSource,
    VenueInstrument,
    VenueOrder,
)

SOURCE_WORDS: Final = {
    TriggerSource.LAST: "LastPrice",
    TriggerSource.MARK: "MarkPrice",
    TriggerSource.INDEX: "IndexPrice",
}
_DIRECTIONS: Final = {TriggerRule.RISE: 1, TriggerRule.FALL: 2}
_EXIT_WORDS: Final = {
    "take_profit": "TakeProfit",
    "stop_loss": "StopLoss",
    "trailing_stop": "TrailingStop",
    "partial_take_profit": "PartialTakeProfit",
    "partial_stop_loss": "PartialStopLoss",
}
_ORIGIN_WORDS: Final = {
    "liquidation": "CreateByLiq",
    "adl": "CreateByAdl_PassThrough",
    "delivery": "CreateBySettle",
}
_CANCEL_TYPES: Final = {
    "user": "CancelByUser",
    "replaced": "CancelByUser",
    "admin": "CancelByAdmin",
    "reduce_only": "CancelByReduceOnly",
    "prepare_liquidation": "CancelByPrepareLiq",
    "liquidation": "CancelAllBeforeLiq",
    "adl": "CancelAllBeforeAdl",
    "expired": "CancelBySettle",
    "self_match": "CancelBySmp",
    "position_closed": "CancelByTpSlTsClear",
    "dcp": "CancelByDCP",
}
_OCO_PROFIT: Final = "CancelByOCOTpCanceledBySlTriggered"
_OCO_LOSS: Final = "CancelByOCOSlCanceledByTpTriggered"
DERIVATIVE_FILTERS: Final = frozenset({"", "Order", "OpenOrder", "StopOrder"})
SPOT_FILTERS: Final = frozenset({"Order", "StopOrder", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder"})


def create_type(order: VenueOrder) -> str:
    """Return how a derivative order came about."""
    if order.exit_kind is not None:
        return f"CreateBy{_EXIT_WORDS[order.exit_kind]}"
    if order.trigger is not None:
        return "CreateByStopOrder"
    return _ORIGIN_WORDS.get(order.origin, "CreateByUser")


def cancel_type(order: VenueOrder) -> str:
    """Return by what an order was cancelled."""
    if order.cancel_reason == "oco":
        return _OCO_PROFIT if "profit" in (order.exit_kind or "") else _OCO_LOSS
    return _CANCEL_TYPES.get(order.cancel_reason or "", "UNKNOWN")


def stop_order_type(order: VenueOrder, category: Category) -> str:
    """Return the kind of a conditional order, the category's word for nothing otherwise."""
    if category.is_spot:
        return {"tpslOrder": "tpslOrder", "StopOrder": "Stop"}.get(_spot_filter(order), "")
    if order.exit_kind is not None:
        return _EXIT_WORDS[order.exit_kind]
    return "Stop" if order.trigger is not None else "UNKNOWN"


def market_unit(order: VenueOrder) -> str:
    """Return what the quantity of a spot market order counts, as far as the request said it."""
    return "" if "market_unit_blank" in order.attributes else order.attributes.get("marketUnit", "")


def filter_word(order: VenueOrder, category: Category) -> str:
    """Return the ``orderFilter`` under which an order is found now: one that was triggered is an active Order."""
    was_waiting = order.state is OrderState.DEACTIVATED or (order.cancel_reason is not None and not order.filled_lots)
    if order.trigger is None or not (order.is_waiting or was_waiting):
        return "Order"
    return _spot_filter(order) if category.is_spot else "StopOrder"


def cancel_selection(category: Category, body: Mapping[str, Any]) -> Callable[[VenueOrder], bool]:
    """Return which open orders a cancel-all means by ``orderFilter`` and ``stopOrderType``; raise 10001 or 170201.

    Without a filter: every kind of derivative order, but only the active ones of spot.
    """
    word, kind = body.get("orderFilter") or "", body.get("stopOrderType") or ""
    if category.is_spot:
        if word and word not in SPOT_FILTERS:
            raise codes.WireError(codes.SPOT_INVALID_ORDER_FILTER)
        return lambda order: filter_word(order, category) == (word or "Order")
    if word not in DERIVATIVE_FILTERS or kind not in {"", "Stop"}:
        raise codes.parameter_error("params error: orderFilter or stopOrderType invalid")
    if word in {"Order", "OpenOrder"}:
        return lambda order: not order.is_waiting
    is_stop_only = word == "StopOrder"
    return lambda order: not is_stop_only or (order.is_waiting and (not kind or order.exit_kind is None))


def parent_link_id(venue: Venue, order: VenueOrder) -> str:
    """Return the link id of the order whose fill made this exit, empty when there is none."""
    if order.parent_id is None:
        return ""
    return find_order(venue, order.account_id, order.parent_id).client_key or ""


def find_order(venue: Venue, account_id: str, order_id: str) -> VenueOrder:
    """Return an order of the past or present."""
    order = venue.find_order(account_id, order_id=order_id)
    if order is None:
        [order] = venue.order_history(HistoryQuery(account_id=account_id, order_id=order_id))
    return order


def trigger_fields(order: VenueOrder, instrument: VenueInstrument) -> dict[str, Any]:
    """Return what an order waits for and which exits come with it; "unset" is spelled per category."""
    category = Category(instrument.product)
    word, no_price = ("", "") if category.is_spot else ("UNKNOWN", "0.00")
    trigger, exits = order.trigger, order.exits
    profit, loss = (exits.take_profit, exits.stop_loss) if exits is not None else (None, None)
    return {
        "stopOrderType": stop_order_type(order, category),
        "triggerPrice": formats.price_text(instrument, trigger.price_ticks) if trigger is not None else no_price,
        "triggerDirection": _DIRECTIONS[trigger.rule] if trigger is not None and not category.is_spot else 0,
        "triggerBy": SOURCE_WORDS[trigger.source] if trigger is not None and not category.is_spot else word,
        "takeProfit": _exit_price(instrument, profit, no_price),
        "stopLoss": _exit_price(instrument, loss, no_price),
        "tpslMode": _mode(order, category),
        "tpLimitPrice": _exit_limit(instrument, profit, no_price),
        "slLimitPrice": _exit_limit(instrument, loss, no_price),
        "tpTriggerBy": SOURCE_WORDS[profit.source] if profit is not None and not category.is_spot else word,
        "slTriggerBy": SOURCE_WORDS[loss.source] if loss is not None and not category.is_spot else word,
        "ocoTriggerBy": "OcoTriggerByUnknown" if category.is_spot else "",
    }


def _spot_filter(order: VenueOrder) -> str:
    return "tpslOrder" if order.exit_kind is not None else order.attributes.get("orderFilter", "Order")


def _mode(order: VenueOrder, category: Category) -> str:
    if category.is_spot:
        return ""
    if order.exits is not None:
        return "Full" if order.exits.scope is ExitScope.POSITION else "Partial"
    if order.exit_kind is None:
        return ""
    return "Partial" if order.exit_kind.startswith("partial_") else "Full"


def _exit_price(instrument: VenueInstrument, wish: ExitOrder | None, no_price: str) -> str:
    return formats.price_text(instrument, wish.trigger_ticks) if wish is not None else no_price


def _exit_limit(instrument: VenueInstrument, wish: ExitOrder | None, no_price: str) -> str:
    if wish is None or wish.limit_ticks is None:
        return no_price
    return formats.price_text(instrument, wish.limit_ticks)
