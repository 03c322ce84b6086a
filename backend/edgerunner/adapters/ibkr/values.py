"""Scalars of ib_async's messages: exact numbers out of floats, and the spellings of "nothing".

ib_async turns the wire's decimal text into floats. The shortest text of a float is the text it was read from (up to
15 digits), so ``str`` brings the exact number back. Unset numbers are 1.7976931348623157E308 and 2147483647.
"""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER

from edgerunner.domain.numbers import can_be_written

NS_PER_S: Final = 1_000_000_000
_UNSET: Final = frozenset({Decimal(str(UNSET_DOUBLE)), Decimal(UNSET_INTEGER), Decimal(2**63 - 1)})
_WHOLE_BELOW: Final = 2**53
NO_VALUE: Final = -1
"""TWS's "no price" and "no volume"."""


def number(value: float | Decimal | str | None) -> Decimal | None:
    """Return the exact number, or None when unset, empty, no number, not finite, or too long to be written."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE_BELOW:
        value = int(value)  # 100.0 is 100
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return None if not can_be_written(found) or found in _UNSET else found


def price(value: float | None, size: float = 1) -> Decimal | None:
    """Return a quoted price; None for unset, for -1, and for 0 without a size (no quote on that side).

    Negative prices other than -1 are real (spreads, some futures), and so is -1 itself where it comes with a size.
    """
    found = number(value)
    if found is None or (found == NO_VALUE and size <= 0) or (found == 0 and size <= 0):
        return None
    return found


def nanoseconds(moment: datetime | date) -> int:
    """Return UTC nanoseconds; a date is its midnight in UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    delta = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1_000


def moment_of(ts_ns: int) -> datetime:
    """Return a UTC moment to the second below."""
    return datetime.fromtimestamp(ts_ns // NS_PER_S, UTC)
