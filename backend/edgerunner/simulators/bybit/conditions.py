"""Triggers, take-profit and stop-loss of order requests: read from the body, turned into the venue's values.

Rules of the pages "Place Order" and "Set Trading Stop" of the Bybit V5 documentation: Full closes the whole position
at market, Partial a quantity of its own and may be a limit order. Spot knows no mode and no trigger direction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import codes, fields
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.venue_types import (
    ExitOrder,
    Exits,
    ExitScope,
    RejectReason,
    Trigger,
    TriggerRule,
    TriggerSource,
    VenueInstrument,
)

SOURCES: Final[Mapping[str, TriggerSource]] = {
    "LastPrice": TriggerSource.LAST,
    "MarkPrice": TriggerSource.MARK,
    "IndexPrice": TriggerSource.INDEX,
}
RULES: Final[Mapping[int, TriggerRule]] = {1: TriggerRule.RISE, 2: TriggerRule.FALL}
SCOPES: Final[Mapping[str, ExitScope]] = {"Full": ExitScope.POSITION, "Partial": ExitScope.QUANTITY}
SPOT_FILTERS: Final = frozenset({"Order", "StopOrder", "tpslOrder"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerWish:
    """What a conditional order waits for; ``rule`` None = spot, where the last price decides."""

    price: Decimal
    rule: TriggerRule | None
    source: TriggerSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitWish:
    """One side of a bracket: ``price`` None leaves the trigger as it is, 0 takes the exit away."""

    price: Decimal | None
    source: TriggerSource
    limit: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitsWish:
    """Both sides; ``scope`` None = not said."""

    scope: ExitScope | None
    take_profit: ExitWish | None
    stop_loss: ExitWish | None


def parse_order_filter(category: Category, body: Mapping[str, Any]) -> str:
    """Return which kind of spot order is meant; raise 170201 for an unknown one. Derivatives have no say."""
    word = fields.text(body, "orderFilter") or "Order"
    if category.is_spot and word not in SPOT_FILTERS:
        raise codes.WireError(codes.SPOT_INVALID_ORDER_FILTER)
    return word if category.is_spot else ""


def parse_trigger(category: Category, body: Mapping[str, Any], order_filter: str) -> TriggerWish | None:
    """Return what the order waits for, None when it is not conditional."""
    price = fields.optional_number(category, body, "triggerPrice")
    if category.is_spot:
        return _spot_trigger(price, order_filter)
    if not price:
        return None
    direction = body.get("triggerDirection")
    if isinstance(direction, bool) or not isinstance(direction, int) or direction not in RULES:
        raise codes.parameter_error("TriggerDirection invalid")
    return TriggerWish(price=price, rule=RULES[direction], source=_source(body, "triggerBy"))


def parse_exits(category: Category, body: Mapping[str, Any]) -> ExitsWish | None:
    """Return the take-profit and stop-loss that a body speaks of, None when it does not."""
    scope = parse_scope(body)
    wish = ExitsWish(
        scope=ExitScope.QUANTITY if category.is_spot else scope,
        take_profit=_exit(category, body, "takeProfit", "tp"),
        stop_loss=_exit(category, body, "stopLoss", "sl"),
    )
    return None if wish.take_profit is None and wish.stop_loss is None else wish


def parse_scope(body: Mapping[str, Any]) -> ExitScope | None:
    """Return what ``tpslMode`` says, None when it is absent."""
    word = fields.text(body, "tpslMode")
    if word and word not in SCOPES:
        raise codes.parameter_error("params error: tpslMode invalid")
    return SCOPES[word] if word else None


def new_exits(instrument: VenueInstrument, wish: ExitsWish | None) -> Exits | None:
    """Return the exits of a new order; "0" means none."""
    if wish is None:
        return None
    exits = changed_exits(instrument, None, wish)
    return exits if exits.take_profit is not None or exits.stop_loss is not None else None


def changed_exits(instrument: VenueInstrument, before: Exits | None, wish: ExitsWish) -> Exits:
    """Return the exits of an order after a change: a side that is not mentioned stays."""
    known = before if before is not None else Exits(scope=wish.scope or ExitScope.POSITION)
    scope = wish.scope or known.scope
    return Exits(
        scope=scope,
        take_profit=_changed(instrument, scope, known.take_profit, wish.take_profit),
        stop_loss=_changed(instrument, scope, known.stop_loss, wish.stop_loss),
    )


def venue_exit(instrument: VenueInstrument, scope: ExitScope, wish: ExitWish | None) -> ExitOrder | None:
    """Return one exit; its trigger is 0 when it is to be taken away. Raises ``VenueReject`` and 10001."""
    if wish is None:
        return None
    if wish.limit is not None and scope is ExitScope.POSITION:
        raise codes.parameter_error("tpOrderType and slOrderType must be Market when tpslMode is Full")
    if wish.price is None:
        raise codes.parameter_error("params error: takeProfit or stopLoss is required with its limit price")
    return ExitOrder(
        trigger_ticks=instrument.to_ticks(wish.price) if wish.price else 0,
        source=wish.source,
        limit_ticks=instrument.to_ticks(wish.limit) if wish.limit is not None else None,
    )


def venue_trigger(instrument: VenueInstrument, wish: TriggerWish | None, last_price: Decimal) -> Trigger | None:
    """Return the trigger of a new order; ``last_price`` tells a spot order which way it lies."""
    if wish is None:
        return None
    rule = wish.rule or (TriggerRule.RISE if wish.price >= last_price else TriggerRule.FALL)
    return Trigger(price_ticks=instrument.to_ticks(wish.price), rule=rule, source=wish.source)


def _spot_trigger(price: Decimal | None, order_filter: str) -> TriggerWish | None:
    if order_filter == "Order":
        if price:
            raise fields.unsupported(Category.SPOT, "triggerPrice needs orderFilter StopOrder or tpslOrder")
        return None
    if not price:
        raise codes.WireError(codes.refusal_of(RejectReason.INVALID_TRIGGER, Category.SPOT))
    return TriggerWish(price=price, rule=None, source=TriggerSource.LAST)


def _exit(category: Category, body: Mapping[str, Any], name: str, prefix: str) -> ExitWish | None:
    price = fields.optional_number(category, body, name)
    order_type = fields.text(body, f"{prefix}OrderType") or "Market"
    if order_type not in {"Market", "Limit"}:
        raise codes.parameter_error(f"params error: {prefix}OrderType invalid")
    limit = fields.optional_number(category, body, f"{prefix}LimitPrice") or None
    if price is None and limit is None:
        return None
    if order_type == "Limit" and price and limit is None:
        raise codes.parameter_error(f"params error: {prefix}LimitPrice is required")
    is_limit = order_type == "Limit" or price is None
    return ExitWish(price=price, source=_source(body, f"{prefix}TriggerBy"), limit=limit if is_limit else None)


def _changed(
    instrument: VenueInstrument, scope: ExitScope, before: ExitOrder | None, wish: ExitWish | None
) -> ExitOrder | None:
    if wish is None:
        return before
    if wish.price is None and before is not None:
        wish = ExitWish(price=instrument.price(before.trigger_ticks), source=before.source, limit=wish.limit)
    after = venue_exit(instrument, scope, wish)
    return after if after is not None and after.trigger_ticks else None


def _source(body: Mapping[str, Any], name: str) -> TriggerSource:
    word = fields.text(body, name) or "LastPrice"
    if word not in SOURCES:
        raise codes.parameter_error(f"params error: {name} invalid")
    return SOURCES[word]
