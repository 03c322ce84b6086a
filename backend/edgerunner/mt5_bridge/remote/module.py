"""The remote `MetaTrader5`: a module with the package's 35 functions, 11 structs and every constant, over a bridge."""

from types import ModuleType
from typing import Any, Final

from edgerunner.mt5_bridge.remote.options import BridgeOptions
from edgerunner.mt5_bridge.remote.terminal import RemoteTerminal
from edgerunner.mt5_surface.constants import CONSTANTS
from edgerunner.mt5_surface.errors import LastError
from edgerunner.mt5_surface.functions import FUNCTIONS, Calling, Function
from edgerunner.mt5_surface.package_orders import PackageOrders
from edgerunner.mt5_surface.structs import STRUCTS

VENDOR_NAME: Final = "MetaTrader5"
SURFACE_VERSION: Final = "5.0.6231"
"""The package whose surface this module has; `version()` tells about the terminal."""


class RemoteFunction:
    """A function of the package: no descriptor, so that it stays itself as an attribute of a class."""

    def __init__(self, function: Function, terminal: RemoteTerminal) -> None:
        self.__name__ = self.__qualname__ = function.name
        self.__module__ = VENDOR_NAME
        self.__doc__ = function.hint
        self._function = function
        self._terminal = terminal

    def __repr__(self) -> str:
        return f"<remote function {self.__name__}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the terminal as the package's function does."""
        return self._terminal.call(self._function, args, kwargs)


class Shutdown(RemoteFunction):
    """`shutdown`: leaves the bridge; the terminal and everybody else at it stay connected.

    The package's documentation says that it returns nothing; programs that look at the result take True for success.
    """

    def __call__(self) -> bool:
        """Give back the control and close the connections."""
        self._terminal.shutdown()
        return True


class LastErrorFunction(RemoteFunction):
    """`last_error`: what the last call came to; asks nobody."""

    def __call__(self) -> LastError:
        """Return code and text."""
        return self._terminal.last_error


OWN_FUNCTIONS: Final = {"shutdown": Shutdown, "last_error": LastErrorFunction}


class RemoteModule(ModuleType):
    """A real module object that talks to one bridge; make as many as there are bridges."""

    def __init__(self, options: BridgeOptions, name: str = VENDOR_NAME) -> None:
        """Nothing is sent before `initialize`. Raises ``ValueError`` for an address that is none of a bridge."""
        super().__init__(name, f"MetaTrader 5 behind the bridge at {options.url}")
        surface = _surface(RemoteTerminal(options))
        self.__dict__.update(surface)
        self.__all__ = list(surface)


def _surface(terminal: RemoteTerminal) -> dict[str, Any]:
    functions = {
        name: OWN_FUNCTIONS.get(name, RemoteFunction)(function, terminal)
        for name, function in FUNCTIONS.items()
        if function.calling is not Calling.PYTHON
    }
    orders = PackageOrders(functions["order_send"], functions["symbol_info_tick"], functions["positions_get"])
    in_python = {"Buy": orders.buy, "Sell": orders.sell, "Close": orders.close, "_RawOrder": orders.raw}
    return {
        "__version__": SURFACE_VERSION,
        "__author__": "Edgerunner",
        **CONSTANTS,
        **STRUCTS,
        **functions,
        **in_python,
    }
