"""Market data in columns, as the terminal hands them out; stamps are UTC, prices nearest doubles of plain decimals."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TickColumns:
    """Ticks, oldest first: ``time_ms`` UTC milliseconds, ``flags`` of TICK_FLAG_BID (2) and TICK_FLAG_ASK (4)."""

    time_ms: Integers
    bid: Floats
    ask: Floats
    flags: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class BarColumns:
    """Bars of bid prices, oldest first: ``time_s`` = UTC second of the open; ``spread`` in points."""

    time_s: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    tick_volume: Integers
    spread: Integers
    real_volume: Integers
