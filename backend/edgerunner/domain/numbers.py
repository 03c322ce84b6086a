"""Exact decimal numbers: plain text in, plain text out, never an exponent."""

import re
from contextlib import AbstractContextManager
from decimal import Context, Decimal, localcontext

_EXACT = Context(prec=120)
_MONEY_STEP = Decimal("1e-18")

_MOST_DIGITS = 40
_LONGEST = 64

_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,18})?")


def parse_plain(text: str) -> Decimal:
    """Return the number written in ``text``.

    At most 20 digits before and 18 after the point; no exponent, sign "+", blank, NaN or
    infinity. Raises ``ValueError`` with a sentence for the caller otherwise.
    """
    if not _PLAIN.fullmatch(text):
        raise ValueError(
            "must be a plain decimal such as 0.00001: at most 20 digits before and 18 after the point, no exponent"
        )
    return Decimal(text)


def to_plain(number: Decimal) -> str:
    """Write ``number`` without exponent and without trailing zeros after the point."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def can_be_written(number: Decimal) -> bool:
    """Tell whether a number is finite and takes at most some forty digits on either side of the point.

    For numbers that others send: "1e999999999" fills the memory of whoever writes it out or divides by it.
    """
    return number.is_finite() and -_MOST_DIGITS < number.adjusted() < _MOST_DIGITS and len(str(number)) <= _LONGEST


def is_multiple(number: Decimal, step: Decimal) -> bool:
    """Tell whether ``number`` is a whole number of ``step`` (``step`` > 0); exact for any size of both."""
    above, below = number.as_integer_ratio()
    step_above, step_below = step.as_integer_ratio()
    return above * step_below % (below * step_above) == 0


def floor_to_step(number: Decimal, step: Decimal) -> Decimal:
    """Round ``number`` toward zero to a whole number of ``step``."""
    return number - number % step if number >= 0 else number - number % -step


def exact_arithmetic() -> AbstractContextManager[Context]:
    """Return a context in which sums and products of booked numbers are exact.

    120 significant digits: a price times a quantity (20 + 18 digits each, see ``parse_plain``)
    times a multiplier fits. A quotient does not: pass it through ``round_money``.
    """
    return localcontext(_EXACT)


def round_money(amount: Decimal) -> Decimal:
    """Round a quotient to 18 decimals, half to even, so that later sums of it stay exact."""
    with localcontext(_EXACT):
        return amount.quantize(_MONEY_STEP)
