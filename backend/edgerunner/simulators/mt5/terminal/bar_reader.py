"""Bars fetched in pieces, so that a long history holds up nobody else."""

import asyncio
from dataclasses import fields
from typing import Final

import numpy as np

from edgerunner.simulators.mt5.symbols.rows import BarColumns
from edgerunner.simulators.mt5.symbols.server_time import SECOND_NS
from edgerunner.simulators.mt5.terminal.broker import Broker

PIECE_BARS: Final = 500
_COLUMNS: Final = tuple(field.name for field in fields(BarColumns))


class BarReader:
    """Reads bars of a broker; moments are UTC nanoseconds, bars come oldest first."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def back(
        self, symbol: str, timeframe: int, *, count: int, until_ns: int | None = None, skip: int = 0, since_ns: int = 0
    ) -> BarColumns:
        """Return at most ``count`` bars back from the one open at a moment (None = now) that open since another.

        Bars that are there by then: one that ends while this works may be in it.
        """
        pieces: list[BarColumns] = []
        missing = count
        while missing > 0:
            wanted = min(missing, PIECE_BARS)
            piece = self._broker.bars_back(symbol, timeframe, until_ns=until_ns, skip=skip, count=wanted)
            pieces.append(piece)
            missing -= wanted
            if not missing or len(piece.time_s) < wanted or piece.time_s[0] * SECOND_NS <= since_ns:
                break
            until_ns, skip = int(piece.time_s[0]) * SECOND_NS - 1, 0
            await asyncio.sleep(0)
        return _since(pieces, since_ns)


def _since(pieces: list[BarColumns], since_ns: int) -> BarColumns:
    """Join pieces (the newest first), without the bars that open before a moment."""
    joined = {name: np.concatenate([getattr(piece, name) for piece in pieces[::-1]]) for name in _COLUMNS}
    first = int(np.searchsorted(joined["time_s"], -(-since_ns // SECOND_NS)))
    return BarColumns(**{name: column[first:] for name, column in joined.items()})
