"""Which instruments a request means by ``symbol``, ``baseCoin`` or ``settleCoin``."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgerunner.simulators.bybit import codes
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.venue_types import VenueInstrument

MISSING_SELECTOR: Final = "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin"
_SELECTORS: Final[Mapping[str, Callable[[VenueInstrument], str]]] = {
    "symbol": lambda instrument: instrument.name,
    "baseCoin": lambda instrument: instrument.instrument.base,
    "settleCoin": lambda instrument: instrument.instrument.settle,
}


def select_symbols(
    instruments: Mapping[str, VenueInstrument], category: Category, params: Mapping[str, Any]
) -> frozenset[str]:
    """Return the venue keys meant, by the first of symbol, baseCoin, settleCoin that is given.

    Without any, every instrument of the category; for linear one of them is required (10001).
    """
    for name, read in _SELECTORS.items():
        value = params.get(name)
        if value is not None and not isinstance(value, str):
            raise codes.parameter_error(f"params error: {name} must be a string")
        if value:
            return frozenset(
                key for key, item in instruments.items() if item.product == category and read(item) == value
            )
    if category is Category.LINEAR:
        raise codes.parameter_error(MISSING_SELECTOR)
    return symbols_of(instruments, category)


def symbols_of(instruments: Mapping[str, VenueInstrument], category: Category) -> frozenset[str]:
    """Return the venue keys of a category."""
    return frozenset(key for key, item in instruments.items() if item.product == category)


def has_selector(params: Mapping[str, Any]) -> bool:
    """Tell whether a request names a symbol, base coin or settle coin."""
    return any(params.get(name) for name in _SELECTORS)
