"""Numbers and times of the terminal as ours. Pure."""

from decimal import Context, Decimal
from typing import Final

from edgerunner.domain.errors import BrokerUnreachable

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
_LARGEST: Final = 1e18
_SMALLEST: Final = 1e-18
"""Less than this is what floats leave of 0."""
_MOST_DIGITS: Final = 16
_EXACT: Final = Context(prec=64)


def decimal_of(number: float, digits: int | None = None) -> Decimal:
    """Return the number that a float stands for, in its shortest form; rounded to ``digits`` where it is a price.

    Raises ``BrokerUnreachable`` for what no market has: infinities, NaN, 1e300.

    The terminal computes in floats, so 1.0818225753 or 0.30000000000000004 reach us: neither is a price or a volume.
    """
    number = float(number)
    if not -_LARGEST < number < _LARGEST:
        raise BrokerUnreachable(f"the terminal told {number!r}, which is no price, volume or amount")
    if abs(number) < _SMALLEST:
        number = 0.0
    value = Decimal(int(number)) if number.is_integer() else Decimal(repr(number))
    if digits is None:
        return value
    if not 0 <= digits <= _MOST_DIGITS:
        raise BrokerUnreachable(f"the terminal counts {digits} digits after the point")
    return value.quantize(Decimal(1).scaleb(-digits), context=_EXACT)


def on_step(number: float, step: Decimal) -> Decimal:
    """Return the multiple of ``step`` next to a float: volumes and prices of the terminal."""
    return _EXACT.divide(decimal_of(number), step).quantize(Decimal(1), context=_EXACT) * step


def price_or_none(number: float, step: Decimal) -> Decimal | None:
    """Return a price; None for 0, with which the terminal says that there is none."""
    return on_step(number, step) if number else None
