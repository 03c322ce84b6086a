"""Scalars of Bybit's messages: exact numbers, and the spellings of "nothing".

Unset is written ``""``, ``"UNKNOWN"``, null or (for prices) ``"0"``, depending on field and category.
"""

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

Scalar = str | int | float | bool | None
"""A value of a message. Fields are never narrower than this, so that no surprise breaks a message."""

_UNSET: Final = frozenset({"", "UNKNOWN"})
NS_PER_MS: Final = 1_000_000
_MOST_NS: Final = 2**63 - 1
_MOST_DIGITS: Final = 40
_LONGEST: Final = 64


class Malformed(ValueError):
    """A message without which no truth can be told: a number that is none, a missing id."""


def text(value: Scalar) -> str | None:
    """Return the text, or None when unset."""
    return None if value is None or value in _UNSET else str(value)


def required_text(value: Scalar, name: str) -> str:
    """Return the text; raises ``Malformed`` when unset."""
    found = text(value)
    if found is None:
        raise Malformed(f"{name} is missing")
    return found


def number(value: Scalar) -> Decimal | None:
    """Return the exact number, or None when unset; raises ``Malformed`` for what is no number that can be written."""
    if value is None or value in _UNSET:
        return None
    return exact(str(value) if not isinstance(value, int) or -_MOST_NS <= value <= _MOST_NS else "an integer")


def exact(text: str, /) -> Decimal:
    """Return the number written in a text; raises ``Malformed`` for what is none, or too long (``can_be_written``)."""
    try:
        parsed = Decimal(text) if len(text) <= _LONGEST else None
    except InvalidOperation:
        parsed = None
    if parsed is None or not (parsed.is_finite() and -_MOST_DIGITS < parsed.adjusted() < _MOST_DIGITS):
        raise Malformed(f"{text[:_LONGEST]!r} is no number that a market has")
    return parsed


def required_number(value: Scalar, name: str) -> Decimal:
    """Return the exact number; raises ``Malformed`` when unset."""
    found = number(value)
    if found is None:
        raise Malformed(f"{name} is missing")
    return found


def price(value: Scalar) -> Decimal | None:
    """Return a price, or None when unset or 0 (Bybit's other spelling of "no price")."""
    return number(value) or None


def whole(value: Scalar) -> int | None:
    """Return a whole number, or None when unset; raises ``Malformed`` for one of more than 63 bits, as ``number``."""
    found = number(value)
    if found is not None and abs(found) > _MOST_NS:
        raise Malformed(f"{value!r} has more than 63 bits")
    return None if found is None else int(found)


def required_whole(value: Scalar, name: str) -> int:
    """Return a whole number; raises ``Malformed`` when unset."""
    found = whole(value)
    if found is None:
        raise Malformed(f"{name} is missing")
    return found


def nanoseconds(milliseconds: Scalar) -> int | None:
    """Return UTC nanoseconds of a stamp in milliseconds, or None when unset or 0; raises ``Malformed`` outside of time.

    Time begins in 1970 and ends in 2262, where 63 bits of nanoseconds do.
    """
    ts_ns = (whole(milliseconds) or 0) * NS_PER_MS
    if not 0 <= ts_ns <= _MOST_NS:
        raise Malformed(f"{milliseconds!r} is no time")
    return ts_ns or None


def required_nanoseconds(milliseconds: Scalar, name: str) -> int:
    """Return UTC nanoseconds of a stamp in milliseconds; raises ``Malformed`` when unset."""
    found = nanoseconds(milliseconds)
    if found is None:
        raise Malformed(f"{name} is missing")
    return found


_MOST_STRANGERS: Final = 1_000


class Strangers:
    """Words that this version does not know: counted, and logged once each; a thousand kinds at most."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def met(self, field: str, value: Scalar) -> None:
        """Count an unknown word of a field."""
        key = (field, str(value))
        if len(self.counts) >= _MOST_STRANGERS and key not in self.counts:
            key = (field, "others")
        self.counts[key] += 1
        if self.counts[key] == 1:
            _log.warning("bybit_unknown_word", field=field, value=str(value))
