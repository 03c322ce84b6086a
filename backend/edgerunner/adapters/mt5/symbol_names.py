"""Names of symbols and our ids. Pure.

Brokers append suffixes to common names (``EURUSD.x``, ``GOLD#``), mostly the same one everywhere. It is left out of our
ids, so that ``EURUSD.MT5`` means the same at every broker; a name that has no such suffix keeps its own.
"""

from collections.abc import Iterable
from typing import Final

from edgerunner.adapters.mt5.listings import VENUE
from edgerunner.domain.errors import NotFound

PROBES: Final = ("EURUSD", "GBPUSD", "USDJPY", "USDCHF", "AUDUSD")
"""Pairs that nearly every broker has: their names show the suffix."""

PROBE_GROUP: Final = ",".join(f"*{probe}*" for probe in PROBES)


def suffix_in(names: Iterable[str]) -> str:
    """Return the suffix that all probe pairs share, "" when one has none, or when they differ."""
    listed = list(names)
    endings = [{name[len(probe) :] for name in listed if name.startswith(probe)} for probe in PROBES]
    told = [each for each in endings if each]
    if not told or any("" in each for each in told):
        return ""
    shared = set.intersection(*told)
    return shared.pop() if len(shared) == 1 else ""


def short_name(symbol: str, suffix: str) -> str:
    """Return a name without the suffix; the same one when it has none."""
    return symbol.removesuffix(suffix) or symbol


def names_of(instrument_id: str, suffix: str) -> list[str]:
    """Return the names that an id can mean: as it is first. Raises ``NotFound`` for an id of another venue."""
    if not instrument_id.endswith(VENUE) or len(instrument_id) == len(VENUE):
        raise NotFound(f"{instrument_id!r} is no instrument of MetaTrader 5: ids end in {VENUE}")
    name = instrument_id.removesuffix(VENUE)
    return [name, name + suffix] if suffix else [name]
