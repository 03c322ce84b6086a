"""How the module's answers look as JSON: structs by name, arrays as raw bytes with their dtype."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import numpy as np

from edgerunner.mt5_bridge.terminal_module import ModuleFailed

_CODES: Final[Mapping[str, str]] = {
    "i8": "<i8", "u8": "<u8", "i4": "<i4", "u4": "<u4", "f8": "<f8",
    "f4": "<f8", "i2": "<i4", "u2": "<u4", "i1": "<i4", "u1": "<u4",
}  # fmt: skip
"""Kind and size of a field -> what it is sent as."""

encode: Final = msgspec.json.Encoder().encode
"""JSON; bytes become standard base64, a float that is not finite becomes null."""


def plain(result: Any) -> Any:
    """Return an answer of the module as values that JSON has. Raises ``ModuleFailed`` for anything unforeseen."""
    if result is None or isinstance(result, bool | int | float | str):
        return result
    if isinstance(result, np.ndarray):
        return _array(result)
    if isinstance(result, np.generic):
        return result.item()
    if hasattr(result, "_asdict"):
        return {name: plain(value) for name, value in result._asdict().items()}
    if isinstance(result, tuple | list):
        return [plain(value) for value in result]
    raise ModuleFailed(f"the module answered with a {type(result).__name__}")


def rows(array: np.ndarray[Any, np.dtype[Any]]) -> list[dict[str, Any]]:
    """Return a structured array as objects, one per row."""
    names = array.dtype.names or ()
    return [dict(zip(names, row, strict=True)) for row in array.tolist()]


def timestamp(epoch_s: float) -> str:
    """Return RFC 3339 in UTC with microseconds."""
    return datetime.fromtimestamp(epoch_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _array(array: np.ndarray[Any, np.dtype[Any]]) -> dict[str, Any]:
    if array.dtype.names is None or array.ndim != 1:
        raise ModuleFailed(f"the module answered with an array of {array.dtype}, not of bars or ticks")
    packed = np.dtype([(name, _code(name, array.dtype[name])) for name in array.dtype.names])
    data = np.ascontiguousarray(array if array.dtype == packed else array.astype(packed)).tobytes()
    return {"dtype": [list(entry[:2]) for entry in packed.descr], "count": len(array), "base64": data}


def _code(name: str, dtype: "np.dtype[Any]") -> str:
    code = _CODES.get(f"{dtype.kind}{dtype.itemsize}")
    if code is None:
        raise ModuleFailed(f"the module answered with a field {name} of {dtype}")
    return code
