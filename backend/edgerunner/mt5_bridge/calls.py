"""What a caller may ask for: a typed schema per function, and how its arguments reach the module.

The schemas are made from `mt5_surface.FUNCTIONS`, so that the list cannot drift from the package's. A body is decoded
straight into its schema: an unknown field or a wrong type ends the decoding where it stands, so nothing nests deeper
than the schema does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from edgerunner.mt5_bridge.problems import Code, Problem, invalid
from edgerunner.mt5_bridge.terminal_module import OFFERED
from edgerunner.mt5_surface.functions import FUNCTIONS, Kind, Parameter
from edgerunner.mt5_surface.struct_sequence import field_kinds
from edgerunner.mt5_surface.structs import TradeRequest

MAXIMUM_ROWS: Final = 1_000_000
"""Most rows of one answer."""

_SYMBOL_LENGTH: Final = 64
_GROUP_LENGTH: Final = 1024
_FORBIDDEN: Final = frozenset("\"'`\\(){};<>|")
"""Characters that no symbol name needs, and that mean something to a shell, an interpreter or a page."""

_LARGEST_ID: Final = 2**64 - 1
_LATEST_SECOND: Final = 253_402_300_799
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Int = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
_Id = Annotated[int, Meta(ge=0)]  # msgspec has no bounds beyond 63 bits: `_given` has
_Second = Annotated[int, Meta(ge=0, le=_LATEST_SECOND)]
_Instant = _Second | Annotated[float, Meta(ge=0, le=_LATEST_SECOND)]
_Text = Annotated[str, Meta(min_length=1, max_length=_SYMBOL_LENGTH)]
_Comment = Annotated[str, Meta(max_length=_SYMBOL_LENGTH)]

_BY_NAME: Final[Mapping[str, Any]] = {
    "count": Annotated[int, Meta(ge=1, le=MAXIMUM_ROWS)],
    "start_pos": Annotated[int, Meta(ge=0, le=2**31 - 1)],
    "login": _Id,
    "ticket": _Id,
    "position": _Id,
    "group": Annotated[str, Meta(min_length=1, max_length=_GROUP_LENGTH)],
}
_BY_KIND: Final[Mapping[Kind, Any]] = {
    Kind.TEXT: _Text,
    Kind.INTEGER: _Int,
    Kind.NUMBER: float,
    Kind.FLAG: bool,
    Kind.DATE: _Instant,
}
_REQUEST_IDS: Final = frozenset({"magic", "order", "position", "position_by"})
_OPERATORS_ALONE: Final = frozenset({"path", "password", "server", "timeout", "portable"})
"""Arguments that come from the bridge's own start and never over the wire."""


class InvalidSymbol(Problem):
    """A symbol or group holds characters that no symbol has: kept apart because it is worth a line in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A checked call. ``request`` is set for ``order_check`` and ``order_send``, as the module gets it."""

    function: str
    arguments: Mapping[str, Any]

    @property
    def request(self) -> dict[str, Any]:
        """The request of ``order_check`` and ``order_send``; raises ``KeyError`` for other functions."""
        request: dict[str, Any] = self.arguments["request"]
        return request

    @property
    def needs_control(self) -> bool:
        """Whether it changes something for everybody, so that it needs the trade scope and the lease."""
        if self.function == "symbol_select":
            return self.arguments.get("enable") is False
        return self.function in {"login", "order_send"}

    def positional(self) -> list[object]:
        """Return the arguments that the package takes by position."""
        return [_as_argument(p, self.arguments[p.name]) for p in self._given() if _goes_by_position(p)]

    def named(self) -> dict[str, object]:
        """Return the arguments that the package takes by name."""
        return {p.name: self.arguments[p.name] for p in self._given() if not _goes_by_position(p)}

    def _given(self) -> list[Parameter]:
        return [p for p in FUNCTIONS[self.function].parameters if p.name in self.arguments]


def parse_call(function: str, body: bytes) -> Call:
    """Return the call a body asks for.

    Raises ``Problem``: ``not_found`` for a function that is not offered, ``validation_error`` for its arguments, and
    ``InvalidSymbol``.
    """
    schema = _SCHEMAS.get(function)
    if schema is None:
        raise Problem(Code.NOT_FOUND, "there is no such function; the list is in docs/mt5-bridge.md")
    arguments = _given(decode(body or b"{}", schema))
    if "request" in arguments:
        arguments["request"] = _request(arguments["request"])
    for name in ("symbol", "group"):
        if name in arguments:
            _check_symbol(name, arguments[name])
    _check_order_of_arguments(function, arguments)
    return Call(function=function, arguments=MappingProxyType(arguments))


