"""How the package reads arguments: what it refuses with error -2, and what it sends to the terminal.

The texts are those of the package's binary. Which text belongs to which mistake is known for request fields and for
unnamed arguments beside keywords; the rest is a guess from the order in which the binary holds them.
"""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from edgerunner.mt5_surface import errors
from edgerunner.mt5_surface.functions import Calling, Function, Kind, Parameter
from edgerunner.mt5_surface.struct_sequence import field_kinds
from edgerunner.mt5_surface.structs import TradeRequest

_UNSIGNED_FIELDS: Final = frozenset({"magic", "order", "deviation", "expiration", "position", "position_by"})
_UNSIGNED_LIMIT: Final = 1 << 64
_SIGNED_LIMIT: Final = 1 << 31

Arguments = dict[str, Any]


class ArgumentsRefused(Exception):
    """Arguments with which the package asks nobody; ``error`` is what `last_error` shall say (-2)."""

    def __init__(self, error: errors.LastError) -> None:
        super().__init__(error[1])
        self.error = error


class _Unusable(Exception):
    """A value that is not of the kind wanted."""


def read_arguments(
    function: Function, unnamed: tuple[Any, ...], named: Mapping[str, Any] | None, *, comment_limit: int
) -> Arguments:
    """Return what to send; raises ``ArgumentsRefused``.

    ``named`` None = called without keywords: an empty mapping is enough to take the keyword path, on which
    `order_check` and `order_send` read the request's fields from the keywords.
    """
    if function.parameters and function.parameters[0].kind is Kind.REQUEST:
        return {"request": _request(unnamed, named, comment_limit)}
    if function.calling is Calling.UNNAMED:
        return _unnamed_only(function, unnamed)
    return _mixed(function, unnamed, named or {})


def _unnamed_only(function: Function, unnamed: tuple[Any, ...]) -> Arguments:
    needed = sum(parameter.is_required for parameter in function.parameters)
    if not needed <= len(unnamed) <= len(function.parameters):
        raise ArgumentsRefused(errors.invalid_params(errors.INVALID_ARGUMENTS))
    return {
        parameter.name: _read_unnamed(parameter, place, value)
        for place, (parameter, value) in enumerate(zip(function.parameters, unnamed, strict=False))
    }


def _mixed(function: Function, unnamed: tuple[Any, ...], named: Mapping[str, Any]) -> Arguments:
    """Read unnamed arguments first, then keywords; keywords that the function does not know are not looked at."""
    places = [parameter for parameter in function.parameters if parameter.is_unnamed]
    if unnamed and not places:
        raise ArgumentsRefused(errors.invalid_params(errors.UNNAMED_NOT_ALLOWED))
    if len(unnamed) > len(places):
        raise ArgumentsRefused(errors.invalid_params(errors.INVALID_NUMBER_OF_ARGUMENTS))
    arguments = {
        parameter.name: _read_unnamed(parameter, place, value)
        for place, (parameter, value) in enumerate(zip(places, unnamed, strict=False))
    }
    for parameter in function.parameters:
        if parameter.is_named and parameter.name in named and parameter.name not in arguments:
            arguments[parameter.name] = _read_named(parameter, named[parameter.name])
    if any(parameter.is_required and parameter.name not in arguments for parameter in function.parameters):
        raise ArgumentsRefused(errors.invalid_params(errors.INVALID_ARGUMENTS))
    return arguments


def _request(unnamed: tuple[Any, ...], named: Mapping[str, Any] | None, comment_limit: int) -> Arguments:
    if named is not None and unnamed:
        raise ArgumentsRefused(errors.invalid_params(errors.UNNAMED_NOT_ALLOWED))
    if named is None and (len(unnamed) != 1 or not isinstance(unnamed[0], dict)):
        raise ArgumentsRefused(errors.invalid_params(errors.INVALID_ARGUMENTS))
    fields = unnamed[0] if named is None else named
    return {
        name: _read_field(name, kind, fields[name], comment_limit)
        for name, kind in field_kinds(TradeRequest).items()
        if name in fields
    }


def _read_field(name: str, kind: object, value: object, comment_limit: int) -> int | float | str:
    try:
        if kind is str:
            return _comment(value, comment_limit) if name == "comment" else _text(value)
        if kind is float:
            return _number(value)
        return _unsigned(value) if name in _UNSIGNED_FIELDS else _integer(value)
    except _Unusable:
        raise ArgumentsRefused(errors.invalid_argument(name)) from None


def _read_unnamed(parameter: Parameter, place: int, value: object) -> Any:
    try:
        return _READERS[parameter.kind](value)
    except _Unusable:
        if parameter.kind in {Kind.TEXT, Kind.DATE}:
            raise ArgumentsRefused(errors.invalid_unnamed(place)) from None
        raise ArgumentsRefused(errors.invalid_params(errors.INVALID_ARGUMENTS)) from None


def _read_named(parameter: Parameter, value: object) -> Any:
    read = _unsigned if parameter.name in {"ticket", "position"} else _READERS[parameter.kind]
    try:
        return read(value)
    except _Unusable:
        raise ArgumentsRefused(errors.invalid_argument(parameter.name)) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Unusable
    return str(value)


def _comment(value: object, limit: int) -> str:
    """Comments must be short, and brackets and other special characters are refused too."""
    comment = _text(value)
    if len(comment) > limit or any(character in "[]{}<>|" or not character.isprintable() for character in comment):
        raise _Unusable
    return comment


def _integer(value: object) -> int:
    """Whole numbers of any type; never floats."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # what is no number raises TypeError here
    except TypeError:
        raise _Unusable from None
    if not -_SIGNED_LIMIT <= number < _SIGNED_LIMIT:
        raise _Unusable
    return number


def _unsigned(value: object) -> int:
    """Python's own integers alone: what reads unsigned 64-bit numbers in C takes no numpy integers."""
    if not isinstance(value, int) or not 0 <= value < _UNSIGNED_LIMIT:
        raise _Unusable
    return int(value)


def _number(value: object) -> float:
    """Anything with a finite float value; a guess: the package may let other floats pass to the server."""
    if isinstance(value, str | bytes | None):
        raise _Unusable
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number raises here
    except (TypeError, ValueError, OverflowError):
        raise _Unusable from None
    if not math.isfinite(number):
        raise _Unusable
    return number


def _flag(value: object) -> bool:
    return bool(value)


def _date(value: object) -> float:
    """Seconds since 1970; a naive ``datetime`` is read as local time, as its ``timestamp()`` does."""
    if isinstance(value, datetime):
        try:
            return value.timestamp()
        except (OverflowError, OSError, ValueError):
            raise _Unusable from None
    return _number(value)


_READERS: Final[Mapping[Kind, Callable[[object], Any]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.DATE: _date,
}
