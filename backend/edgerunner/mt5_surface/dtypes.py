"""The numpy record types of bars and ticks. Unsigned fields are unsigned at the vendor too: `u8 - u8` wraps around."""

from typing import Final

import numpy as np

RATES_DTYPE: Final = np.dtype(
    [
        ("time", "<i8"),
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("tick_volume", "<u8"),
        ("spread", "<i4"),
        ("real_volume", "<u8"),
    ]
)
"""A bar; ``time`` is its opening in seconds of the trade server's wall clock."""

TICKS_DTYPE: Final = np.dtype(
    [
        ("time", "<i8"),
        ("bid", "<f8"),
        ("ask", "<f8"),
        ("last", "<f8"),
        ("volume", "<u8"),
        ("time_msc", "<i8"),
        ("flags", "<u4"),
        ("volume_real", "<f8"),
    ]
)
"""A tick; ``time`` in seconds and ``time_msc`` in milliseconds of the trade server's wall clock."""
