"""Reading the fields of request bodies: text, numbers and flags, each refused with its category's code."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import codes
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.venue_types import RejectReason

_NUMBER: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,18})?")
_UNSET: Final = frozenset({"", "0", 0, None})
_REASONS: Final = {
    "price": RejectReason.INVALID_PRICE,
    "qty": RejectReason.INVALID_QUANTITY,
    "triggerPrice": RejectReason.INVALID_TRIGGER,
    **dict.fromkeys(("takeProfit", "stopLoss", "tpLimitPrice", "slLimitPrice"), RejectReason.INVALID_EXIT),
}


def text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a text field, None when absent; raise 10001 when it is of another type."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise codes.parameter_error(f"params error: {name} must be a string")
    return value


def flag(body: Mapping[str, Any], name: str) -> bool:
    """Return a boolean field, False when absent; raise 10001 when it is of another type."""
    value = body.get(name, False)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise codes.parameter_error(f"params error: {name} invalid")
    return value


def optional_number(category: Category, body: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a plain decimal number that is not negative, None when absent."""
    written = text(body, name)
    if not written:
        return None
    if not _NUMBER.fullmatch(written) and name in _REASONS:
        raise codes.WireError(codes.refusal_of(_REASONS[name], category))
    if not _NUMBER.fullmatch(written):
        raise codes.parameter_error(f"params error: {name} invalid")
    return Decimal(written)


def required_number(category: Category, body: Mapping[str, Any], name: str) -> Decimal:
    """Return a plain decimal number; raise 10001 when absent."""
    number = optional_number(category, body, name)
    if number is None:
        raise codes.parameter_error(f"params error: {name} is required")
    return number


def is_set(value: object) -> bool:
    """Tell whether a field says something: neither absent nor one of the words for nothing."""
    return not isinstance(value, (str, int, float, bool, type(None))) or value not in _UNSET


def position_index(body: Mapping[str, Any]) -> int:
    """Return ``positionIdx``: 0 one-way, 1 the long and 2 the short leg of hedge mode; raise 10001 otherwise."""
    index = body.get("positionIdx", 0)
    if isinstance(index, bool) or not isinstance(index, int) or index not in (0, 1, 2):
        raise codes.parameter_error("params error: positionIdx invalid")
    return index


def unsupported(category: Category, what: str) -> codes.WireError:
    """Return the category's word for a feature that does not exist here."""
    if category.is_spot:
        return codes.WireError(codes.SPOT_UNSUPPORTED, f"{codes.SPOT_UNSUPPORTED.text} {what}")
    return codes.parameter_error(f"params error: {what}")
