"""Prices and quantities of one instrument as whole ticks and lots, and orders as the matching core has them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.domain.orders import OrderTerms, OrderType, TimeInForce
from edgerunner.matching.quote_fill import Level
from edgerunner.matching.words import Side as BookSide
from edgerunner.matching.working_order import (
    Exits,
    Trigger,
    TriggerSource,
    WorkingOrder,
    stop_trigger,
    touch_trigger,
)

_TOUCHED = frozenset({OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED})
_STOPS = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """How one instrument counts; ``tick`` is the finest of its tick sizes."""

    instrument: Instrument
    tick: Decimal

    @classmethod
    def of(cls, instrument: Instrument) -> "Units":
        """Return the units of an instrument."""
        return cls(
            instrument=instrument,
            tick=min([instrument.tick_size, *(band.tick_size for band in instrument.price_bands)]),
        )

    def price(self, ticks: int) -> Decimal:
        """Return a price."""
        return ticks * self.tick

    def quantity(self, lots: int) -> Decimal:
        """Return a quantity."""
        return lots * self.instrument.lot_step

    def ticks(self, price: Decimal) -> int:
        """Return a price in whole ticks, rounded to the nearest."""
        return round(price / self.tick)

    def lots(self, quantity: Decimal) -> int:
        """Return how many whole lots a quantity holds."""
        return int(quantity / self.instrument.lot_step)

    def value(self, ticks: int, lots: int) -> Decimal:
        """Return what lots are worth at a price, settlement currency, never negative."""
        return self.worth(self.price(ticks), lots)

    def worth(self, price: Decimal, lots: int) -> Decimal:
        """Return what lots are worth at any price, settlement currency, never negative."""
        with exact_arithmetic():
            return round_money(self.instrument.contract.notional(price, self.quantity(abs(lots))))

    def levels(self, side: tuple[tuple[Decimal, Decimal], ...]) -> list[Level]:
        """Return levels of a book without those that hold no whole lot."""
        counted = ((self.ticks(price), self.lots(quantity)) for price, quantity in side)
        return [level for level in counted if level[1] > 0]


def working_order(
    order_id: str, terms: OrderTerms, units: Units, *, source: TriggerSource, now_ns: int
) -> WorkingOrder:
    """Return an order as the matching core has it."""
    limit = None if terms.price is None else units.ticks(terms.price)
    kind = terms.time_in_force
    return WorkingOrder(
        order_id=order_id,
        side=terms.side.value,
        lots=units.lots(terms.quantity),
        limit=limit,
        trigger=_trigger(terms, units, source),
        trail=None if terms.trailing_offset is None else units.ticks(terms.trailing_offset),
        time_in_force="ioc" if kind is TimeInForce.IOC else "fok" if kind is TimeInForce.FOK else "gtc",
        expires_ns=_expiry(terms, units.instrument, now_ns),
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        exits=_exits(terms, units, source),
    )


def _trigger(terms: OrderTerms, units: Units, source: TriggerSource) -> Trigger | None:
    side: BookSide = terms.side.value
    if terms.order_type is OrderType.TRAILING_STOP_MARKET:
        return stop_trigger(side, None, source)
    if terms.trigger_price is None:
        return None
    price = units.ticks(terms.trigger_price)
    return touch_trigger(side, price, source) if terms.order_type in _TOUCHED else stop_trigger(side, price, source)


def _exits(terms: OrderTerms, units: Units, source: TriggerSource) -> Exits | None:
    target, stop = terms.take_profit, terms.stop_loss
    if target is None and stop is None:
        return None
    return Exits(
        take_profit=None if target is None else units.ticks(target.price),
        stop=None if stop is None else units.ticks(stop.trigger_price),
        stop_limit=None if stop is None or stop.price is None else units.ticks(stop.price),
        source=source,
    )


def _expiry(terms: OrderTerms, instrument: Instrument, now_ns: int) -> int | None:
    """Return when an order ends: its own time, or the end of the day in the instrument's time zone."""
    if terms.time_in_force is TimeInForce.DAY:
        here = datetime.fromtimestamp(now_ns // 10**9, UTC).astimezone(ZoneInfo(instrument.timezone))
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return int(midnight.timestamp()) * 10**9
    return terms.expires_at_ns


def child_type(order: WorkingOrder) -> OrderType:
    """Return the type of an exit that the matching core made."""
    is_stop = order.trigger is not None and order.trigger.is_rise == (order.side == "buy")
    if is_stop:
        return OrderType.STOP_MARKET if order.limit is None else OrderType.STOP_LIMIT
    return OrderType.MARKET_IF_TOUCHED if order.limit is None else OrderType.LIMIT_IF_TOUCHED
