"""What conditional orders wait for: stops, touched prices, trailing stops."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from edgerunner.matching.words import Side
from edgerunner.simulators.tws.orders import refusal
from edgerunner.simulators.tws.orders.identity import request_of
from edgerunner.simulators.tws.orders.prices import to_distance, to_ticks
from edgerunner.simulators.tws.orders.refusal import OrderRefused, invalid
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.venue_types import Trailing, Trigger, TriggerRule, VenueInstrument, VenueOrder

STOPS: Final = frozenset({"STP", "STP LMT"})
TOUCHED: Final = frozenset({"MIT", "LIT"})
TRAIL: Final = "TRAIL"
_PERCENT: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A trigger and, of a trailing stop, how it follows the price."""

    trigger: Trigger
    trailing: Trailing | None = None

    def anchored_later(self) -> "Stop":
        """Return a trailing stop that begins to follow at the first price after it is freed."""
        return self if self.trailing is None else replace(self, trailing=replace(self.trailing, best_ticks=None))


def stop_of(
    terms: OrderTerms, kind: str, *, instrument: VenueInstrument, market_ticks: int, known: VenueOrder | None
) -> Stop | None:
    """Return what an order of a type waits for, None for one that does not; raises ``OrderRefused``.

    ``known`` is the order that is changed: a trailing stop whose terms stay the same goes on from where it stands.
    """
    side: Side = "buy" if terms.action == "BUY" else "sell"
    if kind in STOPS:
        rule = TriggerRule.RISE if side == "buy" else TriggerRule.FALL
        return Stop(trigger=_trigger(_price(terms, instrument), rule))
    if kind in TOUCHED:
        rule = TriggerRule.FALL if side == "buy" else TriggerRule.RISE
        return Stop(trigger=_trigger(_price(terms, instrument), rule))
    if kind == TRAIL:
        return _trailing(terms, side, instrument=instrument, market_ticks=market_ticks, known=known)
    return None


def _price(terms: OrderTerms, instrument: VenueInstrument) -> int:
    if not terms.aux_price or terms.aux_price <= 0:
        raise OrderRefused(refusal.INVALID_STOP, "Invalid stop price.")
    return to_ticks(instrument, terms.aux_price)


def _trailing(
    terms: OrderTerms, side: Side, *, instrument: VenueInstrument, market_ticks: int, known: VenueOrder | None
) -> Stop:
    """A trailing stop starts at its start price, or its distance away from the market."""
    rule = TriggerRule.RISE if side == "buy" else TriggerRule.FALL
    trailing = _distance(terms, instrument)
    if known is not None and known.trigger is not None and _trails_alike(request_of(known), terms):
        return Stop(trigger=known.trigger, trailing=known.trailing)
    if terms.trail_stop_price:
        start = to_ticks(instrument, terms.trail_stop_price)
        return _placed(trailing, best=_best_of(start, trailing, rule), stop=start, rule=rule)
    distance = trailing.distance(market_ticks)
    stop = market_ticks - distance if rule is TriggerRule.FALL else market_ticks + distance
    return _placed(trailing, best=market_ticks, stop=stop, rule=rule)


def _trails_alike(before: PlaceOrder | None, terms: OrderTerms) -> bool:
    if before is None:
        return False
    was = before.order
    return (was.order_type, was.aux_price, was.trailing_percent, was.trail_stop_price) == (
        terms.order_type,
        terms.aux_price,
        terms.trailing_percent,
        terms.trail_stop_price,
    )


def _distance(terms: OrderTerms, instrument: VenueInstrument) -> Trailing:
    amount, percent = terms.aux_price, terms.trailing_percent
    if bool(amount) == bool(percent):
        raise invalid("Trailing stop orders need either an amount (auxPrice) or a percentage (trailingPercent).")
    if percent:
        if not 0 < percent < _PERCENT:
            raise invalid("The trailing percentage must be between 0 and 100.")
        return Trailing(distance_ticks=0, fraction=percent / _PERCENT)
    return Trailing(distance_ticks=to_distance(instrument, amount or Decimal(0)))


def _best_of(stop: int, trailing: Trailing, rule: TriggerRule) -> int:
    """Return the best price that belongs to a stop."""
    sells = rule is TriggerRule.FALL
    if trailing.fraction is None:
        return stop + trailing.distance_ticks if sells else stop - trailing.distance_ticks
    share = 1 - trailing.fraction if sells else 1 + trailing.fraction
    return round(stop / share)


def _placed(trailing: Trailing, *, best: int, stop: int, rule: TriggerRule) -> Stop:
    followed = Trailing(distance_ticks=trailing.distance_ticks, fraction=trailing.fraction, best_ticks=best)
    return Stop(trigger=_trigger(max(1, stop), rule), trailing=followed)


def _trigger(ticks: int, rule: TriggerRule) -> Trigger:
    return Trigger(price_ticks=ticks, rule=rule, may_be_reached=True)
