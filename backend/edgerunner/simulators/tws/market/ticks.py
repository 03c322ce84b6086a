"""Ticks: what a line tells, as values by tick type, and the messages for what has changed.

The order of the first ticks is recorded (delayed data of a stock at server version 225): high, low, volume, close,
last, time of the last, open, bid, ask. A price that comes with a size is told in one message; a size that changes alone
is told alone (recorded).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.wire.market_messages import (
    OptionComputation,
    TickGeneric,
    TickPrice,
    TickSize,
    TickString,
)

BID, ASK, LAST, HIGH, LOW, VOLUME, CLOSE, OPEN = 1, 2, 4, 6, 7, 8, 9, 14
LAST_TIME, RT_VOLUME, HALTED = 45, 48, 49
BID_EXCHANGE, ASK_EXCHANGE, LAST_EXCHANGE = 32, 33, 84
BID_MODEL, ASK_MODEL, LAST_MODEL, MODEL = 10, 11, 12, 13
SIZE_OF: Final = {BID: 0, ASK: 3, LAST: 5}
NO_PRICE: Final = Decimal(-1)
ZERO: Final = Decimal(0)
_DELAYED: Final = {
    0: 69,
    1: 66,
    2: 67,
    3: 70,
    4: 68,
    5: 71,
    6: 72,
    7: 73,
    8: 74,
    9: 75,
    14: 76,
    45: 88,
    49: 90,
    10: 80,
    11: 81,
    12: 82,
    13: 83,
}
_LIVE_ONLY: Final = frozenset({BID_EXCHANGE, ASK_EXCHANGE, LAST_EXCHANGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A price with its size; no price = nobody quotes."""

    price: Decimal | None
    size: Decimal
    mask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price without a size."""

    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A quantity."""

    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Generic:
    """A number."""

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Model values of an option; None = cannot be computed."""

    volatility: Decimal | None
    delta: Decimal | None
    value: Decimal | None
    gamma: Decimal | None
    vega: Decimal | None
    theta: Decimal | None
    underlying: Decimal | None


Value = Quoted | Price | Size | Generic | Text | Model
Ticks = Mapping[int, Value]
"""Values by tick type, in the order in which they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A tick that is told: its value, or its size alone."""

    tick: int
    value: Value


def changes(before: Ticks, after: Ticks) -> list[Change]:
    """Return what leads from one state to another; ``before`` is empty for a new line."""
    if before is after:
        return []
    found = []
    for tick, value in after.items():
        old = before.get(tick)
        if value == old:
            continue
        if isinstance(value, Quoted) and isinstance(old, Quoted) and value.price == old.price:
            found.append(Change(tick=SIZE_OF[tick], value=Size(size=value.size)))
        else:
            found.append(Change(tick=tick, value=value))
    return found


def messages(request_id: int, changed: Iterable[Change], *, is_delayed: bool) -> Iterator[object]:
    """Yield the messages of changes; delayed data have numbers of their own, and not all of the live ones."""
    for change in changed:
        if not is_delayed:
            yield _message(request_id, change.tick, change.value)
        elif change.tick not in _LIVE_ONLY:
            yield _message(request_id, _DELAYED.get(change.tick, change.tick), change.value)


def _message(request_id: int, tick: int, value: Value) -> object:
    match value:
        case Quoted(price=price, size=size, mask=mask):
            shown = NO_PRICE if price is None else price
            return TickPrice(request_id=request_id, tick_type=tick, price=shown, size=size, mask=mask)
        case Price(price=price):
            return TickPrice(request_id=request_id, tick_type=tick, price=price, size=ZERO)
        case Size(size=size):
            return TickSize(request_id=request_id, tick_type=tick, size=size)
        case Generic(value=number):
            return TickGeneric(request_id=request_id, tick_type=tick, value=number)
        case Text(text=text):
            return TickString(request_id=request_id, tick_type=tick, text=text)
        case Model():
            return _computation(request_id, tick, value)


def _computation(request_id: int, tick: int, model: Model) -> OptionComputation:
    """Write what cannot be computed as clients expect it: -1 for volatility, value and underlying, -2 for the rest."""
    return OptionComputation(
        request_id=request_id,
        tick_type=tick,
        attribute=1,
        implied_volatility=_or(model.volatility, -1),
        delta=_or(model.delta, -2),
        option_value=_or(model.value, -1),
        dividends=ZERO,
        gamma=_or(model.gamma, -2),
        vega=_or(model.vega, -2),
        theta=_or(model.theta, -2),
        underlying=_or(model.underlying, -1),
    )


def _or(value: Decimal | None, unset: int) -> Decimal:
    return Decimal(unset) if value is None else value
