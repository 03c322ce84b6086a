"""Reading order requests: the body of REST calls and the argument of trade-socket calls.

Fields and rules of the "Place Order", "Amend Order" and "Cancel Order" pages of the Bybit V5
documentation. What this simulator cannot do is refused here with a code that Bybit has for it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from edgerunner.matching.words import SelfMatchRule, TimeInForce
from edgerunner.simulators.bybit import codes, conditions, fields
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.conditions import ExitsWish, TriggerWish
from edgerunner.simulators.venue_types import RejectReason

LINK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,45}")
LONGEST_LINK_ID: Final = 45

_UNSUPPORTED_FIELDS: Final = (
    "slippageToleranceType",
    "slippageTolerance",
    "bboSideType",
    "bboLevel",
    "orderIv",
    "mmp",
)
TIMES_IN_FORCE: Final[Mapping[str, TimeInForce]] = {
    "GTC": "gtc",
    "IOC": "ioc",
    "FOK": "fok",
    "PostOnly": "post_only",
}
SELF_MATCH_RULES: Final = {
    "None": SelfMatchRule.NONE,
    "CancelMaker": SelfMatchRule.CANCEL_MAKER,
    "CancelTaker": SelfMatchRule.CANCEL_TAKER,
    "CancelBoth": SelfMatchRule.CANCEL_BOTH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """A parsed order creation; numbers are not yet checked against the instrument.

    ``quantity`` counts base coin, or quote coin when ``counts_quote``. ``time_in_force`` is
    Bybit's word.
    """

    category: Category
    symbol: str
    side: str
    order_type: str
    quantity: Decimal
    price: Decimal | None
    time_in_force: str
    link_id: str | None
    reduce_only: bool
    close_on_trigger: bool
    counts_quote: bool
    market_unit: str
    self_match: SelfMatchRule
    position_index: int
    order_filter: str
    trigger: TriggerWish | None
    exits: ExitsWish | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRequest:
    """A parsed change; ``quantity`` is the new total, None leaves a term as it is."""

    category: Category
    symbol: str
    order_id: str | None
    link_id: str | None
    quantity: Decimal | None
    price: Decimal | None
    trigger_price: Decimal | None
    exits: ExitsWish | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """A parsed cancel; ``order_id`` wins over ``link_id``. ``order_filter`` is empty for derivatives."""

    category: Category
    symbol: str
    order_id: str | None
    link_id: str | None
    order_filter: str


def parse_category(body: Mapping[str, Any]) -> Category:
    """Return the category of a request; raise 10001 when it is missing or unknown."""
    try:
        return Category(fields.text(body, "category") or "")
    except ValueError as error:
        raise codes.parameter_error("params error: category invalid") from error


def parse_create(category: Category, body: Mapping[str, Any]) -> CreateRequest:
    """Return the order that ``body`` asks for; raise the code of the first wrong field."""
    _refuse_unsupported(category, body)
    order_type = _word(category, body, "orderType", ("Market", "Limit"))
    side = _word(category, body, "side", ("Buy", "Sell"))
    market_unit = _market_unit(category, body, order_type)
    order_filter = conditions.parse_order_filter(category, body)
    exits = conditions.parse_exits(category, body)
    _check_exits_fit(category, body, exits, is_plain_limit=order_type == "Limit" and order_filter == "Order")
    return CreateRequest(
        category=category,
        symbol=_symbol(category, body),
        side=side,
        order_type=order_type,
        quantity=fields.required_number(category, body, "qty"),
        price=fields.required_number(category, body, "price") if order_type == "Limit" else None,
        time_in_force="IOC" if order_type == "Market" else _time_in_force(category, body),
        link_id=parse_link_id(body),
        reduce_only=fields.flag(body, "reduceOnly") and not category.is_spot,
        close_on_trigger=fields.flag(body, "closeOnTrigger") and not category.is_spot,
        counts_quote=_counts_quote(category, order_type, side, market_unit),
        market_unit=market_unit,
        self_match=_self_match(body),
        position_index=fields.position_index(body),
        order_filter=order_filter,
        trigger=conditions.parse_trigger(category, body, order_filter),
        exits=exits,
    )


def parse_amend(category: Category, body: Mapping[str, Any]) -> AmendRequest:
    """Return the change that ``body`` asks for."""
    _refuse_unsupported(category, body)
    order_id, link_id = _identity(body)
    return AmendRequest(
        category=category,
        symbol=_symbol(category, body),
        order_id=order_id,
        link_id=link_id,
        quantity=fields.optional_number(category, body, "qty"),
        price=fields.optional_number(category, body, "price"),
        trigger_price=fields.optional_number(category, body, "triggerPrice"),
        exits=conditions.parse_exits(category, body),
    )


def parse_cancel(category: Category, body: Mapping[str, Any]) -> CancelRequest:
    """Return the cancel that ``body`` asks for."""
    order_id, link_id = _identity(body)
    return CancelRequest(
        category=category,
        symbol=_symbol(category, body),
        order_id=order_id,
        link_id=link_id,
        order_filter=conditions.parse_order_filter(category, body),
    )


def parse_link_id(body: Mapping[str, Any]) -> str | None:
    """Return ``orderLinkId`` or None; raise 10001 when too long or of other characters."""
    link_id = fields.text(body, "orderLinkId")
    if not link_id:
        return None
    if len(link_id) > LONGEST_LINK_ID:
        raise codes.parameter_error(f"OrderLinkId length is longer than {LONGEST_LINK_ID}")
    if not LINK_ID.fullmatch(link_id):
        raise codes.parameter_error("params error: orderLinkId invalid")
    return link_id


def _identity(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    order_id = fields.text(body, "orderId") or None
    link_id = fields.text(body, "orderLinkId") or None
    if order_id is None and link_id is None:
        raise codes.parameter_error("params error: orderId or orderLinkId is required")
    return order_id, link_id


def _refuse_unsupported(category: Category, body: Mapping[str, Any]) -> None:
    if body.get("timeInForce") == "RPI":
        raise codes.WireError(
            codes.SPOT_RETAIL_PRICE_IMPROVEMENT if category.is_spot else codes.RETAIL_PRICE_IMPROVEMENT
        )
    for field in _UNSUPPORTED_FIELDS:
        if fields.is_set(body.get(field)):
            raise fields.unsupported(category, f"{field}: this order option not supported by this simulator yet")
    if category.is_spot and fields.is_set(body.get("isLeverage")):
        raise codes.WireError(codes.SPOT_MARGIN_DISABLED)


def _check_exits_fit(
    category: Category, body: Mapping[str, Any], exits: ExitsWish | None, *, is_plain_limit: bool
) -> None:
    sides = () if exits is None else (exits.take_profit, exits.stop_loss)
    if not any(side is not None and side.price for side in sides):
        return
    if category.is_spot and not is_plain_limit:
        raise fields.unsupported(category, "takeProfit and stopLoss come with spot limit orders only")
    if fields.flag(body, "reduceOnly"):
        raise codes.WireError(codes.EXITS_NOT_ALLOWED)


def _market_unit(category: Category, body: Mapping[str, Any], order_type: str) -> str:
    unit = fields.text(body, "marketUnit") or ""
    if not category.is_spot or order_type != "Market":
        return ""
    if unit not in ("", "baseCoin", "quoteCoin"):
        raise codes.WireError(codes.SPOT_INVALID_DATA, codes.SPOT_INVALID_DATA.text.replace("%s", "marketUnit"))
    return unit


def _counts_quote(category: Category, order_type: str, side: str, market_unit: str) -> bool:
    if not category.is_spot or order_type != "Market":
        return False
    return market_unit == "quoteCoin" or (side == "Buy" and market_unit == "")


def _self_match(body: Mapping[str, Any]) -> SelfMatchRule:
    word = fields.text(body, "smpType") or "None"
    if word not in SELF_MATCH_RULES:
        raise codes.parameter_error("params error: smpType invalid")
    return SELF_MATCH_RULES[word]


def _time_in_force(category: Category, body: Mapping[str, Any]) -> str:
    word = fields.text(body, "timeInForce") or "GTC"
    if word in TIMES_IN_FORCE:
        return word
    if category.is_spot:
        raise codes.WireError(codes.SPOT_INVALID_TIME_IN_FORCE)
    raise codes.parameter_error("params error: timeInForce invalid")


def _word(category: Category, body: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    word = fields.text(body, name)
    if word in allowed:
        return str(word)
    if category.is_spot:
        raise codes.WireError(codes.SPOT_INVALID_SIDE if name == "side" else codes.SPOT_INVALID_ORDER_TYPE)
    raise codes.parameter_error(f"params error: {name} invalid")


def _symbol(category: Category, body: Mapping[str, Any]) -> str:
    symbol = fields.text(body, "symbol")
    if not symbol:
        raise codes.WireError(codes.refusal_of(RejectReason.UNKNOWN_SYMBOL, category))
    return symbol
