"""Frames between the module and the terminal: two lengths, a JSON message, the raw bytes of at most one array.

A request is ``{"id", "call", "arguments"}``, an answer ``{"id", "error": [code, text], "value"}``. Nothing but plain
values, the vendor's structs and its two kinds of array can travel; nothing in a frame is ever evaluated.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edgerunner.mt5_surface.dtypes import RATES_DTYPE, TICKS_DTYPE
from edgerunner.mt5_surface.struct_sequence import StructSequence, field_kinds
from edgerunner.mt5_surface.structs import STRUCTS

PREFIX: Final = struct.Struct(">II")
"""Bytes of JSON, bytes of the array."""
MAXIMUM_REQUEST_BYTES: Final = 1 << 20
MAXIMUM_ANSWER_BYTES: Final = 1 << 28

_ARRAYS: Final = {"rates": RATES_DTYPE, "ticks": TICKS_DTYPE}


class FrameError(ValueError):
    """A frame that cannot be one of ours."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message with its array."""

    message: Mapping[str, Any]
    array: bytes | bytearray = b""


def frame_lengths(prefix: bytes, maximum: int) -> tuple[int, int]:
    """Return the lengths of JSON and array; raises ``FrameError`` when they exceed ``maximum`` together."""
    text, array = PREFIX.unpack(prefix)
    if text + array > maximum:
        raise FrameError(f"a frame of {text + array} bytes is longer than {maximum}")
    return text, array


def pack(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    text = json.dumps(frame.message, separators=(",", ":")).encode()
    return b"".join((PREFIX.pack(len(text), len(frame.array)), text, frame.array))


def parse_message(text: bytes | bytearray) -> Mapping[str, Any]:
    """Return the message of a frame; raises ``FrameError``."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame is no JSON: {error}") from error
    if not isinstance(message, dict):
        raise FrameError("a frame holds no object")
    return message


def encode_value(value: object) -> tuple[Mapping[str, Any], bytes]:
    """Return a call's value as it travels, and the bytes of its array; raises ``TypeError`` for any other type."""
    match value:
        case np.ndarray():
            kind = next((name for name, dtype in _ARRAYS.items() if dtype == value.dtype), None)
            if kind is None:
                raise TypeError(f"no array of {value.dtype} travels")
            return {"array": kind}, value.tobytes()
        case StructSequence():
            return {"struct": type(value).__name__, "row": value}, b""
        case tuple() if value and isinstance(value[0], StructSequence):
            return {"structs": type(value[0]).__name__, "rows": value}, b""
        case tuple():
            return {"tuple": value}, b""
        case None | bool() | int() | float() | str():
            return {"plain": value}, b""
        case _:
            raise TypeError(f"no {type(value).__name__} travels")


def decode_value(encoded: Mapping[str, Any], array: bytes | bytearray) -> object:
    """Return the value that ``encode_value`` was given; raises ``FrameError``."""
    try:
        match encoded:
            case {"array": str(kind)}:
                return np.frombuffer(bytearray(array), dtype=_ARRAYS[kind])
            case {"struct": str(name), "row": list(row)}:
                return _build(STRUCTS[name], row)
            case {"structs": str(name), "rows": list(rows)}:
                return tuple(_build(STRUCTS[name], row) for row in rows)
            case {"tuple": list(values)}:
                return tuple(values)
            case {"plain": value}:
                return value
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise FrameError(f"a value that is none: {type(error).__name__} {error}") from error
    raise FrameError(f"no value: {list(encoded)}")


def _build(kind: type[StructSequence], row: list[Any]) -> StructSequence:
    for place, field in enumerate(field_kinds(kind).values()):
        if issubclass(field, StructSequence):
            row[place] = _build(field, row[place])
    return kind(row)
