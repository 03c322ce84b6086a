"""A strategy's floats as exact steps of an instrument. Pure.

A price moves to the nearest tick, so by half a tick at most. A quantity moves only by what a float
cannot hold: one that is no whole number of steps stays as it is, and the order's checks refuse it.
"""

import math
from decimal import ROUND_HALF_EVEN, Decimal

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Instrument

_NOISE = Decimal("1e-9")
"""Relative error that float arithmetic may have left."""


def exact_price(value: float | None, instrument: Instrument, field: str) -> Decimal | None:
    """Return the nearest tick; ``InvalidRequest`` for NaN and infinity."""
    if value is None:
        return None
    price = _decimal(value, field)
    tick = instrument.tick_at(price)
    return (price / tick).quantize(Decimal(1), ROUND_HALF_EVEN) * tick


def exact_distance(value: float | None, instrument: Instrument, field: str) -> Decimal | None:
    """Return a distance in price, at least one tick."""
    distance = exact_price(value, instrument, field)
    return None if distance is None else max(distance, instrument.tick_size)


def exact_quantity(value: float, instrument: Instrument, field: str = "quantity") -> Decimal:
    """Return the whole number of lot steps that ``value`` is but for float noise, else ``value`` itself."""
    wanted = _decimal(value, field)
    steps = (wanted / instrument.lot_step).quantize(Decimal(1), ROUND_HALF_EVEN) * instrument.lot_step
    return steps if abs(steps - wanted) <= _NOISE * abs(wanted) else wanted


def _decimal(value: float, field: str) -> Decimal:
    if not math.isfinite(value):
        raise InvalidRequest.of(field, "not_finite", f"is {value}; it must be a number")
    return Decimal(repr(float(value)))
