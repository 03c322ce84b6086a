"""Numbers and times of the terminal as ours. Pure."""

from decimal import Decimal
from typing import Final

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000


def decimal_of(number: float, digits: int | None = None) -> Decimal:
    """Return the number that a float stands for, in its shortest form; rounded to ``digits`` where it is a price.

    The terminal computes in floats, so 1.0818225753 or 0.30000000000000004 reach us: neither is a price or a volume.
    """
    number = float(number)
    value = Decimal(int(number)) if number.is_integer() else Decimal(repr(number))
    if digits is None:
        return value
    return value.quantize(Decimal(1).scaleb(-digits))


def on_step(number: float, step: Decimal) -> Decimal:
    """Return the multiple of ``step`` next to a float: volumes and prices of the terminal."""
    return (decimal_of(number) / step).quantize(Decimal(1)) * step


def price_or_none(number: float, step: Decimal) -> Decimal | None:
    """Return a price; None for 0, with which the terminal says that there is none."""
    return on_step(number, step) if number else None
