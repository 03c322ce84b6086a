"""The 32 functions in C and the 3 in Python: names, how they take arguments, and what arguments there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Calling(StrEnum):
    """How a function takes its arguments; the package's method table says so (``METH_NOARGS VARARGS KEYWORDS``)."""

    NO_ARGUMENTS = "no_arguments"
    UNNAMED = "unnamed"
    NAMED = "named"
    PYTHON = "python"


class Kind(StrEnum):
    """What an argument is; DATE = ``datetime`` or seconds since 1970, REQUEST = a dict of `TradeRequest` fields."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument; ``is_unnamed`` = may be given by position, ``is_named`` = by name."""

    name: str
    kind: Kind
    is_required: bool = True
    is_unnamed: bool = True
    is_named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the package.

    Attributes:
        hint: How the package's own doc string writes the call; "" for those in Python.
    """

    name: str
    calling: Calling
    parameters: tuple[Parameter, ...] = ()
    hint: str = ""


def _unnamed(name: str, kind: Kind, *, is_required: bool = True) -> Parameter:
    return Parameter(name=name, kind=kind, is_required=is_required)


def _named(name: str, kind: Kind) -> Parameter:
    return Parameter(name=name, kind=kind, is_required=False, is_unnamed=False, is_named=True)


def _either(name: str, kind: Kind, *, is_required: bool = False) -> Parameter:
    return Parameter(name=name, kind=kind, is_required=is_required, is_named=True)


_SYMBOL: Final = _unnamed("symbol", Kind.TEXT)
_TIMEFRAME: Final = _unnamed("timeframe", Kind.INTEGER)
_DATE_FROM: Final = _unnamed("date_from", Kind.DATE)
_DATE_TO: Final = _unnamed("date_to", Kind.DATE)
_COUNT: Final = _unnamed("count", Kind.INTEGER)
_FLAGS: Final = _unnamed("flags", Kind.INTEGER)
_ACTION: Final = _unnamed("action", Kind.INTEGER)
_VOLUME: Final = _unnamed("volume", Kind.NUMBER)
_REQUEST: Final = _unnamed("request", Kind.REQUEST)
_LOG_IN: Final = (_named("password", Kind.TEXT), _named("server", Kind.TEXT), _named("timeout", Kind.INTEGER))
_LIST_FILTER: Final = (_named("symbol", Kind.TEXT), _named("group", Kind.TEXT), _named("ticket", Kind.INTEGER))
_HISTORY_FILTER: Final = (
    _unnamed("date_from", Kind.DATE, is_required=False),
    _unnamed("date_to", Kind.DATE, is_required=False),
    _named("group", Kind.TEXT),
    _named("ticket", Kind.INTEGER),
    _named("position", Kind.INTEGER),
)
_LIST_HINT: Final = '([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"])'
_HISTORY_HINT: Final = '([date_from, date_to, [group="GROUP"]],[position=POSITION],[ticket=TICKET])'
_MARKET_ORDER: Final = (
    _either("symbol", Kind.TEXT, is_required=True),
    _either("volume", Kind.NUMBER, is_required=True),
    _either("price", Kind.NUMBER),
    _named("comment", Kind.TEXT),
    _named("ticket", Kind.INTEGER),
)


def _no_arguments(name: str) -> Function:
    return Function(name=name, calling=Calling.NO_ARGUMENTS, hint=f"{name}()")


def _by_position(name: str, *parameters: Parameter, hint: str | None = None) -> Function:
    words = ", ".join(parameter.name for parameter in parameters)
    return Function(name=name, calling=Calling.UNNAMED, parameters=parameters, hint=hint or f"{name}({words})")


def _by_name(name: str, *parameters: Parameter, hint: str) -> Function:
    return Function(name=name, calling=Calling.NAMED, parameters=parameters, hint=name + hint)


_ALL: Final = (
    _by_name(
        "initialize",
        _either("path", Kind.TEXT),
        _named("login", Kind.INTEGER),
        *_LOG_IN,
        _named("portable", Kind.FLAG),
        hint='([path],[server="SERVER"],[login=LOGIN],[password="PASSWORD"])',
    ),
    _no_arguments("shutdown"),
    _by_name(
        "login",
        _either("login", Kind.INTEGER, is_required=True),
        *_LOG_IN,
        hint='(login,[server="SERVER"],[password="PASSWORD"])',
    ),
    _no_arguments("version"),
    _no_arguments("terminal_info"),
    _no_arguments("account_info"),
    _by_position("copy_ticks_from", _SYMBOL, _DATE_FROM, _COUNT, _FLAGS),
    _by_position("copy_ticks_range", _SYMBOL, _DATE_FROM, _DATE_TO, _FLAGS),
    _by_position("copy_rates_from", _SYMBOL, _TIMEFRAME, _DATE_FROM, _COUNT),
    _by_position("copy_rates_from_pos", _SYMBOL, _TIMEFRAME, _unnamed("start_pos", Kind.INTEGER), _COUNT),
    _by_position("copy_rates_range", _SYMBOL, _TIMEFRAME, _DATE_FROM, _DATE_TO),
    _no_arguments("positions_total"),
    _by_name("positions_get", *_LIST_FILTER, hint=_LIST_HINT),
    _no_arguments("orders_total"),
    _by_name("orders_get", *_LIST_FILTER, hint=_LIST_HINT),
    _by_position("history_orders_total", _DATE_FROM, _DATE_TO),
    _by_name("history_orders_get", *_HISTORY_FILTER, hint=_HISTORY_HINT),
    _by_position("history_deals_total", _DATE_FROM, _DATE_TO),
    _by_name("history_deals_get", *_HISTORY_FILTER, hint=_HISTORY_HINT),
    _by_name("order_check", _REQUEST, hint="(request)"),
    _by_name("order_send", _REQUEST, hint="(request)"),
    _by_position(
        "order_calc_margin",
        _ACTION,
        _SYMBOL,
        _VOLUME,
        _unnamed("price", Kind.NUMBER),
        hint="order_calc_margin(action, symbol, volume, price,)",
    ),
    _by_position(
        "order_calc_profit",
        _ACTION,
        _SYMBOL,
        _VOLUME,
        _unnamed("price_open", Kind.NUMBER),
        _unnamed("price_close", Kind.NUMBER),
    ),
    _by_position("symbol_info", _SYMBOL),
    _by_position("symbol_info_tick", _SYMBOL),
    _by_position(
        "symbol_select",
        _SYMBOL,
        _unnamed("enable", Kind.FLAG, is_required=False),
        hint="symbol_select(symbol,[enable])",
    ),
    _no_arguments("symbols_total"),
    _by_name("symbols_get", _either("group", Kind.TEXT), hint='([group="GROUP"])'),
    _by_position("market_book_add", _SYMBOL),
    _by_position("market_book_release", _SYMBOL),
    _by_position("market_book_get", _SYMBOL),
    _no_arguments("last_error"),
    Function(name="Buy", calling=Calling.PYTHON, parameters=_MARKET_ORDER),
    Function(name="Sell", calling=Calling.PYTHON, parameters=_MARKET_ORDER),
    Function(
        name="Close",
        calling=Calling.PYTHON,
        parameters=(
            _either("symbol", Kind.TEXT, is_required=True),
            _named("comment", Kind.TEXT),
            _named("ticket", Kind.INTEGER),
        ),
    ),
)

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({function.name: function for function in _ALL})
"""Name -> function: the 32 in C in the order of the package's method table, then `Buy`, `Sell` and `Close`."""