def decode(body: bytes, schema: type[Any]) -> Any:
    """Decode JSON into a schema. Raises ``Problem`` that names the field."""
    try:
        return msgspec.json.decode(body, type=schema)
    except msgspec.ValidationError as error:
        raise invalid(_field_of(str(error)), str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("", f"the body is no JSON object: {error}") from None


def symbol_of(text: str) -> str:
    """Return a symbol name that came by another way than a call. Raises ``Problem``."""
    if not 1 <= len(text) <= _SYMBOL_LENGTH:
        raise invalid("symbol", f"a symbol has 1 to {_SYMBOL_LENGTH} characters")
    _check_symbol("symbol", text)
    return text


def _check_symbol(name: str, text: str) -> None:
    if not text.isprintable() or not _FORBIDDEN.isdisjoint(text):
        problem = invalid(name, "it holds characters that no symbol has", code="characters")
        raise InvalidSymbol(problem.code, problem.detail, problem.errors)


def _given(decoded: Any) -> dict[str, Any]:
    """Return the fields that were sent. Raises ``Problem`` for a whole number of more than 64 bits."""
    given = {name: value for name in decoded.__struct_fields__ if (value := getattr(decoded, name)) is not UNSET}
    for name, value in given.items():
        if isinstance(value, int) and value > _LARGEST_ID:
            raise invalid(name, f"it is more than {_LARGEST_ID}")
    return given


def _request(decoded: Any) -> dict[str, Any]:
    request = _given(decoded)
    if request.get("symbol"):
        _check_symbol("symbol", request["symbol"])
    if not request.get("comment", "").isprintable():
        raise invalid("comment", "it holds characters that cannot be printed", code="characters")
    return request


def _check_order_of_arguments(function: str, arguments: Mapping[str, Any]) -> None:
    """Refuse what cannot be said by position: a later argument without the ones before it."""
    missing = ""
    for parameter in FUNCTIONS[function].parameters:
        if not _goes_by_position(parameter) or parameter.name in _OPERATORS_ALONE:
            continue
        if parameter.name not in arguments:
            missing = missing or parameter.name
        elif missing:
            raise invalid(missing, f"it is required beside {parameter.name}", code="missing")


def _goes_by_position(parameter: Parameter) -> bool:
    """Tell how an argument is passed; one that may be left out goes by its name where it can."""
    return parameter.is_unnamed and (parameter.is_required or not parameter.is_named)


def _as_argument(parameter: Parameter, value: object) -> object:
    """A time with a fraction travels as a datetime: the package takes its ``timestamp()``."""
    if parameter.kind is Kind.DATE and isinstance(value, float):
        return _EPOCH + timedelta(seconds=value)
    return value


def _field_of(message: str) -> str:
    if found := re.search(r"(?:unknown field|required field) `([^`]*)`", message):
        return found[1]
    if found := re.search(r"at `\$([^`]*)`", message):
        return found[1].split(".")[-1]
    return ""


def _request_type(name: str, kind: type) -> Any:
    if name in _REQUEST_IDS:
        return _Id
    if name == "expiration":
        return _Second
    if name == "symbol":
        return Annotated[str, Meta(max_length=_SYMBOL_LENGTH)]
    return {int: _Int, float: float, str: _Comment}[kind]


def _optional(kind: Any) -> Any:
    return kind | UnsetType


_RequestSchema: Final = msgspec.defstruct(
    "TradeRequest",
    [(name, _optional(_request_type(name, kind)), UNSET) for name, kind in field_kinds(TradeRequest).items()],
    forbid_unknown_fields=True,
    kw_only=True,
)


def _schema(function: str) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for parameter in FUNCTIONS[function].parameters:
        if parameter.name in _OPERATORS_ALONE:
            continue
        is_request = parameter.kind is Kind.REQUEST
        kind = _RequestSchema if is_request else _BY_NAME.get(parameter.name, _BY_KIND.get(parameter.kind))
        is_required = parameter.is_required
        fields.append((parameter.name, kind) if is_required else (parameter.name, _optional(kind), UNSET))
    return msgspec.defstruct(f"{function}_arguments", fields, forbid_unknown_fields=True, kw_only=True)


_SCHEMAS: Final[Mapping[str, type[msgspec.Struct]]] = {name: _schema(name) for name in OFFERED}
