r"""How single values are written in a field. The annotations at the end declare them on messages.

Conventions: truth is ``1`` or ``0``; a number that is not set is empty, 2147483647, 9223372036854775807 or
1.7976931348623157E308 (written as its kind says, read in all these forms); infinity is ``Infinite`` (ib_async) or
``Infinity`` (others). Texts marked as escaped are ASCII with ``\uXXXX`` from server version 153 on.
Source: ib_async 2.1.0 (``client.py``, ``decoder.py``) and recorded sessions.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from edgerunner.simulators.tws.wire.errors import MessageError

UNSET_INT: Final = "2147483647"
UNSET_LONG: Final = "9223372036854775807"
UNSET_DOUBLE: Final = "1.7976931348623157E308"
_UNSET_WHOLE: Final = frozenset({"", UNSET_INT, UNSET_LONG})
_UNSET_DECIMAL: Final = Decimal(UNSET_DOUBLE)
_INFINITIES: Final = {"Infinite": Decimal("Infinity"), "Infinity": Decimal("Infinity")}
_MOST_DIGITS: Final = 64
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_DECIMAL: Final = re.compile(r"-?(?:[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64})(?:[eE][+-]?[0-9]{1,3})?")
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of value is read and written."""

    name: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


def _read_whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise MessageError(f"{text[:40]!r} is not a whole number")
    return int(text)


def _read_decimal(text: str) -> Decimal:
    if text in _INFINITIES:
        return _INFINITIES[text]
    if not _DECIMAL.fullmatch(text):
        raise MessageError(f"{text[:40]!r} is not a number")
    number = Decimal(text)
    if number != _UNSET_DECIMAL and not _can_be_written(number):
        raise MessageError(f"{text[:40]!r} has more digits than this protocol's numbers")
    return number


def _can_be_written(number: Decimal) -> bool:
    """Whether a number fits without an exponent, as it is written here, into what can be read."""
    exponent = number.as_tuple().exponent
    return number.adjusted() < _MOST_DIGITS and isinstance(exponent, int) and exponent >= -_MOST_DIGITS


def _read_optional_whole(text: str) -> int | None:
    return None if text in _UNSET_WHOLE else _read_whole(text)


def _read_optional_decimal(text: str) -> Decimal | None:
    number = _read_decimal(text) if text else None
    return None if number == _UNSET_DECIMAL else number


def _read_flag(text: str) -> bool:
    match text:
        case "1" | "true":
            return True
        case "" | "0" | "false":
            return False
        case _:
            raise MessageError(f"{text[:40]!r} is neither true nor false")


def _read_tags(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.partition("=") for part in text.split(";") if part]
    if any(not separator for _, separator, _ in pairs):
        raise MessageError(f"{text[:40]!r} is not a list of tag=value;")
    return tuple((tag, value) for tag, _, value in pairs)


def _write_decimal(number: Decimal) -> str:
    if number.is_nan():
        raise MessageError("a number cannot be NaN")
    return UNSET_DOUBLE if number == _UNSET_DECIMAL else f"{number:f}"


def _write_escaped(text: str) -> str:
    return "".join(char if " " <= char <= "~" else _escape(char) for char in text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[index : index + 4]}" for index in range(0, len(units), 4))


def _read_escaped(text: str) -> str:
    units = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def _optional(write: Callable[[Any], str], unset: str) -> Callable[[Any], str]:
    return lambda value: unset if value is None else write(value)


TEXT: Final = Kind(name="text", read=str, write=str)
ESCAPED: Final = Kind(name="escaped text", read=_read_escaped, write=_write_escaped)
FLAG: Final = Kind(name="flag", read=_read_flag, write=lambda value: "1" if value else "0")
WHOLE: Final = Kind(name="whole number", read=_read_whole, write=str)
WHOLE_OR_ZERO: Final = Kind(name="whole number", read=lambda text: _read_optional_whole(text) or 0, write=str)
WHOLE_OR_EMPTY: Final = Kind(name="optional whole number", read=_read_optional_whole, write=_optional(str, ""))
WHOLE_OR_MAX: Final = Kind(name="optional whole number", read=_read_optional_whole, write=_optional(str, UNSET_INT))
LONG_OR_MAX: Final = Kind(name="optional whole number", read=_read_optional_whole, write=_optional(str, UNSET_LONG))
NUMBER: Final = Kind(name="number", read=_read_decimal, write=_write_decimal)
NUMBER_OR_EMPTY: Final = Kind(name="optional number", read=_read_optional_decimal, write=_optional(_write_decimal, ""))
NUMBER_OR_MAX: Final = Kind(
    name="optional number", read=_read_optional_decimal, write=_optional(_write_decimal, UNSET_DOUBLE)
)
TAGS: Final = Kind(name="tags", read=_read_tags, write=lambda pairs: "".join(f"{tag}={value};" for tag, value in pairs))

Text = Annotated[str, TEXT]
Escaped = Annotated[str, ESCAPED]
Flag = Annotated[bool, FLAG]
Whole = Annotated[int, WHOLE]
WholeOrZero = Annotated[int, WHOLE_OR_ZERO]
WholeOrEmpty = Annotated[int | None, WHOLE_OR_EMPTY]
WholeOrMax = Annotated[int | None, WHOLE_OR_MAX]
LongOrMax = Annotated[int | None, LONG_OR_MAX]
Number = Annotated[Decimal, NUMBER]
NumberOrEmpty = Annotated[Decimal | None, NUMBER_OR_EMPTY]
NumberOrMax = Annotated[Decimal | None, NUMBER_OR_MAX]
Tags = Annotated[tuple[tuple[str, str], ...], TAGS]
