"""What a decoder may do with an input: return a value of its type, or raise its declared error."""

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from typing import Any, TypeVar

Value = TypeVar("Value")

LONGEST_NUMBER = 1_000
"""Digits that a decoded number may be written with; beyond it one number fills the memory of whoever prints it."""


class Broken(AssertionError):
    """A decoder did what it must never do."""


def decoded(
    decode: Callable[..., Value], *arguments: Any, error: type[Exception] | tuple[type[Exception], ...], **named: Any
) -> Value | None:
    """Return what ``decode`` makes of its arguments, None for the declared error; anything else passes through."""
    try:
        return decode(*arguments, **named)
    except error as declared:
        require(len(str(declared)) < 20_000, f"an error of {len(str(declared))} characters")
        return None


def require(holds: bool, sentence: str) -> None:
    """Raise ``Broken`` unless ``holds``."""
    if not holds:
        raise Broken(sentence)


def require_printable(number: object) -> None:
    """Raise ``Broken`` for a number that is NaN, infinite or too long to be written out."""
    if isinstance(number, Decimal):
        require(number.is_finite(), f"{number!r} is no finite number")
        require(abs(number.adjusted()) < LONGEST_NUMBER, f"{number!r} has too many digits to be written")
        exponent = number.as_tuple().exponent
        require(isinstance(exponent, int) and abs(exponent) < LONGEST_NUMBER, f"{number!r} is too long")
    elif isinstance(number, int):
        require(number.bit_length() <= 64, f"an integer of {number.bit_length()} bits: nothing of ours holds it")


def require_plain(value: object) -> None:
    """Raise ``Broken`` unless every number inside of a report can be written down, and kept in 64 bits."""
    match value:
        case dict():
            for inner in value.values():
                require_plain(inner)
        case list() | tuple():
            for inner in value:
                require_plain(inner)
        case _ if is_dataclass(value) and not isinstance(value, type):
            require_plain(asdict(value))
        case _:
            require_printable(value)
