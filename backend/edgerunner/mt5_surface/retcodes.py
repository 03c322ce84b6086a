"""Trade return codes: names by number, and which of them are successes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.constants import CONSTANTS

TRADE_RETCODE_HEDGE_PROHIBITED: Final = 10046
"""Named by the documentation, missing from the package."""

_PREFIX: Final = "TRADE_RETCODE_"

RETCODES: Final[Mapping[int, str]] = MappingProxyType(
    {
        **{value: name.removeprefix(_PREFIX) for name, value in CONSTANTS.items() if name.startswith(_PREFIX)},
        TRADE_RETCODE_HEDGE_PROHIBITED: "HEDGE_PROHIBITED",
    }
)
"""Code -> name without its prefix, such as 10009 -> ``DONE``."""

SUCCESSES: Final = frozenset(
    {constants.TRADE_RETCODE_PLACED, constants.TRADE_RETCODE_DONE, constants.TRADE_RETCODE_DONE_PARTIAL}
)
"""Codes with which a request was taken; everything else changed nothing, unless the outcome is unknown."""
