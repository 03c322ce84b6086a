"""The bridge's JSON as the package's values. Pure; see docs/mt5-bridge.md.

What does not have the documented shape raises ``Malformed``: nothing the bridge sends is believed.
"""

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edgerunner.mt5_surface.functions import FUNCTIONS
from edgerunner.mt5_surface.struct_sequence import AnyStruct, StructSequence, field_kinds
from edgerunner.mt5_surface.structs import (
    AccountInfo,
    BookInfo,
    OrderCheckResult,
    OrderSendResult,
    SymbolInfo,
    TerminalInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
)

_CODES: Final = frozenset({"<i8", "<u8", "<i4", "<u4", "<f8"})
_MOST_ROWS: Final = 1_000_000
_RESULTS: Final[Mapping[str, type[StructSequence]]] = {
    "account_info": AccountInfo,
    "terminal_info": TerminalInfo,
    "symbols_get": SymbolInfo,
    "symbol_info": SymbolInfo,
    "symbol_info_tick": Tick,
    "market_book_get": BookInfo,
    "orders_get": TradeOrder,
    "positions_get": TradePosition,
    "history_orders_get": TradeOrder,
    "history_deals_get": TradeDeal,
    "order_check": OrderCheckResult,
    "order_send": OrderSendResult,
}


class Malformed(Exception):
    """The bridge said something that its documentation does not."""


def named_arguments(function: str, arguments: Sequence[object], named: Mapping[str, object]) -> dict[str, object]:
    """Return a call's arguments by name, as the bridge takes them."""
    names = [parameter.name for parameter in FUNCTIONS[function].parameters if parameter.is_unnamed]
    return {**dict(zip(names, arguments, strict=False)), **named}


def struct_of(kind: type[AnyStruct], told: object) -> AnyStruct:
    """Return a struct of a JSON object with exactly its fields; a float that JSON cannot carry came as null."""
    if not isinstance(told, Mapping):
        raise Malformed(f"{kind.__name__} is no object")
    kinds = field_kinds(kind)
    if set(told) != set(kinds):
        raise Malformed(f"{kind.__name__} has other fields than the package's")
    return kind(_field(kind, name, wanted, told[name]) for name, wanted in kinds.items())


def value_of(function: str, result: object) -> Any:
    """Return what a function answers in the package's own kinds of values."""
    kind = _RESULTS.get(function)
    if kind is not None and isinstance(result, list):
        return tuple(struct_of(kind, each) for each in result)
    if kind is not None and result is not None:
        return struct_of(kind, result)
    if function.startswith("copy_") and result is not None:
        return array_of(result)
    return result


def array_of(told: object) -> npt.NDArray[np.void]:
    """Return the rows of a columnar array."""
    if not isinstance(told, Mapping):
        raise Malformed("an array is no object")
    fields, count, text = told.get("dtype"), told.get("count"), told.get("base64")
    if not isinstance(fields, list) or not isinstance(count, int) or not isinstance(text, str):
        raise Malformed("an array lacks dtype, count or base64")
    if not all(isinstance(each, list) and len(each) == 2 and each[1] in _CODES for each in fields):
        raise Malformed("an array has a column of another kind")
    dtype = np.dtype([(str(name), str(code)) for name, code in fields])
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("an array is no base64") from error
    if not 0 <= count <= _MOST_ROWS or len(raw) != count * dtype.itemsize:
        raise Malformed("an array is not as long as it says")
    return np.frombuffer(raw, dtype=dtype)


def _field(kind: type[StructSequence], name: str, wanted: type, value: object) -> object:
    if issubclass(wanted, StructSequence):
        return struct_of(wanted, value)
    if wanted is float:
        if value is None:
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif wanted is int:
        if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**64:
            return value  # the terminal has no larger ones
    elif isinstance(value, wanted):
        return value
    raise Malformed(f"{kind.__name__}.{name} is {type(value).__name__}")
