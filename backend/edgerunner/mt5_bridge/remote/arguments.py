"""From a caller's arguments to the bridge's JSON, with the package's own refusals."""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from edgerunner.mt5_surface.errors import (
    INVALID_NUMBER_OF_ARGUMENTS,
    UNNAMED_NOT_ALLOWED,
    LastError,
    invalid_argument,
    invalid_params,
    invalid_unnamed,
)
from edgerunner.mt5_surface.functions import Calling, Function, Kind, Parameter
from edgerunner.mt5_surface.structs import TradeRequest

REQUEST_FIELDS: Final = frozenset(TradeRequest.__match_args__)


class CallRefusedError(Exception):
    """A call that fails before anybody is asked; ``error`` is what `last_error()` will say."""

    def __init__(self, error: LastError) -> None:
        super().__init__(error[1])
        self.error = error


def bind(function: Function, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, Any]:
    """Return the named JSON arguments of a call.

    Raises ``CallRefusedError`` where the package would answer with an error -2.
    """
    if function.parameters and function.parameters[0].kind is Kind.REQUEST and kwargs:
        return _request_of_keywords(args, kwargs)
    unnamed = [parameter for parameter in function.parameters if parameter.is_unnamed]
    if len(args) > len(unnamed):
        text = INVALID_NUMBER_OF_ARGUMENTS if unnamed else UNNAMED_NOT_ALLOWED
        raise CallRefusedError(invalid_params(text))
    bound = {
        parameter.name: _converted(parameter, value, invalid_unnamed(place))
        for place, (parameter, value) in enumerate(zip(unnamed, args, strict=False))
    }
    for parameter in function.parameters:
        name = parameter.name
        # Like the package: a keyword that the function does not know is not looked at.
        if parameter.is_named and name in kwargs and name not in bound:
            bound[name] = _converted(parameter, kwargs[name], invalid_argument(name))
    if any(parameter.is_required and parameter.name not in bound for parameter in function.parameters):
        raise CallRefusedError(invalid_params(INVALID_NUMBER_OF_ARGUMENTS))
    return bound


def check_calling(function: Function, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
    """Raise ``TypeError`` as the package's function does: for arguments or names where it has none."""
    if kwargs and function.calling is not Calling.NAMED:
        raise TypeError(f"{function.name}() takes no keyword arguments")
    if args and function.calling is Calling.NO_ARGUMENTS:
        raise TypeError(f"{function.name}() takes no arguments ({len(args)} given)")


def _request_of_keywords(args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, Any]:
    if args:
        raise CallRefusedError(invalid_params(UNNAMED_NOT_ALLOWED))
    return {"request": to_request(kwargs)}


def _converted(parameter: Parameter, value: object, refusal: LastError) -> Any:
    try:
        return CONVERTERS[parameter.kind](value)
    except (TypeError, ValueError, OverflowError):
        raise CallRefusedError(refusal) from None


def to_text(value: object) -> str:
    """Return a string; raises ``TypeError`` for anything else."""
    if not isinstance(value, str):
        raise TypeError("not a string")
    return str(value)


def to_integer(value: Any) -> int:
    """Return an integer of whatever counts as one, numpy's and enumerations' too; raises ``TypeError``."""
    return int(operator.index(value))


def to_number(value: Any) -> float:
    """Return a finite float; raises ``TypeError`` for a string and ``ValueError`` for what JSON cannot carry."""
    if isinstance(value, str):
        raise TypeError("not a number")
    number = float(value)
    if number - number != 0:
        raise ValueError("not a finite number")
    return number


def to_time(value: Any) -> int | float:
    """Return seconds since 1970: a number as it is, a ``datetime`` (naive = local time) as a float."""
    if isinstance(value, datetime):
        return value.timestamp()
    return to_number(value) if isinstance(value, float) else to_integer(value)


def to_request(value: object) -> dict[str, Any]:
    """Return a trade request; a field that is unknown, ``None`` or of a wrong type is refused by its name."""
    if not isinstance(value, Mapping):
        raise TypeError("not a dict")
    return {str(name): _request_value(name, given) for name, given in value.items()}


def _request_value(name: object, given: Any) -> Any:
    try:
        if name not in REQUEST_FIELDS:
            raise TypeError("not a field of a trade request")
        if isinstance(given, str):
            return str(given)
        if isinstance(given, datetime):
            return int(given.timestamp())
        return to_integer(given) if hasattr(given, "__index__") else to_number(given)
    except (TypeError, ValueError, OverflowError):
        raise CallRefusedError(invalid_argument(str(name))) from None


CONVERTERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.TEXT: to_text,
    Kind.INTEGER: to_integer,
    Kind.NUMBER: to_number,
    Kind.FLAG: bool,
    Kind.DATE: to_time,
    Kind.REQUEST: to_request,
}
"""How a value of each kind becomes JSON."""
