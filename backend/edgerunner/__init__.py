"""Edgerunner OS: one API over Interactive Brokers, MetaTrader 5 and Bybit.

The public names are imported when they are first used, so that ``import edgerunner`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgerunner.backtesting import Result, run_backtest
    from edgerunner.strategies.intents import OrderHandle
    from edgerunner.strategies.market_data import Bar, Book, Fill, OrderUpdate, Position, Tick
    from edgerunner.strategies.parameters import parameter
    from edgerunner.strategies.strategy import Strategy

__all__ = [
    "Bar",
    "Book",
    "Fill",
    "OrderHandle",
    "OrderUpdate",
    "Position",
    "Result",
    "Strategy",
    "Tick",
    "parameter",
    "run_backtest",
]

_MARKET_DATA = dict.fromkeys(("Bar", "Book", "Fill", "OrderUpdate", "Position", "Tick"), "strategies.market_data")
_MODULES = _MARKET_DATA | {
    "OrderHandle": "strategies.intents",
    "Result": "backtesting",
    "Strategy": "strategies.strategy",
    "parameter": "strategies.parameters",
    "run_backtest": "backtesting",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
