"""The simulated `MetaTrader5`: a module with the package's 35 functions, 11 structs and every constant.

Import it under this name, or let `register` make it the process's `MetaTrader5`. It needs the standard library and
numpy alone. As with the original there is one connection per process, and `last_error()` tells about the last call.
"""

import opcode
import sys
from collections.abc import Callable, Mapping
from types import FrameType, ModuleType
from typing import Any, Final

from edgerunner.mt5_surface import errors
from edgerunner.mt5_surface.constants import CONSTANTS
from edgerunner.mt5_surface.functions import FUNCTIONS, Calling, Function
from edgerunner.mt5_surface.package_orders import PackageOrders
from edgerunner.mt5_surface.structs import STRUCTS
from edgerunner.simulators.mt5.arguments import read_arguments
from edgerunner.simulators.mt5.client import CallFailed, Connection

VENDOR_NAME: Final = "MetaTrader5"
VENDOR_VERSION: Final = "5.0.6231"
_CALL_WITH_MAPPINGS: Final = opcode.opmap["CALL_FUNCTION_EX"]
_HAS_KEYWORDS: Final = 1
_FALSE_ON_FAILURE: Final = frozenset({"initialize", "login", "symbol_select", "market_book_add", "market_book_release"})
_LONGEST_LOG_IN_MS: Final = 60_000


class Builtin:
    """A function of the package: no descriptor, so that it stays itself as an attribute of a class."""

    def __init__(self, function: Function, connection: Connection) -> None:
        self.__name__ = self.__qualname__ = function.name
        self.__module__ = f"{VENDOR_NAME}._core"
        self.__doc__ = function.hint
        self._function = function
        self._connection = connection

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"

    def __call__(self, *unnamed: Any, **named: Any) -> Any:
        """Carry out the call; raises ``TypeError`` as the interpreter does for a function in C."""
        self._check_calling(len(unnamed), len(named))
        keywords = named if named or self._has_empty_keywords(sys._getframe().f_back) else None  # noqa: SLF001 - the one way to the caller
        try:
            value = self._answer(unnamed, keywords)
        except CallFailed as failure:
            self._connection.last_error = failure.error
            return False if self.__name__ in _FALSE_ON_FAILURE else None
        self._connection.last_error = errors.SUCCESS
        return value

    def _answer(self, unnamed: tuple[Any, ...], named: Mapping[str, Any] | None) -> object:
        connection = self._connection
        if self.__name__ == "shutdown":
            connection.close()
            return None
        if self.__name__ != "initialize":
            connection.require_open()
        limit = connection.terms.comment_limit
        arguments = read_arguments(self._function, unnamed, named, comment_limit=limit)
        if self.__name__ == "initialize":
            connection.initialize(arguments, _log_in_timeout_s(arguments))
            return True
        return connection.call(
            self.__name__, arguments, _log_in_timeout_s(arguments) if self.__name__ == "login" else None
        )

    def _check_calling(self, unnamed: int, named: int) -> None:
        name = f"{self.__module__}.{self.__name__}()"
        if named and self._function.calling is not Calling.NAMED:
            raise TypeError(f"{name} takes no keyword arguments")
        if unnamed and self._function.calling is Calling.NO_ARGUMENTS:
            raise TypeError(f"{name} takes no arguments ({unnamed} given)")

    def _has_empty_keywords(self, caller: FrameType | None) -> bool:
        """Tell whether the caller wrote ``function(*arguments, **{})``, which C code can tell from ``function(..)``.

        Python code cannot, so that the caller's instruction is looked at, when the caller names this function itself.
        From Python 3.14 on the instruction does not say it any more.
        """
        if caller is None or self._function.calling is not Calling.NAMED:
            return False
        code, place = caller.f_code, caller.f_lasti
        if code.co_code[place] != _CALL_WITH_MAPPINGS or not code.co_code[place + 1] & _HAS_KEYWORDS:
            return False
        held = caller.f_locals.values()
        return self.__name__ in code.co_names or any(each is self or each == self.__name__ for each in held)


class LastError:
    """`last_error`: what the last call came to; it needs no terminal and changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self.__name__ = self.__qualname__ = "last_error"
        self.__module__ = f"{VENDOR_NAME}._core"
        self.__doc__ = FUNCTIONS["last_error"].hint
        self._connection = connection

    def __repr__(self) -> str:
        return "<built-in function last_error>"

    def __call__(self) -> errors.LastError:
        return self._connection.last_error


def _log_in_timeout_s(arguments: Mapping[str, Any]) -> float:
    return max(1, int(arguments.get("timeout", _LONGEST_LOG_IN_MS))) / 1000


def surface(connection: Connection) -> dict[str, Any]:
    """Return every public name of the package over a connection: functions, structs, constants, version."""
    functions: dict[str, Callable[..., Any]] = {
        name: Builtin(function, connection)
        for name, function in FUNCTIONS.items()
        if function.calling is not Calling.PYTHON
    }
    functions["last_error"] = LastError(connection)
    orders = PackageOrders(functions["order_send"], functions["symbol_info_tick"], functions["positions_get"])
    return {
        "__version__": VENDOR_VERSION,
        "__author__": "Edgerunner simulator",
        **CONSTANTS,
        **STRUCTS,
        **functions,
        "Buy": orders.buy,
        "Sell": orders.sell,
        "Close": orders.close,
        "_RawOrder": orders.raw,
    }


def create_module(name: str = VENDOR_NAME, connection: Connection | None = None) -> ModuleType:
    """Return a new module with the whole surface; without ``connection`` it has one of its own."""
    module = ModuleType(name, "Simulated API connector to the MetaTrader 5 terminal")
    module.__dict__.update(surface(connection or Connection()))
    return module


def register() -> ModuleType:
    """Make this the module that ``import MetaTrader5`` finds from now on in this process, and return it."""
    module = create_module(VENDOR_NAME, _CONNECTION)
    sys.modules[VENDOR_NAME] = module
    return module


_CONNECTION: Final = Connection()
_SURFACE: Final = surface(_CONNECTION)
globals().update(_SURFACE)
__all__ = list(_SURFACE)
