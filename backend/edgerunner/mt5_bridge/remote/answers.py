"""From the bridge's JSON to what the package returns: structs, tuples of structs, numpy arrays, plain values."""

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from edgerunner.mt5_surface.dtypes import RATES_DTYPE, TICKS_DTYPE
from edgerunner.mt5_surface.struct_sequence import StructSequence, field_kinds
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

Decoder = Callable[[Any], Any]


class NotAnAnswerError(ValueError):
    """The bridge sent something that is not what its protocol promises."""


def decode(function: str, result: Any) -> Any:
    """Return the bridge's ``result`` of ``function`` as the package would; ``None`` and ``False`` stay what they are.

    Raises ``NotAnAnswerError`` where the result has another shape than the function's.
    """
    if result is None or result is False:
        return result
    decoder = DECODERS.get(function)
    if decoder is None:
        return _plain(result)
    try:
        return decoder(result)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotAnAnswerError(f"{function}: {type(error).__name__}: {error}") from error


def _plain(result: Any) -> Any:
    if isinstance(result, list):
        return tuple(result)
    if isinstance(result, dict):
        raise NotAnAnswerError("an object where a plain value belongs")
    return result


def _struct(struct: type[StructSequence]) -> Decoder:
    kinds = dict(field_kinds(struct))

    def read(result: Mapping[str, Any]) -> StructSequence:
        if result.keys() != kinds.keys():
            raise NotAnAnswerError(f"not the fields of {struct.__name__}: {sorted(result.keys() ^ kinds.keys())}")
        return struct(_value(kind, result[name]) for name, kind in kinds.items())

    return read


def _value(kind: type, value: Any) -> Any:
    if issubclass(kind, StructSequence):
        return _struct(kind)(value)
    if kind is float and value is None:
        # JSON has no infinities: the bridge sends null for what is not finite.
        return math.nan
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise NotAnAnswerError(f"{value!r} is no {kind.__name__}")
    return value


def _structs(struct: type[StructSequence]) -> Decoder:
    one = _struct(struct)
    return lambda result: tuple(one(item) for item in result)


def _array(dtype: "np.dtype[np.void]") -> Decoder:
    description = [list(field) for field in dtype.descr]

    def read(result: Mapping[str, Any]) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
        if result["dtype"] != description:
            raise NotAnAnswerError(f"not the expected columns: {result['dtype']}")
        rows = base64.b64decode(result["base64"], validate=True)
        if len(rows) != result["count"] * dtype.itemsize:
            raise NotAnAnswerError(f"{len(rows)} bytes are not {result['count']} rows of {dtype.itemsize}")
        # A copy, since the package's arrays can be written to.
        return np.frombuffer(rows, dtype=dtype).copy()

    return read


DECODERS: Final[Mapping[str, Decoder]] = {
    "account_info": _struct(AccountInfo),
    "terminal_info": _struct(TerminalInfo),
    "symbols_get": _structs(SymbolInfo),
    "symbol_info": _struct(SymbolInfo),
    "symbol_info_tick": _struct(Tick),
    "market_book_get": _structs(BookInfo),
    "orders_get": _structs(TradeOrder),
    "positions_get": _structs(TradePosition),
    "history_orders_get": _structs(TradeOrder),
    "history_deals_get": _structs(TradeDeal),
    "order_check": _struct(OrderCheckResult),
    "order_send": _struct(OrderSendResult),
    "copy_rates_from": _array(RATES_DTYPE),
    "copy_rates_from_pos": _array(RATES_DTYPE),
    "copy_rates_range": _array(RATES_DTYPE),
    "copy_ticks_from": _array(TICKS_DTYPE),
    "copy_ticks_range": _array(TICKS_DTYPE),
}
"""How the results are read that are no plain values."""
