"""The terminal's module behind a closed table: a name that is not in the table cannot be called."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from edgerunner.mt5_surface.functions import FUNCTIONS, Calling

NOT_OFFERED: Final = frozenset({"shutdown", "last_error"})
"""A client that leaves must not disconnect the others; and ``last_error`` comes with every answer."""

OFFERED: Final = tuple(
    name for name, function in FUNCTIONS.items() if function.calling is not Calling.PYTHON and name not in NOT_OFFERED
)
"""The functions a client may name."""


class ModuleUnusable(Exception):
    """The module cannot be loaded, or lacks what every terminal module has."""


class FunctionMissing(Exception):
    """The loaded module has no such function."""


class ModuleFailed(Exception):
    """The module raised an exception, or answered with something that is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswer:
    """What a call gave, and the module's ``last_error`` right after it."""

    result: Any
    last_error: tuple[int, str]


class TerminalModule:
    """The functions of a loaded module. Belongs to one thread: it is not safe in several."""

    def __init__(self, module: ModuleType) -> None:
        found = {name: getattr(module, name, None) for name in (*OFFERED, *NOT_OFFERED)}
        self._functions: Mapping[str, Callable[..., Any]] = {
            name: function for name, function in found.items() if callable(function)
        }
        missing = [name for name in ("initialize", "account_info", "last_error") if name not in self._functions]
        if missing:
            raise ModuleUnusable(f"{module.__name__} has no {', '.join(missing)}: it is no MetaTrader 5 module")
        self.name = module.__name__
        self.version = str(getattr(module, "__version__", "") or "")

    def call(self, name: str, *args: object, **kwargs: object) -> CallAnswer:
        """Call a function and read ``last_error`` before anybody else calls.

        Raises ``FunctionMissing``, and ``ModuleFailed`` for any exception of the module.
        """
        function = self._functions.get(name)
        if function is None:
            raise FunctionMissing(f"{self.name} has no function {name}")
        try:
            # An empty dict of keywords selects another code path in the package: it is never passed.
            result = function(*args, **kwargs) if kwargs else function(*args)
            code, text = self._functions["last_error"]()
            return CallAnswer(result=result, last_error=(int(code), str(text)))
        except Exception as error:
            raise ModuleFailed(f"{name} raised {type(error).__name__}: {error}") from error


def load_module(name: str) -> TerminalModule:
    """Import a module by its dotted name, which is the operator's and never a caller's. Raises ``ModuleUnusable``."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise ModuleUnusable(f"{name!r} is no name of a module")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise ModuleUnusable(f"the module {name} cannot be loaded: {error}") from error
    return TerminalModule(module)
